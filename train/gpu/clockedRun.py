"""What both GPU runs do by the clock, because a lent machine ends by it: the learning rate and the log."""

import json
import math
import time
from pathlib import Path


class RunLog:
    """Lines of `<folder>/log.jsonl`, printed too, each with the seconds since the start."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.started = folder / "log.jsonl", time.monotonic()

    def __call__(self, **fields) -> None:
        line = json.dumps({"elapsed": round(time.monotonic() - self.started, 1), **fields}, default=str)
        with self.path.open("a", encoding="utf8") as file:
            file.write(line + "\n")
        print(line, flush=True)


def rate_at(options, steps: int, done: float) -> float:
    """Linear rise over `warm_up` steps, then a cosine down; `done` is the share of the time that has passed."""
    risen = min(1.0, (steps + 1) / options.warm_up)
    left = options.final_rate + (1 - options.final_rate) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return options.rate * risen * left
