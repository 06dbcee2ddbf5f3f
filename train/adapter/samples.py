"""Reads sample files and packs samples with a shared beginning into one row of tokens."""

import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import torch

from qwen2 import PackedGroup

# Left-to-right samples have five times the targets of a middle; they are there to keep what the model has, not to lead.
LEFT_TO_RIGHT_WEIGHT = 0.2
LEFT_TO_RIGHT_KINDS = ("left-to-right", "end-of-file")


@dataclass(frozen=True)
class Sample:
    kind: str
    language: str
    group: int
    prompt: tuple[int, ...]
    middle: tuple[int, ...]
    ends: bool


@dataclass(frozen=True)
class SampleFile:
    control: dict[str, int]  # prefix, suffix, middle, end
    groups: list[list[Sample]]
    sha256: str
    corpus: str  # hash of the corpus file they were cut from


def read_samples(path: str | Path) -> SampleFile:
    data = Path(path).read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(data).splitlines()]
    header, *rows = rows
    if header.get("format") != "foretoken samples 1":
        raise ValueError(f"{path} is not a samples file of this version; make it again")
    samples = [
        Sample(row["kind"], row["language"], row["group"], tuple(row["prompt"]), tuple(row["middle"]), row["ends"])
        for row in rows
    ]
    groups = [list(group) for _, group in groupby(samples, key=lambda sample: sample.group)]
    return SampleFile(header["control"], groups, hashlib.sha256(data).hexdigest(), header["corpus"])


def pack(samples: list[Sample], end_token: int) -> PackedGroup:
    """One row of tokens for samples whose prompts begin the same; see `lay_out`."""
    parts = {name: torch.tensor(values) for name, values in lay_out(samples, end_token).items()}
    return PackedGroup(**parts, mask=branch_mask(parts["branch"]))


def lay_out(samples: list[Sample], end_token: int) -> dict[str, list]:
    """The parts of a `PackedGroup` but its mask. One row of tokens for samples whose prompts begin the same:

        ids        shared beginning | branch 0 | branch 1 | ...
        positions  0 .. shared-1    | shared.. | shared..

    A branch is the rest of a prompt and its targets but the last, which is only predicted.
    """
    shared = _common_prefix([sample.prompt for sample in samples])
    ids = list(samples[0].prompt[:shared])
    positions = list(range(shared))
    branch_of = [-1] * shared
    loss_rows, targets, weights, sample_of_target = [], [], [], []
    for index, sample in enumerate(samples):
        target = list(sample.middle) + ([end_token] if sample.ends else [])
        rest = list(sample.prompt[shared:]) + target[:-1]
        first_loss_row = len(ids) + len(sample.prompt) - shared - 1
        loss_rows += range(first_loss_row, first_loss_row + len(target))
        targets += target
        weight = LEFT_TO_RIGHT_WEIGHT if sample.kind in LEFT_TO_RIGHT_KINDS else 1.0
        weights += [weight] * len(target)
        sample_of_target += [index] * len(target)
        positions += range(shared, shared + len(rest))
        branch_of += [index] * len(rest)
        ids += rest
    return {
        "ids": ids,
        "positions": positions,
        "branch": branch_of,
        "loss_rows": loss_rows,
        "targets": targets,
        "weights": weights,
        "sample_of_target": sample_of_target,
    }


def branch_mask(branch: torch.Tensor) -> torch.Tensor:
    """Which column each row may look at: (…, tokens) to (…, tokens, tokens)."""
    size = branch.shape[-1]
    causal = torch.ones(size, size, dtype=torch.bool, device=branch.device).tril()
    return causal & ((branch[..., None, :] == -1) | (branch[..., :, None] == branch[..., None, :]))


def with_foreign_suffix(sample: Sample, other: Sample, control: dict[str, int]) -> Sample | None:
    """The sample with the suffix part of another one, or None where one of them has no suffix part."""
    bounds = [_suffix_bounds(part.prompt, control) for part in (sample, other)]
    if bounds[0] is None or bounds[1] is None:
        return None
    (start, end), (other_start, other_end) = bounds
    prompt = sample.prompt[:start] + other.prompt[other_start:other_end] + sample.prompt[end:]
    return replace(sample, prompt=prompt)


def _suffix_bounds(prompt: tuple[int, ...], control: dict[str, int]) -> tuple[int, int] | None:
    if control["suffix"] not in prompt or control["middle"] not in prompt:
        return None
    return prompt.index(control["suffix"]) + 1, prompt.index(control["middle"])


def _common_prefix(prompts: list[tuple[int, ...]]) -> int:
    """At most one less than the shortest prompt, so that each branch has the row that predicts its first target."""
    limit = min(len(prompt) for prompt in prompts) - 1
    first = prompts[0]
    shared = 0
    while shared < limit and all(prompt[shared] == first[shared] for prompt in prompts):
        shared += 1
    return shared
