"""Greedy texts of a model for a file of prompts (`makePrompts.ts`), as token ids."""

import gzip
import json
from pathlib import Path

from batchModel import BatchModel
from vocabulary import WordAgain

MOST_TOKENS = 64
ROWS = 384


class Prompts:
    def __init__(self, path: Path):
        with gzip.open(path, "rt", encoding="utf8") as file:
            header, *self.rows = [json.loads(line) for line in file]
        if header.get("format") != "foretoken prompts 1":
            raise SystemExit(f"{path} is not a file of prompts; make it with makePrompts.ts")
        self.stop = header["stop"]


def write_texts(path: Path, model: BatchModel, adapter, prompts: Prompts, again: WordAgain) -> None:
    """One row per prompt: `id`, `tokens`, without the end, and whether the text `ended` by itself."""
    order = sorted(range(len(prompts.rows)), key=lambda index: len(prompts.rows[index]["prompt"]))
    texts: dict[int, list[int]] = {}
    for start in range(0, len(order), ROWS):
        part = [prompts.rows[index] for index in order[start : start + ROWS]]
        words = [row["typed"].encode() for row in part]
        tokens, _, _ = model.generate(
            [row["prompt"] for row in part],
            MOST_TOKENS,
            prompts.stop,
            adapter,
            allowed=lambda row, so_far: again.allowed(words[row], so_far) if words[row] else None,  # noqa: B023
        )
        for index, row in zip(order[start:], tokens.tolist()):
            texts[index] = [token for token in row if token >= 0]
    with gzip.open(path, "wt", encoding="utf8") as file:
        for index, row in enumerate(prompts.rows):
            tokens = texts[index]
            ended = bool(tokens) and tokens[-1] in prompts.stop
            line = {"id": row["id"], "tokens": tokens[: len(tokens) - ended], "ended": ended}
            file.write(json.dumps(line) + "\n")
