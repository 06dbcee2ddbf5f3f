"""Draws the training curves of the adapter and the draft heads that ship, from the logs of `train/gpu`.

    python train/plotCurves.py          # train/curves/*.jsonl to train/curves/*.png
"""

import json
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "curves"
# Steps over which the loss is averaged, since a step sees few samples.
SMOOTHED = 5


def main() -> None:
    draw_adapter(read_log("adapter"))
    draw_heads(read_log("heads"))


def read_log(name: str) -> list[dict]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf8").splitlines()]


def draw_adapter(log: list[dict]) -> None:
    steps = [row for row in log if row["event"] == "step"]
    evaluations = [row for row in log if row["event"] == "evaluation"]
    figure, (losses, shares) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    tokens = [row["tokens"] / 1e6 for row in steps]
    losses.plot(tokens, [row["loss"] for row in steps], color="0.8", label="a step's loss")
    losses.plot(tokens[SMOOTHED - 1 :], means([row["loss"] for row in steps]), color="C0", label=f"mean of {SMOOTHED}")
    seen = [row["tokens"] / 1e6 for row in evaluations]
    for key, label in (("middleNats", "middle"), ("trueSuffixNats", "middle, its own suffix"), ("foreignSuffixNats", "middle, another suffix")):
        losses.plot(seen, [row[key] for row in evaluations], marker="o", label=f"held out: {label}")
    losses.set(title="Adapter: nats a token", xlabel="million tokens", ylim=(0, 3))
    for key, label in (("endAtEnd", "probability of the end where it is"), ("exactGreedy", "whole middle written exactly")):
        shares.plot(seen, [row[key] for row in evaluations], marker="o", label=label)
    shares.set(title="Adapter, held out, the model alone", xlabel="million tokens", ylim=(0, 1))
    save(figure, (losses, shares), "adapter")


def draw_heads(log: list[dict]) -> None:
    # The run for the heads that ship, then the one that compares.
    end = next(index for index, row in enumerate(log) if row["event"] == "done")
    figure, axes = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
    for axis, head in zip(axes, ("mtp", "medusa")):
        own = evaluations_of(log[:end], head)
        for depth in range(len(own[0]["alpha"])):
            values = [row["alpha"][depth] for row in own]
            axis.plot([row["tokens"] / 1e6 for row in own], values, marker="o", label=f"depth {depth + 1}")
        axis.set(title=f"{head}: first guess right where all before were", xlabel="million rows", ylim=(0, 0.8))
    for head in dict.fromkeys(row["head"] for row in log[end:] if row["event"] == "evaluation"):
        own = evaluations_of(log[end:], head)
        axes[2].plot([row["tokens"] / 1e6 for row in own], [row["alpha"][0] for row in own], marker="o", label=head)
    axes[2].set(title="depth 1, all heads at equal data", xlabel="million rows", ylim=(0, 0.8))
    save(figure, axes, "heads")


def evaluations_of(log: list[dict], head: str) -> list[dict]:
    return [row for row in log if row["event"] == "evaluation" and row["head"] == head]


def means(values: list[float]) -> list[float]:
    return [sum(values[end - SMOOTHED : end]) / SMOOTHED for end in range(SMOOTHED, len(values) + 1)]


def save(figure: plt.Figure, axes, name: str) -> None:
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.legend(fontsize="small")
    figure.savefig(FOLDER / f"{name}.png", dpi=80)


if __name__ == "__main__":
    main()
