"""SigLIP's two towers as OpenVINO graphs, built directly from the weights.

They differ from CLIP's: no causal mask, texts padded to one length and read at their last token,
no class token, and a trained probe that pools the patches by attention. SigLIP 2 has the same
towers.

Sources: Zhai et al. 2023, Tschannen et al. 2025; `docs/decisions/0052-other-models.md`.
"""

from __future__ import annotations

import numpy as np
import openvino as ov
import openvino.opset15 as ops

from services.encoder.architecture import Architecture
from services.encoder.blocks import (
    block,
    head_count,
    last_block,
    read_blocks,
    read_feed_forward,
)
from services.encoder.nodes import (
    Linear,
    axis,
    constant,
    floats,
    folded,
    ints,
    linear,
    normalised,
    patch_projection,
    tower,
    unit,
    unit_vectors,
)
from services.encoder.weights import Weights


def siglip_text_tower(weights: Weights, architecture: Architecture) -> ov.Model:
    """tokens (texts, context length) int32, padded → (texts, dimension) unit vectors.

    Padding takes part in attention, as in training.
    """
    positions = weights["positional_embedding"]
    tokens = ops.parameter([-1, len(positions)], np.int32, name="tokens")
    embedded = ops.gather(constant(weights["token_embedding.weight"]), tokens, axis(0))
    state = ops.add(embedded, constant(positions))
    blocks = read_blocks(weights, "transformer.resblocks.", architecture.text)
    for one in blocks[:-1]:
        state = block(state, one)
    pooled = last_block(state, blocks[-1], ints(len(positions) - 1))
    projection = folded(
        weights, "ln_final", weights["text_projection"].T, weights["text_projection_bias"]
    )
    vectors = unit_vectors(ops.squeeze(pooled, ints(1)), projection, architecture.text.epsilon)
    return tower("text", [tokens], vectors=vectors)


def siglip_image_tower(weights: Weights, architecture: Architecture) -> ov.Model:
    """patches (batch, places, patch·patch·3) uint8 → (batch, dimension) unit vectors."""
    positions = floats(weights["visual.positional_embedding"])
    pixels, state = patch_projection(weights, architecture, positions)
    for one in read_blocks(weights, "visual.transformer.resblocks.", architecture.image):
        state = block(state, one)
    pooled = _pooled(normalised(state, architecture.image.epsilon), weights, architecture)
    return tower("image", [pixels], vectors=unit(ops.squeeze(pooled, ints(1))))


def _pooled(patches: ov.Node, weights: Weights, architecture: Architecture) -> ov.Node:
    """(batch, places, width) → (batch, 1, width): attention of a constant query, then an MLP."""
    at = "visual.head"
    width = len(weights[f"{at}.probe"])
    heads = head_count(width, architecture.image)
    joined = Linear(
        floats(weights[f"{at}.attn.in_proj_weight"]), floats(weights[f"{at}.attn.in_proj_bias"])
    )
    first = joined.rows(0, width)
    asked = first.weight @ floats(weights[f"{at}.probe"]) + first.bias
    rest = joined.rows(width, 3 * width)
    key_value = folded(weights, "visual.ln_post", rest.weight, rest.bias)(patches)
    split = ops.reshape(key_value, ints(0, 0, 2, heads, width // heads), True)
    by_head = ops.transpose(split, ints(2, 0, 3, 1, 4))
    key, value = (ops.gather(by_head, axis(part), axis(0)) for part in range(2))
    batch = ops.gather(ops.shape_of(patches, output_type="i32"), ints(0), axis(0))
    query_shape = ops.concat([batch, ints(heads, 1, width // heads)], 0)
    query = ops.broadcast(constant(asked.reshape(1, heads, 1, -1)), query_shape)
    mixed = ops.scaled_dot_product_attention(query, key, value)
    joined_heads = ops.reshape(ops.transpose(mixed, ints(0, 2, 1, 3)), ints(0, 1, width), True)
    state = linear(weights, f"{at}.attn.out_proj")(joined_heads)
    feed_forward = read_feed_forward(
        weights, f"{at}.ln", f"{at}.mlp", architecture.image.activation
    )
    return ops.add(state, feed_forward(normalised(state, architecture.image.epsilon)))
