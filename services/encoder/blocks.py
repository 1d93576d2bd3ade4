"""Transformer blocks of both towers, as parts of OpenVINO graphs.

- Attention is one scaled-dot-product node.
- The scale and shift of a layer normalisation are folded into the projection that follows.
- QuickGELU x·σ(1.702·x) is SiLU, with 1.702 folded into the layers before and after.
- The last block is computed only for the tokens that are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import openvino as ov
import openvino.opset15 as ops

from services.encoder.architecture import Activation, Tower
from services.encoder.nodes import (
    HEAD_WIDTH,
    Linear,
    axis,
    floats,
    folded,
    ints,
    linear,
    normalised,
)
from services.encoder.weights import UnusableWeights, Weights

_GELU = 1.702


@dataclass(frozen=True, slots=True)
class FeedForward:
    """Two projections with an activation between them."""

    up: Linear
    down: Linear
    activation: Activation

    def __call__(self, state: ov.Node) -> ov.Node:
        raised = self.up(state)
        if self.activation == "quick_gelu":
            return self.down(ops.swish(raised))
        shape = "tanh" if self.activation == "gelu_tanh" else "erf"
        return self.down(ops.gelu(raised, shape))


@dataclass(frozen=True, slots=True)
class Block:
    """One transformer block; the scales of its two norms are folded into its projections."""

    heads: int
    epsilon: float
    query_key_value: Linear
    attention_out: Linear
    feed_forward: FeedForward

    @property
    def width(self) -> int:
        return len(self.attention_out.weight)

    @property
    def head_width(self) -> int:
        return self.width // self.heads


def read_blocks(weights: Weights, prefix: str, tower: Tower) -> list[Block]:
    """The blocks `prefix`0, `prefix`1, … of the weights. Raises UnusableWeights."""
    numbers = {
        int(name[len(prefix) :].split(".")[0]) for name in weights if name.startswith(prefix)
    }
    if numbers != set(range(len(numbers))) or not numbers:
        raise UnusableWeights(f"the weights lack blocks of {prefix}*")
    return [_read_block(weights, f"{prefix}{number}", tower) for number in range(len(numbers))]


def _read_block(weights: Weights, at: str, tower: Tower) -> Block:
    out = linear(weights, f"{at}.attn.out_proj")
    return Block(
        heads=head_count(len(out.weight), tower),
        epsilon=tower.epsilon,
        query_key_value=folded(
            weights,
            f"{at}.ln_1",
            weights[f"{at}.attn.in_proj_weight"],
            weights[f"{at}.attn.in_proj_bias"],
        ),
        attention_out=out,
        feed_forward=read_feed_forward(weights, f"{at}.ln_2", f"{at}.mlp", tower.activation),
    )


def head_count(width: int, tower: Tower) -> int:
    """Attention heads of a tower. Raises UnusableWeights if they do not divide its width."""
    heads = width // HEAD_WIDTH if tower.heads is None else tower.heads
    if heads < 1 or width % heads:
        raise UnusableWeights(f"{width} channels cannot be divided among {heads} attention heads")
    return heads


def read_feed_forward(weights: Weights, norm: str, at: str, activation: Activation) -> FeedForward:
    """The two projections at `at`, with the norm before them folded in."""
    up = folded(weights, norm, weights[f"{at}.c_fc.weight"], weights[f"{at}.c_fc.bias"])
    down = linear(weights, f"{at}.c_proj")
    if activation == "quick_gelu":
        gain = floats(_GELU)
        up = Linear(up.weight * gain, up.bias * gain)
        down = Linear(down.weight / gain, down.bias)
    return FeedForward(up, down, activation)


def block(state: ov.Node, one: Block) -> ov.Node:
    """One transformer block for all tokens: (batch, length, width) → the same shape."""
    query, key, value = _by_head(one.query_key_value(normalised(state, one.epsilon)), 3, one)
    return _rest(state, ops.scaled_dot_product_attention(query, key, value), one)


def last_block(state: ov.Node, one: Block, read: ov.Node) -> ov.Node:
    """The last block, for the tokens that are read: (batch, length, width) → (batch, n, width).

    read: (n,) their positions in each row. The other tokens only contribute keys and values.
    """
    steadied = normalised(state, one.epsilon)
    key, value = _by_head(_keys_values(one)(steadied), 2, one)
    (query,) = _by_head(_query(one)(ops.gather(steadied, read, axis(1))), 1, one)
    mixed = ops.scaled_dot_product_attention(query, key, value)
    return _rest(ops.gather(state, read, axis(1)), mixed, one)


def later_block(
    state: ov.Node, one: Block, before: ov.Node, mask: ov.Node, read: ov.Node | None
) -> tuple[ov.Node, ov.Node]:
    """A block for tokens (1, n, width) that others come before; also their keys and values.

    before: (1, p, 2·width) keys and values of the others.  read: as in `last_block`; None for all.
    mask: (n, p + n) for the tokens that are read, added to attention.
    """
    steadied = normalised(state, one.epsilon)
    own = _keys_values(one)(steadied)
    key, value = _by_head(ops.concat([before, own], 1), 2, one)
    if read is not None:
        state, steadied = (ops.gather(each, read, axis(1)) for each in (state, steadied))
    (query,) = _by_head(_query(one)(steadied), 1, one)
    return _rest(state, ops.scaled_dot_product_attention(query, key, value, mask), one), own


def _query(one: Block) -> Linear:
    return one.query_key_value.rows(0, one.width)


def _keys_values(one: Block) -> Linear:
    return one.query_key_value.rows(one.width, 3 * one.width)


def _by_head(projected: ov.Node, parts: int, one: Block) -> list[ov.Node]:
    """(batch, length, parts · width) → `parts` of (batch, heads, length, head width)."""
    split = ops.reshape(projected, ints(0, 0, parts, one.heads, one.head_width), True)
    by_head = ops.transpose(split, ints(2, 0, 3, 1, 4))
    return [ops.gather(by_head, axis(part), axis(0)) for part in range(parts)]


def _joined(by_head: ov.Node, one: Block) -> ov.Node:
    """(batch, heads, length, head width) → (batch, length, width)."""
    return ops.reshape(ops.transpose(by_head, ints(0, 2, 1, 3)), ints(0, 0, one.width), True)


def _rest(state: ov.Node, mixed: ov.Node, one: Block) -> ov.Node:
    """The second part of a block: the projection of what attention returned, and feed-forward."""
    state = ops.add(state, one.attention_out(_joined(mixed, one)))
    return ops.add(state, one.feed_forward(normalised(state, one.epsilon)))
