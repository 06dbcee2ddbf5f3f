"""What a model, with or without adapter, makes of held-out samples; all figures come from single forward passes.

    python train/adapter/evaluate.py --model MODEL.gguf [--name RUN] [--count N]

Prints the means, and the same by kind of sample; without --name those of the untouched model.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch

from qwen2 import Adapter, Qwen2, Shape
from runFolder import train_root
from samples import LEFT_TO_RIGHT_KINDS, Sample, pack, read_samples, with_foreign_suffix


NAMES = (
    "middleNats",
    "endAtEnd",
    "endInside",
    "bestAtEnd",
    "exactGreedy",
    "trueSuffixNats",
    "foreignSuffixNats",
    "leftToRightNats",
)


@dataclass(frozen=True)
class Question:
    """One held-out sample, and the same with the suffix of another one where that is to be compared."""

    sample: Sample
    foreign: Sample | None


def questions(samples: list[Sample], control: dict[str, int], foreign_count: int) -> list[Question]:
    """The samples; the first `foreign_count` that can have one get a foreign suffix beside their own."""
    asked = []
    for index, sample in enumerate(samples):
        has_place = foreign_count > 0 and len(sample.middle) > 0
        other = with_foreign_suffix(sample, samples[index - 1], control) if has_place else None
        foreign_count -= other is not None
        asked.append(Question(sample, other))
    return asked


def answer(model, adapter, question: Question, end_token: int) -> dict[str, torch.Tensor]:
    """Values of one sample by name; see `means`."""
    sample = question.sample
    nats, end, best = _scores(model, adapter, sample, end_token)
    if sample.kind in LEFT_TO_RIGHT_KINDS:
        return {"leftToRightNats": nats}
    inside = len(sample.middle)
    values = {"middleNats": nats[:inside], "endInside": end[:inside]}
    if sample.ends:
        values |= {"endAtEnd": end[inside:], "bestAtEnd": best[inside:], "exactGreedy": best.min()[None]}
    if question.foreign is not None:
        foreign_nats, _, _ = _scores(model, adapter, question.foreign, end_token)
        values |= {"trueSuffixNats": nats[:inside], "foreignSuffixNats": foreign_nats[:inside]}
    return values


def means(answers: list[dict[str, torch.Tensor]]) -> dict[str, float | None]:
    """Means over all values of a name, None where there are none:

    middleNats         per token of the middle, the word taken back by healing included, the end not
    endAtEnd           probability of the end token where the middle ends
    endInside          the same, averaged over the places before
    bestAtEnd          share of ends at which the end token is the most likely one
    exactGreedy        share of middles whose every token, the end included, is the most likely one
    trueSuffixNats     middleNats of the samples that were also asked with the suffix of another sample ...
    foreignSuffixNats  ... and with that suffix
    leftToRightNats    per token of the samples without suffix
    """
    result = {}
    for name in NAMES:
        values = [values[name] for values in answers if name in values]
        whole = torch.cat(values) if values else torch.zeros(0)
        result[name] = round(whole.mean().item(), 5) if len(whole) else None
    return result


def _scores(model, adapter, sample: Sample, end_token: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Per target: nats, probability of the end token, 1.0 where the target is the most likely token."""
    group = pack([sample], end_token)
    with torch.no_grad():
        logits = model.logits(group, adapter)
        log_probabilities = logits.log_softmax(-1)
    nats = -log_probabilities.gather(1, group.targets[:, None])[:, 0]
    return nats, log_probabilities[:, end_token].exp(), (logits.argmax(-1) == group.targets).float()


def load_adapter(model: Qwen2, name: str) -> Adapter:
    """The adapter in the checkpoint of a run."""
    return read_checkpoint(model.shape, train_root() / "adapter" / name / "checkpoint.pt")


def read_checkpoint(shape: Shape, path: Path) -> Adapter:
    saved = torch.load(path, weights_only=True)
    settings = saved["settings"]
    layers = sorted({int(key.split("_")[1]) for key in saved["adapter"]})
    adapter = Adapter(shape, layers, settings["rank"], settings["scale"], settings["seed"])
    adapter.load_state_dict(saved["adapter"])
    return adapter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--name", help="name of the run (default: no adapter)")
    parser.add_argument("--held-out", default="heldOut", help="sample file")
    parser.add_argument("--count", type=int, default=100, help="samples, from the first")
    options = parser.parse_args()
    model = Qwen2(options.model)
    adapter = load_adapter(model, options.name) if options.name else None
    file = read_samples(train_root() / "samples" / f"{options.held_out}.jsonl.gz")
    samples = [sample for group in file.groups for sample in group][: options.count]
    asked = questions(samples, file.control, foreign_count=options.count // 2)
    answers = [answer(model, adapter, question, file.control["end"]) for question in asked]
    print(json.dumps({"samples": len(samples), **means(answers)}))
    for kind in sorted({sample.kind for sample in samples}):
        of_kind = [values for values, sample in zip(answers, samples) if sample.kind == kind]
        print(json.dumps({"kind": kind, "samples": len(of_kind), **means(of_kind)}))


if __name__ == "__main__":
    main()
