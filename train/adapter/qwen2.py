"""A Qwen2 forward pass with low-rank adapters, in float32 for a CPU.

Weights are those of a GGUF file, dequantised as the package builder sees them: `output.weight` serves as head and as
embedding, because the files hold two roundings of one tied matrix. Projections that read the same input are one matrix
(query+key+value, gate+up) and share one adapter.

Several samples that begin the same are one row of tokens: the shared beginning once, then the branches, which see the
beginning and themselves only. Gives the same losses as the samples one by one, for less work.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader
from gguf.quants import dequantize

TARGETS = ("queryKeyValue", "attentionOutput", "gateUp", "down")


@dataclass(frozen=True)
class Shape:
    layers: int
    hidden: int
    heads: int
    key_value_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    rope_base: float
    epsilon: float

    def sizes(self, target: str) -> tuple[int, int]:
        """Outputs and inputs of one matrix."""
        queries, keys = self.heads * self.head_size, self.key_value_heads * self.head_size
        return {
            "queryKeyValue": (queries + 2 * keys, self.hidden),
            "attentionOutput": (self.hidden, queries),
            "gateUp": (2 * self.feed_forward, self.hidden),
            "down": (self.hidden, self.feed_forward),
        }[target]


@dataclass(frozen=True)
class PackedGroup:
    """Samples with a shared beginning as one row of tokens; see `samples.pack`."""

    ids: torch.Tensor  # (tokens,) int64
    positions: torch.Tensor  # (tokens,) int64
    branch: torch.Tensor  # (tokens,) int64: -1 in the shared beginning, else the sample
    mask: torch.Tensor  # (tokens, tokens) bool: row may look at column
    loss_rows: torch.Tensor  # (targets,) int64: the token whose successor is the target
    targets: torch.Tensor  # (targets,) int64
    weights: torch.Tensor  # (targets,) float32
    sample_of_target: torch.Tensor  # (targets,) int64: index into the group


class Adapter(torch.nn.Module):
    """Matrices A (rank, inputs) and B (outputs, rank) per target; B starts at zero, so the model starts unchanged."""

    def __init__(self, shape: Shape, layers: list[int], rank: int, scale: float, seed: int):
        super().__init__()
        self.layers, self.rank, self.scale = list(layers), rank, scale
        generator = torch.Generator().manual_seed(seed)
        self.matrices = torch.nn.ParameterDict()
        for layer in self.layers:
            for target in TARGETS:
                outputs, inputs = shape.sizes(target)
                a = torch.randn(rank, inputs, generator=generator) / math.sqrt(inputs)
                self.matrices[f"layers_{layer}_{target}_a"] = torch.nn.Parameter(a)
                self.matrices[f"layers_{layer}_{target}_b"] = torch.nn.Parameter(torch.zeros(outputs, rank))

    def pair(self, layer: int, target: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self.matrices[f"layers_{layer}_{target}_a"], self.matrices[f"layers_{layer}_{target}_b"]


class Qwen2:
    def __init__(self, path: str, before_layer: Callable[[], None] = lambda: None):
        """`before_layer` is called before each layer, forwards and backwards; it may wait."""
        self.before_layer = before_layer
        reader = GGUFReader(path)
        tensors = {tensor.name: tensor for tensor in reader.tensors}
        architecture = reader.fields["general.architecture"].contents()
        if architecture != "qwen2":
            raise ValueError(f"{path} is a {architecture} model, not qwen2")

        def size(key: str):
            return reader.fields[f"{architecture}.{key}"].contents()

        def weight(name: str) -> torch.Tensor:
            values = dequantize(tensors[name].data, tensors[name].tensor_type)
            return torch.from_numpy(np.array(values, np.float32))  # a copy: the file's pages are not kept

        heads, hidden = size("attention.head_count"), size("embedding_length")
        self.head = weight("output.weight" if "output.weight" in tensors else "token_embd.weight")
        self.shape = Shape(
            layers=size("block_count"),
            hidden=hidden,
            heads=heads,
            key_value_heads=size("attention.head_count_kv"),
            head_size=hidden // heads,
            feed_forward=size("feed_forward_length"),
            vocabulary=self.head.shape[0],
            rope_base=float(size("rope.freq_base")),
            epsilon=float(size("attention.layer_norm_rms_epsilon")),
        )
        self.final_norm = weight("output_norm.weight")
        self.layers = []
        for layer in range(self.shape.layers):
            w = lambda name: weight(f"blk.{layer}.{name}")  # noqa: B023, E731
            self.layers.append(
                {
                    "attentionNorm": w("attn_norm.weight"),
                    "queryKeyValue": torch.cat([w("attn_q.weight"), w("attn_k.weight"), w("attn_v.weight")]),
                    "bias": torch.cat([w("attn_q.bias"), w("attn_k.bias"), w("attn_v.bias")]),
                    "attentionOutput": w("attn_output.weight"),
                    "feedForwardNorm": w("ffn_norm.weight"),
                    "gateUp": torch.cat([w("ffn_gate.weight"), w("ffn_up.weight")]),
                    "down": w("ffn_down.weight"),
                }
            )

    def logits(self, group: PackedGroup, adapter: Adapter | None) -> torch.Tensor:
        """Logits (targets, vocabulary) at the group's loss rows. Layers below the adapter's first keep no gradient."""
        first = min(adapter.layers) if adapter is not None else self.shape.layers
        rotary = self._rotary(group.positions)
        last = self.shape.layers - 1
        x = self.head[group.ids]
        for layer in range(self.shape.layers):
            self.before_layer()
            if x.requires_grad:
                x.register_hook(lambda _: self.before_layer())
            rows = group.loss_rows if layer == last else None
            # Nothing but the loss rows is read after the last layer.
            with torch.set_grad_enabled(layer >= first and torch.is_grad_enabled()):
                x = self._layer(layer, x, rotary, group.mask, rows, adapter)
        return F.linear(self._norm(x, self.final_norm), self.head)

    def _layer(self, layer, x, rotary, mask, rows, adapter):
        shape, weights = self.shape, self.layers[layer]
        queries, keys = shape.heads * shape.head_size, shape.key_value_heads * shape.head_size
        h = self._project(layer, "queryKeyValue", self._norm(x, weights["attentionNorm"]), adapter, weights["bias"])
        q, k, v = h.split([queries, keys, keys], dim=-1)
        cosine, sine = rotary
        if rows is not None:
            x, q, mask = x[rows], q[rows], mask[rows]
            q = self._rotate(q, shape.heads, (cosine[rows], sine[rows]))
        else:
            q = self._rotate(q, shape.heads, rotary)
        k = self._rotate(k, shape.key_value_heads, rotary)
        v = v.view(-1, shape.key_value_heads, shape.head_size).transpose(0, 1)
        repeats = shape.heads // shape.key_value_heads
        k, v = k.repeat_interleave(repeats, dim=0), v.repeat_interleave(repeats, dim=0)
        attended = F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask[None, None])[0]
        attended = attended.transpose(0, 1).reshape(-1, queries)
        x = x + self._project(layer, "attentionOutput", attended, adapter)
        h = self._project(layer, "gateUp", self._norm(x, weights["feedForwardNorm"]), adapter)
        gate, up = h.chunk(2, dim=-1)
        return x + self._project(layer, "down", F.silu(gate) * up, adapter)

    def _project(self, layer, target, x, adapter, bias=None):
        y = F.linear(x, self.layers[layer][target], bias)
        if adapter is None or layer not in adapter.layers:
            return y
        a, b = adapter.pair(layer, target)
        return torch.addmm(y, F.linear(x, a), b.t(), alpha=adapter.scale)

    def _norm(self, x, gain):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.shape.epsilon) * gain

    def _rotary(self, positions):
        half = self.shape.head_size // 2
        frequency = self.shape.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = positions.double()[:, None] * frequency[None, :]
        return angle.cos().float()[:, None, :], angle.sin().float()[:, None, :]

    def _rotate(self, x, heads, rotary):
        """(tokens, heads * size) to (heads, tokens, size): the first half of a head turns with the second."""
        cosine, sine = rotary
        first, second = x.view(-1, heads, self.shape.head_size).chunk(2, dim=-1)
        turned = torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
        return turned.transpose(0, 1)
