"""Writes a run's adapter in the form the package builder reads: adapter.safetensors (float16) and adapter.json.

    python train/adapter/export.py --name NAME --out models/qwen2.5-coder-0.5b/adapter --base-name FILE.gguf
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save

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
    data = save(tensors)
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


def read_exported(folder: Path, adapter) -> dict[str, torch.Tensor]:
    """An exported adapter as the state of this one, whose layers, rank and scale it must have."""
    description = json.loads((folder / "adapter.json").read_text("utf8"))
    found = tuple(description[key] for key in ("layers", "rank", "scale"))
    wanted = (adapter.layers, adapter.rank, adapter.scale)
    if found != wanted:
        raise SystemExit(f"{folder} has layers, rank and scale {found}, the run {wanted}; give the run the same")
    return {
        "matrices." + name.replace(".", "_"): value.to(torch.float32)
        for name, value in load_file(folder / description["weights"]["name"]).items()
    }


if __name__ == "__main__":
    main()
