"""Starts of heads that need no gradient steps: least squares between hidden states, counts of neighbours, a trunk layer."""

import torch

from collection import Batch, Sequence, make_batch
from draftHeads import Medusa, Mtp, rms
from evaluateHeads import first_guess_share
from trunk import Trunk

RIDGE = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
BIAS_SCALES = (0.0, 0.25, 0.5, 0.75, 1.0)
PROJECTION_SCALES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
GOOD_SHARE = 0.97
# Rows beyond these say little more about 896 × 1792 numbers, and take a gigabyte as they are.
MAX_ROWS = 100_000


def start_medusa(head: Medusa, trunk: Trunk, train: list[Sequence], watch: list[Batch], pairs) -> dict:
    """Skips: ridge from a row's state to the state d + 1 rows further down, which chose the token that depth d drafts."""
    figures = {}
    with torch.no_grad():
        for depth in range(head.depth):
            inputs, outputs = _state_pairs(train, depth + 1)
            head.skip[depth], figures[f"ridge{depth}"] = _ridge(inputs, outputs)
        if head.rank > 0 and pairs is not None:
            into, out = _neighbour_factors(trunk, pairs, head.rank)
            hits = []
            for scale in BIAS_SCALES:
                head.bias_in.copy_(into * scale**0.5)
                head.bias_out.copy_(out * scale**0.5)
                hits.append(first_guess_share(head, trunk, watch))
            best = BIAS_SCALES[max(range(len(hits)), key=hits.__getitem__)]
            # At zero nothing would ever move: the product of two zeros has no gradient.
            head.bias_in.copy_(into * max(best, 0.05) ** 0.5)
            head.bias_out.copy_(out * max(best, 0.05) ** 0.5)
            figures["biasScale"] = best
    return figures


def start_mtp(head: Mtp, trunk: Trunk, train: list[Sequence], watch: list[Batch]) -> dict:
    """The block is the trunk's last layer, the projection the ridge to the next row's state as it is before the final norm's
    gain, in the scale that lets the block do most good."""
    epsilon = trunk.shape["normEpsilon"]
    with torch.no_grad():
        _copy_layer(head, trunk, watch)
        gain = trunk.weight("final_norm")
        head.norm_out.copy_(gain)
        inputs, outputs = [], []
        for sequence in _sample_rows(train):
            batch = make_batch([sequence], 1, head.window)
            states = batch.hidden
            features = [rms(states[:-1], epsilon), rms(trunk.embed(batch.next_tokens[:-1]), epsilon)]
            inputs.append(torch.cat(features, -1))
            outputs.append(states[1:] / gain)
        inputs, outputs = torch.cat(inputs), torch.cat(outputs)
        solution, ridge = _ridge(inputs, outputs)
        hits = []
        for scale in PROJECTION_SCALES:
            head.proj.copy_(solution * scale)
            hits.append(first_guess_share(head, trunk, watch))
        # The larger the scale, the less the block adds and can learn, so that the smallest good one is taken.
        best = next(scale for scale, share in zip(PROJECTION_SCALES, hits) if share >= GOOD_SHARE * max(hits))
        head.proj.copy_(solution * best)
    return {"ridge": ridge, "scale": best, "hitsByScale": [round(value, 4) for value in hits]}


def _copy_layer(head: Mtp, trunk: Trunk, watch: list[Batch]) -> None:
    shape = trunk.shape
    queries, keys = shape["heads"] * shape["headSize"], shape["keyValueHeads"] * shape["headSize"]
    sizes = [queries, keys, keys]
    query, key, value = trunk.weight("layer.query_key_value.weight").split(sizes)
    for parameter, part in ((head.query, query), (head.key, key), (head.value, value)):
        parameter.copy_(part)
    if "layer.query_key_value.bias" in trunk.tensors:
        query, key, value = trunk.weight("layer.query_key_value.bias").split(sizes)
        for parameter, part in ((head.query_bias, query), (head.key_bias, key), (head.value_bias, value)):
            parameter.copy_(part)
    head.output.copy_(trunk.weight("layer.output"))
    head.attention_norm.copy_(trunk.weight("layer.attention_norm"))
    head.feed_forward_norm.copy_(trunk.weight("layer.feed_forward_norm"))
    gate, up = trunk.weight("layer.gate_up").chunk(2)
    down = trunk.weight("layer.down")
    width = len(head.gate)
    if width < len(gate):
        # Units by the size of what they add, over states that stand for the layer's real inputs.
        epsilon = shape["normEpsilon"]
        normed = rms(torch.cat([batch.hidden for batch in watch]) / trunk.weight("final_norm"), epsilon) * head.feed_forward_norm
        active = torch.nn.functional.silu(normed @ gate.T) * (normed @ up.T)
        importance = active.square().mean(0).sqrt() * down.norm(dim=0)
        kept = importance.topk(width).indices.sort().values
        gate, up, down = gate[kept], up[kept], down[:, kept]
    head.gate.copy_(gate)
    head.up.copy_(up)
    head.down.copy_(down)


def _sample_rows(train: list[Sequence]) -> list[Sequence]:
    chosen, rows = [], 0
    for sequence in train:
        chosen.append(sequence)
        rows += len(sequence.tokens)
        if rows > MAX_ROWS:
            break
    return chosen


def _state_pairs(train: list[Sequence], distance: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Completion rows; where they are few, rows of the prompts too, which are text of the same files."""
    scored = sum(len(sequence.top_ids) for sequence in train)
    inputs, outputs = [], []
    for sequence in _sample_rows(train):
        first = sequence.first_scored if scored > MAX_ROWS else 0
        states = torch.from_numpy(sequence.hidden[first:].astype("float32"))
        inputs.append(states[:-distance])
        outputs.append(states[distance:])
    return torch.cat(inputs), torch.cat(outputs)


def _ridge(inputs: torch.Tensor, outputs: torch.Tensor) -> tuple[torch.Tensor, float]:
    """The map (outputs, inputs), and its strength in units of the inputs' mean square: the one with the smallest error on the
    last tenth of the rows. Few rows ask for more of it than many."""
    cut = max(1, int(0.9 * len(inputs)))
    known, rest = inputs[:cut], inputs[cut:]
    gram, cross = (known.T @ known).double(), (known.T @ outputs[:cut]).double()
    unit = torch.eye(len(gram), dtype=torch.float64) * gram.diagonal().mean() * min(1.0, len(gram) / cut)
    best = (float("inf"), gram, 0.0)
    for strength in RIDGE:
        solution = torch.linalg.solve(gram + strength * unit, cross).T.float()
        error = (rest @ solution.T - outputs[cut:]).square().mean().item()
        if error < best[0]:
            best = (error, solution, strength)
    return best[1], best[2]


def _neighbour_factors(trunk: Trunk, pairs, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """in, out with in·outᵀ ≈ log P(next | previous) / P(next) where the pair came up, damped where it is rare; else 0."""
    size = len(trunk.draft_ids)
    pairs = torch.from_numpy(pairs.astype("int64"))
    previous, following, counts = trunk.index_of[pairs[:, 0]], trunk.index_of[pairs[:, 1]], pairs[:, 2].double()
    keep = (previous >= 0) & (following >= 0)
    previous, following, counts = previous[keep], following[keep], counts[keep]
    if len(counts) == 0:
        return torch.zeros(size, rank), torch.zeros(size, rank)
    of_previous = torch.zeros(size, dtype=torch.float64).index_add_(0, previous, counts)
    of_following = torch.zeros(size, dtype=torch.float64).index_add_(0, following, counts)
    ratio = counts * counts.sum() / (of_previous[previous] * of_following[following])
    values = (ratio.log() * counts / (counts + 5)).clamp(min=0).float()
    matrix = torch.sparse_coo_tensor(torch.stack([previous, following]), values, (size, size)).coalesce()
    torch.manual_seed(0)
    left, sizes, right = torch.svd_lowrank(matrix, q=min(rank + 8, size), niter=2)
    into, out = torch.zeros(size, rank), torch.zeros(size, rank)
    kept = min(rank, len(sizes))
    into[:, :kept] = left[:, :kept] * sizes[:kept].sqrt()
    out[:, :kept] = right[:, :kept] * sizes[:kept].sqrt()
    return into, out
