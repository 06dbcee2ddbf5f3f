"""Writes a run's heads in the form that the package builder reads: heads.json and one safetensors file per method.

    python train/heads/exportHeads.py --name mtp-1 --out models/qwen2.5-coder-0.5b/heads
    python train/heads/exportHeads.py --again mtp --out models/qwen2.5-coder-0.5b/heads

`--again` calibrates heads that were exported before anew, on what was collected from another package since.
The entry of the same method is replaced, one of the other method stays. Matrices are stored as int8 with one scale per row. The
calibration is taken from the held-out half that training did not watch, with the weights as they are exported.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from collection import Collection
from evaluateHeads import evaluate
from headsFolder import heads_root, trunk_file
from tensorFiles import read_tensors, write_tensors
from trainHeads import build_head, evaluated_depth
from trunk import Trunk

FORMAT_VERSION = 1
# Of both methods together: what the repository is to hold.
MAX_BYTES = 30 * 1024 * 1024
MTP_MATRICES = {
    "mtp.proj": "proj",
    "mtp.query.weight": "query",
    "mtp.key.weight": "key",
    "mtp.value.weight": "value",
    "mtp.output": "output",
    "mtp.gate": "gate",
    "mtp.up": "up",
    "mtp.down": "down",
}
MTP_VECTORS = {
    "mtp.norm_hidden": "norm_hidden",
    "mtp.norm_embedding": "norm_embedding",
    "mtp.attention_norm": "attention_norm",
    "mtp.query.bias": "query_bias",
    "mtp.key.bias": "key_bias",
    "mtp.value.bias": "value_bias",
    "mtp.feed_forward_norm": "feed_forward_norm",
    "mtp.norm_out": "norm_out",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--name", help="name of the run")
    source.add_argument("--again", metavar="METHOD", help="heads in --out, to be calibrated again")
    parser.add_argument("--out", required=True, help="folder of heads.json")
    parser.add_argument("--evaluate-on", type=int, default=400, help="sequences for the calibration")
    options = parser.parse_args()
    root = heads_root()
    out = Path(options.out)
    settings, state, tensors = read_run(root / "runs" / options.name) if options.name else read_exported(out, options.again)
    held_out = Collection(root / settings["held_out"])
    trunk_names = {key: held_out.description["trunk"][key] for key in ("sourceSha256", "adapterSha256")}
    # Heads that come from `train/gpu` were trained before there was a package.
    own = settings.get("trunk", trunk_names)
    if any(own[key] != value for key, value in trunk_names.items()):
        raise SystemExit(f"the heads are for other weights than those of the collection {settings['held_out']}")
    trunk = Trunk(trunk_file(held_out.description), held_out.description["shape"], np.array(settings["vocabularyIds"]))
    head = build_head(settings, trunk)
    head.load_state_dict(tensors if options.name else stored_state(head, tensors))
    exported = exported_tensors(head, trunk)
    head.load_state_dict(stored_state(head, exported))
    depth = evaluated_depth(settings)
    window = settings["window"] if settings["method"] == "mtp" else 1
    figures = evaluate(head, trunk, held_out.halves()[1][: options.evaluate_on], depth, window)
    calibration = figures.pop("calibration")

    out.mkdir(parents=True, exist_ok=True)
    file = f"{settings['method']}.safetensors"
    bytes_written = write_tensors(out / file, exported)
    entry = {
        "method": settings["method"],
        "file": file,
        "depth": depth,
        **({"window": settings["window"]} if settings["method"] == "mtp" else {}),
        "trunk": trunk_names,
        "calibration": calibration,
        "trained": {
            "tokens": state["tokens"],
            "sequences": state["sequences"],
            "rate": settings["rate"],
            "seed": settings["seed"],
            "heldOut": {name: figures[name] for name in ("alpha", "top1", "top3") if name in figures},
        },
        "licence": "MIT",
    }
    description = out / "heads.json"
    described = json.loads(description.read_text("utf8")) if description.exists() else {}
    old = described.get("heads", [])
    # Sets of two different trunks cannot both be of use.
    kept = [other for other in old if other["method"] != entry["method"] and other["trunk"] == trunk_names]
    heads = sorted([*kept, entry], key=lambda other: other["method"])
    # The table of n-grams, if there is one, stays.
    described = {**described, "formatVersion": FORMAT_VERSION, "heads": heads}
    description.write_text(json.dumps(described, indent=2) + "\n", "utf8")
    total = sum((out / other["file"]).stat().st_size for other in heads)
    print(f"{out / file}: {bytes_written / 1e6:.1f} MB, {total / 1e6:.1f} MB with all heads")
    print(json.dumps(figures))
    if total > MAX_BYTES:
        raise SystemExit(f"the heads have {total} bytes, more than {MAX_BYTES}; train with a smaller --rank or --feed-forward")


def read_run(folder: Path) -> tuple[dict, dict, dict]:
    """Settings, state and parameters in a run's checkpoint."""
    checkpoint = folder / "checkpoint.pt"
    if not checkpoint.exists():
        raise SystemExit(f"the run {folder.name} has no checkpoint")
    saved = torch.load(checkpoint, weights_only=True)
    return saved["settings"], saved["state"], saved["head"]


def read_exported(folder: Path, method: str) -> tuple[dict, dict, dict]:
    """The same of heads as `main` wrote them, for the collection `heldOut`."""
    described = json.loads((folder / "heads.json").read_text("utf8"))["heads"]
    entry = next((entry for entry in described if entry["method"] == method), None)
    if entry is None:
        raise SystemExit(f"{folder} has no {method} heads")
    tensors = read_tensors(folder / entry["file"])
    bias = tensors.get("medusa.bias.in")
    gate = tensors.get("mtp.gate")
    trained = entry["trained"]
    settings = {
        "method": method,
        "depth": entry["depth"],
        "rank": 0 if bias is None else bias.shape[1],
        "window": entry.get("window", 1),
        "feed_forward": 0 if gate is None else gate.shape[0],
        "held_out": "heldOut",
        "rate": trained["rate"],
        "seed": trained["seed"],
        "trunk": entry["trunk"],
        "vocabularyIds": tensors["draft_vocabulary"],
    }
    return settings, trained, tensors


def exported_tensors(head, trunk: Trunk) -> dict[str, np.ndarray]:
    tensors = {"draft_vocabulary": trunk.draft_ids.numpy().astype(np.int32)}
    state = {name: value.detach().numpy() for name, value in head.state_dict().items()}
    if head.method == "mtp":
        for name, source in MTP_MATRICES.items():
            _add_matrix(tensors, name, state[source])
        for name, source in MTP_VECTORS.items():
            tensors[name] = _half(name, state[source])
        return tensors
    for depth in range(head.depth):
        _add_matrix(tensors, f"medusa.{depth}.skip", state["skip"][depth])
        _add_matrix(tensors, f"medusa.{depth}.weight", state["weight"][depth])
        tensors[f"medusa.{depth}.bias"] = _half("bias", state["bias"][depth])
    if head.rank > 0:
        _add_matrix(tensors, "medusa.bias.in", state["bias_in"])
        _add_matrix(tensors, "medusa.bias.out", state["bias_out"])
    return tensors


def stored_state(head, tensors: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The module's parameters as the file has them."""
    value = lambda name: torch.from_numpy(stored_values(tensors, name))  # noqa: E731
    if head.method == "mtp":
        return {source: value(name) for name, source in {**MTP_MATRICES, **MTP_VECTORS}.items()}
    state = {
        name: torch.stack([value(f"medusa.{depth}.{name}") for depth in range(head.depth)])
        for name in ("skip", "weight", "bias")
    }
    return state if head.rank == 0 else {**state, "bias_in": value("medusa.bias.in"), "bias_out": value("medusa.bias.out")}


def stored_values(tensors: dict[str, np.ndarray], name: str) -> np.ndarray:
    values = np.asarray(tensors[name], np.float32)
    scale = tensors.get(f"{name}.scale")
    return values if scale is None else values * np.asarray(scale, np.float32)[:, None]


def _add_matrix(tensors: dict[str, np.ndarray], name: str, values: np.ndarray) -> None:
    scale = _half(name, np.maximum(np.abs(values).max(axis=1) / 127, 1e-7))
    codes = np.rint(values / scale.astype(np.float32)[:, None])
    tensors[name] = np.clip(codes, -127, 127).astype(np.int8)
    tensors[f"{name}.scale"] = scale


def _half(name: str, values: np.ndarray) -> np.ndarray:
    halves = values.astype(np.float16)
    if not np.isfinite(halves).all():
        raise SystemExit(f"{name} has values that float16 cannot hold; the heads were not exported")
    return halves


if __name__ == "__main__":
    main()
