"""The draft heads of `train/heads/draftHeads.py` over whole blocks of rows at once, every row a place to draft from."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.append(str(Path(__file__).resolve().parents[1] / "heads"))

from batchModel import rotate  # noqa: E402
from draftHeads import Medusa, Mtp, rms  # noqa: E402

PERFORMER_FEATURES = 128
BLOCK_ROWS = 64


@dataclass(frozen=True)
class Rows:
    """Ends of texts, filled up on the left. Row i was given a token; `next_tokens` is what came after it."""

    hidden: torch.Tensor  # (texts, rows, hidden) float32
    next_tokens: torch.Tensor  # (texts, rows) int64
    positions: torch.Tensor  # (texts, rows) int64
    valid: torch.Tensor  # (texts, rows) bool
    generated: torch.Tensor  # (texts, rows) bool: the next token is the trunk's own choice
    top_ids: torch.Tensor  # (texts, rows, best) int64: the trunk's best tokens after the row
    top_probabilities: torch.Tensor  # (texts, rows, best) float32

    def part(self, start: int, end: int) -> "Rows":
        return Rows(*(getattr(self, name)[start:end] for name in self.__dataclass_fields__))

    def later(self, name: str, distance: int) -> torch.Tensor:
        """The field's values `distance` rows further down, and zeros where there are none."""
        values = getattr(self, name)[:, distance:]
        return F.pad(values, (0, 0) * (values.dim() - 2) + (0, distance))

    def has_target(self, depth: int) -> torch.Tensor:
        return self.valid & self.later("valid", depth + 1)


def medusa_states(head: Medusa, rows: Rows, trunk) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    return [
        (head.state(rows.hidden, depth), head.factor(trunk.index_of[rows.later("next_tokens", depth)]))
        for depth in range(head.depth)
    ]


class DenseMtp(Mtp):
    """`attention`: softmax over a window, as it ships, or one of two linear forms that were tried (see `_attend_all`)."""

    def __init__(self, trunk, window: int, feed_forward: int, attention: str = "softmax"):
        super().__init__(trunk, window, feed_forward)
        self.attention = attention
        if attention == "performer":
            size = self.shape["headSize"]
            generator = torch.Generator().manual_seed(1)
            blocks = [torch.linalg.qr(torch.randn(size, size, generator=generator))[0] for _ in range(PERFORMER_FEATURES // size)]
            lengths = torch.randn(PERFORMER_FEATURES, size, generator=generator).norm(dim=1, keepdim=True)
            self.register_buffer("features", torch.cat(blocks) * lengths, persistent=False)

    def dense_states(self, rows: Rows, trunk, depths: int) -> list[torch.Tensor]:
        epsilon, shape = self.shape["normEpsilon"], self.shape
        count = rows.valid.shape[1]
        distance = torch.arange(count, device=rows.valid.device)[:, None] - torch.arange(count, device=rows.valid.device)
        keys = values = None
        own: list[tuple[torch.Tensor, torch.Tensor]] = []
        states: list[torch.Tensor] = []
        for depth in range(depths):
            before = rows.hidden if depth == 0 else states[-1]
            x = self.joined(before, trunk.embed(rows.later("next_tokens", depth)))
            normed = rms(x, epsilon) * self.attention_norm
            angle = self._angles(rows.positions + depth)
            key = turn(self._heads(F.linear(normed, self.key, self.key_bias)), angle)
            value = self._heads(F.linear(normed, self.value, self.value_bias))
            if depth == 0:
                keys, values = key, value
            else:
                own.append((key, value))
            query = turn(self._heads(F.linear(normed, self.query, self.query_bias)), angle)
            visible = (distance >= 0) & (distance + depth < self.window) & rows.valid[:, None, None, :]
            x = x + F.linear(self._attend_all(query, keys, values, visible, own), self.output)
            normed = rms(x, epsilon) * self.feed_forward_norm
            x = x + F.linear(F.silu(F.linear(normed, self.gate)) * F.linear(normed, self.up), self.down)
            states.append(rms(x, epsilon) * self.norm_out)
        return states

    def _attend_all(self, query, keys, values, visible, own):
        """Queries (texts, heads, rows, size) to (texts, rows, heads · size).

        performer: positive orthogonal random features of the softmax kernel (arXiv 2009.14794). transnormer: half of the heads with
        softmax inside blocks of rows, half linear with 1 + elu and a norm in place of the denominator (arXiv 2210.10340).
        """
        repeats = self.shape["heads"] // self.shape["keyValueHeads"]
        spread = lambda x: x.repeat_interleave(repeats, dim=1)  # noqa: E731
        keys, values = spread(keys), spread(values)
        own = [(spread(key), spread(value)) for key, value in own]
        if self.attention == "softmax":
            return self._mix(self._softmax(query, keys, own, visible), values, own)
        if self.attention == "performer":
            scale = self.shape["headSize"] ** -0.25
            weights = self._products(self._features(query * scale), self._features(keys * scale),
                                     [self._features(key * scale) for key, _ in own], visible)  # fmt: skip
            return self._mix(weights / weights.sum(-1, keepdim=True).clamp(min=1e-6), values, own)
        half = query.shape[1] // 2
        count = query.shape[2]
        block = torch.arange(count, device=query.device) // BLOCK_ROWS
        first = [(key[:, :half], value[:, :half]) for key, value in own]
        inside = visible & (block[:, None] == block[None, :])
        local = self._mix(self._softmax(query[:, :half], keys[:, :half], first, inside), values[:, :half], first)
        positive = lambda x: 1 + F.elu(x.float())  # noqa: E731
        last = [(key[:, half:], value[:, half:]) for key, value in own]
        weights = self._products(positive(query[:, half:]), positive(keys[:, half:]), [positive(key) for key, _ in last], visible)
        linear = self._mix(weights, values[:, half:], last).float().unflatten(-1, (half, -1))
        return torch.cat([local, rms(linear, 1e-6).flatten(-2).to(local.dtype)], -1)

    def _softmax(self, query, keys, own, visible):
        scores = (query @ keys.transpose(-1, -2)).float().masked_fill(~visible, -1e9)
        beside = [(query * key).sum(-1, keepdim=True).float() for key, _ in own]
        return (torch.cat([scores, *beside], -1) * self.shape["headSize"] ** -0.5).softmax(-1)

    def _features(self, x):
        x = x.float()
        projected = x @ self.features.T - x.square().sum(-1, keepdim=True) / 2
        return (projected - projected.detach().amax(-1, keepdim=True).clamp(min=0)).exp() / PERFORMER_FEATURES**0.5 + 1e-6

    @staticmethod
    def _products(query, keys, own, visible):
        weights = (query @ keys.transpose(-1, -2)) * visible
        return torch.cat([weights, *((query * key).sum(-1, keepdim=True) for key in own)], -1)

    @staticmethod
    def _mix(weights, values, own):
        rows = values.shape[2]
        mixed = weights[..., :rows].to(values.dtype) @ values
        for index, (_, value) in enumerate(own):
            mixed = mixed + weights[..., rows + index, None].to(value.dtype) * value
        return mixed.transpose(1, 2).flatten(2)

    def _heads(self, x):
        return x.unflatten(-1, (-1, self.shape["headSize"])).transpose(1, 2)

    def _angles(self, positions):
        half = self.shape["headSize"] // 2
        frequency = self.shape["ropeBase"] ** (-torch.arange(half, dtype=torch.float64, device=positions.device) / half)
        angle = positions.double()[..., None] * frequency
        return angle.cos().float()[:, None], angle.sin().float()[:, None]


def turn(x, angle):
    return rotate(x.float(), angle).to(x.dtype)
