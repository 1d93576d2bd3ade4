"""Pictures of a catalogue: what they show is what the vectors say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.pipeline.evaluation.plots import HEAT_MAP, MAP, category_similarity, write_plots
from services.pipeline.judging.vector_checks import ProductRows

NAMES = ["Kitchen > Mugs"] * 10 + ["Home > Rugs"] * 8 + [""] * 2


@pytest.fixture
def rows() -> ProductRows:
    random = np.random.default_rng(3)
    text, image = (
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        for vectors in random.normal(size=(2, 20, 8)).astype(np.float32)
    )
    image[3] = 0
    ids = [f"p{number}" for number in range(20)]
    return ProductRows(ids, ids, text, image)


def test_a_cell_is_the_mean_cosine_of_words_and_look_of_what_has_a_picture(
    rows: ProductRows,
) -> None:
    names, similarity = category_similarity(rows, NAMES)
    assert names == ["", "Home > Rugs", "Kitchen > Mugs"]
    mugs = [number for number in range(10) if number != 3]
    expected = (rows.text[mugs] @ rows.image[10:18].T).mean()
    assert similarity[2, 1] == pytest.approx(expected, abs=1e-6)


def test_both_pictures_are_drawn_the_same_each_time(rows: ProductRows, tmp_path: Path) -> None:
    first = write_plots(rows, NAMES, tmp_path / "a")
    second = write_plots(rows, NAMES, tmp_path / "b")
    assert [path.name for path in first] == [MAP, HEAT_MAP]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        with Image.open(one) as picture:
            assert min(picture.size) > 200


def test_of_a_handful_of_products_no_picture_is_drawn(rows: ProductRows, tmp_path: Path) -> None:
    few = ProductRows(rows.ids[:5], rows.ids[:5], rows.text[:5], rows.image[:5])
    assert write_plots(few, NAMES[:5], tmp_path) == []
