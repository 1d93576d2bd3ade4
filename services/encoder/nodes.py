"""Building blocks of the towers' graphs: constants, projections, norms, unit vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
import openvino.opset15 as ops

from services.encoder.architecture import Architecture
from services.encoder.weights import Weights

Array = npt.NDArray[np.float32]

HEAD_WIDTH = 64  # the same in every CLIP that OpenAI published


@dataclass(frozen=True, slots=True)
class Linear:
    """x·Wᵀ + b over the last axis."""

    weight: Array  # (out, in)
    bias: Array  # (out,)

    def __call__(self, state: ov.Node) -> ov.Node:
        product = ops.matmul(state, constant(self.weight), False, True)
        return ops.add(product, constant(self.bias))

    def rows(self, start: int, stop: int) -> Linear:
        return Linear(self.weight[start:stop], self.bias[start:stop])


def unit_vectors(state: ov.Node, projection: Linear, epsilon: float) -> ov.Node:
    return unit(projection(normalised(state, epsilon)))


def unit(vectors: ov.Node) -> ov.Node:
    return ops.normalize_l2(vectors, ints(1), 1e-12, "add")


def normalised(state: ov.Node, epsilon: float) -> ov.Node:
    """Layer normalisation without its scale and shift."""
    return ops.mvn(state, ints(-1), True, epsilon, "inside_sqrt")


def patch_projection(
    weights: Weights, architecture: Architecture, positions: Array
) -> tuple[ov.Node, ov.Node]:
    """The parameter `patches` (batch, places, patch·patch·3) uint8, and what the first layer makes
    of it: (batch, places, width), with `positions` (places, width) added.
    """
    kernel = floats(weights["visual.conv1.weight"])  # (width, 3, patch, patch)
    width, _, patch, _ = kernel.shape
    mean, deviation = floats(architecture.mean), floats(architecture.deviation)
    pixels = ops.parameter([-1, len(positions), patch * patch * 3], np.uint8, name="patches")
    # (byte / 255 - mean) / deviation, with bytes centred on 128: small, and exact in bfloat16.
    by_channel = kernel / (255 * deviation)[:, None, None]
    shift = (by_channel * (128 - 255 * mean)[:, None, None]).sum(axis=(1, 2, 3))
    if "visual.conv1.bias" in weights:
        shift = shift + floats(weights["visual.conv1.bias"])
    flat = by_channel.transpose(0, 2, 3, 1).reshape(width, -1)
    centred = ops.subtract(ops.convert(pixels, np.float32), np.float32(128))
    projected = ops.matmul(centred, constant(flat), False, True)
    return pixels, ops.add(projected, constant(positions + shift))


def scaled(state: ov.Node, weights: Weights, norm: str) -> ov.Node:
    product = ops.multiply(state, constant(weights[f"{norm}.weight"]))
    return ops.add(product, constant(weights[f"{norm}.bias"]))


def folded(
    weights: Weights, norm: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None = None
) -> Linear:
    """A projection after a layer normalisation, with the norm's scale and shift folded in."""
    matrix = floats(weight)
    shifted = matrix @ floats(weights[f"{norm}.bias"])
    return Linear(
        matrix * floats(weights[f"{norm}.weight"]),
        shifted if bias is None else shifted + floats(bias),
    )


def linear(weights: Weights, name: str) -> Linear:
    return Linear(floats(weights[f"{name}.weight"]), floats(weights[f"{name}.bias"]))


def tower(name: str, inputs: list[ov.Node], **outputs: ov.Node) -> ov.Model:
    """A graph with these inputs, and with outputs of these names."""
    for output, node in outputs.items():
        node.output(0).set_names({output})
    return ov.Model(list(map(ops.result, outputs.values())), inputs, name)


def floats(array: npt.ArrayLike) -> Array:
    return np.ascontiguousarray(array, np.float32)


def constant(array: npt.ArrayLike) -> ov.Node:
    return ops.constant(floats(array))


def axis(number: int) -> ov.Node:
    return ops.constant(np.int32(number))


def ints(*numbers: int) -> ov.Node:
    return ops.constant(np.array(numbers, np.int32))
