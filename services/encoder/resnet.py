"""CLIP's modified ResNet (RN50 and others) as an OpenVINO graph, built directly from the weights.

It differs from a plain ResNet: three convolutions in the stem, average pooling before every stride,
and attention over the last map instead of global pooling (Radford et al. 2021, section 2.4). Each
batch normalisation is folded into the convolution before it.
"""

from __future__ import annotations

import numpy as np
import openvino as ov
import openvino.opset15 as ops

from services.encoder.architecture import Architecture
from services.encoder.nodes import (
    HEAD_WIDTH,
    axis,
    constant,
    floats,
    ints,
    linear,
    tower,
    unit,
)
from services.encoder.weights import Weights

REDUCTION = 32
"""Pixels per side of the picture for one position of the last map."""

_BATCH_NORM_EPSILON = 1e-5


def is_resnet(weights: Weights) -> bool:
    """True if the image tower is a ResNet and not a vision transformer."""
    return "visual.layer1.0.conv1.weight" in weights


def residual_image_tower(weights: Weights, architecture: Architecture) -> ov.Model:
    """pixels (batch, size, size, 3) uint8 → (batch, dimension) unit vectors."""
    mean, deviation = floats(architecture.mean), floats(architecture.deviation)
    positions = weights["visual.attnpool.positional_embedding"]
    size = round((len(positions) - 1) ** 0.5) * REDUCTION
    pixels = ops.parameter([-1, size, size, 3], np.uint8, name="pixels")
    # Not folded into the first convolution, because its border is padded with zeros after this.
    scaled = ops.multiply(
        ops.subtract(ops.convert(pixels, np.float32), constant(255 * mean)),
        constant(1 / (255 * deviation)),
    )
    state = ops.transpose(scaled, ints(0, 3, 1, 2))
    state = ops.relu(_convolution(state, weights, "visual.conv1", "visual.bn1", stride=2))
    state = ops.relu(_convolution(state, weights, "visual.conv2", "visual.bn2"))
    state = ops.relu(_convolution(state, weights, "visual.conv3", "visual.bn3"))
    state = _average(state, 2)
    for layer in range(1, 5):
        state = _layer(state, weights, f"visual.layer{layer}", stride=1 if layer == 1 else 2)
    pooled = _attention_pool(state, weights)
    return tower("image", [pixels], vectors=unit(pooled))


def _layer(state: ov.Node, weights: Weights, at: str, *, stride: int) -> ov.Node:
    number = 0
    while f"{at}.{number}.conv1.weight" in weights:
        state = _bottleneck(state, weights, f"{at}.{number}", stride=stride if number == 0 else 1)
        number += 1
    return state


def _bottleneck(state: ov.Node, weights: Weights, at: str, *, stride: int) -> ov.Node:
    inner = ops.relu(_convolution(state, weights, f"{at}.conv1", f"{at}.bn1"))
    inner = ops.relu(_convolution(inner, weights, f"{at}.conv2", f"{at}.bn2"))
    inner = _convolution(_average(inner, stride), weights, f"{at}.conv3", f"{at}.bn3")
    if f"{at}.downsample.0.weight" in weights:
        short = _average(state, stride)
        state = _convolution(short, weights, f"{at}.downsample.0", f"{at}.downsample.1")
    return ops.relu(ops.add(inner, state))


def _convolution(
    state: ov.Node, weights: Weights, at: str, norm: str, *, stride: int = 1
) -> ov.Node:
    """A convolution that keeps the map's size (divided by `stride`), with its batch norm."""
    kernel = floats(weights[f"{at}.weight"])  # (out, in, height, width)
    deviation = np.sqrt(floats(weights[f"{norm}.running_var"]) + _BATCH_NORM_EPSILON)
    scale = floats(weights[f"{norm}.weight"]) / deviation
    shift = floats(weights[f"{norm}.bias"]) - floats(weights[f"{norm}.running_mean"]) * scale
    border = [kernel.shape[-1] // 2] * 2
    folded = constant(kernel * scale[:, None, None, None])
    mapped = ops.convolution(state, folded, [stride, stride], border, border, [1, 1])
    return ops.add(mapped, constant(shift[None, :, None, None]))


def _average(state: ov.Node, side: int) -> ov.Node:
    if side == 1:
        return state
    return ops.avg_pool(state, [side, side], [0, 0], [0, 0], [side, side], True)


def _attention_pool(state: ov.Node, weights: Weights) -> ov.Node:
    """(batch, width, height, width) map → (batch, dimension). The map's mean is the query."""
    at = "visual.attnpool"
    width = weights[f"{at}.positional_embedding"].shape[1]
    heads = width // HEAD_WIDTH
    places = ops.transpose(ops.reshape(state, ints(0, width, -1), True), ints(0, 2, 1))
    mean = ops.reduce_mean(places, axis(1), True)
    tokens = ops.add(ops.concat([mean, places], 1), constant(weights[f"{at}.positional_embedding"]))
    first = ops.gather(tokens, ints(0), axis(1))
    query, key, value = (
        ops.transpose(
            ops.reshape(
                linear(weights, f"{at}.{part}_proj")(of), ints(0, -1, heads, HEAD_WIDTH), True
            ),
            ints(0, 2, 1, 3),
        )
        for part, of in (("q", first), ("k", tokens), ("v", tokens))
    )
    mixed = ops.scaled_dot_product_attention(query, key, value)
    joined = ops.reshape(ops.transpose(mixed, ints(0, 2, 1, 3)), ints(0, width), True)
    return linear(weights, f"{at}.c_proj")(joined)
