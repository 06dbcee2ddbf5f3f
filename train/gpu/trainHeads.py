"""Trains draft heads on a GPU, on texts that the adapted trunk writes there and then.

    python train/gpu/trainHeads.py --model MODEL.gguf --adapter adapter.pt --samples FILE [FILE ...] --held-out FILE \
        --tokenizer tokenizer.json --out FOLDER --heads medusa,mtp --seconds 480

Each round the trunk continues a thousand prompts, and every head takes the same steps on the same rows: those of its own text, and those
of the prompts' ends with less weight. So heads that are trained together compare at equal data. Writes FOLDER/log.jsonl and
<head>.pt, which `train/heads/exportHeads.py` reads, in half precision. The trunk is the one of the GGUF file in bfloat16; the package
rounds it otherwise, so that calibration is for `exportHeads.py`, on states of the package.
"""

import argparse
import gzip
import json
import math
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from batchModel import BatchModel
from clockedRun import RunLog, rate_at
from denseHeads import DenseMtp, Medusa, Rows, medusa_states
from evaluate import read_checkpoint
from vocabulary import read_bytes

from closedForm import start_medusa, start_mtp  # noqa: E402 (denseHeads finds train/heads)
from collection import Sequence, make_batch  # noqa: E402

PROMPT_ROWS = 160
BEST = 8
LONGEST_PROMPT = 704
# Tokens of every third group are counted, for the draft vocabulary.
COUNTED_GROUPS = 3
# Prompts are put in order of length within so many, so that little is filled up.
SORTED_PROMPTS = 8192
DRAFTED = 32_768
# Texts whose logits, 0.6 MB a row, are there at once.
SCORED_TEXTS = 16
EVALUATED_DEPTH = 4


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--samples", type=Path, nargs="+", required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--heads", default="medusa,mtp",
                        help="medusa, medusa-plain (no bias), mtp, mtp-1 (one step), mtp-performer, mtp-transnormer")  # fmt: skip
    parser.add_argument("--seconds", type=float, required=True, help="time after the start, evaluations included")
    parser.add_argument("--compare", help="heads that are trained afterwards, together and from the same starts, to compare")
    parser.add_argument("--compare-seconds", type=float, default=60)
    parser.add_argument("--texts", type=int, default=1024, help="prompts per round")
    parser.add_argument("--texts-per-step", type=int, default=128)
    parser.add_argument("--generated", type=int, default=32, help="most tokens that are generated")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--final-rate", type=float, default=0.03)
    parser.add_argument("--warm-up", type=int, default=60, help="steps")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--depth-weight", type=float, default=0.75)
    parser.add_argument("--hard-share", type=float, default=0.5)
    parser.add_argument("--prompt-weight", type=float, default=0.4, help="weight of rows of prompts")
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--mtp-depth", type=int, default=3)
    parser.add_argument("--evaluate-every", type=float, default=60, help="seconds")
    parser.add_argument("--evaluate-on", type=int, default=512)
    parser.add_argument("--vocabulary-rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda")
    return parser.parse_args()


class DeviceTrunk:
    """What `train/heads/trunk.py` gives, from weights that are in memory."""

    def __init__(self, shape: dict, head: torch.Tensor, tensors: dict, draft_ids: torch.Tensor, line_feeds: list[int]):
        self.shape, self.head, self.tensors = shape, head, tensors
        self.draft_ids, self.line_feeds = draft_ids, set(line_feeds)
        self.draft_head = head[draft_ids]
        self.index_of = torch.full((len(head),), -1, dtype=torch.int64, device=head.device)
        self.index_of[draft_ids] = torch.arange(len(draft_ids), device=head.device)

    @classmethod
    def of(cls, model: BatchModel, draft_ids: torch.Tensor, line_feeds: list[int]) -> "DeviceTrunk":
        shape, last = model.shape, model.layers[-1]
        described = {
            "hidden": shape.hidden, "heads": shape.heads, "headSize": shape.head_size, "keyValueHeads": shape.key_value_heads,
            "feedForward": shape.feed_forward, "vocabulary": shape.vocabulary, "normEpsilon": shape.epsilon, "ropeBase": shape.rope_base,
        }  # fmt: skip
        tensors = {
            "layer.query_key_value.weight": last["queryKeyValue"], "layer.query_key_value.bias": last["bias"],
            "layer.output": last["attentionOutput"], "layer.attention_norm": last["attentionNorm"],
            "layer.feed_forward_norm": last["feedForwardNorm"], "layer.gate_up": last["gateUp"], "layer.down": last["down"],
            "final_norm": model.final_norm,
        }  # fmt: skip
        return cls(described, model.head, tensors, draft_ids, line_feeds)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        return F.embedding(ids, self.head).float()

    def weight(self, name: str) -> torch.Tensor:
        return self.tensors[name].float()

    def on_cpu(self) -> "DeviceTrunk":
        """The same for `closedForm.py`, whose tensors are on the CPU."""
        tensors = {name: value.float().cpu() for name, value in self.tensors.items()}
        return DeviceTrunk(self.shape, self.head.float().cpu(), tensors, self.draft_ids.cpu(), self.line_feeds)


class HeadRun:
    """One head under training."""

    def __init__(self, name: str, trunk: DeviceTrunk, options: argparse.Namespace):
        self.name, self.options = name, options
        if name.startswith("medusa"):
            self.head = Medusa(trunk, 4, 0 if name == "medusa-plain" else options.rank)
            self.depth = 4
        else:
            kind = name.removeprefix("mtp-") if name in ("mtp-performer", "mtp-transnormer") else "softmax"
            self.head = DenseMtp(trunk, options.window, trunk.shape["feedForward"], kind)
            self.depth = 1 if name == "mtp-1" else options.mtp_depth
        self.tokens = self.steps = 0
        self.seconds = 0.0

    @property
    def is_medusa(self) -> bool:
        return self.name.startswith("medusa")

    def begin(self, started: dict[str, torch.Tensor]) -> None:
        options = self.options
        self.head.load_state_dict(started)
        self.head.to(options.device)
        self.optimizer = torch.optim.AdamW(
            self.head.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=options.weight_decay
        )

    def states(self, rows: Rows, trunk: DeviceTrunk, depths: int):
        if self.is_medusa:
            return medusa_states(self.head, rows, trunk)[:depths]
        return [(state, None) for state in self.head.dense_states(rows, trunk, depths)]

    def logits(self, state, factor, trunk: DeviceTrunk) -> torch.Tensor:
        logits = F.linear(state.to(trunk.draft_head.dtype), trunk.draft_head)
        if factor is not None:
            logits = logits + F.linear(factor, self.head.bias_out).to(logits.dtype)
        return logits

    def step(self, rows: Rows, trunk: DeviceTrunk, rate: float) -> float:
        begun, options = time.monotonic(), self.options
        weight = torch.where(rows.generated, 1.0, options.prompt_weight)
        total = weights = 0.0
        with torch.autocast(rows.hidden.device.type, torch.bfloat16):
            for depth, (state, factor) in enumerate(self.states(rows, trunk, self.depth)):
                top = trunk.index_of[rows.later("top_ids", depth + 1)]
                shares = rows.later("top_probabilities", depth + 1) * (top >= 0)
                keep = rows.has_target(depth) & (shares.sum(-1) > 0)
                logits = self.logits(state[keep], None if factor is None else factor[keep], trunk).float()
                nats = logits.logsumexp(-1, keepdim=True) - logits.gather(1, top[keep].clamp(min=0))
                share = shares[keep]
                soft = (nats * share).sum(-1) / share.sum(-1)
                hard = nats[:, 0] * (top[keep][:, 0] >= 0)
                loss = (1 - options.hard_share) * soft + options.hard_share * hard
                of_row = weight[keep]
                depth_weight = options.depth_weight**depth
                total = total + depth_weight * (loss * of_row).sum() / of_row.sum()
                weights += depth_weight
        loss = total / weights
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), options.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        value = loss.item()
        if not math.isfinite(value):
            raise SystemExit(f"the loss of {self.name} is {value}")
        self.steps += 1
        self.tokens += int(rows.valid.sum())
        self.seconds += time.monotonic() - begun
        return value

    @torch.no_grad()
    def evaluate(self, parts: list[Rows], trunk: DeviceTrunk) -> dict:
        """Over rows of the trunk's own text: top1, top3, top5, and alpha, top1 where everything before was right too."""
        depths = EVALUATED_DEPTH
        counts = torch.zeros(depths, 6, dtype=torch.float64)
        for rows in parts:
            alive = None
            with torch.autocast(rows.hidden.device.type, torch.bfloat16):
                for depth, (state, factor) in enumerate(self.states(rows, trunk, depths)):
                    # The first row whose next token the trunk chose is the prompt's last; a draft starts there.
                    keep = rows.generated & rows.has_target(depth)
                    alive = keep if alive is None else alive & keep
                    guesses = trunk.draft_ids[self.logits(state, factor, trunk).topk(5, -1).indices]
                    right = guesses == rows.later("top_ids", depth + 1)[..., :1]
                    first = right[..., 0]
                    for column, values in enumerate((first, right[..., :3].any(-1), right.any(-1))):
                        counts[depth, column] += values[keep].sum().item()
                    counts[depth, 3] += keep.sum().item()
                    counts[depth, 4] += first[alive].sum().item()
                    counts[depth, 5] += alive.sum().item()
                    alive = alive & first
        share = lambda a, b: [round(x, 4) for x in (counts[:, a] / counts[:, b].clamp(min=1)).tolist()]  # noqa: E731
        return {"top1": share(0, 3), "top3": share(1, 3), "top5": share(2, 3), "alpha": share(4, 5), "rows": int(counts[0, 3])}

    def save(self, folder: Path, trunk: DeviceTrunk) -> None:
        options = self.options
        settings = {
            "method": "medusa" if self.is_medusa else "mtp", "depth": self.depth, "rank": self.head.rank if self.is_medusa else 0,
            "window": options.window, "feed_forward": 0, "held_out": "heldOut", "rate": options.rate, "seed": options.seed,
            "vocabularyIds": trunk.draft_ids.tolist(),
        }  # fmt: skip
        state = {"tokens": self.tokens, "sequences": self.steps * options.texts_per_step, "steps": self.steps}
        head = {name: value.detach().half().cpu() for name, value in self.head.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        torch.save({"settings": settings, "state": state, "head": head}, folder / f"{self.name}.pt")


class Rounds:
    """Texts of the trunk, a thousand at a time."""

    def __init__(self, model: BatchModel, stop: list[int], generated: int):
        self.model, self.stop, self.generated = model, stop, generated

    @torch.no_grad()
    def write(self, prompts: list[list[int]]) -> Rows:
        model, device, most = self.model, self.model.device, self.generated
        tokens, states, chosen_by = model.generate(prompts, most, self.stop)
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
        counts = (tokens >= 0).sum(1)
        longest = states.shape[1]
        ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts], device=device)
        each = torch.arange(len(prompts), device=device)[:, None]
        # Rows to take: the last ones that have a next token.
        count = PROMPT_ROWS + most
        place = (lengths + counts - 1)[:, None] - count + torch.arange(count, device=device)[None]
        valid = place >= 0
        at = place.clamp(min=0)
        in_prompt = at < lengths[:, None]
        hidden = torch.where(
            in_prompt[..., None],
            states[each, at.clamp(max=longest - 1)],
            chosen_by[each, (at - lengths[:, None]).clamp(0, most - 2)],
        )
        follows = at + 1
        next_tokens = torch.where(
            follows < lengths[:, None],
            ids[each, follows.clamp(max=longest - 1)],
            tokens[each, (follows - lengths[:, None]).clamp(0, most - 1)],
        ).clamp(min=0)
        top_ids = torch.empty(*at.shape, BEST, dtype=torch.int64, device=device)
        chances = torch.empty(*at.shape, BEST, device=device)
        for start in range(0, len(prompts), SCORED_TEXTS):
            part = slice(start, start + SCORED_TEXTS)
            logits = model.logits(hidden[part]).float()
            best = logits.topk(BEST, -1)
            top_ids[part] = best.indices
            chances[part] = (best.values - logits.logsumexp(-1, keepdim=True)).exp()
        return Rows(hidden, next_tokens, at, valid, valid & (follows >= lengths[:, None]), top_ids, chances)


class Training:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.out: Path = options.out
        self.log = RunLog(self.out)
        torch.manual_seed(options.seed)
        by_id = read_bytes(options.tokenizer)
        dtype = torch.bfloat16 if options.device == "cuda" else torch.float32
        self.model = BatchModel(options.model, options.device, dtype)
        if options.adapter is not None:
            self.model.merge(read_checkpoint(self.model.shape, options.adapter))
        prompts, frequency, stop = read_prompts(options.samples, self.model.shape.vocabulary)
        held_out, _, _ = read_prompts([options.held_out], self.model.shape.vocabulary)
        self.rounds = Rounds(self.model, stop, options.generated)
        self.prompts = in_rounds(prompts, options.texts, options.seed)
        self.log(event="read", prompts=len(prompts), heldOut=len(held_out))
        first = [self.rounds.write(next(self.prompts)) for _ in range(options.vocabulary_rounds)]
        line_feeds = [index for index, text in enumerate(by_id) if b"\n" in text]
        always = [index for index, text in enumerate(by_id) if len(text) == 1 or (text and not text.strip(b" \t\r\n"))]
        ids = draft_vocabulary(frequency, first, [*always, *stop], self.model.device)
        self.trunk = DeviceTrunk.of(self.model, ids, line_feeds)
        size = options.texts_per_step
        self.held_out = []
        for start in range(0, min(options.evaluate_on, len(held_out)), size):
            self.held_out.append(self.rounds.write(held_out[start : min(start + size, options.evaluate_on)]))
        covered = torch.cat([(self.trunk.index_of[rows.top_ids[..., 0]] >= 0)[rows.generated] for rows in self.held_out])
        self.log(event="vocabulary", drafted=len(ids), covers=round(covered.float().mean().item(), 4), generated=len(covered),
                 meanGenerated=round(sum(int(rows.generated.sum()) for rows in self.held_out) / options.evaluate_on, 2))  # fmt: skip
        self.heads = [HeadRun(name, self.trunk, options) for name in options.heads.split(",")]
        self.compared = [HeadRun(name, self.trunk, options) for name in options.compare.split(",")] if options.compare else []
        # The starts are computed on the CPU; a training step on the GPU is slower beside idle threads of its own.
        torch.set_num_threads(os.cpu_count() or 1)
        self.start(first)
        torch.set_num_threads(1)
        self.pending = first

    def start(self, first: list[Rows]) -> None:
        """Closed-form starts, which all heads of a kind share."""
        begun = time.monotonic()
        sequences = [sequence for rows in first for sequence in as_sequences(rows)]
        watch = sequences[-24:]
        cpu = self.trunk.on_cpu()
        started: dict[str, dict] = {}
        for run in [*self.heads, *self.compared]:
            key = "medusa" + str(run.head.rank) if run.is_medusa else "mtp"
            if key not in started:
                batches = [make_batch(watch[at : at + 8], 1, self.options.window) for at in range(0, len(watch), 8)]
                if run.is_medusa:
                    figures = start_medusa(run.head, cpu, sequences[:-24], batches, None)
                    if run.head.rank > 0:
                        torch.nn.init.normal_(run.head.bias_in, std=0.05)
                else:
                    figures = start_mtp(run.head, cpu, sequences[:-24], batches)
                self.log(event="start", head=run.name, **figures)
                started[key] = {name: value.clone() for name, value in run.head.state_dict().items()}
            run.begin(started[key])
        self.log(event="started", took=round(time.monotonic() - begun, 1), options=vars(self.options),
                 parameters={run.name: sum(p.numel() for p in run.head.parameters()) for run in self.heads})  # fmt: skip

    def run(self) -> None:
        self.train(self.options.seconds)
        if self.compared:
            self.heads = self.compared
            self.train(self.options.compare_seconds)

    def train(self, seconds: float) -> None:
        options, begun = self.options, time.monotonic()
        next_evaluation, texts, writing = 0.0, 0, 0.0
        while (passed := time.monotonic() - begun) < seconds:
            if passed >= next_evaluation:
                self.evaluate(texts)
                next_evaluation = passed + options.evaluate_every
            wrote = time.monotonic()
            rows = self.pending.pop() if self.pending else self.rounds.write(next(self.prompts))
            if options.device == "cuda":
                torch.cuda.synchronize()
            writing += time.monotonic() - wrote
            order = torch.randperm(len(rows.valid)).to(rows.valid.device)
            rows = Rows(*(getattr(rows, name)[order] for name in Rows.__dataclass_fields__))
            losses: dict[str, list[float]] = {run.name: [] for run in self.heads}
            for start in range(0, len(order), options.texts_per_step):
                part = rows.part(start, start + options.texts_per_step)
                for run in self.heads:
                    rate = rate_at(options, run.steps, (time.monotonic() - begun) / seconds)
                    losses[run.name].append(run.step(part, self.trunk, rate))
            texts += len(order)
            self.log(event="round", texts=texts, writing=round(writing, 1), seconds={run.name: round(run.seconds, 1) for run in self.heads},
                     loss={name: round(sum(values) / len(values), 4) for name, values in losses.items()})  # fmt: skip
        self.evaluate(texts)
        for run in self.heads:
            run.save(self.out if run not in self.compared else self.out / "compared", self.trunk)
        self.log(event="done", texts=texts)

    def evaluate(self, texts: int) -> None:
        for run in self.heads:
            self.log(event="evaluation", head=run.name, texts=texts, tokens=run.tokens, seconds=round(run.seconds, 1),
                     **run.evaluate(self.held_out, self.trunk))  # fmt: skip


def read_prompts(paths: list[Path], vocabulary: int) -> tuple[list[list[int]], np.ndarray, list[int]]:
    """Prompts of places to fill in, how often each token comes up in all of the files, and the ids that end a text."""
    prompts, counts, stop = [], np.zeros(vocabulary, np.int64), []
    pending: list[int] = []
    for path in paths:
        header, *lines = gzip.decompress(path.read_bytes()).splitlines()
        stop = [json.loads(header)["control"]["end"]]
        for line in lines:
            row = json.loads(line)
            if row["group"] % COUNTED_GROUPS == 0:
                pending += row["prompt"]
                pending += row["middle"]
            if row["kind"] not in ("left-to-right", "nothing") and len(row["prompt"]) <= LONGEST_PROMPT:
                prompts.append(row["prompt"])
        counts += np.bincount(np.array(pending, np.int64), minlength=vocabulary)
        pending.clear()
    random.Random(7).shuffle(prompts)
    return prompts, counts, stop


def in_rounds(prompts: list[list[int]], size: int, seed: int) -> Iterator[list[list[int]]]:
    generator = random.Random(seed)
    while True:
        for start in range(0, len(prompts), SORTED_PROMPTS):
            part = sorted(prompts[start : start + SORTED_PROMPTS], key=len)
            rounds = [part[at : at + size] for at in range(0, len(part), size)]
            generator.shuffle(rounds)
            yield from rounds


def draft_vocabulary(frequency: np.ndarray, first: list[Rows], always: list[int], device) -> torch.Tensor:
    """As `train/heads/draftVocabulary.py` chooses it."""
    generated = np.zeros(len(frequency))
    for rows in first:
        chosen = rows.next_tokens[rows.generated].cpu().numpy()
        generated += np.bincount(chosen, minlength=len(frequency))
    share = 0.5 * min(1.0, generated.sum() / 1e6)
    mixed = (1 - share) * frequency / frequency.sum() + share * generated / max(1.0, generated.sum())
    ranked = np.argsort(-mixed, kind="stable")
    ranked = ranked[(mixed[ranked] > 0) & ~np.isin(ranked, always)]
    ids = np.sort(np.concatenate([np.unique(always), ranked])[:DRAFTED])
    return torch.from_numpy(ids).to(device)


def as_sequences(rows: Rows, most: int = 160) -> list[Sequence]:
    """Some texts in the form that the closed-form starts read."""
    found = []
    hidden, top_ids, chances = rows.hidden[:most].half().cpu(), rows.top_ids[:most].cpu(), rows.top_probabilities[:most].half().cpu()
    next_tokens, valid, generated = rows.next_tokens[:most].cpu(), rows.valid[:most].cpu(), rows.generated[:most].cpu()
    for index in range(len(hidden)):
        first = int(valid[index].long().argmax())
        scored = int(generated[index].long().argmax())
        if int(generated[index].sum()) < 2:
            continue
        # The token of the first row is not known, and not read.
        tokens = np.concatenate([[0], next_tokens[index, first:].numpy()]).astype(np.int32)
        states = hidden[index, first:].numpy()
        found.append(
            Sequence(index, "greedy", int(rows.positions[index, first]), scored - first, tokens,
                     np.concatenate([states, states[-1:]]), top_ids[index, scored:].numpy().astype(np.int32),
                     chances[index, scored:].numpy())  # fmt: skip
        )
    return found


if __name__ == "__main__":
    Training(parse_options()).run()
