"""Safetensors files (huggingface/safetensors, README "Format"), mapped rather than read: collections are larger than memory."""

import json
import os
import struct
from pathlib import Path

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "I32": np.int32}
NAMES = {np.dtype(value): name for name, value in TYPES.items()}


def read_tensors(path: str | Path) -> dict[str, np.ndarray]:
    """Tensors by name; their values are read from the disk when they are used."""
    data = np.memmap(path, np.uint8, mode="r")
    (length,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = data[start:end].view(TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def write_tensors(path: str | Path, tensors: dict[str, np.ndarray]) -> int:
    """Replaces the file in one step; returns its size in bytes."""
    header, offset = {}, 0
    for name, value in tensors.items():
        end = offset + value.nbytes
        header[name] = {"dtype": NAMES[value.dtype], "shape": list(value.shape), "data_offsets": [offset, end]}
        offset = end
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    partial = Path(f"{path}.partial")
    with partial.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for value in tensors.values():
            file.write(np.ascontiguousarray(value).tobytes())
    os.replace(partial, path)
    return 8 + len(encoded) + offset
