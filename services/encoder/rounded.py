"""A tower's matrix products in 8 bits, and the loss that this causes in its vectors.

Weights become 8-bit integers with one scale per `GROUP` of a row. OpenVINO rounds the activations
in the same way, token by token, at run time.

Trained transformers have a few channels with far larger values than all others; next to them,
rounding would erase the other channels. So each channel is first shifted by the middle of its
values, and divided so that its range matches that of its weights. The weights and the bias undo
both: before rounding, the result is the same.

Sources: Xiao et al. 2023 (SmoothQuant) for dividing, Wei et al. 2023 (Outlier Suppression+) for
shifting; `docs/decisions/0035-eight-bits-where-they-are-tried.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import openvino as ov
import openvino.opset15 as ops

from services.encoder.nodes import Array, constant, floats, ints
from services.encoder.packing import Inputs

GROUP = 64
"""Number of weights, and of activations, that share a scale."""

_LARGEST = 127
_LEAST = 1e-6
"""Used instead of zero where it would be a divisor."""

_QUIETEST = 1 / 8
"""Smallest range of a channel, as a share of the usual range: a channel that varied little in
`seen` may vary more in later inputs."""


@dataclass(frozen=True, slots=True)
class _Product:
    """state · weightᵀ with a constant weight."""

    node: ov.Node
    state: ov.Output
    weight: Array  # (out, in)


@dataclass(frozen=True, slots=True)
class _Range:
    """The smallest and the largest value of each channel: (in,)."""

    least: Array
    greatest: Array


def round_products(tower: ov.Model, seen: Sequence[Inputs]) -> None:
    """Rewrite, in place, every product of a tower whose rows divide into groups.

    seen: typical inputs, from which the channels' ranges are learnt.
    """
    products = list(_products(tower))
    for product, taken in zip(products, _ranges(tower, products, seen), strict=True):
        consumers = product.node.output(0).get_target_inputs()
        rounded = _rounded(product, taken).output(0)
        for consumer in consumers:
            consumer.replace_source_output(rounded)
    tower.validate_nodes_and_infer_types()


def share_lost(exact: Array, rounded: Array) -> float:
    """Mean square change of the vectors by rounding, divided by their variance. (n, d) each.

    At .0011, 97 of a hundred texts among another's ten nearest stayed there. 1.0 if it cannot be
    computed, because numbers are not finite or all vectors are equal.
    """
    if not (np.isfinite(exact).all() and np.isfinite(rounded).all()):
        return 1.0
    spread = np.square(exact - exact.mean(0)).sum(1).mean()
    moved = np.square(exact - rounded).sum(1).mean()
    return float(moved / spread) if spread > 0 else 1.0


def coded(weight: Array) -> ov.Node:
    """(out, in) in OpenVINO's pattern for compressed weights: integers, converted and scaled."""
    rows, columns = weight.shape
    groups = weight.reshape(rows, columns // GROUP, GROUP)
    scales = np.maximum(np.abs(groups).max(2, keepdims=True), _LEAST) / _LARGEST
    codes: npt.NDArray[np.int8] = np.rint(groups / scales).astype(np.int8)
    decoded = ops.multiply(ops.convert(ops.constant(codes), np.float32), constant(scales))
    return ops.reshape(decoded, ints(rows, columns), False)


def _products(tower: ov.Model) -> Iterator[_Product]:
    for node in tower.get_ordered_ops():
        if node.get_type_name() != "MatMul":
            continue
        weight = node.input_value(1).get_node()
        if weight.get_type_name() == "Constant" and weight.get_output_shape(0)[-1] % GROUP == 0:
            yield _Product(node, node.input_value(0), floats(weight.get_data()))


def _ranges(
    tower: ov.Model, products: Sequence[_Product], seen: Sequence[Inputs]
) -> Iterator[_Range]:
    taps = []
    for product in products:
        rank = product.state.get_partial_shape().rank.get_length()
        others = ints(*range(rank - 1))
        taps.append(ops.result(ops.reduce_min(product.state, others)))
        taps.append(ops.result(ops.reduce_max(product.state, others)))
    request = ov.compile_model(
        ov.Model(taps, tower.get_parameters(), "ranges"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    ).create_infer_request()
    parts = [[np.array(value) for value in request.infer(inputs).values()] for inputs in seen]
    for number in range(0, len(taps), 2):
        yield _Range(
            np.min([part[number] for part in parts], axis=0),
            np.max([part[number + 1] for part in parts], axis=0),
        )


def _rounded(product: _Product, taken: _Range) -> ov.Node:
    middle = (taken.least + taken.greatest) / 2
    reach = (taken.greatest - taken.least) / 2
    reach = np.maximum(reach, max(_QUIETEST * float(np.median(reach)), _LEAST))
    scale = np.sqrt(reach / np.maximum(np.abs(product.weight).max(0), _LEAST))
    moved = ops.multiply(ops.subtract(product.state, constant(middle)), constant(1 / scale))
    part = ops.matmul(moved, coded(product.weight * scale), False, True)
    return ops.add(part, constant(product.weight @ middle))
