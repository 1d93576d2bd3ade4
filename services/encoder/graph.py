"""CLIP's two towers as OpenVINO graphs, built directly from the weights.

The graphs compute the same as a framework's export, but faster and without torch or ONNX. Beside
what `blocks.py` does:

- Attention is causal in the text tower.
- Texts are packed into one row of tokens; a token attends only to its own text.
- The start token attends only to itself, so it is the same in all texts. Its keys and values are
  computed once, when the graph is built, and are constants in the graph.
- Pixels are bytes; the mean and the deviation are folded into the patch projection.
- The output is unit vectors.

Sources: Radford et al. 2021 for the architecture, Krell et al. 2021 for packing;
`docs/decisions/0002-graph-from-weights.md` and `0034-texts-packed-into-one-row.md`.
"""

from __future__ import annotations

import math

import numpy as np
import openvino as ov
import openvino.opset15 as ops

from services.encoder.architecture import Architecture
from services.encoder.blocks import Before, Block, block, last_block, read_blocks
from services.encoder.nodes import (
    Array,
    Linear,
    axis,
    constant,
    floats,
    folded,
    ints,
    normalised,
    patch_projection,
    scaled,
    tower,
    unit_vectors,
)
from services.encoder.weights import Weights


def clip_text_tower(weights: Weights, architecture: Architecture) -> ov.Model:
    """tokens (total,), firsts (total,), ends (texts,), all int32 → (texts, dimension) unit vectors.

    `tokens` contains the texts one after another, without their start tokens. `firsts` is the
    position of the first token of each token's text; `ends` is the position of each text's
    end-of-text token. A token attends to earlier tokens of its own text, so no text needs padding.
    """
    tokens = ops.parameter([-1], np.int32, name="tokens")
    firsts = ops.parameter([-1], np.int32, name="firsts")
    ends = ops.parameter([-1], np.int32, name="ends")
    total = ops.gather(ops.shape_of(tokens, output_type="i32"), axis(0), axis(0))
    places = ops.range(axis(0), total, axis(1), output_type="i32")
    embedded = ops.gather(constant(weights["token_embedding.weight"]), tokens, axis(0))
    positions = ops.gather(
        constant(weights["positional_embedding"]),
        ops.add(ops.subtract(places, firsts), np.int32(1)),
        axis(0),
    )
    state = ops.unsqueeze(ops.add(embedded, positions), ints(0))
    blocks = read_blocks(weights, "transformer.resblocks.", architecture.text)
    start = floats(weights["token_embedding.weight"][architecture.start_token])
    starts = _alone(start + floats(weights["positional_embedding"][0]), blocks)
    seen = _between(firsts, places, places)
    for one, before in zip(blocks[:-1], starts, strict=False):
        state = block(state, one, before, seen)
    last = _between(ops.gather(firsts, ends, axis(0)), ends, places)
    pooled = last_block(state, blocks[-1], ends, starts[-1], last)
    projection = folded(weights, "ln_final", weights["text_projection"].T)
    vectors = unit_vectors(ops.squeeze(pooled, ints(0)), projection, architecture.text.epsilon)
    return tower("text", vectors, [tokens, firsts, ends])


def clip_image_tower(weights: Weights, architecture: Architecture) -> ov.Model:
    """patches (batch, places, patch·patch·3) uint8 → (batch, dimension) unit vectors."""
    positions = floats(weights["visual.positional_embedding"])
    epsilon = architecture.image.epsilon
    pixels, embedded = patch_projection(weights, architecture, positions[1:])
    width = positions.shape[1]
    class_token = constant((floats(weights["visual.class_embedding"]) + positions[0])[None, None])
    batch = ops.gather(ops.shape_of(pixels, output_type="i32"), ints(0), axis(0))
    token_shape = ops.concat([batch, ints(1), ints(width)], 0)
    state = ops.concat([ops.broadcast(class_token, token_shape), embedded], 1)
    state = scaled(normalised(state, epsilon), weights, "visual.ln_pre")
    blocks = read_blocks(weights, "visual.transformer.resblocks.", architecture.image)
    for one in blocks[:-1]:
        state = block(state, one)
    pooled = last_block(state, blocks[-1], ints(0))
    projection = folded(weights, "visual.ln_post", weights["visual.proj"].T)
    vectors = unit_vectors(ops.squeeze(pooled, ints(1)), projection, epsilon)
    return tower("image", vectors, [pixels])


def _alone(state: Array, blocks: list[Block]) -> list[Before]:
    """Key and value of the start token in each block. state: (width,) embedded token.

    With causal attention it attends only to itself, so attention returns its own value.
    """
    seen = []
    for one in blocks:
        width = one.width
        steady = _steady(state, one.epsilon)
        key, value = np.split(_applied(one.query_key_value, steady)[width:], 2)
        seen.append(Before(key, value))
        state = state + _applied(one.attention_out, value)
        raised = _applied(one.feed_forward.up, _steady(state, one.epsilon))
        state = state + _applied(one.feed_forward.down, _activated(raised, one))
    return seen


def _steady(state: Array, epsilon: float) -> Array:
    """`normalised` in NumPy."""
    steadied: Array = (state - state.mean()) / np.sqrt(state.var() + np.float32(epsilon))
    return steadied


def _activated(raised: Array, one: Block) -> Array:
    """The activation of `FeedForward` in NumPy."""
    if one.feed_forward.activation == "quick_gelu":
        return floats(raised / (1 + np.exp(-raised)))
    if one.feed_forward.activation == "gelu_tanh":
        inner = math.sqrt(2 / math.pi) * (raised + 0.044715 * raised**3)
        return floats(raised * (1 + np.tanh(inner)) / 2)
    return floats(raised * (1 + np.vectorize(math.erf)(raised / math.sqrt(2))) / 2)


def _applied(layer: Linear, state: Array) -> Array:
    applied: Array = layer.weight @ state + layer.bias
    return applied


def _between(firsts: ov.Node, lasts: ov.Node, places: ov.Node) -> ov.Node:
    """(n, 1 + length) attention mask: 0 for the start token and from first to last position,
    otherwise very negative. firsts, lasts: (n,) positions among `places` (length,), which follow
    the start token.
    """
    since = ops.less_equal(ops.unsqueeze(firsts, ints(1)), ops.unsqueeze(places, ints(0)))
    until = ops.less_equal(ops.unsqueeze(places, ints(0)), ops.unsqueeze(lasts, ints(1)))
    seen = ops.select(ops.logical_and(since, until), np.float32(0), np.float32(-1e9))
    return ops.pad(seen, ints(0, 1), ints(0, 0), "constant", np.float32(0))
