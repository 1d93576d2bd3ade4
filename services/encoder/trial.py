"""The int8 trial: rounds a model's weights and compares its vectors with the exact ones.

The loss depends on what training left in the weights, so no other model can predict it. Each model
is tried when its graphs are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov

from services.encoder.architecture import Description
from services.encoder.beginnings import Beginnings
from services.encoder.nodes import Array
from services.encoder.packing import Inputs, stacked_pictures, text_passes
from services.encoder.precision import OPTIONS, Precision
from services.encoder.probes import probe_pictures, probe_texts
from services.encoder.rounded import round_products, share_lost
from services.encoder.towers import Shape, Towers

MOST_LOST = 0.004
"""A model that loses more is served in another precision, unless the setting names int8."""

_TEXTS, _PICTURES = 200, 48
"""Number of probes for learning and, separately, for the trial; a third of the pictures learn."""


@dataclass(frozen=True, slots=True)
class _Probes:
    learnt: Sequence[Inputs]
    tried: Sequence[tuple[Inputs, int]]  # with the number of vectors


def round_and_try(towers: Towers, facts: Description) -> float:
    """Round both towers' products in place. Returns the loss of the tower that loses more."""
    return max(
        _round_and_try(towers.text, _text_probes(towers, facts)),
        _round_and_try(towers.image, _picture_probes(towers.shape)),
    )


def _round_and_try(tower: ov.Model, probes: _Probes) -> float:
    exact = _vectors(tower, "fp32", probes)
    round_products(tower, probes.learnt)
    return share_lost(exact, _vectors(tower, "int8", probes))


def _text_probes(towers: Towers, facts: Description) -> _Probes:
    learnt, tried = (
        list(
            text_passes(
                probe_texts(_TEXTS, seed, facts, towers.shape.context_length),
                Beginnings.of(towers.text),
            )
        )
        for seed in (1, 2)
    )
    return _Probes([one.inputs for one in learnt], [(one.inputs, len(one.texts)) for one in tried])


def _picture_probes(shape: Shape) -> _Probes:
    few, many = (
        [
            stacked_pictures([picture], shape.patch_size)
            for picture in probe_pictures(count, shape.image_size, seed)
        ]
        for count, seed in ((_PICTURES // 3, 1), (_PICTURES, 2))
    )
    return _Probes(few, [(inputs, 1) for inputs in many])


def _vectors(tower: ov.Model, precision: Precision, probes: _Probes) -> Array:
    request = ov.compile_model(tower, "CPU", dict(OPTIONS[precision])).create_infer_request()
    return np.concatenate(
        [
            np.array(request.infer(inputs)["vectors"], np.float32)[:count]
            for inputs, count in probes.tried
        ]
    )
