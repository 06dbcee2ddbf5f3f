"""Compares the GPU's forward pass with the CPU's on held-out samples, and generation with the forward pass.

    python train/gpu/checkBatchModel.py --model MODEL.gguf [--device cuda] [--samples heldOut]
"""

import argparse

import torch

from batchModel import Adapter, BatchModel, Qwen2
from packs import arrays, packed_batch
from runFolder import train_root
from samples import pack, read_samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--samples", default="heldOut")
    parser.add_argument("--groups", type=int, default=3)
    parser.add_argument("--float32", action="store_true")
    options = parser.parse_args()
    file = read_samples(train_root() / "samples" / f"{options.samples}.jsonl.gz")
    reference = Qwen2(options.model)
    adapter = Adapter(reference.shape, list(range(reference.shape.layers)), 4, 2.0, 1)
    generator = torch.Generator().manual_seed(5)
    for parameter in adapter.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.02
    model = BatchModel(options.model, options.device, torch.float32 if options.float32 else torch.bfloat16)
    on_device = Adapter(reference.shape, adapter.layers, 4, 2.0, 1).to(options.device)
    on_device.load_state_dict(adapter.state_dict())
    groups = [pack(group, file.control["end"]) for group in file.groups[: options.groups]]
    layouts = [arrays(group, file.control["end"]) for group in file.groups[: options.groups]]
    batch = packed_batch(layouts, options.device)
    with torch.no_grad():
        states = model.states(batch.ids, batch.positions, batch.mask, on_device)
        logits = model.logits(states.flatten(0, 1)[batch.loss_rows]).float().cpu()
        wanted = torch.cat([reference.logits(group, adapter) for group in groups])
        error = (logits - wanted).abs()
        print(f"logits of {len(wanted)} rows: largest difference {error.max():.4f}, mean {error.mean():.5f}, "
              f"same best {(logits.argmax(-1) == wanted.argmax(-1)).float().mean():.4f}")
        merged = BatchModel(options.model, options.device, model.dtype)
        merged.merge(on_device)
        states = merged.states(batch.ids, batch.positions, batch.mask)
        error = (merged.logits(states.flatten(0, 1)[batch.loss_rows]).float().cpu() - wanted).abs()
        print(f"merged: largest difference {error.max():.4f}, mean {error.mean():.5f}")
        prompts = [list(sample.prompt) for group in file.groups[: options.groups] for sample in group]
        tokens, _, chosen_by = model.generate(prompts, 8, [file.control["end"]], on_device)
        same = total = 0
        for row, prompt in enumerate(prompts):
            written = [token for token in tokens[row].tolist() if token >= 0]
            ids = torch.tensor([prompt + written], device=options.device)
            alone = model.states(ids, torch.arange(ids.shape[1], device=options.device)[None], None, on_device)
            best = model.logits(alone[0, len(prompt) - 1 : -1]).argmax(-1).tolist()
            same += sum(left == right for left, right in zip(best, written))
            total += len(written)
        worst = error.max().item()
        print(f"generated tokens that a single forward would choose too: {same} of {total}")
    if options.float32 and (worst > 0.001 or same < total):
        raise SystemExit("the two forward passes differ by more than rounding")


if __name__ == "__main__":
    main()
