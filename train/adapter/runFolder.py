"""The folder of one training run: checkpoint, log, and the file whose existence pauses training."""

import json
import os
import signal
import time
from pathlib import Path

import torch


def train_root() -> Path:
    """Where training keeps what is too large for the repository: $FORETOKEN_TRAIN or the user's cache."""
    return Path(os.environ.get("FORETOKEN_TRAIN") or Path.home() / ".cache" / "foretoken" / "train")


class RunFolder:
    """`<root>/adapter/<name>`: checkpoint.pt, log.jsonl, pid, finish; `<root>/pause` pauses every run below the root."""

    def __init__(self, root: Path, name: str):
        self.path = root / "adapter" / name
        self.path.mkdir(parents=True, exist_ok=True)
        self.pause_file = root / "pause"
        self.finish_file = self.path / "finish"
        self.checkpoint_file = self.path / "checkpoint.pt"
        (self.path / "pid").write_text(f"{os.getpid()}\n")

    def wait_while_paused(self) -> None:
        while self.pause_file.exists():
            time.sleep(0.3)

    def log(self, **fields) -> None:
        line = json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **fields})
        with (self.path / "log.jsonl").open("a", encoding="utf8") as file:
            file.write(line + "\n")
        print(line, flush=True)

    def save(self, state: dict) -> None:
        """Replaces the checkpoint in one step, so that a kill leaves the old one or the new one."""
        temporary = self.checkpoint_file.with_suffix(".partial")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint_file)

    def load(self) -> dict | None:
        return torch.load(self.checkpoint_file, weights_only=True) if self.checkpoint_file.exists() else None


class StopRequest:
    """True once the process was asked to end (SIGTERM, SIGINT)."""

    def __init__(self):
        self.is_set = False
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._set)

    def _set(self, *_):
        self.is_set = True
