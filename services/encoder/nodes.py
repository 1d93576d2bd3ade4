"""Building blocks of the towers' graphs: constants, projections, norms, unit vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov
import openvino.opset15 as ops

from services.encoder.weights import StateDict

Array = npt.NDArray[np.float32]

HEAD_WIDTH = 64  # the same in every CLIP that OpenAI published
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
EPSILON = 1e-5


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


def unit_vectors(state: ov.Node, projection: Linear) -> ov.Node:
    projected = projection(normalised(state))
    return ops.normalize_l2(projected, ints(1), 1e-12, "add")


def normalised(state: ov.Node) -> ov.Node:
    """Layer normalisation without its scale and shift."""
    return ops.mvn(state, ints(-1), True, EPSILON, "inside_sqrt")


def scaled(state: ov.Node, weights: StateDict, norm: str) -> ov.Node:
    product = ops.multiply(state, constant(weights[f"{norm}.weight"]))
    return ops.add(product, constant(weights[f"{norm}.bias"]))


def folded(
    weights: StateDict, norm: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None = None
) -> Linear:
    """A projection after a layer normalisation, with the norm's scale and shift folded in."""
    matrix = floats(weight)
    shifted = matrix @ floats(weights[f"{norm}.bias"])
    return Linear(
        matrix * floats(weights[f"{norm}.weight"]),
        shifted if bias is None else shifted + floats(bias),
    )


def linear(weights: StateDict, name: str) -> Linear:
    return Linear(floats(weights[f"{name}.weight"]), floats(weights[f"{name}.bias"]))


def tower(name: str, vectors: ov.Node, inputs: list[ov.Node]) -> ov.Model:
    vectors.output(0).set_names({"vectors"})
    return ov.Model([ops.result(vectors)], inputs, name)


def floats(array: npt.NDArray[Any]) -> Array:
    return np.ascontiguousarray(array, np.float32)


def constant(array: npt.NDArray[Any]) -> ov.Node:
    return ops.constant(floats(array))


def axis(number: int) -> ov.Node:
    return ops.constant(np.int32(number))


def ints(*numbers: int) -> ov.Node:
    return ops.constant(np.array(numbers, np.int32))
