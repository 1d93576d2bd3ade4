"""Which arithmetic the towers are computed in: by what this processor is quicker at."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Literal

import numpy as np
import openvino as ov
import openvino.opset15 as ops

Precision = Literal["bf16", "fp32"]

HINTS: Mapping[Precision, str] = {"bf16": "bf16", "fp32": "f32"}
"""As OpenVINO names them."""

_SHARE_LOST = 1.15
"""Half the memory is worth so much: bf16 may take so many times as long as fp32."""

_ROWS, _WIDTH, _TURNS = 64, 768, 8


def choose_precision(wanted: Literal["auto", "bf16", "fp32"]) -> Precision:
    """`auto`: bf16 where this processor has it and loses little or nothing by it, else fp32.

    That it has it says little: AMX and AMD's AVX512-BF16 halve the time, Intel's AVX512-BF16
    without AMX, as many virtual machines have it, was seen to take 1.6 times as long.
    """
    return _measured() if wanted == "auto" else wanted


def quicker(seconds: Mapping[Precision, float]) -> Precision:
    """By the time that each takes for the same."""
    return "bf16" if seconds["bf16"] <= _SHARE_LOST * seconds["fp32"] else "fp32"


@cache
def _measured() -> Precision:
    core = ov.Core()
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "fp32"
    requests = {precision: _product(core, hint) for precision, hint in HINTS.items()}
    rows = np.ones((_ROWS, _WIDTH), np.float32)
    seconds: dict[Precision, float] = dict.fromkeys(requests, float("inf"))
    # In turns, and the least of each: whatever else the machine does then disturbs neither.
    for _ in range(_TURNS):
        for precision, request in requests.items():
            started = time.perf_counter()
            request.infer([rows])
            seconds[precision] = min(seconds[precision], time.perf_counter() - started)
    return quicker(seconds)


def _product(core: ov.Core, hint: str) -> ov.InferRequest:
    """One matrix product as the image tower has many."""
    start = ops.parameter([_ROWS, _WIDTH], np.float32)
    weights = np.random.default_rng(0).standard_normal((4 * _WIDTH, _WIDTH), np.float32)
    product = ops.matmul(start, ops.constant(weights), False, True)
    model = ov.Model([ops.result(product)], [start], "product")
    options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    return core.compile_model(model, "CPU", options).create_infer_request()
