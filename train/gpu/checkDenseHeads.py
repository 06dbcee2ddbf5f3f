"""Compares the heads' states over whole blocks of rows with those of `train/heads/draftHeads.py`, which the graphs are checked against.

    python train/gpu/checkDenseHeads.py --model MODEL.gguf --samples FILE
"""

import argparse
from pathlib import Path

import torch

from batchModel import BatchModel
from denseHeads import DenseMtp, Medusa, medusa_states
from trainHeads import DeviceTrunk, Rounds, as_sequences, make_batch, read_prompts

DEPTHS = 3
WINDOW = 40
TEXTS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--samples", type=Path, required=True)
    options = parser.parse_args()
    model = BatchModel(options.model, "cpu", torch.float32)
    prompts, _, stop = read_prompts([options.samples], model.shape.vocabulary)
    rows = Rounds(model, stop, 12).write(prompts[:TEXTS])
    trunk = DeviceTrunk.of(model, torch.arange(model.shape.vocabulary), [])
    torch.manual_seed(0)
    for head in (DenseMtp(trunk, WINDOW, trunk.shape["feedForward"]), Medusa(trunk, DEPTHS, 8)):
        for parameter in head.parameters():
            parameter.data = torch.randn_like(parameter) * 0.15
        batch = make_batch(as_sequences(rows), DEPTHS, WINDOW if head.method == "mtp" else 1)
        wanted = head.states(batch, trunk)
        if head.method == "mtp":
            found = [(state, None) for state in head.dense_states(rows, trunk, DEPTHS)]
        else:
            found = medusa_states(head, rows, trunk)
        queries = rows.generated & rows.has_target(0)
        for depth in range(DEPTHS):
            exists = batch.has_target[:, depth]
            # The batch keeps states in half precision.
            error = (found[depth][0][queries] - wanted[depth][0])[exists].abs().max() / wanted[depth][0][exists].abs().max()
            print(f"{head.method} at depth {depth}: largest difference {error:.6f} of the largest value, {int(exists.sum())} rows")
            if not error < 0.001:
                raise SystemExit("the two differ by more than rounding")


if __name__ == "__main__":
    main()
