"""Where heads, their collections and runs are kept, and the adapter training's run folder and stop request."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "adapter"))

from runFolder import RunFolder, StopRequest, train_root  # noqa: E402

__all__ = ["HeadsRun", "StopRequest", "heads_root", "trunk_file"]


def heads_root() -> Path:
    return train_root() / "heads"


def trunk_file(description: dict) -> Path:
    """The weights that a collection's hidden states come from."""
    return heads_root() / "trunk" / f"{description['trunk']['file']}.safetensors"


class HeadsRun(RunFolder):
    """`<root>/heads/runs/<name>` with the files of an adapter run; `<root>/pause` pauses this one too."""

    def __init__(self, name: str):
        self.path = heads_root() / "runs" / name
        self.path.mkdir(parents=True, exist_ok=True)
        self.pause_file = train_root() / "pause"
        self.checkpoint_file = self.path / "checkpoint.pt"
        (self.path / "pid").write_text(f"{os.getpid()}\n")
