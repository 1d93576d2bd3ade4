"""CLIP's two towers as OpenVINO graphs, built directly from the weights.

The graphs compute the same as a framework's export, but faster and without torch or ONNX:

- Attention is one scaled-dot-product node, causal in the text tower.
- The scale and shift of a layer normalisation are folded into the projection that follows.
- QuickGELU x·σ(1.702·x) is SiLU, with 1.702 folded into the layers before and after.
- The last block is computed only for the token that is read (end-of-text, class).
- Texts are packed into one row of tokens; a token attends only to its own text.
- The start token attends only to itself, so it is the same in all texts. Its keys and values are
  computed once, when the graph is built, and are constants in the graph.
- Pixels are bytes; CLIP's mean and deviation are folded into the patch projection.
- The output is unit vectors.

Sources: Radford et al. 2021 for the architecture, Krell et al. 2021 for packing;
`docs/decisions/0002-graph-from-weights.md` and `0034-texts-packed-into-one-row.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import openvino as ov
import openvino.opset15 as ops

from services.encoder.nodes import (
    DEVIATION,
    EPSILON,
    HEAD_WIDTH,
    MEAN,
    Array,
    Linear,
    axis,
    constant,
    floats,
    folded,
    ints,
    linear,
    normalised,
    scaled,
    tower,
    unit_vectors,
)
from services.encoder.resnet import REDUCTION as RESNET_REDUCTION
from services.encoder.resnet import is_resnet, residual_image_tower
from services.encoder.tokenizer import VOCABULARY_SIZE
from services.encoder.weights import StateDict, UnusableWeights

_GELU = np.float32(1.702)
_START_TOKEN = VOCABULARY_SIZE - 2


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a CLIP model, read from its weights."""

    dimension: int
    image_size: int
    patch_size: int | None  # None: the image tower is convolutional and takes whole pictures
    context_length: int


def read_shape(weights: StateDict) -> Shape:
    """The sizes of the model. Raises UnusableWeights if the weights are not a CLIP's."""
    try:
        if is_resnet(weights):
            patch_size, positions = None, weights["visual.attnpool.positional_embedding"]
            scale = RESNET_REDUCTION
        else:
            patch_size = scale = weights["visual.conv1.weight"].shape[-1]
            positions = weights["visual.positional_embedding"]
        words = len(weights["token_embedding.weight"])
        if words != VOCABULARY_SIZE:
            raise UnusableWeights(
                f"these weights have {words} tokens, not CLIP's {VOCABULARY_SIZE}"
            )
        return Shape(
            dimension=weights["text_projection"].shape[1],
            image_size=round((len(positions) - 1) ** 0.5) * scale,
            patch_size=patch_size,
            context_length=weights["positional_embedding"].shape[0],
        )
    except KeyError as error:
        raise UnusableWeights(f"these weights have no {error}: not a CLIP") from error


def text_tower(weights: StateDict) -> ov.Model:
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
    blocks = _blocks(weights, "transformer.resblocks.")
    start = floats(weights["token_embedding.weight"])[_START_TOKEN]
    starts = _alone(start + floats(weights["positional_embedding"])[0], blocks)
    seen = _between(firsts, places, places)
    for block, before in zip(blocks[:-1], starts, strict=False):
        state = _block(state, block, before, seen)
    last = _between(ops.gather(firsts, ends, axis(0)), ends, places)
    pooled = _last_block(state, blocks[-1], ends, starts[-1], last)
    vectors = unit_vectors(
        ops.squeeze(pooled, ints(0)), folded(weights, "ln_final", weights["text_projection"].T)
    )
    return tower("text", vectors, [tokens, firsts, ends])


def image_tower(weights: StateDict) -> ov.Model:
    """The image tower of the weights: a vision transformer or a ResNet."""
    if is_resnet(weights):
        return residual_image_tower(weights)
    return _vision_transformer(weights)


def _vision_transformer(weights: StateDict) -> ov.Model:
    """patches (batch, places, patch·patch·3) uint8 → (batch, dimension) unit vectors."""
    kernel = floats(weights["visual.conv1.weight"])  # (width, 3, patch, patch)
    width, _, patch, _ = kernel.shape
    places = weights["visual.positional_embedding"].shape[0] - 1
    pixels = ops.parameter([-1, places, patch * patch * 3], np.uint8, name="patches")
    # (byte / 255 - mean) / deviation, with bytes centred on 128: small, and exact in bfloat16.
    by_channel = kernel / (255 * DEVIATION)[:, None, None]
    shift = (by_channel * (128 - 255 * MEAN)[:, None, None]).sum(axis=(1, 2, 3))
    flat = by_channel.transpose(0, 2, 3, 1).reshape(width, -1)
    centred = ops.subtract(ops.convert(pixels, np.float32), np.float32(128))
    positions = floats(weights["visual.positional_embedding"])
    embedded = ops.add(
        ops.matmul(centred, constant(flat), False, True), constant(positions[1:] + shift)
    )
    class_token = constant((floats(weights["visual.class_embedding"]) + positions[0])[None, None])
    batch = ops.gather(ops.shape_of(pixels, output_type="i32"), ints(0), axis(0))
    token_shape = ops.concat([batch, ints(1), ints(width)], 0)
    state = ops.concat([ops.broadcast(class_token, token_shape), embedded], 1)
    state = scaled(normalised(state), weights, "visual.ln_pre")
    blocks = _blocks(weights, "visual.transformer.resblocks.")
    for block in blocks[:-1]:
        state = _block(state, block)
    pooled = _last_block(state, blocks[-1], ints(0))
    vectors = unit_vectors(
        ops.squeeze(pooled, ints(1)),
        folded(weights, "visual.ln_post", floats(weights["visual.proj"]).T),
    )
    return tower("image", vectors, [pixels])


@dataclass(frozen=True, slots=True)
class _Block:
    heads: int
    query_key_value: Linear
    attention_out: Linear
    up: Linear
    down: Linear

    @property
    def width(self) -> int:
        return len(self.attention_out.weight)


def _blocks(weights: StateDict, prefix: str) -> list[_Block]:
    numbers = {
        int(name[len(prefix) :].split(".")[0]) for name in weights if name.startswith(prefix)
    }
    if numbers != set(range(len(numbers))) or not numbers:
        raise UnusableWeights(f"the weights lack blocks of {prefix}*")
    blocks = []
    for number in range(len(numbers)):
        at = f"{prefix}{number}."
        try:
            up = folded(
                weights, f"{at}ln_2", weights[f"{at}mlp.c_fc.weight"], weights[f"{at}mlp.c_fc.bias"]
            )
            blocks.append(
                _Block(
                    heads=weights[f"{at}attn.out_proj.weight"].shape[0] // HEAD_WIDTH,
                    query_key_value=folded(
                        weights,
                        f"{at}ln_1",
                        weights[f"{at}attn.in_proj_weight"],
                        weights[f"{at}attn.in_proj_bias"],
                    ),
                    attention_out=linear(weights, f"{at}attn.out_proj"),
                    up=Linear(up.weight * _GELU, up.bias * _GELU),
                    down=Linear(
                        floats(weights[f"{at}mlp.c_proj.weight"]) / _GELU,
                        floats(weights[f"{at}mlp.c_proj.bias"]),
                    ),
                )
            )
        except KeyError as error:
            raise UnusableWeights(f"the weights have no {error}") from error
    return blocks


@dataclass(frozen=True, slots=True)
class _Before:
    """Key and value of the start token in one block: (width,) each."""

    key: Array
    value: Array

    def put(self, keys: ov.Node, values: ov.Node) -> tuple[ov.Node, ov.Node]:
        """Prepend them to keys and values: (1, heads, length, HEAD_WIDTH) → length + 1."""
        return _preceded(self.key, keys), _preceded(self.value, values)


def _preceded(first: Array, rest: ov.Node) -> ov.Node:
    return ops.concat([constant(first.reshape(1, -1, 1, HEAD_WIDTH)), rest], 2)


def _alone(state: Array, blocks: list[_Block]) -> list[_Before]:
    """Key and value of the start token in each block. state: (width,) embedded token.

    With causal attention it attends only to itself, so attention returns its own value.
    """
    seen = []
    for block in blocks:
        width = block.width
        key, value = np.split(_applied(block.query_key_value, _steady(state))[width:], 2)
        seen.append(_Before(key, value))
        state = state + _applied(block.attention_out, value)
        raised = _applied(block.up, _steady(state))
        state = state + _applied(block.down, raised / (1 + np.exp(-raised)))
    return seen


def _steady(state: Array) -> Array:
    """`normalised` in NumPy."""
    steadied: Array = (state - state.mean()) / np.sqrt(state.var() + EPSILON)
    return steadied


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


def _block(
    state: ov.Node, block: _Block, before: _Before | None = None, mask: ov.Node | None = None
) -> ov.Node:
    """One transformer block for all tokens: (batch, length, width) → the same shape."""
    projected = block.query_key_value(normalised(state))
    query, key, value = _by_head(projected, 3, block)
    if before is not None:
        key, value = before.put(key, value)
    mixed = ops.scaled_dot_product_attention(query, key, value, mask)
    return _feed_forward(ops.add(state, block.attention_out(_joined(mixed, block))), block)


def _last_block(
    state: ov.Node,
    block: _Block,
    read: ov.Node,
    before: _Before | None = None,
    mask: ov.Node | None = None,
) -> ov.Node:
    """The last block, for the tokens that are read: (batch, length, width) → (batch, n, width).

    read: (n,) their positions in each row. The other tokens only contribute keys and values.
    """
    width = block.width
    steadied = normalised(state)
    key, value = _by_head(block.query_key_value.rows(width, 3 * width)(steadied), 2, block)
    if before is not None:
        key, value = before.put(key, value)
    asking = block.query_key_value.rows(0, width)(ops.gather(steadied, read, axis(1)))
    (query,) = _by_head(asking, 1, block)
    mixed = ops.scaled_dot_product_attention(query, key, value, mask)
    pooled = ops.gather(state, read, axis(1))
    return _feed_forward(ops.add(pooled, block.attention_out(_joined(mixed, block))), block)


def _by_head(projected: ov.Node, parts: int, block: _Block) -> list[ov.Node]:
    """(batch, length, parts · width) → `parts` of (batch, heads, length, HEAD_WIDTH)."""
    split = ops.reshape(projected, ints(0, 0, parts, block.heads, HEAD_WIDTH), True)
    by_head = ops.transpose(split, ints(2, 0, 3, 1, 4))
    return [ops.gather(by_head, axis(part), axis(0)) for part in range(parts)]


def _joined(by_head: ov.Node, block: _Block) -> ov.Node:
    """(batch, heads, length, HEAD_WIDTH) → (batch, length, width)."""
    return ops.reshape(ops.transpose(by_head, ints(0, 2, 1, 3)), ints(0, 0, block.width), True)


def _feed_forward(state: ov.Node, block: _Block) -> ov.Node:
    return ops.add(state, block.down(ops.swish(block.up(normalised(state)))))
