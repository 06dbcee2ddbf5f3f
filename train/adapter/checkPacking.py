"""Checks that samples packed behind a shared beginning have the losses that they have one by one.

    python train/adapter/checkPacking.py MODEL.gguf SAMPLES.jsonl.gz
"""

import argparse

import torch
import torch.nn.functional as F

from qwen2 import Adapter, Qwen2
from samples import pack, read_samples

TOLERANCE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("samples", help="sample file")
    parser.add_argument("--groups", type=int, default=20, help="groups of several samples to compare")
    options = parser.parse_args()
    model = Qwen2(options.model)
    adapter = Adapter(model.shape, list(range(model.shape.layers)), rank=4, scale=1.0, seed=1)
    for name, parameter in adapter.matrices.items():
        if name.endswith("_b"):
            torch.nn.init.normal_(parameter, std=0.02)
    file = read_samples(options.samples)
    groups = [group for group in file.groups if len(group) > 1][: options.groups]
    packed_tokens = single_tokens = 0
    worst = 0.0
    with torch.no_grad():
        for group in groups:
            packed = pack(group, file.control["end"])
            singles = [pack([sample], file.control["end"]) for sample in group]
            nats = [F.cross_entropy(model.logits(row, adapter), row.targets, reduction="none") for row in (packed, *singles)]
            worst = max(worst, (nats[0] - torch.cat(nats[1:])).abs().max().item())
            packed_tokens += len(packed.ids)
            single_tokens += sum(len(single.ids) for single in singles)
    print(f"{len(groups)} groups: largest difference {worst:.2g} nats, {packed_tokens} tokens instead of {single_tokens}")
    if not groups or worst > TOLERANCE:
        raise SystemExit("packed samples do not have the losses that they have one by one")


if __name__ == "__main__":
    main()
