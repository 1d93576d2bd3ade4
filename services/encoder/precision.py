"""Which arithmetic the towers are computed in: by what this processor is quicker at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Literal

import numpy as np
import openvino as ov
import openvino.opset15 as ops

from services.encoder.nodes import constant, floats
from services.encoder.rounded import GROUP, coded

Precision = Literal["int8", "bf16", "fp32"]
Wanted = Literal["auto", "int8", "bf16", "fp32"]

OPTIONS: Mapping[Precision, Mapping[str, str | int]] = {
    "int8": {
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
        "PERFORMANCE_HINT": "LATENCY",
    },
    "bf16": {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"},
    "fp32": {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"},
}
"""What OpenVINO is told for each. For int8 the graph is another one too (`rounded.py`)."""

_MOST_OF_FP32 = 1.15
"""Half the memory is worth so much: bf16 may take so many times as long as fp32."""

_MOST_OF_WHOLE = 0.75
"""int8, the coarsest, must take no more than so much of the other's time."""

WIDTH = 768
"""Of ViT-B/32's image tower."""

_ROWS = 64

_TURNS = 40
"""Other work on a shared machine could slow int8 down in each of 8 turns, and one start in twelve
then took fp32. 40 take .15 s longer."""


def in_order(wanted: Wanted) -> Sequence[Precision]:
    """What to serve in, and what in its place where a model loses too much by that.

    `auto`: int8 where this processor gains by it, before bf16 where it loses little or nothing by
    that, or else fp32. That a processor has an instruction says little: AMX and AMD's AVX512-BF16
    halve the time, Intel's AVX512-BF16 without AMX, as many virtual machines have it, was seen to
    take 1.6 times as long.
    """
    return _measured() if wanted == "auto" else (wanted,)


def ranked(seconds: Mapping[Precision, float]) -> Sequence[Precision]:
    """By the time that each takes for the same."""
    whole: Precision = "bf16" if seconds["bf16"] <= _MOST_OF_FP32 * seconds["fp32"] else "fp32"
    gains = seconds["int8"] <= _MOST_OF_WHOLE * seconds[whole]
    return ("int8", whole) if gains else (whole,)


@cache
def _measured() -> Sequence[Precision]:
    has = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    requests = {
        precision: ov.compile_model(
            products(precision, 1), "CPU", dict(OPTIONS[precision])
        ).create_infer_request()
        for precision in OPTIONS
        if precision == "fp32" or precision.upper() in has
    }
    rows = np.random.default_rng(1).standard_normal((_ROWS, WIDTH), np.float32)
    return ranked(
        least_seconds(
            {precision: partial(one.infer, [rows]) for precision, one in requests.items()}
        )
    )


def least_seconds(
    asked: Mapping[Precision, Callable[[], object]], clock: Callable[[], float] = time.perf_counter
) -> Mapping[Precision, float]:
    """Of each in turns, so that whatever else the machine does then disturbs none; infinity for
    those that are not asked.
    """
    seconds: dict[Precision, float] = dict.fromkeys(OPTIONS, float("inf"))
    for _ in range(_TURNS):
        for precision, ask in asked.items():
            started = clock()
            ask()
            seconds[precision] = min(seconds[precision], clock() - started)
    return seconds


def products(precision: Precision, count: int) -> ov.Model:
    """Nothing but products, as the image tower has them: from (rows, WIDTH) to four times as wide
    and back by turns.
    """
    random = np.random.default_rng(0)
    start = ops.parameter([-1, WIDTH], np.float32)
    state, width, other = start, WIDTH, 4 * WIDTH
    for _ in range(count):
        weight = floats((random.random((other, width), np.float32) - 0.5) / 16)
        known = coded(weight) if precision == "int8" else constant(weight)
        state, width, other = ops.matmul(state, known, False, True), other, width
    return ov.Model([ops.result(state)], [start], "products")
