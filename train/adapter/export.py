"""Writes a run's adapter in the form the package builder reads: adapter.safetensors (float16) and adapter.json.

    python train/adapter/export.py --name NAME --out models/qwen2.5-coder-0.5b/adapter --base-name FILE.gguf
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

import torch

from runFolder import train_root

MAX_BYTES = 20 * 1024 * 1024
FORMAT_VERSION = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="name of the run")
    parser.add_argument("--out", required=True, help="folder to write; older files of these names are replaced")
    parser.add_argument("--base-name", required=True, help="file name of the weights the adapter was trained on")
    options = parser.parse_args()
    saved = torch.load(train_root() / "adapter" / options.name / "checkpoint.pt", weights_only=True)
    settings, state = saved["settings"], saved["state"]
    # matrices.layers_8_gateUp_a -> layers.8.gateUp.a
    tensors = {
        name.removeprefix("matrices.").replace("_", "."): value.to(torch.float16).contiguous()
        for name, value in sorted(saved["adapter"].items())
    }
    if not all(value.isfinite().all() for value in tensors.values()):
        raise SystemExit("the adapter has values that float16 cannot hold; it was not exported")
    data = safetensors(tensors)
    if len(data) > MAX_BYTES:
        raise SystemExit(f"the adapter has {len(data)} bytes, more than {MAX_BYTES}; train fewer layers or a lower rank")
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "adapter.safetensors").write_bytes(data)
    description = {
        "formatVersion": FORMAT_VERSION,
        "base": {"name": options.base_name, "sha256": settings["baseSha256"]},
        "rank": settings["rank"],
        "scale": settings["scale"],
        "layers": sorted({int(name.split(".")[1]) for name in tensors}),
        "weights": {
            "name": "adapter.safetensors",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        },
        "training": {
            "samples": state["samples"],
            "tokens": state["tokens"],
            "steps": state["steps"],
            "samplesSha256": settings["data"],
            "corpusSha256": settings["corpus"],
            "rate": settings["rate"],
            "seed": settings["seed"],
        },
        "licence": "MIT",
    }
    (out / "adapter.json").write_text(json.dumps(description, indent=2) + "\n", "utf8")
    print(f"{out}: {len(data) / 1e6:.1f} MB after {state['samples']} samples, {state['tokens']} tokens")


def safetensors(tensors: dict[str, torch.Tensor]) -> bytes:
    """The file format of https://github.com/huggingface/safetensors: header length, JSON header, data."""
    header, blobs, offset = {}, [], 0
    for name, value in tensors.items():
        blob = value.numpy().tobytes()
        header[name] = {"dtype": "F16", "shape": list(value.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    return struct.pack("<Q", len(encoded)) + encoded + b"".join(blobs)


if __name__ == "__main__":
    main()
