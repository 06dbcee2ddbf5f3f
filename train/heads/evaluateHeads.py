"""How good heads are: by depth, in a simulated greedy loop, and as a calibration table. Probabilities are over the draft
vocabulary; whether a guess is right is judged over the full one."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from collection import Batch, Sequence, make_batch
from trunk import Trunk

# As many as the graphs of heads give (`HEAD_GUESSES` in src/model/manifest.ts).
GUESSES = 4
PROBABILITY_BINS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
# Weight of the head's own probability in a bin's acceptance, in guesses.
PRIOR_GUESSES = 8.0
CHAINS = (1, 2, 3, 4)
BATCH_SEQUENCES = 8


@dataclass(frozen=True)
class Guesses:
    """Of some query rows, (queries, depths, …). `alive`: whether everything before that depth was drafted right, and the text
    went on as the trunk would have it, so that a draft would come that far."""

    ids: torch.Tensor  # best guesses, full vocabulary
    probabilities: torch.Tensor
    wanted: torch.Tensor  # the trunk's own choice
    alive: torch.Tensor
    has_target: torch.Tensor
    nats: torch.Tensor  # of the trunk's choice; not finite where it cannot be drafted


def guess(head, trunk: Trunk, batch: Batch) -> Guesses:
    ids, probabilities, nats = [], [], []
    wanted = batch.top_ids[:, :, 0]
    with torch.no_grad():
        for depth, (state, factor) in enumerate(head.states(batch, trunk)):
            logits = F.linear(state, trunk.draft_head)
            if factor is not None:
                logits = logits + F.linear(factor, head.bias_out)
            chances = logits.log_softmax(-1)
            index = trunk.index_of[wanted[:, depth]]
            nats.append(-chances.gather(1, index.clamp(min=0)[:, None])[:, 0].where(index >= 0, torch.inf))
            best = chances.exp_().topk(max(5, GUESSES), -1)
            ids.append(trunk.draft_ids[best.indices])
            probabilities.append(best.values)
    ids = torch.stack(ids, 1)
    follows = (ids[:, :, 0] == wanted) & (batch.path == wanted) & batch.has_target
    alive = torch.ones_like(follows)
    for depth in range(1, follows.shape[1]):
        alive[:, depth] = alive[:, depth - 1] & follows[:, depth - 1]
    return Guesses(
        ids, torch.stack(probabilities, 1), wanted, alive & batch.has_target, batch.has_target, torch.stack(nats, 1)
    )


def first_guess_share(head, trunk: Trunk, batches: list[Batch]) -> float:
    """Share of first guesses at the first depth that are right."""
    hits = []
    for batch in batches:
        found = guess(head, trunk, batch)
        hits.append((found.ids[:, 0, 0] == found.wanted[:, 0])[found.has_target[:, 0]])
    return torch.cat(hits).float().mean().item()


def evaluate(head, trunk: Trunk, sequences: list[Sequence], depth: int, window: int) -> dict:
    """Figures over sequences; see `figures_of` and `simulate`."""
    found: list[Guesses] = []
    counts = {f"{name}{chain}": [0, 0] for name in ("tau", "tauFirstLine") for chain in CHAINS}
    for start in range(0, len(sequences), BATCH_SEQUENCES):
        part = sequences[start : start + BATCH_SEQUENCES]
        guesses = guess(head, trunk, make_batch(part, depth, window))
        found.append(guesses)
        simulate(guesses, part, trunk.line_feeds, counts)
    whole = Guesses(*(torch.cat([getattr(item, name) for item in found]) for name in Guesses.__dataclass_fields__))
    taus = {name: round(tokens / forwards, 4) for name, (tokens, forwards) in counts.items() if forwards > 0}
    return {**figures_of(whole), **taus, "calibration": calibrate(whole)}


def figures_of(found: Guesses) -> dict:
    """Per depth: share of rows whose choice is the first, or among the first three or five guesses; `alpha`, the share of first
    guesses that are right where everything before was; and the mean nats of choices that can be drafted."""
    right = found.ids == found.wanted[..., None]
    figures: dict[str, list] = {"top1": [], "top3": [], "top5": [], "alpha": [], "nats": [], "rows": [], "aliveRows": []}
    for depth in range(right.shape[1]):
        has_target, alive = found.has_target[:, depth], found.alive[:, depth]
        for count in (1, 3, 5):
            figures[f"top{count}"].append(_share(right[has_target, depth, :count].any(-1)))
        figures["alpha"].append(_share(right[alive, depth, 0]))
        nats = found.nats[has_target, depth]
        figures["nats"].append(round(nats[nats.isfinite()].mean().item(), 4) if nats.isfinite().any() else None)
        figures["rows"].append(int(has_target.sum()))
        figures["aliveRows"].append(int(alive.sum()))
    return figures


def simulate(found: Guesses, sequences: list[Sequence], line_feeds: set[int], counts: dict[str, list[int]]) -> None:
    """Adds tokens and forwards of a greedy loop that drafts chains of this head over the trunk's own texts, the first token
    being given by the prefill. `tauFirstLine` ends at the first line feed."""
    right = (found.ids[:, :, 0] == found.wanted) & found.alive
    accepted = right.long().cumprod(-1).sum(-1)
    row = 0
    for sequence in sequences:
        drafts = len(sequence.top_ids) - 1
        lengths = accepted[row : row + drafts].tolist()
        row += drafts
        if sequence.continuation != "greedy":
            continue
        completion = sequence.tokens[sequence.first_scored + 1 :].tolist()
        line = next((at + 1 for at, token in enumerate(completion) if token in line_feeds), len(completion))
        for name, end in (("tau", len(completion)), ("tauFirstLine", line)):
            for chain in CHAINS:
                at, forwards = 0, 0
                while at < end - 1:
                    at += min(chain, lengths[at]) + 1
                    forwards += 1
                counts[f"{name}{chain}"][0] += end - 1
                counts[f"{name}{chain}"][1] += forwards


def calibrate(found: Guesses) -> dict:
    """Acceptance by depth and by the head's probability, over all guesses that a draft tree could use."""
    bounds = torch.tensor(PROBABILITY_BINS)
    acceptance = []
    for depth in range(found.ids.shape[1]):
        alive = found.alive[:, depth]
        ids, probabilities = found.ids[alive, depth, :GUESSES], found.probabilities[alive, depth, :GUESSES]
        right = (ids == found.wanted[alive, depth, None]).flatten().double()
        chance = probabilities.flatten().double().clamp(max=1.0)
        bins = torch.bucketize(chance, bounds.double())
        count, hits, middle = (
            torch.zeros(len(bounds), dtype=torch.float64).index_add_(0, bins, values)
            for values in (torch.ones_like(chance), right, chance)
        )
        lower = torch.cat([torch.zeros(1), bounds[:-1]]).double()
        prior = torch.where(count > 0, middle / count.clamp(min=1), (lower + bounds) / 2)
        shares = (hits + PRIOR_GUESSES * prior) / (count + PRIOR_GUESSES)
        acceptance.append([round(value, 4) for value in _ascending(shares.numpy(), count.numpy() + PRIOR_GUESSES)])
    return {"probabilityBins": list(PROBABILITY_BINS), "acceptance": acceptance}


def _ascending(values: np.ndarray, weights: np.ndarray) -> list[float]:
    """The nearest sequence that never falls (pool adjacent violators): a surer guess is not less often right."""
    pools: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist()):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            value, weight, count = pools.pop()
            before = pools[-1]
            pools[-1] = [(before[0] * before[1] + value * weight) / (before[1] + weight), before[1] + weight, before[2] + count]
    return [value for value, _, count in pools for _ in range(count)]


def _share(hits: torch.Tensor) -> float | None:
    return round(hits.float().mean().item(), 4) if len(hits) > 0 else None
