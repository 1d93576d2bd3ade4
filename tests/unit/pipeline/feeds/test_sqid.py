"""SQID joined with ESCI: words from the one, pictures and vectors from the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.encoder.models import PUBLISHED
from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, open_feed
from services.pipeline.feeds.sqid import (
    ESCI_PRODUCTS,
    FEATURES,
    IMAGE_FEATURES,
    MODEL,
    NO_PICTURE,
    TEXT_FEATURES,
)


def esci(folder: Path) -> Path:
    """Two locales; one id in both."""
    columns = {
        "product_id": ["A", "B", "A", "C", "D", "E"],
        "product_title": ["Mug", "Hat", "Taza", "Tray", "Rug", "Pen"],
        "product_description": ["<p>Holds tea</p>", None, "té", None, None, None],
        "product_bullet_point": ["Red\nRound", None, None, None, None, None],
        "product_brand": ["Lumo", None, None, None, None, None],
        "product_color": ["red", None, None, None, None, None],
        "product_locale": ["us", "us", "es", "us", "us", "us"],
    }
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / ESCI_PRODUCTS)
    return folder / ESCI_PRODUCTS


def vector(number: int) -> list[float]:
    values: list[float] = np.eye(MODEL.dimension, dtype=np.float32)[number].tolist()
    return values


@pytest.fixture
def sqid(tmp_path: Path) -> Path:
    """As from Hugging Face, but for the supplement, which is as from GitHub."""
    folder = tmp_path / "sqid"
    folder.mkdir()
    esci(tmp_path / "sqid" / "shopping_queries_dataset")
    links = {
        "product_id": ["A", "B", "C", "X"],
        "image_url": ["https://cdn.example/a.jpg", None, NO_PICTURE, "https://cdn.example/x.jpg"],
    }
    pq.write_table(pa.table(links), folder / "product_image_urls.parquet")
    (folder / "supp_product_image_urls.csv").write_text(
        "product_id,image_url\nD,https://cdn.example/d.jpg\nA,https://cdn.example/other.jpg\n"
    )
    features = {
        "product_id": ["C", "A", "B", "A"],
        TEXT_FEATURES: [vector(0), vector(1), vector(2), vector(9)],
        IMAGE_FEATURES: [vector(3), vector(4), None, vector(9)],
    }
    pq.write_table(pa.table(features), folder / FEATURES)
    return folder


def by_id(folder: Path, options: FeedOptions | None = None) -> dict[str, FeedRow]:
    feed = open_feed(folder, options)
    rows = list(feed.rows())
    assert feed.count() == len(rows)
    assert len({row.number for row in rows}) == len(rows)
    return {row.fields["product_id"]: row for row in rows}


def test_words_come_from_esci_and_pictures_from_sqid(sqid: Path) -> None:
    rows = by_id(sqid)
    assert rows["A"].fields == {
        "product_id": "A",
        "title": "Mug",
        "description": "Holds tea\nRed\nRound",
        "brand": "Lumo",
        "image": "https://cdn.example/a.jpg",
    }
    assert rows["A"].attributes == {"color": "red", "locale": "us"}
    assert rows["D"].fields["image"] == "https://cdn.example/d.jpg"


def test_a_picture_that_stands_for_none_is_none(sqid: Path) -> None:
    rows = by_id(sqid)
    for product_id in "BC":
        assert "image" not in rows[product_id].fields
        vectors = rows[product_id].vectors
        assert vectors is not None
        assert vectors.image is None


def test_only_products_of_sqid_are_loaded_and_those_without_words_are_told(sqid: Path) -> None:
    rows = by_id(sqid)
    assert rows.keys() == {"A", "B", "C", "D", "X"}
    assert rows["X"].problem == "it is not among ESCI's products of locale 'us'"


def test_vectors_are_found_by_id_in_whatever_order(sqid: Path) -> None:
    assert open_feed(sqid).vectors_model == MODEL
    rows = by_id(sqid)
    for product_id, text, image in (("A", 1, 4), ("B", 2, None), ("C", 0, None)):
        vectors = rows[product_id].vectors
        assert vectors is not None
        assert vectors.text is not None
        assert int(vectors.text.argmax()) == text
        assert (None if vectors.image is None else int(vectors.image.argmax())) == image
    assert rows["D"].vectors is None


def test_vectors_may_be_left_where_they_are(sqid: Path) -> None:
    options = FeedOptions(with_vectors=False)
    assert open_feed(sqid, options).vectors_model is None
    assert all(row.vectors is None for row in by_id(sqid, options).values())


def test_the_vectors_are_of_the_weights_that_the_encoder_fetches() -> None:
    name, _, digest = MODEL.name.rpartition("@")
    assert PUBLISHED[name].sha256.startswith(digest)


def test_a_locale_of_esci_alone_is_a_feed(tmp_path: Path) -> None:
    path = esci(tmp_path)
    assert [row.fields["title"] for row in open_feed(path).rows()] == [
        "Mug",
        "Hat",
        "Tray",
        "Rug",
        "Pen",
    ]
    spanish = open_feed(path, FeedOptions(locale="es"))
    assert [row.fields["title"] for row in spanish.rows()] == ["Taza"]
    assert spanish.count() == 1


@pytest.mark.parametrize(
    ("missing", "reason"),
    [(ESCI_PRODUCTS, "the words are ESCI's"), ("product_image_urls.parquet", "so it is not SQID")],
)
def test_a_folder_without_a_file_that_is_needed_is_refused(
    sqid: Path, missing: str, reason: str
) -> None:
    next(sqid.rglob(missing)).unlink()
    with pytest.raises(FeedUnusable, match=reason):
        open_feed(sqid)


def test_vectors_of_another_length_are_refused(sqid: Path) -> None:
    features = {"product_id": ["A"], TEXT_FEATURES: [[1.0, 0.0]], IMAGE_FEATURES: [None]}
    schema = pa.schema(
        [("product_id", pa.string())]
        + [(name, pa.list_(pa.float32())) for name in (TEXT_FEATURES, IMAGE_FEATURES)]
    )
    pq.write_table(pa.table(features, schema), sqid / FEATURES)
    with pytest.raises(
        FeedUnusable, match=r"clip_text_features of row 1 has 2 floats, not the 768"
    ):
        list(open_feed(sqid).rows())
