"""The forward pass of `train/adapter/qwen2.py` for a GPU: many rows of tokens at once, bfloat16 matrices, float32 sums.

Differences are those of the number format; `checkBatchModel.py` compares the two.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.append(str(Path(__file__).resolve().parents[1] / "adapter"))

from qwen2 import Adapter, Qwen2  # noqa: E402


# With a mask and lengths of whole 64s, cuDNN's attention gave gradients that are not numbers (PyTorch 2.11, H200).
torch.backends.cuda.enable_cudnn_sdp(False)
# What a token may not look at: a finite number, so that no row of scores is without one.
MASKED = -30_000.0
# Prompts that are read at once: what lies between a layer's two large matrices takes 40 KB a token.
PREFILL_ROWS = 256


class BatchModel:
    """Frozen weights on `device`. `adapter` is added on the fly while it is trained; `merge` puts it into the weights."""

    def __init__(self, path: str, device: str, dtype: torch.dtype = torch.bfloat16):
        loaded = Qwen2(path)
        self.shape, self.device, self.dtype = loaded.shape, torch.device(device), dtype
        self.head = loaded.head.to(self.device, dtype)
        self.final_norm = loaded.final_norm.to(self.device)
        self.layers = [
            {
                name: value.to(self.device, torch.float32 if name.endswith("Norm") else dtype)
                for name, value in layer.items()
            }
            for layer in loaded.layers
        ]
        half = self.shape.head_size // 2
        frequency = self.shape.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(4096, dtype=torch.float64)[:, None] * frequency[None, :]
        self.cosine, self.sine = angle.cos().to(self.device, dtype), angle.sin().to(self.device, dtype)

    def merge(self, adapter: Adapter) -> None:
        """Adds scale · B · A to the weights."""
        for layer in adapter.layers:
            for target in ("queryKeyValue", "attentionOutput", "gateUp", "down"):
                a, b = adapter.pair(layer, target)
                change = adapter.scale * (b.detach().float() @ a.detach().float())
                weight = self.layers[layer][target]
                self.layers[layer][target] = (weight.float() + change.to(self.device)).to(self.dtype)

    def states(self, ids, positions, mask, adapter: Adapter | None = None, caches: list | None = None):
        """Hidden states behind the final norm, (rows, tokens, hidden) float32.

        `mask` (rows, 1, tokens, tokens) says what a token may look at; None: everything before it. `caches` receives keys and
        values of each layer.
        """
        rotary = self.cosine[positions][:, None], self.sine[positions][:, None]
        x = F.embedding(ids, self.head).float()
        if mask is not None:
            mask = torch.zeros_like(mask, dtype=self.dtype).masked_fill_(~mask, MASKED)
        for layer in range(self.shape.layers):
            x = self._layer(layer, x, rotary, mask, adapter, caches)
        return self._norm(x, self.final_norm)

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        return F.linear(states.to(self.dtype), self.head)

    def _layer(self, layer, x, rotary, mask, adapter, caches):
        shape, weights = self.shape, self.layers[layer]
        q, k, v = self._query_key_value(layer, x, rotary, adapter)
        if caches is not None:
            caches.append((k, v))
        repeats = shape.heads // shape.key_value_heads
        k, v = k.repeat_interleave(repeats, dim=1), v.repeat_interleave(repeats, dim=1)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self._rest_of_layer(layer, x, attended.transpose(1, 2).flatten(2), weights, adapter)

    def _query_key_value(self, layer, x, rotary, adapter):
        """Each (rows, heads, tokens, size), queries and keys turned."""
        shape, weights = self.shape, self.layers[layer]
        queries, keys = shape.heads * shape.head_size, shape.key_value_heads * shape.head_size
        normed = self._norm(x, weights["attentionNorm"]).to(self.dtype)
        h = self._project(layer, "queryKeyValue", normed, adapter, weights["bias"])
        q, k, v = (
            part.unflatten(-1, (-1, shape.head_size)).transpose(1, 2) for part in h.split([queries, keys, keys], dim=-1)
        )
        return rotate(q, rotary), rotate(k, rotary), v

    def _rest_of_layer(self, layer, x, attended, weights, adapter):
        x = x + self._project(layer, "attentionOutput", attended, adapter)
        normed = self._norm(x, weights["feedForwardNorm"]).to(self.dtype)
        gate, up = self._project(layer, "gateUp", normed, adapter).chunk(2, dim=-1)
        return x + self._project(layer, "down", F.silu(gate) * up, adapter)

    def _project(self, layer, target, x, adapter, bias=None):
        y = F.linear(x, self.layers[layer][target], bias)
        if adapter is None or layer not in adapter.layers:
            return y
        a, b = adapter.pair(layer, target)
        return y + F.linear(F.linear(x, a.to(self.dtype)), (b * adapter.scale).to(self.dtype))

    def _norm(self, x, gain):
        return F.rms_norm(x, (x.shape[-1],), gain, self.shape.epsilon)

    @torch.no_grad()
    def generate(self, prompts: list[list[int]], most: int, stop: list[int], adapter=None, allowed=None):
        """Greedy continuations of at most `most` tokens.

        Gives `tokens` (rows, most) int64, -1 behind an end, the end itself included; the prompts' states (rows, longest, hidden)
        and the states that chose each token but the first, (rows, most - 1, hidden). `allowed(row, tokens so far)`: ids that may
        come next, or None for all; for healing.
        """
        rows, longest = len(prompts), max(map(len, prompts))
        longest += -longest % 16
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=self.device)
        ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts], device=self.device)
        shape, room = self.shape, longest + most
        sizes = (shape.layers, rows, shape.key_value_heads, room, shape.head_size)
        keys, values = (torch.zeros(sizes, dtype=self.dtype, device=self.device) for _ in range(2))
        parts = []
        for start in range(0, rows, PREFILL_ROWS):
            chunk = ids[start : start + PREFILL_ROWS]
            positions = torch.arange(longest, device=self.device).expand(len(chunk), -1)
            caches: list = []
            parts.append(self.states(chunk, positions, None, adapter, caches))
            for layer, (k, v) in enumerate(caches):
                keys[layer, start : start + len(chunk), :, :longest] = k
                values[layer, start : start + len(chunk), :, :longest] = v
        states = torch.cat(parts)
        each = torch.arange(rows, device=self.device)
        last = states[each, lengths - 1]
        tokens = torch.full((rows, most), -1, dtype=torch.int64, device=self.device)
        chosen_by = torch.zeros(rows, most - 1, shape.hidden, device=self.device)
        stops = torch.tensor(stop, device=self.device)
        alive = torch.ones(rows, dtype=torch.bool, device=self.device)
        columns = torch.arange(room, device=self.device)
        for step in range(most):
            logits = self.logits(last).float()
            if allowed is not None:
                keep_allowed(logits, allowed, tokens[:, :step].tolist())
            chosen = logits.argmax(-1)
            tokens[:, step] = chosen.where(alive, -1)
            alive = alive & ~torch.isin(chosen, stops)
            if step == most - 1 or not alive.any():
                break
            at = lengths + step
            rotary = self.cosine[at][:, None, None], self.sine[at][:, None, None]
            visible = columns[None] <= at[:, None]
            x = F.embedding(chosen, self.head).float()[:, None]
            for layer in range(shape.layers):
                q, k, v = self._query_key_value(layer, x, rotary, adapter)
                keys[layer][each, :, at] = k[:, :, 0]
                values[layer][each, :, at] = v[:, :, 0]
                q = q.view(rows, shape.key_value_heads, -1, shape.head_size) * shape.head_size**-0.5
                scores = (q @ keys[layer].transpose(-1, -2)).float().masked_fill(~visible[:, None, None], -1e9)
                attended = (scores.softmax(-1).to(self.dtype) @ values[layer]).reshape(rows, 1, -1)
                x = self._rest_of_layer(layer, x, attended, self.layers[layer], adapter)
            last = self._norm(x, self.final_norm)[:, 0]
            chosen_by[:, step] = last
        return tokens, states, chosen_by


def keep_allowed(logits: torch.Tensor, allowed, tokens: list[list[int]]) -> None:
    for row, so_far in enumerate(tokens):
        ids = allowed(row, so_far)
        if ids is not None:
            kept = logits[row, ids].clone()
            logits[row] = -torch.inf
            logits[row, ids] = kept


def rotate(x, rotary):
    """The first half of each head turns with the second."""
    cosine, sine = rotary
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
