"""The arithmetic that suits the processor, unless one is named."""

from __future__ import annotations

import pytest

from services.encoder.precision import Precision, choose_precision, quicker


@pytest.mark.parametrize("wanted", ["bf16", "fp32"])
def test_the_one_that_is_named_is_taken(wanted: Precision) -> None:
    assert choose_precision(wanted) == wanted


@pytest.mark.parametrize(
    ("bf16", "chosen"), [(0.5, "bf16"), (1.0, "bf16"), (1.1, "bf16"), (1.6, "fp32")]
)
def test_bf16_is_taken_unless_it_is_slower(bf16: float, chosen: Precision) -> None:
    assert quicker({"bf16": bf16, "fp32": 1.0}) == chosen


def test_a_processor_is_tried_once_and_keeps_its_arithmetic() -> None:
    first = choose_precision("auto")
    assert first in ("bf16", "fp32")
    assert all(choose_precision("auto") == first for _ in range(100))
