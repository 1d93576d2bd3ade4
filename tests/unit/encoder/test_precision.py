"""The choice of precision: the fastest on this processor, unless the setting names one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.encoder.precision import (
    Precision,
    UnsuitablePrecision,
    in_order,
    least_seconds,
    ranked,
)


@pytest.mark.parametrize("wanted", ["int8", "bf16", "fp32"])
def test_a_precision_by_name_is_used(wanted: Precision) -> None:
    assert list(in_order(wanted, lambda: ["FP32", "INT8", "BF16"])) == [wanted]


def test_bf16_by_name_is_refused_on_a_processor_without_it() -> None:
    with pytest.raises(UnsuitablePrecision, match=r"about 40 times as long .* Set auto"):
        in_order("bf16", lambda: ["FP32", "INT8"])
    assert list(in_order("int8", lambda: ["FP32"])) == ["int8"]


@pytest.mark.parametrize(
    ("int8", "bf16", "chosen"),
    [
        (1.0, 0.5, ["bf16"]),
        (1.0, 1.0, ["bf16"]),
        (1.0, 1.1, ["bf16"]),
        (1.0, 1.6, ["fp32"]),
        (0.4, 0.5, ["bf16"]),
        (0.35, 0.5, ["int8", "bf16"]),
        (0.9, 1.6, ["fp32"]),
        (0.5, 1.6, ["int8", "fp32"]),
    ],
)
def test_a_coarser_precision_must_gain_enough(
    int8: float, bf16: float, chosen: Sequence[Precision]
) -> None:
    """int8 only if it gains much, bf16 unless it is slower."""
    assert list(ranked({"int8": int8, "bf16": bf16, "fp32": 1.0})) == chosen


def test_a_processor_is_measured_once() -> None:
    first = in_order("auto")
    assert first[-1] in ("bf16", "fp32")
    assert all(in_order("auto") == first for _ in range(100))


def test_other_work_for_a_while_does_not_decide() -> None:
    """It slowed int8 down during a shorter trial, and the start then chose fp32."""
    now = 0.0
    turn = 0

    def int8() -> None:
        nonlocal now, turn
        turn += 1
        now += 0.0011 if turn <= 12 else 0.0005

    def fp32() -> None:
        nonlocal now
        now += 0.001

    seconds = least_seconds({"int8": int8, "fp32": fp32}, clock=lambda: now)
    assert list(ranked(seconds)) == ["int8", "fp32"]
