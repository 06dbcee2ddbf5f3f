"""Packed groups of samples as padded batches for a GPU."""

import gzip
import json
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

import batchModel  # noqa: F401 (finds train/adapter)
from samples import Sample, branch_mask, lay_out

ALIGNMENT = 16
# Batches are cut from so many groups sorted by length, so that little is filled up.
SORTED_GROUPS = 4096
TYPES = {"ids": np.int32, "positions": np.int16, "branch": np.int8, "loss_rows": np.int16, "targets": np.int32, "weights": np.float32}

# `samples.lay_out` as arrays
Layout = dict[str, np.ndarray]


@dataclass(frozen=True)
class PackedBatch:
    """Groups side by side; see `samples.pack` for what a group is. Loss rows count through all rows of all groups."""

    ids: torch.Tensor  # (groups, tokens) int64
    positions: torch.Tensor  # (groups, tokens) int64
    mask: torch.Tensor  # (groups, 1, tokens, tokens) bool
    loss_rows: torch.Tensor  # (targets,) int64
    targets: torch.Tensor  # (targets,) int64
    weights: torch.Tensor  # (targets,) float32
    tokens: int  # without what is filled up


def arrays(samples: list[Sample], end_token: int) -> Layout:
    layout = lay_out(samples, end_token)
    return {name: np.array(layout[name], kind) for name, kind in TYPES.items()}


def read_layouts(paths: list[Path], processes: int) -> list[Layout]:
    """All groups of sample files that were made with the same control tokens."""
    jobs = []
    for path in paths:
        header, *lines = gzip.decompress(path.read_bytes()).splitlines()
        end = json.loads(header)["control"]["end"]
        size = -(-len(lines) // processes)
        jobs += [(lines[start : start + size], end) for start in range(0, len(lines), size)]
    with multiprocessing.Pool(processes) as pool:
        return [layout for part in pool.map(layouts_of_lines, jobs, chunksize=1) for layout in part]


def layouts_of_lines(job: tuple[list[bytes], int]) -> list[Layout]:
    """A group that was cut in two is two groups."""
    lines, end = job
    rows = [json.loads(line) for line in lines]
    samples = [Sample(row["kind"], row["language"], row["group"], row["prompt"], row["middle"], row["ends"]) for row in rows]
    return [arrays(list(group), end) for _, group in groupby(samples, key=lambda sample: sample.group)]


def batches(layouts: list[Layout], tokens: int, seed: int) -> Iterator[list[Layout]]:
    """All groups once, in batches of about `tokens` tokens, filled up ones included."""
    generator = random.Random(seed)
    order = list(range(len(layouts)))
    generator.shuffle(order)
    for start in range(0, len(order), SORTED_GROUPS):
        part = sorted(order[start : start + SORTED_GROUPS], key=lambda index: -len(layouts[index]["ids"]))
        found, batch = [], []
        for index in part:
            longest = len(layouts[batch[0] if batch else index]["ids"])
            if batch and (len(batch) + 1) * longest > tokens:
                found.append(batch)
                batch = []
            batch.append(index)
        # What is left over is short, and comes up in another epoch.
        generator.shuffle(found)
        for chosen in found:
            yield [layouts[index] for index in chosen]


def packed_batch(layouts: list[Layout], device) -> PackedBatch:
    tokens = max(len(layout["ids"]) for layout in layouts)
    tokens += -tokens % ALIGNMENT

    def padded(name: str, filler: int) -> torch.Tensor:
        grid = np.full((len(layouts), tokens), filler, np.int64)
        for row, layout in enumerate(layouts):
            grid[row, : len(layout[name])] = layout[name]
        return torch.from_numpy(grid).to(device)

    def joined(name: str, kind) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([layout[name] for layout in layouts]).astype(kind)).to(device)

    loss_rows = np.concatenate([layout["loss_rows"].astype(np.int64) + row * tokens for row, layout in enumerate(layouts)])
    # Filled-up places see each other, so that no row of attention is empty.
    mask = branch_mask(padded("branch", -2))[:, None]
    return PackedBatch(
        padded("ids", 0),
        padded("positions", 0),
        mask,
        torch.from_numpy(loss_rows).to(device),
        joined("targets", np.int64),
        joined("weights", np.float32),
        sum(len(layout["ids"]) for layout in layouts),
    )
