"""Collections of hidden states as `collect.ts` writes them, and batches of them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tensorFiles import read_tensors

CONTINUATIONS = ("middle", "greedy")


@dataclass(frozen=True)
class Sequence:
    """One text: rows of the end of a prompt, then of a completion. Row i was given token i; scored rows say what follows."""

    sample: int
    continuation: str
    first_position: int
    first_scored: int  # row that chose the completion's first token
    tokens: np.ndarray  # (rows,) int32
    hidden: np.ndarray  # (rows, hidden) float16
    top_ids: np.ndarray  # (scored rows, best) int32
    top_probabilities: np.ndarray  # (scored rows, best) float16


class Collection:
    def __init__(self, folder: Path):
        self.folder = folder
        self.description = json.loads((folder / "collection.json").read_text("utf8"))
        if self.description["format"] != "foretoken hidden states 1":
            raise ValueError(f"{folder} is not a collection of this version; collect again")
        self.sequences: list[Sequence] = []
        for path in sorted(folder.glob("shard-*.safetensors")):
            self.sequences += _sequences(read_tensors(path))
        if not self.sequences:
            raise SystemExit(f"{folder} has no shards yet; run collect.ts first")

    @property
    def scored_rows(self) -> int:
        return sum(len(sequence.top_ids) for sequence in self.sequences)

    def halves(self) -> tuple[list[Sequence], list[Sequence]]:
        """Sequences to watch while training, and others that are only looked at in the end: no sample is in both."""
        parts = [[s for s in self.sequences if s.sample % 2 == rest] for rest in (0, 1)]
        return parts[0], parts[1]


def _sequences(tensors: dict[str, np.ndarray]) -> list[Sequence]:
    row = scored = 0
    found = []
    for sample, continuation, rows, scored_rows, position, first_scored in tensors["sequences"].tolist():
        found.append(
            Sequence(
                sample,
                CONTINUATIONS[continuation],
                position,
                first_scored,
                tensors["tokens"][row : row + rows],
                tensors["hidden"][row : row + rows],
                tensors["top_ids"][scored : scored + scored_rows],
                tensors["top_probabilities"][scored : scored + scored_rows],
            )
        )
        row += rows
        scored += scored_rows
    # A completion of no tokens has nothing to draft after.
    return [sequence for sequence in found if len(sequence.top_ids) >= 2]


@dataclass(frozen=True)
class Batch:
    """Several sequences as one list of rows. Query rows are those that a draft starts from: their successor was just chosen.

    Targets of depth d at a query row are the trunk's best tokens after the row d + 1 further down: the token that a draft's
    node at that depth should be.
    """

    hidden: torch.Tensor  # (rows, hidden) float32
    next_tokens: torch.Tensor  # (rows,) int64
    positions: torch.Tensor  # (rows,) int64
    row_grid: torch.Tensor  # (sequences, most rows) int64: index of each sequence's rows, -1 behind its last
    query_grid: torch.Tensor  # (sequences, most queries) int64: index into the queries, -1 behind the last
    queries: torch.Tensor  # (queries,) int64: index into the rows
    top_ids: torch.Tensor  # (queries, depths, best) int64; 0 where there is no target
    top_probabilities: torch.Tensor  # (queries, depths, best) float32; 0 where there is no target
    path: torch.Tensor  # (queries, depths) int64: the text's token at that depth, -1 where it has ended
    has_target: torch.Tensor  # (queries, depths) bool


def make_batch(sequences: list[Sequence], depths: int, window: int) -> Batch:
    """`window`: rows before the first query row that are kept."""
    total = 0
    parts: dict[str, list] = {name: [] for name in ("hidden", "next", "positions")}
    queries, top_ids, top_probabilities, path, has_target = [], [], [], [], []
    for sequence in sequences:
        first = max(0, sequence.first_scored - window + 1)
        count = len(sequence.tokens) - 1 - first  # the last row has no known successor
        parts["hidden"].append(np.asarray(sequence.hidden[first:-1], np.float32))
        parts["next"].append(np.asarray(sequence.tokens[first + 1 :], np.int64))
        parts["positions"].append(np.arange(count) + sequence.first_position + first)
        scored = len(sequence.top_ids)
        drafts = scored - 1
        queries.append(total + sequence.first_scored - first + np.arange(drafts))
        at = np.arange(drafts)[:, None] + 1 + np.arange(depths)[None, :]  # scored row of each target
        exists = at < scored
        at = np.minimum(at, scored - 1)
        top_ids.append(np.where(exists[..., None], sequence.top_ids[at], 0).astype(np.int64))
        chances = np.asarray(sequence.top_probabilities, np.float32)[at]
        top_probabilities.append(np.where(exists[..., None], chances, 0.0).astype(np.float32))
        completion = np.append(sequence.tokens[sequence.first_scored + 1 :], -1).astype(np.int64)
        path.append(np.where(exists, completion[np.minimum(at, len(completion) - 1)], -1))
        has_target.append(exists)
        total += count
    whole = {name: torch.from_numpy(np.concatenate(values)) for name, values in parts.items()}
    return Batch(
        whole["hidden"],
        whole["next"],
        whole["positions"].long(),
        _grid([len(rows) for rows in parts["next"]]),
        _grid([len(rows) for rows in queries]),
        torch.from_numpy(np.concatenate(queries)).long(),
        torch.from_numpy(np.concatenate(top_ids)),
        torch.from_numpy(np.concatenate(top_probabilities)),
        torch.from_numpy(np.concatenate(path)),
        torch.from_numpy(np.concatenate(has_target)),
    )


def _grid(lengths: list[int]) -> torch.Tensor:
    """Consecutive numbers, so many per row, filled up with -1."""
    ends = np.cumsum(lengths)
    grid = np.full((len(lengths), max(lengths)), -1, np.int64)
    for row, (length, end) in enumerate(zip(lengths, ends)):
        grid[row, :length] = np.arange(end - length, end)
    return torch.from_numpy(grid)
