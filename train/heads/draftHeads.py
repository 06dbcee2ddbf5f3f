"""The two kinds of draft heads. Formulas and tensor names are those of the head files (`exportHeads.py`)."""

import torch
import torch.nn.functional as F
from torch import nn

from collection import Batch
from trunk import Trunk


def rms(x: torch.Tensor, epsilon: float) -> torch.Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon)


class Medusa(nn.Module):
    """Head k: z = h·Sᵀ + silu(h·Wᵀ + b), logits = draft head·z + out·in[previous token] (arXiv 2401.10774 §2.1 with a linear
    map in place of the identity; the bias is that of arXiv 2607.05147)."""

    method = "medusa"

    def __init__(self, trunk: Trunk, depth: int, rank: int):
        super().__init__()
        hidden, vocabulary = trunk.shape["hidden"], len(trunk.draft_ids)
        self.depth, self.rank = depth, rank
        self.skip = nn.Parameter(torch.zeros(depth, hidden, hidden))
        self.weight = nn.Parameter(torch.zeros(depth, hidden, hidden))
        self.bias = nn.Parameter(torch.zeros(depth, hidden))
        if rank > 0:
            self.bias_in = nn.Parameter(torch.zeros(vocabulary, rank))
            self.bias_out = nn.Parameter(torch.zeros(vocabulary, rank))

    def states(self, batch: Batch, trunk: Trunk) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
        """Per depth the state (queries, hidden) and the factor (queries, rank) of the previous-token bias."""
        hidden = batch.hidden[batch.queries]
        previous = [batch.next_tokens[batch.queries], *batch.path.unbind(1)]
        depths = min(self.depth, batch.path.shape[1])
        return [(self.state(hidden, k), self.factor(trunk.index_of[previous[k]])) for k in range(depths)]

    def state(self, hidden: torch.Tensor, k: int) -> torch.Tensor:
        return F.linear(hidden, self.skip[k]) + F.silu(F.linear(hidden, self.weight[k], self.bias[k]))

    def factor(self, previous: torch.Tensor) -> torch.Tensor | None:
        """`previous` holds indices of the draft vocabulary; -1 adds nothing."""
        if self.rank == 0:
            return None
        return self.bias_in[previous.clamp(min=0)] * (previous >= 0)[..., None]


class Mtp(nn.Module):
    """One block over the trunk's hidden states and the next tokens' embeddings, fed its own output from the second depth on
    (arXiv 2412.19437 §2.2; unrolled in training as in arXiv 2509.18362)."""

    method = "mtp"

    def __init__(self, trunk: Trunk, window: int, feed_forward: int):
        super().__init__()
        shape = trunk.shape
        hidden = shape["hidden"]
        self.window, self.shape = window, shape
        queries, keys = shape["heads"] * shape["headSize"], shape["keyValueHeads"] * shape["headSize"]
        parameter = lambda *size: nn.Parameter(torch.zeros(*size))  # noqa: E731
        self.norm_hidden, self.norm_embedding = nn.Parameter(torch.ones(hidden)), nn.Parameter(torch.ones(hidden))
        self.proj = parameter(hidden, 2 * hidden)
        self.attention_norm, self.feed_forward_norm = parameter(hidden), parameter(hidden)
        self.norm_out = parameter(hidden)
        self.query, self.query_bias = parameter(queries, hidden), parameter(queries)
        self.key, self.key_bias = parameter(keys, hidden), parameter(keys)
        self.value, self.value_bias = parameter(keys, hidden), parameter(keys)
        self.output = parameter(hidden, queries)
        self.gate, self.up = parameter(feed_forward, hidden), parameter(feed_forward, hidden)
        self.down = parameter(hidden, feed_forward)

    def states(self, batch: Batch, trunk: Trunk) -> list[tuple[torch.Tensor, None]]:
        """For each depth of the batch the state (queries, hidden); deeper ones follow the text's own tokens, as drafts do while
        they are right."""
        epsilon, queries = self.shape["normEpsilon"], batch.queries
        x = self.joined(batch.hidden, trunk.embed(batch.next_tokens))
        normed = rms(x, epsilon) * self.attention_norm
        keys = self._rotate(F.linear(normed, self.key, self.key_bias), batch.positions)
        values = F.linear(normed, self.value, self.value_bias)
        keys, values = self._split(keys), self._split(values)
        own_keys, own_values = [], []
        rows, query_rows = batch.row_grid.clamp(min=0), queries[batch.query_grid.clamp(min=0)]
        keys, values = keys[:, rows], values[:, rows]
        distance = query_rows[:, :, None] - rows[:, None, :]
        visible = (batch.row_grid >= 0)[:, None, :] & (distance >= 0)
        x, normed, states = x[queries], normed[queries], []
        for depth in range(batch.path.shape[1]):
            positions = batch.positions[queries] + depth
            if depth > 0:
                x = self.joined(states[-1][0], trunk.embed(batch.path[:, depth - 1].clamp(min=0)))
                normed = rms(x, epsilon) * self.attention_norm
                own_keys.append(self._split(self._rotate(F.linear(normed, self.key, self.key_bias), positions)))
                own_values.append(self._split(F.linear(normed, self.value, self.value_bias)))
            mask = visible & (distance + depth < self.window)
            query = self._rotate(F.linear(normed, self.query, self.query_bias), positions)
            x = x + F.linear(self._attend(query, keys, values, mask, batch.query_grid, own_keys, own_values), self.output)
            normed = rms(x, epsilon) * self.feed_forward_norm
            x = x + F.linear(F.silu(F.linear(normed, self.gate)) * F.linear(normed, self.up), self.down)
            states.append((rms(x, epsilon) * self.norm_out, None))
        return states

    def joined(self, hidden: torch.Tensor, embedded: torch.Tensor) -> torch.Tensor:
        epsilon = self.shape["normEpsilon"]
        halves = [rms(hidden, epsilon) * self.norm_hidden, rms(embedded, epsilon) * self.norm_embedding]
        return F.linear(torch.cat(halves, -1), self.proj)

    def _attend(self, query, keys, values, mask, grid, own_keys, own_values):
        """`keys`, `values` (key-value heads, sequences, rows, size) are seen through the mask (sequences, queries, rows); the own
        ones, (key-value heads, queries, size), belong to one query each. `grid` says which query stands where."""
        shape = self.shape
        groups = shape["heads"] // shape["keyValueHeads"]
        places = grid.clamp(min=0)
        # (key-value heads, sequences, queries, heads per key-value head, size)
        q = query.view(-1, shape["keyValueHeads"], groups, shape["headSize"]).transpose(0, 1)[:, places]
        # A filled-up place may see nothing at all; a low number instead of none keeps it finite.
        scores = torch.einsum("kbqgs,kbrs->kbqgr", q, keys).masked_fill(~mask[None, :, :, None, :], -1e9)
        own = [torch.einsum("kbqgs,kbqs->kbqg", q, key[:, places])[..., None] for key in own_keys]
        weights = (torch.cat([scores, *own], -1) * shape["headSize"] ** -0.5).softmax(-1)
        rows = keys.shape[2]
        mixed = torch.einsum("kbqgr,kbrs->kbqgs", weights[..., :rows], values)
        for index, value in enumerate(own_values):
            mixed = mixed + weights[..., rows + index, None] * value[:, places][:, :, :, None, :]
        # Queries are numbered sequence by sequence, as the filled places are.
        return mixed.permute(1, 2, 0, 3, 4)[grid >= 0].reshape(query.shape)

    def _split(self, x):
        return x.view(len(x), -1, self.shape["headSize"]).transpose(0, 1)

    def _rotate(self, x, positions):
        """The first half of each head turns with the second."""
        size = self.shape["headSize"]
        half = size // 2
        frequency = self.shape["ropeBase"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = positions.double()[:, None] * frequency[None, :]
        cosine, sine = angle.cos().float()[:, None, :], angle.sin().float()[:, None, :]
        first, second = x.view(len(x), -1, size).chunk(2, dim=-1)
        return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1).reshape(x.shape)
