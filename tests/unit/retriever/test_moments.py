"""The estimate of what a missing picture would add to a product's score."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.retriever.catalogue.moments import Moments
from services.retriever.index import Rows, Vector

D = 8


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / lengths


def rows(products: int, *, unpictured: int = 0) -> Rows:
    """Texts in a cone, as a CLIP's are, and pictures in another, each somewhat like its text."""
    random = np.random.default_rng(1)
    text = unit(random.normal(size=(products, D)) + 2)
    image = unit(text + 0.3 * random.normal(size=(products, D)) - 0.5)
    image[:unpictured] = 0
    return np.concatenate([text, image], axis=1).astype(np.float32)


def query() -> Vector:
    one = unit(np.random.default_rng(2).normal(size=D) + 2)
    return np.concatenate([0.5 * one, 0.5 * one]).astype(np.float32)


@pytest.mark.parametrize("unpictured", [0, 1_000])
def test_the_better_a_text_fits_the_better_its_picture_is_expected_to_fit(unpictured: int) -> None:
    fused, table = query(), rows(4_000, unpictured=unpictured)
    pictured = table[unpictured:]
    line = np.polyfit(pictured[:, :D] @ fused[:D], pictured[:, D:] @ fused[D:], deg=1)
    by_text = np.array([0.3, 0.4, 0.5])
    look = Moments.of(table).image_by_text(fused, by_text)
    assert look == pytest.approx(np.polyval(line, by_text), abs=0.01)
    assert look[2] > look[0] + 0.02


def test_where_no_product_has_a_picture_a_picture_adds_nothing() -> None:
    moments = Moments.of(rows(100, unpictured=100))
    assert not moments.image_by_text(query(), np.array([0.5])).any()
