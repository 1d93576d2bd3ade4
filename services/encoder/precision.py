"""Chooses the precision of the towers' arithmetic by what is fastest on this processor."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from typing import Literal

import numpy as np
import openvino as ov
import openvino.opset15 as ops

from services.encoder.nodes import constant, floats
from services.encoder.priority import low_priority_thread
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
"""OpenVINO's options for each precision. int8 also needs a different graph (`rounded.py`)."""

_MOST_OF_FP32 = 1.15
"""bf16 may take up to 1.15 times as long as fp32, because it halves the memory."""

_MOST_OF_WHOLE = 0.75
"""int8 is the least exact, so it must take at most 0.75 of the time of bf16 or fp32."""

WIDTH = 768
"""Width of ViT-B/32's image tower."""

_ROWS = 16
"""Tokens of a typical pass for shoppers: 14 with new queries from 16 clients."""

_TURNS = 200
"""Other work on a shared machine must not slow int8 down in each of them: with 8, one start in
twelve chose fp32. 200 turns take 0.2 s."""


class UnsuitablePrecision(Exception):
    """The named precision is unusable on this processor; the message says what to set instead."""


def capabilities() -> Collection[str]:
    """OpenVINO's names of the arithmetic that this processor has instructions for."""
    supported: Collection[str] = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return supported


def in_order(
    wanted: Wanted, supported: Callable[[], Collection[str]] = capabilities
) -> Sequence[Precision]:
    """The precision to serve in, and the next one for a model that loses too much by it.

    `auto`: int8 if it is faster on this processor, otherwise bf16 if it is not much slower than
    fp32, otherwise fp32. Instructions alone say little: AMX and AMD's AVX512-BF16 halve the time,
    but Intel's AVX512-BF16 without AMX, as many virtual machines have it, took 1.6 times as long.

    Raises UnsuitablePrecision for bf16 by name on a processor without bf16 instructions.
    """
    if wanted == "auto":
        with low_priority_thread() as thread:  # OpenVINO's own threads may start here
            return thread.submit(_measured).result()
    if wanted == "bf16" and "BF16" not in supported():
        raise UnsuitablePrecision(
            "ENCODER_PRECISION=bf16: this processor has no bf16 instructions, so every forward "
            "pass would take about 40 times as long as in fp32. Set auto, int8 or fp32."
        )
    return (wanted,)


def ranked(seconds: Mapping[Precision, float]) -> Sequence[Precision]:
    """Precisions in the order of preference, from the seconds that each takes for the same work."""
    whole: Precision = "bf16" if seconds["bf16"] <= _MOST_OF_FP32 * seconds["fp32"] else "fp32"
    gains = seconds["int8"] <= _MOST_OF_WHOLE * seconds[whole]
    return ("int8", whole) if gains else (whole,)


@cache
def _measured() -> Sequence[Precision]:
    supported = capabilities()
    requests = {
        precision: ov.compile_model(
            products(precision, 1), "CPU", dict(OPTIONS[precision])
        ).create_infer_request()
        for precision in OPTIONS
        if precision == "fp32" or precision.upper() in supported
    }
    rows = np.random.default_rng(1).standard_normal((_ROWS, WIDTH), np.float32)
    # In the service's process a copy of the result costs page faults, 0.14 ms in each precision.
    asked = {
        precision: partial(one.infer, [rows], share_inputs=True, share_outputs=True)
        for precision, one in requests.items()
    }
    return ranked(least_seconds(asked))


def least_seconds(
    asked: Mapping[Precision, Callable[[], object]], clock: Callable[[], float] = time.perf_counter
) -> Mapping[Precision, float]:
    """The shortest time of each precision; infinity for those not in `asked`.

    They take turns, so that other work on the machine does not slow only one of them.
    """
    seconds: dict[Precision, float] = dict.fromkeys(OPTIONS, float("inf"))
    for _ in range(_TURNS):
        for precision, ask in asked.items():
            started = clock()
            ask()
            seconds[precision] = min(seconds[precision], clock() - started)
    return seconds


def products(precision: Precision, count: int) -> ov.Model:
    """A model of matrix products only, with the shapes of the image tower: from (rows, WIDTH) to
    four times the width and back, alternately.
    """
    random = np.random.default_rng(0)
    start = ops.parameter([-1, WIDTH], np.float32)
    state, width, other = start, WIDTH, 4 * WIDTH
    for _ in range(count):
        weight = floats((random.random((other, width), np.float32) - 0.5) / 16)
        known = coded(weight) if precision == "int8" else constant(weight)
        state, width, other = ops.matmul(state, known, False, True), other, width
    return ov.Model([ops.result(state)], [start], "products")
