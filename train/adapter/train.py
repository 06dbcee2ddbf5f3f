"""Trains the fill-in-the-middle adapter on one CPU; start it again to go on from its last checkpoint.

    python train/adapter/train.py --model MODEL.gguf --name NAME [--samples N] ...

Reads <root>/samples/<train>.jsonl.gz and <held-out>.jsonl.gz, writes <root>/adapter/<name>/ (see runFolder.py), where <root>
is $FORETOKEN_TRAIN or ~/.cache/foretoken/train. SIGTERM: checkpoint of the last finished step within seconds, exit 0.
A file <root>/pause: sleeps, in the middle of a step, until it is gone. A file <root>/adapter/<name>/finish: begins the decay now and ends after it.

Each of the threads works on its own group of samples: on cores shared with other programs this is half as fast again as
one group over all threads, which wait for the slowest at every matrix.
"""

import argparse
import hashlib
import os
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import torch
import torch.nn.functional as F

from evaluate import answer, means, questions
from export import read_exported
from qwen2 import Adapter, Qwen2
from runFolder import RunFolder, StopRequest, train_root
from samples import pack, read_samples


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="GGUF file with the weights that stay as they are")
    parser.add_argument("--name", required=True, help="name of the run")
    parser.add_argument("--train", default="train", help="sample file to learn from")
    parser.add_argument("--held-out", default="heldOut", help="sample file to evaluate on")
    parser.add_argument("--samples", type=int, help="stop after this many; the decay ends there (default: all)")
    parser.add_argument("--decay", type=int, default=300, help="samples over which the rate falls at the end")
    parser.add_argument("--begin-with", type=Path, help="folder of an exported adapter of the same shape to go on from")
    parser.add_argument("--first-layer", type=int, default=8, help="lowest layer with adapters")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--scale", type=float, default=2.0, help="factor on B·A")
    parser.add_argument("--rate", type=float, default=4e-4, help="highest learning rate")
    parser.add_argument("--final-rate", type=float, default=0.02, help="share of it that is left at the end")
    parser.add_argument("--warm-up", type=int, default=80, help="samples over which the rate rises")
    parser.add_argument("--batch", type=int, default=8, help="fewest samples per step; groups stay whole")
    parser.add_argument("--clip", type=float, default=1.0, help="largest gradient norm")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate-every", type=int, default=400, help="samples between evaluations; 0 for none")
    parser.add_argument("--evaluate-on", type=int, default=40, help="held-out samples per evaluation")
    parser.add_argument("--checkpoint-seconds", type=float, default=300)
    return parser.parse_args()


# What may differ when a run goes on; everything else must be as it was.
FREE_OPTIONS = ("model", "threads", "evaluate_every", "evaluate_on", "checkpoint_seconds")


def main() -> None:
    options = parse_options()
    root = train_root()
    stop = StopRequest()
    train = read_samples(root / "samples" / f"{options.train}.jsonl.gz")
    held_out = read_samples(root / "samples" / f"{options.held_out}.jsonl.gz")
    run = RunFolder(root, options.name)
    torch.set_num_threads(1)
    model = Qwen2(options.model, before_layer=run.wait_while_paused)
    layers = list(range(min(options.first_layer, model.shape.layers - 1), model.shape.layers))
    adapter = Adapter(model.shape, layers, options.rank, options.scale, options.seed)
    trainer = Trainer(model, adapter, train, held_out, run, stop, options)
    trainer.resume()
    trainer.run_to_end()


class Trainer:
    def __init__(self, model, adapter, train, held_out, run: RunFolder, stop: StopRequest, options):
        self.model, self.adapter, self.run, self.stop, self.options = model, adapter, run, stop, options
        self.train = train
        evaluated = [sample for group in held_out.groups for sample in group][: options.evaluate_on]
        self.questions = questions(evaluated, train.control, foreign_count=options.evaluate_on // 2)
        available = sum(len(group) for group in train.groups)
        total = min(options.samples or available, available)
        self.parameters = list(adapter.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=options.rate, betas=(0.9, 0.98), weight_decay=options.weight_decay
        )
        self.state = {"group": 0, "samples": 0, "total": total, "tokens": 0, "steps": 0, "seconds": 0.0}
        self.settings = {
            **{key: value for key, value in vars(options).items() if key not in FREE_OPTIONS},
            "begin_with": options.begin_with and file_hash(options.begin_with / "adapter.json"),
            "data": train.sha256,
            "corpus": train.corpus,
            "baseSha256": file_hash(options.model),
        }
        self.last_save = time.monotonic()
        self.seconds_paused = 0.0  # in the step under way

    def resume(self) -> None:
        saved = self.run.load()
        if saved is None:
            if self.options.begin_with is not None:
                self.adapter.load_state_dict(read_exported(self.options.begin_with, self.adapter))
            self.run.log(event="start", pid=os.getpid(), **self.settings)
            return
        different = [key for key, value in self.settings.items() if saved["settings"].get(key) != value]
        if different:
            raise SystemExit(f"the run {self.options.name} was begun with another {', '.join(different)}; name a new run")
        self.adapter.load_state_dict(saved["adapter"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.state = saved["state"]
        self.run.log(event="resume", pid=os.getpid(), **self.state)

    def run_to_end(self) -> None:
        options, state = self.options, self.state
        next_evaluation = state["samples"] if state["samples"] == 0 else self._next_evaluation()
        with ThreadPoolExecutor(options.threads, initializer=torch.set_num_threads, initargs=(1,)) as workers:
            self.workers = workers
            while state["samples"] < state["total"] and state["group"] < len(self.train.groups):
                if options.evaluate_every > 0 and state["samples"] >= next_evaluation:
                    self.evaluate()
                    next_evaluation = self._next_evaluation()
                self.step()
                if time.monotonic() - self.last_save >= options.checkpoint_seconds:
                    self.save()
            if options.evaluate_every > 0:
                self.evaluate()
            self.save()
            self.run.log(event="done", **self._rounded())

    def step(self) -> None:
        """One step of the optimiser over whole groups of at least `batch` samples."""
        self._shorten_when_asked()
        state, started, self.seconds_paused = self.state, time.monotonic(), 0.0
        groups, count, position = [], 0, state["group"]
        while count < self.options.batch and position < len(self.train.groups):
            groups.append(pack(self.train.groups[position], self.train.control["end"]))
            count += len(self.train.groups[position])
            position += 1
        weight = sum(group.weights.sum().item() for group in groups)
        # The largest first, so that no thread is left with a long one at the end.
        groups.sort(key=lambda group: -len(group.ids))
        parts = self._map(lambda group: self._gradients(group, weight), groups)
        for index, parameter in enumerate(self.parameters):
            parameter.grad = sum(gradients[index] for _, gradients in parts)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.options.clip).item()
        rate = self._rate(state["samples"])
        for settings in self.optimizer.param_groups:
            settings["lr"] = rate
        self.optimizer.step()
        tokens = sum(len(group.ids) for group in groups)
        seconds = time.monotonic() - started - self.seconds_paused
        state.update(
            group=position,
            samples=state["samples"] + count,
            tokens=state["tokens"] + tokens,
            steps=state["steps"] + 1,
            seconds=state["seconds"] + seconds,
        )
        loss = sum(loss for loss, _ in parts)
        self.run.log(
            event="step",
            **self._rounded(),
            loss=round(loss, 4),
            norm=round(norm, 3),
            rate=round(rate, 7),
            tokensPerSecond=round(tokens / seconds, 1),
        )

    def evaluate(self) -> None:
        started = time.monotonic()
        end_token = self.train.control["end"]
        answers = self._map(lambda question: answer(self.model, self.adapter, question, end_token), self.questions)
        took = round(time.monotonic() - started, 1)
        self.run.log(event="evaluation", **self._rounded(), took=took, **means(answers))

    def save(self) -> None:
        self.run.save(
            {
                "settings": self.settings,
                "state": self.state,
                "adapter": self.adapter.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            }
        )
        self.last_save = time.monotonic()
        self.run.log(event="checkpoint", **self._rounded())

    def _gradients(self, group, weight: float):
        logits = self.model.logits(group, self.adapter)
        nats = F.cross_entropy(logits, group.targets, reduction="none")
        loss = (nats * group.weights).sum() / weight
        # Not `backward`: two threads must not add to the same gradients.
        return loss.item(), torch.autograd.grad(loss, self.parameters)

    def _map(self, function, items) -> list:
        """Results in order. Ends the process with a checkpoint when that was asked for; unfinished work is dropped."""
        futures = [self.workers.submit(function, item) for item in items]
        pending = set(futures)
        while pending:
            if self.stop.is_set:
                self._stop_now()
            if self.run.pause_file.exists():
                self._wait_while_paused()
            _, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
        return [future.result() for future in futures]

    def _stop_now(self) -> None:
        # Workers only read the parameters, so what is saved is the state after the last finished step.
        self.save()
        self.run.log(event="stopped", **self._rounded())
        os._exit(0)

    def _wait_while_paused(self) -> None:
        """The workers wait too, before their next layer."""
        started = time.monotonic()
        self.save()
        self.run.log(event="paused", **self._rounded())
        while self.run.pause_file.exists():
            if self.stop.is_set:
                self._stop_now()
            time.sleep(0.3)
        self.seconds_paused += time.monotonic() - started
        self.run.log(event="resumed", **self._rounded())

    def _rate(self, samples: int) -> float:
        """Linear rise, a plateau, and a linear fall to `final-rate` over the last samples.

        By samples, so that a busy machine changes nothing; with a plateau, so that a run can be ended early and still decay.
        """
        options = self.options
        risen = min(1.0, (samples + options.batch) / (options.warm_up + options.batch))
        left = min(1.0, (self.state["total"] - samples) / max(1, options.decay))
        return options.rate * risen * (options.final_rate + (1 - options.final_rate) * max(0.0, left))

    def _shorten_when_asked(self) -> None:
        early = self.state["samples"] + self.options.decay
        if self.run.finish_file.exists() and early < self.state["total"]:
            self.state["total"] = early
            self.run.log(event="finishing", **self._rounded())

    def _next_evaluation(self) -> int:
        every = max(1, self.options.evaluate_every)
        return (self.state["samples"] // every + 1) * every

    def _rounded(self) -> dict:
        return {key: round(value, 1) for key, value in self.state.items()}


def file_hash(path: str | Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    main()
