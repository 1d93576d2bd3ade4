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
    Array,
    Linear,
    axis,
    constant,
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


@dataclass(frozen=True, slots=True)
class Before:
    """Key and value of a token before all others, in one block: (width,) each."""

    key: Array
    value: Array

    def put(self, keys: ov.Node, values: ov.Node, head_width: int) -> tuple[ov.Node, ov.Node]:
        """Prepend them to keys and values: (1, heads, length, head width) → length + 1."""
        return _preceded(self.key, keys, head_width), _preceded(self.value, values, head_width)


def _preceded(first: Array, rest: ov.Node, head_width: int) -> ov.Node:
    return ops.concat([constant(first.reshape(1, -1, 1, head_width)), rest], 2)


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


def block(
    state: ov.Node, one: Block, before: Before | None = None, mask: ov.Node | None = None
) -> ov.Node:
    """One transformer block for all tokens: (batch, length, width) → the same shape."""
    projected = one.query_key_value(normalised(state, one.epsilon))
    query, key, value = _by_head(projected, 3, one)
    if before is not None:
        key, value = before.put(key, value, one.head_width)
    mixed = ops.scaled_dot_product_attention(query, key, value, mask)
    return _fed_forward(ops.add(state, one.attention_out(_joined(mixed, one))), one)


def last_block(
    state: ov.Node,
    one: Block,
    read: ov.Node,
    before: Before | None = None,
    mask: ov.Node | None = None,
) -> ov.Node:
    """The last block, for the tokens that are read: (batch, length, width) → (batch, n, width).

    read: (n,) their positions in each row. The other tokens only contribute keys and values.
    """
    width = one.width
    steadied = normalised(state, one.epsilon)
    key, value = _by_head(one.query_key_value.rows(width, 3 * width)(steadied), 2, one)
    if before is not None:
        key, value = before.put(key, value, one.head_width)
    asking = one.query_key_value.rows(0, width)(ops.gather(steadied, read, axis(1)))
    (query,) = _by_head(asking, 1, one)
    mixed = ops.scaled_dot_product_attention(query, key, value, mask)
    pooled = ops.gather(state, read, axis(1))
    return _fed_forward(ops.add(pooled, one.attention_out(_joined(mixed, one))), one)


def _by_head(projected: ov.Node, parts: int, one: Block) -> list[ov.Node]:
    """(batch, length, parts · width) → `parts` of (batch, heads, length, head width)."""
    split = ops.reshape(projected, ints(0, 0, parts, one.heads, one.head_width), True)
    by_head = ops.transpose(split, ints(2, 0, 3, 1, 4))
    return [ops.gather(by_head, axis(part), axis(0)) for part in range(parts)]


def _joined(by_head: ov.Node, one: Block) -> ov.Node:
    """(batch, heads, length, head width) → (batch, length, width)."""
    return ops.reshape(ops.transpose(by_head, ints(0, 2, 1, 3)), ints(0, 0, one.width), True)


def _fed_forward(state: ov.Node, one: Block) -> ov.Node:
    return ops.add(state, one.feed_forward(normalised(state, one.epsilon)))
