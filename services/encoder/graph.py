"""CLIP's two towers as OpenVINO graphs, built directly from the weights.

The graphs compute the same as a framework's export, but faster and without torch or ONNX. Beside
what `blocks.py` does:

- Attention is causal in the text tower.
- Texts are packed into one row of tokens; a token attends only to its own text. Beginnings that
  texts share are in it once.
- Tokens that were computed before come in as their keys and values, and those of the new tokens
  go out.
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
from services.encoder.blocks import Block, block, last_block, later_block, read_blocks
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
    """tokens (n,), positions (n,) and ends (texts,), int32; past (blocks, p, 2·width), mask
    (n, 1 + p + n) and last_mask (texts, 1 + p + n), float32 → vectors (texts, dimension) of unit
    length and states (blocks, n, 2·width).

    `past` is the keys and values of p tokens that were computed before, `states` those of the n
    tokens. A token's row of `mask` is 0 where it attends to the start token, to one of the p or to
    one of the n, and very negative elsewhere. The start token has position 0. `ends` is the place
    of each text's end-of-text token, and `last_mask` has its row of `mask`: OpenVINO 2026.4 gathers
    wrong ones in bf16 if n is the number of texts.
    """
    blocks = read_blocks(weights, "transformer.resblocks.", architecture.text)
    tokens = ops.parameter([-1], np.int32, name="tokens")
    positions = ops.parameter([-1], np.int32, name="positions")
    ends = ops.parameter([-1], np.int32, name="ends")
    mask = ops.parameter([-1, -1], np.float32, name="mask")
    last_mask = ops.parameter([-1, -1], np.float32, name="last_mask")
    past = ops.parameter([len(blocks), -1, 2 * blocks[0].width], np.float32, name="past")
    embedded = ops.gather(constant(weights["token_embedding.weight"]), tokens, axis(0))
    placed = ops.gather(constant(weights["positional_embedding"]), positions, axis(0))
    state = ops.unsqueeze(ops.add(embedded, placed), ints(0))
    start = floats(weights["token_embedding.weight"][architecture.start_token])
    starts = _alone(start + floats(weights["positional_embedding"][0]), blocks)
    states = []
    for number, one in enumerate(blocks):
        first, others = (
            constant(starts[number][None, None]),
            ops.gather(past, ints(number), axis(0)),
        )
        read = ends if number == len(blocks) - 1 else None
        state, own = later_block(
            state, one, ops.concat([first, others], 1), mask if read is None else last_mask, read
        )
        states.append(own)
    projection = folded(weights, "ln_final", weights["text_projection"].T)
    vectors = unit_vectors(ops.squeeze(state, ints(0)), projection, architecture.text.epsilon)
    inputs = [tokens, positions, ends, mask, last_mask, past]
    return tower("text", inputs, vectors=vectors, states=ops.concat(states, 0))


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
    return tower("image", [pixels], vectors=vectors)


def _alone(state: Array, blocks: list[Block]) -> list[Array]:
    """Keys and values (2·width,) of the start token in each block. state: (width,) embedded token.

    With causal attention it attends only to itself, so attention returns its own value.
    """
    seen = []
    for one in blocks:
        width = one.width
        steady = _steady(state, one.epsilon)
        seen.append(_applied(one.query_key_value, steady)[width:])
        state = state + _applied(one.attention_out, seen[-1][width:])
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
