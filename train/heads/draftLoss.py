"""Cross-entropy of draft heads against the trunk's own best tokens."""

import math

import torch
import torch.nn.functional as F

from collection import Batch
from trunk import Trunk


class DraftLoss:
    """`hard_share`: weight of the arg-max beside the trunk's probabilities. `candidates`: tokens that a step's softmax runs over;
    0 for the whole draft vocabulary.

    With candidates, the softmax has the batch's own targets, the most frequent half of the candidates, and a random draw from
    the others whose terms count for all of those (Bengio and Senécal 2008, importance sampling with a uniform draw).
    """

    def __init__(self, trunk: Trunk, frequency: torch.Tensor, depth_weight: float, hard_share: float, candidates: int):
        self.trunk, self.depth_weight, self.hard_share = trunk, depth_weight, hard_share
        self.candidates = candidates if 0 < candidates < len(trunk.draft_ids) else 0
        self.by_frequency = frequency.argsort(descending=True)

    def __call__(self, head, batch: Batch, generator: torch.Generator) -> torch.Tensor:
        top = self.trunk.index_of[batch.top_ids]
        shares = batch.top_probabilities * (top >= 0)
        chosen, correction, place = self._candidates(top, generator)
        rows = self.trunk.draft_head if chosen is None else self.trunk.draft_head[chosen]
        total = weights = 0.0
        for depth, (state, factor) in enumerate(head.states(batch, self.trunk)):
            keep = batch.has_target[:, depth] & (shares[:, depth].sum(-1) > 0)
            if not keep.any():
                continue
            logits = F.linear(state[keep], rows)
            if factor is not None:
                logits = logits + F.linear(factor[keep], head.bias_out if chosen is None else head.bias_out[chosen])
            nats = -(logits + correction).log_softmax(-1).gather(1, place[top[keep, depth].clamp(min=0)])
            share = shares[keep, depth]
            soft = (nats * share).sum(-1) / share.sum(-1)
            is_hard = (top[keep, depth, 0] >= 0).float()
            loss = (1 - self.hard_share) * soft + self.hard_share * is_hard * nats[:, 0]
            weight = self.depth_weight**depth
            total = total + weight * loss.mean()
            weights += weight
        return total / max(weights, 1e-9)

    def _candidates(self, top: torch.Tensor, generator: torch.Generator):
        size = len(self.trunk.draft_ids)
        if self.candidates == 0:
            return None, 0.0, torch.arange(size)
        is_in = torch.zeros(size, dtype=torch.bool)
        is_in[top[top >= 0]] = True
        is_in[self.by_frequency[: self.candidates // 2]] = True
        certain = is_in.nonzero()[:, 0]
        others = (~is_in).nonzero()[:, 0]
        drawn = others[torch.randperm(len(others), generator=generator)[: self.candidates // 2]]
        chosen = torch.cat([certain, drawn])
        correction = torch.zeros(len(chosen))
        correction[len(certain) :] = math.log(len(others) / max(1, len(drawn))) if len(drawn) > 0 else 0.0
        place = torch.zeros(size, dtype=torch.int64)
        place[chosen] = torch.arange(len(chosen))
        return chosen, correction, place
