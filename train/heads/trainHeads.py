"""Trains draft heads on collected hidden states; start it again to go on from its last checkpoint.

    python train/heads/trainHeads.py --method mtp --name mtp-1 --sequences 20000 [--collection train --held-out heldOut]

Reads <root>/heads/<collection> (`collect.ts`), <root>/heads/draftVocabulary.safetensors and counts.safetensors; writes
<root>/heads/runs/<name>/: checkpoint.pt, log.jsonl, pid. SIGTERM: checkpoint after the step at hand, exit 0. A file <root>/pause:
waits until it is gone. A run may be given more sequences, and a collection may grow, between two starts.
"""

import argparse
import math
import os
import time

import numpy as np
import torch

from closedForm import start_medusa, start_mtp
from collection import Collection, make_batch
from draftHeads import Medusa, Mtp
from draftLoss import DraftLoss
from evaluateHeads import evaluate
from headsFolder import HeadsRun, StopRequest, heads_root, trunk_file
from tensorFiles import read_tensors
from trunk import Trunk

# By method: the rate that keeps the start (four times the rate destroyed it in a trial), weights of deeper depths, sequences per step.
DEFAULTS = {
    "medusa": {"depth": 4, "rate": 2e-4, "depth_weight": 0.8, "batch": 8},
    "mtp": {"depth": 3, "rate": 1e-4, "depth_weight": 0.7, "batch": 4},
}
# What may differ when a run goes on; everything else must be as it was.
FREE_OPTIONS = ("sequences", "minutes", "threads", "evaluate_every", "evaluate_on", "checkpoint_seconds")
WATCH_START = 24  # sequences that choose between starts
CALIBRATED_DEPTH = 4


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", required=True, choices=sorted(DEFAULTS))
    parser.add_argument("--name", required=True, help="name of the run")
    parser.add_argument("--collection", default="train")
    parser.add_argument("--held-out", default="heldOut")
    parser.add_argument("--vocabulary", default="draftVocabulary")
    parser.add_argument("--counts", default="counts", help="pairs for the start of Medusa's bias")
    parser.add_argument("--sequences", type=int, default=20_000, help="sequences to see in all; the decay ends there")
    parser.add_argument("--minutes", type=float, help="stop after this time; the decay does not end there")
    parser.add_argument("--depth", type=int, help="medusa: heads; mtp: steps on its own output in training")
    parser.add_argument("--rank", type=int, default=64, help="medusa: rank of the previous-token bias, 0 for none")
    parser.add_argument("--window", type=int, default=128, help="mtp: rows that a row attends to")
    parser.add_argument("--feed-forward", type=int, default=0, help="mtp: width, 0 for the trunk's")
    parser.add_argument("--batch", type=int, help="sequences per step")
    parser.add_argument("--rate", type=float, help="highest learning rate")
    parser.add_argument("--final-rate", type=float, default=0.05, help="share of it that is left at the end")
    parser.add_argument("--warm-up", type=int, default=800, help="sequences over which the rate rises")
    parser.add_argument("--clip", type=float, default=0.5, help="largest gradient norm")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--depth-weight", type=float, help="weight of each depth's loss, as a share of the one before")
    parser.add_argument("--hard-share", type=float, default=0.5, help="share of the arg-max in the targets")
    parser.add_argument("--candidates", type=int, default=8192, help="tokens of a step's softmax, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate-every", type=int, default=2000, help="sequences between evaluations")
    parser.add_argument("--evaluate-on", type=int, default=64, help="watched sequences per evaluation")
    parser.add_argument("--checkpoint-seconds", type=float, default=240)
    options = parser.parse_args()
    for name, value in DEFAULTS[options.method].items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def build_head(settings: dict, trunk: Trunk):
    if settings["method"] == "medusa":
        return Medusa(trunk, settings["depth"], settings["rank"])
    width = settings["feed_forward"] or trunk.shape["feedForward"]
    return Mtp(trunk, settings["window"], width)


def evaluated_depth(settings: dict) -> int:
    """MTP has the same weights at every depth, so that it can be asked for more than it was trained on."""
    return CALIBRATED_DEPTH if settings["method"] == "mtp" else settings["depth"]


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    stop = StopRequest()
    root = heads_root()
    collection, held_out = Collection(root / options.collection), Collection(root / options.held_out)
    if collection.description["trunk"] != held_out.description["trunk"]:
        raise SystemExit(f"{options.collection} and {options.held_out} were collected from different packages")
    vocabulary = read_tensors(root / f"{options.vocabulary}.safetensors")
    trunk = Trunk(trunk_file(collection.description), collection.description["shape"], vocabulary["ids"])
    frequency = torch.from_numpy(np.array(vocabulary["frequency"], np.float32))
    trainer = Trainer(options, HeadsRun(options.name), stop, collection, held_out, trunk, frequency)
    trainer.begin()
    trainer.run_to_end()


class Trainer:
    def __init__(self, options, run: HeadsRun, stop: StopRequest, collection, held_out, trunk: Trunk, frequency):
        self.options, self.run, self.stop, self.trunk = options, run, stop, trunk
        self.train = collection.sequences
        self.watch, self.test = held_out.halves()
        self.settings = {
            **{key: value for key, value in vars(options).items() if key not in FREE_OPTIONS},
            "trunk": collection.description["trunk"],
            "vocabularyIds": trunk.draft_ids.tolist(),
        }
        self.head = build_head(self.settings, trunk)
        self.window = options.window if options.method == "mtp" else 1
        self.loss = DraftLoss(trunk, frequency, options.depth_weight, options.hard_share, options.candidates)
        self.optimizer = torch.optim.AdamW(
            self.head.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=options.weight_decay
        )
        self.state = {"sequences": 0, "tokens": 0, "steps": 0, "epoch": 0, "position": 0, "seconds": 0.0}
        self.best: dict = {}
        self.started = self.last_save = time.monotonic()
        self.run.log(
            event="data", train=len(self.train), rows=collection.scored_rows, watch=len(self.watch), test=len(self.test),
            parameters=sum(parameter.numel() for parameter in self.head.parameters()), pid=os.getpid(),
        )  # fmt: skip

    def begin(self) -> None:
        saved = self.run.load()
        if saved is None:
            self._start()
            return
        different = [key for key, value in self.settings.items() if saved["settings"].get(key) != value]
        if different:
            raise SystemExit(f"the run {self.options.name} was begun with another {', '.join(different)}; name a new run")
        self.head.load_state_dict(saved["head"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.state, self.best = saved["state"], saved["best"]
        if saved["available"] != len(self.train):
            # The order is drawn anew over all there is now.
            self.state.update(epoch=self.state["epoch"] + 1, position=0)
        self.run.log(event="resume", **self._rounded())

    def run_to_end(self) -> None:
        options, state = self.options, self.state
        next_evaluation = self._next_evaluation()
        while state["sequences"] < options.sequences:
            if self.stop.is_set or self._time_is_over():
                if not self.stop.is_set:
                    self.evaluate("watch")
                self.save()
                self.run.log(event="stopped", **self._rounded())
                return
            self.wait_while_paused()
            self.step()
            if state["sequences"] >= next_evaluation:
                self.evaluate("watch")
                next_evaluation = self._next_evaluation()
            if time.monotonic() - self.last_save >= options.checkpoint_seconds:
                self.save()
        self.evaluate("watch")
        self.evaluate("test")
        self.save()
        self.run.log(event="done", **self._rounded())

    def _start(self) -> None:
        options, started = self.options, time.monotonic()
        # What chooses between starts must be new to them: a regression knows its own rows by heart while there are few.
        new = max(1, min(WATCH_START, len(self.train) // 5))
        train, last = self.train[:-new], self.train[-new:]
        watch = [make_batch(last[at : at + 8], 1, self.window) for at in range(0, len(last), 8)]
        if options.method == "medusa":
            path = heads_root() / f"{options.counts}.safetensors"
            pairs = np.array(read_tensors(path)["pairs"]) if options.rank > 0 and path.exists() else None
            figures = start_medusa(self.head, self.trunk, train, watch, pairs)
        else:
            figures = start_mtp(self.head, self.trunk, train, watch)
        settings = {key: value for key, value in self.settings.items() if key != "vocabularyIds"}
        self.run.log(event="start", took=round(time.monotonic() - started, 1), **figures, settings=settings)
        self.evaluate("watch")
        self.save()

    def step(self) -> None:
        options, state, started = self.options, self.state, time.monotonic()
        order = torch.randperm(
            len(self.train), generator=torch.Generator().manual_seed(options.seed * 1_000_003 + state["epoch"])
        )
        chosen = order[state["position"] : state["position"] + options.batch].tolist()
        batch = make_batch([self.train[index] for index in chosen], options.depth, self.window)
        rate = self._rate(state["sequences"])
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = self.loss(self.head, batch, torch.Generator().manual_seed(options.seed + state["steps"]))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.head.parameters(), options.clip).item()
        self.optimizer.step()
        seconds = time.monotonic() - started
        state.update(
            sequences=state["sequences"] + len(chosen),
            tokens=state["tokens"] + len(batch.queries),
            steps=state["steps"] + 1,
            position=state["position"] + len(chosen),
            seconds=state["seconds"] + seconds,
        )
        if state["position"] >= len(self.train):
            state.update(epoch=state["epoch"] + 1, position=0)
        self.run.log(
            event="step", **self._rounded(), loss=round(loss.item(), 4), norm=round(norm, 3), rate=round(rate, 8),
            tokensPerSecond=round(len(batch.queries) / seconds, 1),
        )  # fmt: skip

    def evaluate(self, part: str) -> None:
        started = time.monotonic()
        sequences = self.watch[: self.options.evaluate_on] if part == "watch" else self.test
        figures = evaluate(self.head, self.trunk, sequences, evaluated_depth(self.settings), self.window)
        calibration = figures.pop("calibration")
        self.best[part] = {"figures": figures, "calibration": calibration}
        took = round(time.monotonic() - started, 1)
        self.run.log(event="evaluation", part=part, **self._rounded(), took=took, **figures)

    def save(self) -> None:
        self.run.save(
            {
                "settings": self.settings,
                "state": self.state,
                "best": self.best,
                "available": len(self.train),
                "head": self.head.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            }
        )
        self.last_save = time.monotonic()
        self.run.log(event="checkpoint", **self._rounded())

    def wait_while_paused(self) -> None:
        if not self.run.pause_file.exists():
            return
        self.save()
        self.run.log(event="paused", **self._rounded())
        while self.run.pause_file.exists() and not self.stop.is_set:
            time.sleep(0.5)
        self.run.log(event="resumed", **self._rounded())

    def _time_is_over(self) -> bool:
        minutes = self.options.minutes
        return minutes is not None and time.monotonic() - self.started > minutes * 60

    def _rate(self, sequences: int) -> float:
        """Linear rise, then a cosine down; by sequences, so that a busy machine changes nothing."""
        options = self.options
        if sequences < options.warm_up:
            return options.rate * (sequences + options.batch) / (options.warm_up + options.batch)
        done = min(1.0, (sequences - options.warm_up) / max(1, options.sequences - options.warm_up))
        return options.rate * (options.final_rate + (1 - options.final_rate) * 0.5 * (1 + math.cos(math.pi * done)))

    def _next_evaluation(self) -> int:
        every = max(1, self.options.evaluate_every)
        return (self.state["sequences"] // every + 1) * every

    def _rounded(self) -> dict:
        return {key: round(value, 1) for key, value in self.state.items()}


if __name__ == "__main__":
    main()
