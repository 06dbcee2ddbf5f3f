"""Trains the adapter on a GPU within a given time: samples as for `train/adapter/train.py`, far more of them.

    python train/gpu/trainAdapter.py --model MODEL.gguf --samples FILE [FILE ...] --seconds 480 --out FOLDER \
        --prompts FILE --tokenizer tokenizer.json --held-out FILE

Writes FOLDER/log.jsonl, adapter.pt as `train/adapter/export.py` reads it, and texts-<tokens>.jsonl.gz for the held-out prompts, at the
start and each time the number of tokens is four times as large. The rate follows the clock: a lent machine ends by it.
"""

import argparse
import hashlib
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from batchModel import Adapter, BatchModel
from clockedRun import RunLog, rate_at
from evaluate import answer, means, questions
from export import read_exported
from packs import batches, packed_batch, read_layouts
from samples import read_samples
from vocabulary import WordAgain, read_bytes
from writeTexts import Prompts, write_texts

CURVE_FACTOR = 4


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="GGUF file with the weights that stay as they are")
    parser.add_argument("--samples", type=Path, nargs="+", required=True)
    parser.add_argument("--held-out", type=Path, required=True, help="sample file to evaluate on")
    parser.add_argument("--prompts", type=Path, nargs="*", default=[], help="prompts that texts are written for")
    parser.add_argument("--tokenizer", required=True, help="tokenizer.json, plain or gzip")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="time to train, without evaluations")
    parser.add_argument("--first-layer", type=int, default=0)
    parser.add_argument("--rank", type=int, default=20)
    parser.add_argument("--scale", type=float, default=2.0, help="factor on B·A")
    parser.add_argument("--rate", type=float, default=4e-4, help="highest learning rate")
    parser.add_argument("--final-rate", type=float, default=0.02, help="share of it that is left at the end")
    parser.add_argument("--warm-up", type=int, default=60, help="steps over which the rate rises")
    parser.add_argument("--tokens", type=int, default=40_960, help="tokens per step")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--evaluate-on", type=int, default=160)
    parser.add_argument("--first-curve-tokens", type=int, default=1_000_000)
    parser.add_argument("--base-sha256", default="", help="of the model file that the adapter is for, where the file here has gaps")
    parser.add_argument("--compare", type=Path, help="folder of an exported adapter that texts are written with too")
    return parser.parse_args()


class AdapterRun:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.out: Path = options.out
        self.log = RunLog(self.out)
        torch.manual_seed(options.seed)
        self.layouts = read_layouts(options.samples, options.processes)
        held_out = read_samples(options.held_out)
        self.end = held_out.control["end"]
        self.corpus = held_out.corpus
        self.control = held_out.control
        chosen = [sample for group in held_out.groups for sample in group][: options.evaluate_on]
        self.questions = questions(chosen, held_out.control, foreign_count=options.evaluate_on // 2)
        self.prompts = {path.name.removesuffix(".jsonl.gz"): Prompts(path) for path in options.prompts}
        self.again = WordAgain(read_bytes(options.tokenizer))
        self.model = BatchModel(options.model, options.device, torch.bfloat16 if options.device == "cuda" else torch.float32)
        shape = self.model.shape
        self.adapter = Adapter(shape, list(range(options.first_layer, shape.layers)), options.rank, options.scale, options.seed)
        self.adapter.to(options.device)
        parameters = list(self.adapter.parameters())
        self.optimizer = torch.optim.AdamW(parameters, lr=options.rate, betas=(0.9, 0.98), weight_decay=options.weight_decay)
        self.state = {"samples": 0, "tokens": 0, "steps": 0, "seconds": 0.0, "epoch": 0}
        self.log(event="start", groups=len(self.layouts), parameters=sum(p.numel() for p in parameters), options=vars(options))

    def run(self) -> None:
        options, state = self.options, self.state
        self.write_texts("untouched", None)
        self.evaluate(None)
        if options.compare is not None:
            self.write_texts("compared", self.compared(options.compare))
        next_curve = options.first_curve_tokens
        while state["seconds"] < options.seconds:
            for chosen in batches(self.layouts, options.tokens, options.seed + state["epoch"]):
                self.step(chosen)
                if state["tokens"] >= next_curve:
                    self.point()
                    next_curve *= CURVE_FACTOR
                if state["seconds"] >= options.seconds:
                    break
            else:
                state["epoch"] += 1
        self.evaluate(self.adapter)
        self.save()
        self.write_texts("trained", self.adapter)
        self.log(event="done", **self.rounded())

    def step(self, chosen: list) -> None:
        options, state, begun = self.options, self.state, time.monotonic()
        batch = packed_batch(chosen, options.device)
        states = self.model.states(batch.ids, batch.positions, batch.mask, self.adapter)
        logits = self.model.logits(states.flatten(0, 1)[batch.loss_rows])
        nats = F.cross_entropy(logits.float(), batch.targets, reduction="none")
        loss = (nats * batch.weights).sum() / batch.weights.sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.adapter.parameters(), options.clip)
        report = {"loss": loss.item(), "norm": norm.item()}
        if not all(map(math.isfinite, report.values())):
            raise SystemExit(f"step {state['steps']} has {report}; its longest group has {batch.ids.shape[1]} tokens")
        rate = rate_at(options, state["steps"], state["seconds"] / options.seconds)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        state["samples"] += int((batch.targets == self.end).sum())
        state["tokens"] += batch.tokens
        state["steps"] += 1
        state["seconds"] += time.monotonic() - begun
        if state["steps"] % 10 == 1:
            self.log(event="step", **self.rounded(), **{name: round(value, 4) for name, value in report.items()},
                     rate=round(rate, 7), padded=batch.ids.numel(), targets=len(batch.targets))  # fmt: skip

    def point(self) -> None:
        self.evaluate(self.adapter)
        self.save()
        self.write_texts(str(self.state["tokens"]), self.adapter)

    def evaluate(self, adapter) -> None:
        begun = time.monotonic()
        one = OneByOne(self.model, self.end)
        answers = [answer(one, adapter, question, self.end) for question in self.questions]
        took = round(time.monotonic() - begun, 1)
        self.log(event="evaluation", adapter=adapter is not None, **self.rounded(), took=took, **means(answers))

    def write_texts(self, name: str, adapter) -> None:
        """Where the curve begins and ends for all files of prompts, between for the first."""
        files = list(self.prompts.items())
        for prompts, file in files if name in ("untouched", "trained") else files[:1]:
            write_texts(self.out / f"texts-{name}-{prompts}.jsonl.gz", self.model, adapter, file, self.again)
        self.log(event="texts", name=name)

    def compared(self, folder: Path) -> Adapter:
        described = json.loads((folder / "adapter.json").read_text("utf8"))
        adapter = Adapter(self.model.shape, described["layers"], described["rank"], described["scale"], 1)
        adapter.load_state_dict(read_exported(folder, adapter))
        return adapter.to(self.options.device)

    def save(self) -> None:
        options = self.options
        digest = hashlib.sha256()
        for path in options.samples:
            digest.update(path.read_bytes())
        settings = {"rank": options.rank, "scale": options.scale, "seed": options.seed, "rate": options.rate,
                    "baseSha256": options.base_sha256, "data": digest.hexdigest(), "corpus": self.corpus}  # fmt: skip
        tensors = {name: value.detach().half().cpu() for name, value in self.adapter.state_dict().items()}
        torch.save({"settings": settings, "state": self.state, "adapter": tensors}, self.out / "adapter.pt")

    def rounded(self) -> dict:
        return {name: round(value, 1) for name, value in self.state.items()}


class OneByOne:
    """The model as `evaluate.answer` asks it."""

    def __init__(self, model: BatchModel, end: int):
        self.model, self.end = model, end

    def logits(self, group, adapter) -> torch.Tensor:
        device = self.model.device
        mask = group.mask[None, None].to(device)
        states = self.model.states(group.ids[None].to(device), group.positions[None].to(device), mask, adapter)
        return self.model.logits(states[0, group.loss_rows.to(device)]).float().cpu()


if __name__ == "__main__":
    AdapterRun(parse_options()).run()
