"""CLIP's two towers as OpenVINO graphs, built straight from the weights.

What a framework's export would give, in the shape that runs fastest and without torch or ONNX:

- attention as one scaled-dot-product node, causal in the text tower;
- layer normalisation's scale and shift folded into the projection that follows;
- QuickGELU x·σ(1.702·x) as SiLU, with 1.702 folded into the layer before and after;
- the last block computed for the one token that is read (end-of-text, class);
- pixels go in as bytes; CLIP's mean and deviation are folded into the patch projection;
- unit vectors come out.

Sources: Radford et al. 2021 for the architecture; `docs/decisions/0002-graph-from-weights.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
import openvino.opset15 as ops

from services.encoder.weights import StateDict, UnusableWeights

Array = npt.NDArray[np.float32]

HEAD_WIDTH = 64  # of every CLIP that OpenAI published
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
_GELU = np.float32(1.702)
_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a CLIP, read off its weights."""

    dimension: int
    image_size: int
    patch_size: int
    context_length: int


def read_shape(weights: StateDict) -> Shape:
    """Raises UnusableWeights when the weights are not those of a CLIP with a vision transformer."""
    try:
        patches, _ = weights["visual.positional_embedding"].shape
        patch_size = weights["visual.conv1.weight"].shape[-1]
        return Shape(
            dimension=weights["text_projection"].shape[1],
            image_size=round((patches - 1) ** 0.5) * patch_size,
            patch_size=patch_size,
            context_length=weights["positional_embedding"].shape[0],
        )
    except KeyError as error:
        raise UnusableWeights(
            f"these weights have no {error}: not a CLIP with a vision transformer"
        ) from error


def text_tower(weights: StateDict) -> ov.Model:
    """tokens (batch, length) int32 and ends (batch,) int32 → (batch, dimension) unit vectors.

    `ends` is the place of each text's end-of-text token. Attention is causal, so what stands after
    it changes nothing: a batch may be as short as its longest text.
    """
    tokens = ops.parameter([-1, -1], np.int32, name="tokens")
    ends = ops.parameter([-1], np.int32, name="ends")
    embedded = ops.gather(_constant(weights["token_embedding.weight"]), tokens, _axis(0))
    length = ops.gather(ops.shape_of(tokens, output_type="i32"), _axis(1), _axis(0))
    positions = ops.slice(
        _constant(weights["positional_embedding"]),
        np.array([0], np.int32),
        ops.unsqueeze(length, _axis(0)),
        np.array([1], np.int32),
        np.array([0], np.int32),
    )
    state = ops.add(embedded, positions)
    blocks = _blocks(weights, "transformer.resblocks.")
    for block in blocks[:-1]:
        state = _block(state, block, causal=True)
    pooled = _unit_vectors(
        _last_block(state, blocks[-1], ends),
        _folded(weights, "ln_final", weights["text_projection"].T),
    )
    return _model("text", pooled, [tokens, ends])


def image_tower(weights: StateDict) -> ov.Model:
    """patches (batch, places, patch·patch·3) uint8 → (batch, dimension) unit vectors."""
    kernel = _float(weights["visual.conv1.weight"])  # (width, 3, patch, patch)
    width, _, patch, _ = kernel.shape
    places = weights["visual.positional_embedding"].shape[0] - 1
    pixels = ops.parameter([-1, places, patch * patch * 3], np.uint8, name="patches")
    # (byte / 255 - mean) / deviation, as bytes about their middle: exact in bfloat16, and small.
    by_channel = kernel / (255 * DEVIATION)[:, None, None]
    shift = (by_channel * (128 - 255 * MEAN)[:, None, None]).sum(axis=(1, 2, 3))
    flat = by_channel.transpose(0, 2, 3, 1).reshape(width, -1)
    centred = ops.subtract(ops.convert(pixels, np.float32), np.float32(128))
    positions = _float(weights["visual.positional_embedding"])
    embedded = ops.add(
        ops.matmul(centred, _constant(flat), False, True), _constant(positions[1:] + shift)
    )
    class_token = _constant((_float(weights["visual.class_embedding"]) + positions[0])[None, None])
    batch = ops.gather(ops.shape_of(pixels, output_type="i32"), _vector(0), _axis(0))
    token_shape = ops.concat([batch, _vector(1), _vector(width)], 0)
    state = ops.concat([ops.broadcast(class_token, token_shape), embedded], 1)
    state = _scaled(_normalised(state), weights, "visual.ln_pre")
    blocks = _blocks(weights, "visual.transformer.resblocks.")
    for block in blocks[:-1]:
        state = _block(state, block, causal=False)
    pooled = _unit_vectors(
        _last_block(state, blocks[-1], None),
        _folded(weights, "visual.ln_post", _float(weights["visual.proj"]).T),
    )
    return _model("image", pooled, [pixels])


@dataclass(frozen=True, slots=True)
class _Linear:
    weight: Array  # (out, in)
    bias: Array  # (out,)

    def __call__(self, state: ov.Node) -> ov.Node:
        product = ops.matmul(state, _constant(self.weight), False, True)
        return ops.add(product, _constant(self.bias))

    def rows(self, start: int, stop: int) -> _Linear:
        return _Linear(self.weight[start:stop], self.bias[start:stop])


@dataclass(frozen=True, slots=True)
class _Block:
    heads: int
    query_key_value: _Linear
    attention_out: _Linear
    up: _Linear
    down: _Linear

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
            up = _folded(
                weights, f"{at}ln_2", weights[f"{at}mlp.c_fc.weight"], weights[f"{at}mlp.c_fc.bias"]
            )
            blocks.append(
                _Block(
                    heads=weights[f"{at}attn.out_proj.weight"].shape[0] // HEAD_WIDTH,
                    query_key_value=_folded(
                        weights,
                        f"{at}ln_1",
                        weights[f"{at}attn.in_proj_weight"],
                        weights[f"{at}attn.in_proj_bias"],
                    ),
                    attention_out=_linear(weights, f"{at}attn.out_proj"),
                    up=_Linear(up.weight * _GELU, up.bias * _GELU),
                    down=_Linear(
                        _float(weights[f"{at}mlp.c_proj.weight"]) / _GELU,
                        _float(weights[f"{at}mlp.c_proj.bias"]),
                    ),
                )
            )
        except KeyError as error:
            raise UnusableWeights(f"the weights have no {error}") from error
    return blocks


def _block(state: ov.Node, block: _Block, *, causal: bool) -> ov.Node:
    """One transformer block over all tokens: (batch, length, width) → the same."""
    projected = block.query_key_value(_normalised(state))
    split = ops.reshape(projected, _vector(0, 0, 3, block.heads, HEAD_WIDTH), True)
    by_head = ops.transpose(split, _vector(2, 0, 3, 1, 4))
    query, key, value = (ops.gather(by_head, _axis(part), _axis(0)) for part in range(3))
    mixed = ops.scaled_dot_product_attention(query, key, value, causal=causal)
    joined = ops.reshape(
        ops.transpose(mixed, _vector(0, 2, 1, 3)), _vector(0, 0, block.width), True
    )
    state = ops.add(state, block.attention_out(joined))
    return _feed_forward(state, block)


def _last_block(state: ov.Node, block: _Block, ends: ov.Node | None) -> ov.Node:
    """The last block for the one token that is read: (batch, length, width) → (batch, width).

    `ends` (batch,) is its place in each row, or None for the first. Every other token is only asked
    for its key and value.
    """
    width = block.width
    normalised = _normalised(state)
    key_value = block.query_key_value.rows(width, 3 * width)(normalised)
    split = ops.reshape(key_value, _vector(0, 0, 2, block.heads, HEAD_WIDTH), True)
    by_head = ops.transpose(split, _vector(2, 0, 3, 1, 4))
    key, value = (ops.gather(by_head, _axis(part), _axis(0)) for part in range(2))
    pooled = _pick(state, ends)
    query = block.query_key_value.rows(0, width)(_pick(normalised, ends))
    query = ops.reshape(query, _vector(0, block.heads, 1, HEAD_WIDTH), True)
    if ends is None:
        mixed = ops.scaled_dot_product_attention(query, key, value)
    else:
        mixed = ops.scaled_dot_product_attention(query, key, value, _reach(state, ends))
    joined = ops.reshape(mixed, _vector(0, width), True)
    return _feed_forward(ops.add(pooled, block.attention_out(joined)), block)


def _reach(state: ov.Node, ends: ov.Node) -> ov.Node:
    """(batch, 1, 1, length) mask: 0 up to each row's end, very negative after it."""
    length = ops.gather(ops.shape_of(state, output_type="i32"), _axis(1), _axis(0))
    places = ops.range(_axis(0), length, _axis(1), output_type="i32")
    column = ops.unsqueeze(ends, _vector(1))
    allowed = ops.less_equal(ops.unsqueeze(places, _vector(0)), column)
    mask = ops.select(allowed, np.float32(0), np.float32(-1e9))
    return ops.unsqueeze(mask, _vector(1, 2))


def _pick(state: ov.Node, ends: ov.Node | None) -> ov.Node:
    """One token a row: (batch, length, width) → (batch, width)."""
    if ends is None:
        return ops.gather(state, _axis(0), _axis(1))
    return ops.gather_nd(state, ops.unsqueeze(ends, _vector(1)), 1)


def _feed_forward(state: ov.Node, block: _Block) -> ov.Node:
    return ops.add(state, block.down(ops.swish(block.up(_normalised(state)))))


def _unit_vectors(state: ov.Node, projection: _Linear) -> ov.Node:
    projected = projection(_normalised(state))
    return ops.normalize_l2(projected, _vector(1), 1e-12, "add")


def _normalised(state: ov.Node) -> ov.Node:
    """Layer normalisation without its scale and shift."""
    return ops.mvn(state, _vector(-1), True, _EPSILON, "inside_sqrt")


def _scaled(state: ov.Node, weights: StateDict, norm: str) -> ov.Node:
    scaled = ops.multiply(state, _constant(weights[f"{norm}.weight"]))
    return ops.add(scaled, _constant(weights[f"{norm}.bias"]))


def _folded(
    weights: StateDict, norm: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None = None
) -> _Linear:
    """A projection that follows a layer normalisation, with the norm's scale and shift in it."""
    matrix = _float(weight)
    shifted = matrix @ _float(weights[f"{norm}.bias"])
    return _Linear(
        matrix * _float(weights[f"{norm}.weight"]),
        shifted if bias is None else shifted + _float(bias),
    )


def _linear(weights: StateDict, name: str) -> _Linear:
    return _Linear(_float(weights[f"{name}.weight"]), _float(weights[f"{name}.bias"]))


def _model(name: str, vectors: ov.Node, inputs: list[ov.Node]) -> ov.Model:
    vectors.output(0).set_names({"vectors"})
    return ov.Model([ops.result(vectors)], inputs, name)


def _float(array: npt.NDArray[Any]) -> Array:
    return np.ascontiguousarray(array, np.float32)


def _constant(array: npt.NDArray[Any]) -> ov.Node:
    return ops.constant(_float(array))


def _axis(number: int) -> ov.Node:
    return ops.constant(np.int32(number))


def _vector(*numbers: int) -> ov.Node:
    return ops.constant(np.array(numbers, np.int32))
