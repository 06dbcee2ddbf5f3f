"""Factors that move outliers from activations into weights, so that both can be rounded to 8 bits (SmoothQuant, arXiv
2211.10438, section 4). The builder divides the gains of a layer's norms by them and multiplies the columns of the matrices
that read what the norms give, which changes nothing but rounding: a package of kind w8a8 is built so.

    python train/quantize/smoothing.py MODEL.gguf [--adapter models/ID/adapter] --tokenizer PACKAGE/tokenizer.json \
        --out models/ID/smoothing.safetensors

Text: the beginnings of training files of the corpus, drawn by place, the evaluation's files never among them.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "adapter"))
from qwen2 import PackedGroup, Qwen2  # noqa: E402
from runFolder import train_root  # noqa: E402

# Half of an outlier goes each way (the paper's default).
STRENGTH = 0.5
SEQUENCES, TOKENS = 8, 320
EVERY = 4001
NORMS = {"queryKeyValue": "attentionNorm", "gateUp": "feedForwardNorm"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--adapter", help="folder of the adapter that is merged before")
    parser.add_argument("--tokenizer", required=True, help="tokenizer.json of a package of the model")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    model = Qwen2(options.model)
    if options.adapter is not None:
        merge(model, Path(options.adapter))
    texts = sequences(options.tokenizer)
    largest = measure(model, texts)
    tensors = {}
    for (layer, target), activations in largest.items():
        weights = model.layers[layer][target].abs().amax(0)
        factors = activations.clamp_min(1e-5) ** STRENGTH / weights.clamp_min(1e-5) ** (1 - STRENGTH)
        factors /= factors.log().mean().exp()
        tensors[f"layers.{layer}.{NORMS[target]}"] = factors.numpy().astype(np.float16)
    save_file(tensors, options.out)
    print(f"{options.out}: {len(tensors)} vectors, {len(texts) * TOKENS} tokens")


def merge(model: Qwen2, folder: Path) -> None:
    scale = json.loads((folder / "adapter.json").read_text("utf8"))["scale"]
    tensors = load_file(folder / "adapter.safetensors")
    for name, a in tensors.items():
        if name.endswith(".a"):
            _, layer, target, _ = name.split(".")
            b = tensors[f"{name[:-1]}b"]
            model.layers[int(layer)][target] += scale * torch.from_numpy(b.astype(np.float32) @ a.astype(np.float32))


def sequences(tokenizer: str) -> list[list[int]]:
    encode = Tokenizer.from_file(tokenizer).encode
    found = []
    with gzip.open(train_root() / "corpus" / "train.jsonl.gz", "rt", encoding="utf8") as file:
        for index, line in enumerate(file):
            if index % EVERY != 0:
                continue
            ids = encode(json.loads(line)["text"], add_special_tokens=False).ids[:TOKENS]
            if len(ids) == TOKENS:
                found.append(ids)
            if len(found) == SEQUENCES:
                break
    return found


def measure(model: Qwen2, texts: list[list[int]]) -> dict[tuple[int, str], torch.Tensor]:
    """Largest size of each input of the matrices that read a norm."""
    largest: dict[tuple[int, str], torch.Tensor] = {}
    project = model._project

    def watch(layer, target, x, adapter, bias=None):
        if target in NORMS:
            sizes = x.abs().amax(0)
            known = largest.get((layer, target), sizes)
            largest[layer, target] = torch.maximum(known, sizes)
        return project(layer, target, x, adapter, bias)

    model._project = watch
    nothing = torch.zeros(0)
    for ids in texts:
        group = PackedGroup(
            ids=torch.tensor(ids),
            positions=torch.arange(len(ids)),
            branch=torch.full((len(ids),), -1),
            mask=torch.ones(len(ids), len(ids), dtype=torch.bool).tril(),
            loss_rows=torch.tensor([len(ids) - 1]),
            targets=nothing,
            weights=nothing,
            sample_of_target=nothing,
        )
        with torch.no_grad():
            model.logits(group, None)
    return largest


if __name__ == "__main__":
    main()
