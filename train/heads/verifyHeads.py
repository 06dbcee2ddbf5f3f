"""Checks exported heads against an independent forward pass in numpy, and writes cases for `compareGraphs.ts`.

    python train/heads/verifyHeads.py --heads models/qwen2.5-coder-0.5b/heads --collection heldOut --out cases.json
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from collection import Collection, make_batch
from draftHeads import Medusa, Mtp
from exportHeads import stored_state, stored_values
from headsFolder import heads_root, trunk_file
from tensorFiles import read_tensors
from trunk import Trunk

GUESSES = 4
TOLERANCE = 2e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heads", required=True, help="folder of heads.json")
    parser.add_argument("--collection", default="heldOut")
    parser.add_argument("--cases", type=int, default=16, help="sequences looked at")
    parser.add_argument("--out", help="file for the cases")
    options = parser.parse_args()
    torch.set_num_threads(1)
    collection = Collection(heads_root() / options.collection)
    cases = []
    for entry in json.loads((Path(options.heads) / "heads.json").read_text("utf8"))["heads"]:
        tensors = read_tensors(Path(options.heads) / entry["file"])
        shape = collection.description["shape"]
        trunk = Trunk(trunk_file(collection.description), shape, np.asarray(tensors["draft_vocabulary"]))
        worst = 0.0
        for sequence in collection.sequences[: options.cases]:
            check = check_medusa if entry["method"] == "medusa" else check_mtp
            difference, case = check(entry, tensors, trunk, sequence)
            worst = max(worst, difference)
            cases.append(case)
        print(f"{entry['method']}: largest difference of a probability between numpy and torch {worst:.2e}")
        if not worst <= TOLERANCE:
            raise SystemExit(f"the exported {entry['method']} heads do not compute what was trained")
    if options.out is not None:
        Path(options.out).write_text(json.dumps(cases), "utf8")


def check_medusa(entry, tensors, trunk: Trunk, sequence) -> tuple[float, dict]:
    """The query row in the middle of the completion."""
    row = sequence.first_scored + (len(sequence.top_ids) - 1) // 2
    hidden, last = np.asarray(sequence.hidden[row], np.float32), int(sequence.tokens[row + 1])
    depth = entry["depth"]
    draft_head, ids = trunk.draft_head.numpy(), np.asarray(tensors["draft_vocabulary"])
    found = np.flatnonzero(ids == last)
    previous = int(found[0]) if len(found) > 0 else -1
    probabilities, head_previous = [], previous
    for k in range(depth):
        skip, weight, bias = (stored_values(tensors, f"medusa.{k}.{name}") for name in ("skip", "weight", "bias"))
        gate = weight @ hidden + bias
        state = skip @ hidden + gate / (1 + np.exp(-gate))
        logits = draft_head @ state
        if "medusa.bias.in" in tensors and head_previous >= 0:
            factor = stored_values(tensors, "medusa.bias.in")[head_previous]
            logits = logits + stored_values(tensors, "medusa.bias.out") @ factor
        probabilities.append(softmax(logits))
        head_previous = int(logits.argmax())

    rank = tensors["medusa.bias.in"].shape[1] if "medusa.bias.in" in tensors else 0
    head = Medusa(trunk, depth, rank)
    head.load_state_dict(stored_state(head, tensors))
    difference, torch_previous = 0.0, torch.tensor([previous])
    with torch.no_grad():
        for k in range(depth):
            logits = F.linear(head.state(torch.from_numpy(hidden)[None], k), trunk.draft_head)
            factor = head.factor(torch_previous)
            logits = logits if factor is None else logits + F.linear(factor, head.bias_out)
            difference = max(difference, np.abs(logits.softmax(-1)[0].numpy() - probabilities[k]).max())
            torch_previous = logits.argmax(-1)
    case = {"method": "medusa", "hidden": hidden.tolist(), "lastToken": last, "depths": [best(p, ids) for p in probabilities]}
    return float(difference), case


def check_mtp(entry, tensors, trunk: Trunk, sequence) -> tuple[float, dict]:
    """All rows up to the first query row at once, then a step on the block's own output."""
    shape, window = trunk.shape, entry["window"]
    batch = make_batch([sequence], 2, window)
    count = int(batch.queries[0]) + 1
    block = NumpyBlock(tensors, shape)
    hidden, following = batch.hidden[:count].numpy(), batch.next_tokens[:count]
    positions = batch.positions[:count].numpy()
    first = block.run(hidden, trunk.embed(following).numpy(), positions, window)
    drafted = batch.path[:1, 0].clamp(min=0)
    second = block.run(first[None], trunk.embed(drafted).numpy(), positions[-1:] + 1, window)
    draft_head, ids = trunk.draft_head.numpy(), np.asarray(tensors["draft_vocabulary"])
    probabilities = [softmax(draft_head @ state) for state in (first, second)]

    head = Mtp(trunk, window, tensors["mtp.gate"].shape[0])
    head.load_state_dict(stored_state(head, tensors))
    with torch.no_grad():
        states = head.states(batch, trunk)
    difference = max(
        np.abs(F.linear(state[0], trunk.draft_head).softmax(-1).numpy() - expected).max()
        for (state, _), expected in zip(states, probabilities)
    )
    case = {
        "method": "mtp",
        "hidden": hidden.ravel().tolist(),
        "nextTokens": following.tolist(),
        "drafted": int(drafted[0]),
        "depths": [best(p, ids) for p in probabilities],
    }
    return float(difference), case


class NumpyBlock:
    """The block row by row with a cache, as the runtime has it, written from the format's description."""

    def __init__(self, tensors, shape):
        self.value = lambda name: stored_values(tensors, f"mtp.{name}")
        self.shape = shape
        self.keys: list[np.ndarray] = []
        self.values: list[np.ndarray] = []

    def run(self, hidden, embedded, positions, window) -> np.ndarray:
        """The output of the last row."""
        shape, value = self.shape, self.value
        size, groups = shape["headSize"], shape["heads"] // shape["keyValueHeads"]
        matrices = {name: value(name) for name in ("proj", "query.weight", "key.weight", "value.weight")}
        for row in range(len(hidden)):
            parts = [self.norm(hidden[row]) * value("norm_hidden"), self.norm(embedded[row]) * value("norm_embedding")]
            x = matrices["proj"] @ np.concatenate(parts)
            normed = self.norm(x) * value("attention_norm")
            query, key, kept = (matrices[f"{name}.weight"] @ normed + value(f"{name}.bias") for name in ("query", "key", "value"))
            self.keys.append(self.turn(key, positions[row]))
            self.values.append(kept.reshape(-1, size))
        query = self.turn(query, positions[-1])
        keys, values = np.stack(self.keys[-window:]), np.stack(self.values[-window:])
        mixed = []
        for head in range(shape["heads"]):
            weights = softmax(keys[:, head // groups] @ query[head] / np.sqrt(size))
            mixed.append(weights @ values[:, head // groups])
        x = x + value("output") @ np.concatenate(mixed)
        normed = self.norm(x) * value("feed_forward_norm")
        gate = value("gate") @ normed
        x = x + value("down") @ (gate / (1 + np.exp(-gate)) * (value("up") @ normed))
        return self.norm(x) * value("norm_out")

    def norm(self, x):
        return x / np.sqrt(np.mean(x * x) + self.shape["normEpsilon"])

    def turn(self, x, position):
        heads = x.reshape(-1, self.shape["headSize"])
        half = heads.shape[1] // 2
        angle = position * self.shape["ropeBase"] ** (-np.arange(half) / half)
        first, second = heads[:, :half], heads[:, half:]
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=1).astype(np.float32)


def softmax(logits):
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


def best(probabilities, ids) -> dict:
    order = np.argsort(-probabilities, kind="stable")[:GUESSES]
    return {"ids": ids[order].tolist(), "probabilities": probabilities[order].tolist()}


if __name__ == "__main__":
    main()
