"""Detection of broken vectors, one by one and together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.pipeline.judging.vector_checks import ProductRows, Rows, alike, faults

N, D = 120, 16


def unit(seed: int, n: int = N) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(n, D)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def whole(seed: int = 0, n: int = N) -> ProductRows:
    image = unit(seed + 1, n)
    image[::5] = 0  # products without a picture
    ids = [f"p{number}" for number in range(n)]
    return ProductRows(ids, [f"f{number}" for number in range(n)], unit(seed, n), image)


def changed(rows: ProductRows, row: int, value: float, name: str = "text") -> ProductRows:
    vectors = getattr(rows, name).copy()
    vectors[row] *= value
    return replace(rows, **{name: vectors})


def test_whole_vectors_have_no_fault_and_neither_has_a_small_change() -> None:
    assert faults(whole(), None) == []
    assert faults(whole(), whole()) == []
    some_new = whole()
    some_new.text[:20] = unit(9, 20)
    assert faults(some_new, whole()) == []


@pytest.mark.parametrize(
    ("rows", "fault_text"),
    [
        (
            changed(whole(), 7, np.nan),
            "1 of 120 vectors of words are broken, that of 'p7' is not f",
        ),
        (changed(whole(), 7, 0.5), "vectors of words are broken, that of 'p7' is of length 0.5"),
        (changed(whole(), 7, 0.0), "that of 'p7' is of length 0"),
        (changed(whole(), 7, 2.0, "image"), "vectors of pictures are broken, that of 'p7'"),
    ],
)
def test_a_vector_that_is_none_is_named(rows: ProductRows, fault_text: str) -> None:
    (fault,) = faults(rows, None)
    assert fault_text in fault


def test_an_encoder_that_says_the_same_of_everything_is_noticed() -> None:
    rows = whole()
    rows.text[:], rows.image[:] = rows.text[0], rows.image[1]
    assert alike(rows) == "120 products of different content have only 1 different vectors"
    # Products of the same content may well be alike.
    assert alike(replace(rows, fingerprints=["same"] * N)) is None
    assert alike(whole()) is None


def test_vectors_that_all_went_elsewhere_are_noticed() -> None:
    served, moved = whole(), whole()
    for vectors in (moved.text, moved.image):
        vectors[:] = vectors + 4 * np.eye(D, dtype=np.float32)[0]
        vectors[:] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = faults(moved, served)
    assert "the mean of the vectors moved by" in found[0]
    # Without the same products in both, that is all that can be said.
    others = replace(moved, ids=[f"q{number}" for number in range(N)])
    assert faults(others, served) == found[:1]


def test_columns_that_slipped_are_noticed_where_the_mean_is_not() -> None:
    served, slipped = whole(), whole()
    slipped.text[:] = np.roll(slipped.text, 1, axis=0)
    (fault,) = faults(slipped, served)
    assert "the words of 120 products that both versions have" in fault


def test_of_a_handful_of_products_nothing_is_said_but_of_each_vector() -> None:
    few = whole(n=10)
    few.text[:] = few.text[0]
    few.image[:] = few.image[1]
    assert faults(few, whole(5, 10)) == []
    assert alike(few) is None
    assert len(faults(changed(few, 2, np.nan), None)) == 1
