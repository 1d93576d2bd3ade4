"""Captions and fingerprints: what a change of a row sets in motion, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.contracts.encoder import MAX_TEXT_CHARACTERS
from services.pipeline.catalogue import fingerprint
from services.pipeline.catalogue.caption import caption
from services.pipeline.catalogue.fingerprint import (
    catalogue_version,
    metadata_fingerprint,
    vector_fingerprint,
)
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.media import StoredPicture

PICTURE = StoredPicture("ab" * 32, "png")
PRODUCT = FeedProduct(
    row=1,
    product_id="p-1",
    title="Red mug",
    description="For tea.",
    brand="Lumo",
    category="Kitchen > Mugs",
    price=12.9,
    currency="EUR",
    product_url="https://example.com/1",
    picture_file=None,
    picture_link="",
    attributes={"color": "red", "pattern": "plain"},
)
STORED = CatalogueProduct.of(PRODUCT, PICTURE, "m@1")


@pytest.mark.parametrize(
    ("title", "description", "expected"),
    [
        ("Red mug", "For tea.", "Red mug. For tea."),
        (" Red \n mug", "For\ttea. ", "Red mug. For tea."),
        ("Red mug", "", "Red mug"),
        ("Red mug", "red mug", "Red mug"),
        ("Red mug", "Red mug for tea.", "Red mug for tea."),
        ("Red mug", "RED MUG, for tea.", "RED MUG, for tea."),
        ("Mug", "Muggy weather.", "Mug. Muggy weather."),
        ("What a mug!", "For tea.", "What a mug! For tea."),
    ],
)
def test_a_caption_says_the_title_once_and_first(
    title: str, description: str, expected: str
) -> None:
    assert caption(title, description) == expected


def test_a_caption_is_no_longer_than_the_encoder_takes() -> None:
    assert len(caption("Mug", "x" * 50_000)) == MAX_TEXT_CHARACTERS


def test_fingerprints_are_the_same_in_every_run() -> None:
    # Literal on purpose: after a change here every stored catalogue is embedded again.
    assert STORED.vector_fingerprint == vector_fingerprint("m@1", "Red mug. For tea.", "ab" * 32)
    assert vector_fingerprint("m", "c", "p") == "cc417b89ed0413f1a651bdd0e4d6acc7"
    assert metadata_fingerprint({"title": "é", "price": None}) == "f0c249ed76003bdf686963d9a9cdfc95"
    assert catalogue_version("m", [("a", "b", "c")]) == "0275b9a5b3f06bcf"


def test_inputs_never_run_together() -> None:
    assert vector_fingerprint("ab", "c", "") != vector_fingerprint("a", "bc", "")
    assert catalogue_version("m", [("a", "b", "c")]) != catalogue_version("m", [("ab", "", "c")])


def test_vectors_depend_on_model_words_picture_and_caption_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = {
        CatalogueProduct.of(PRODUCT, PICTURE, "m@2").vector_fingerprint,
        CatalogueProduct.of(PRODUCT, None, "m@1").vector_fingerprint,
        CatalogueProduct.of(replace(PRODUCT, title="Mug"), PICTURE, "m@1").vector_fingerprint,
    }
    monkeypatch.setattr(fingerprint, "CAPTION_VERSION", "next")
    others.add(CatalogueProduct.of(PRODUCT, PICTURE, "m@1").vector_fingerprint)
    assert len(others | {STORED.vector_fingerprint}) == 5


def test_a_new_price_changes_the_metadata_alone() -> None:
    changed = CatalogueProduct.of(replace(PRODUCT, price=1.0), PICTURE, "m@1")
    assert changed.vector_fingerprint == STORED.vector_fingerprint
    assert changed.metadata_fingerprint != STORED.metadata_fingerprint


def test_the_order_of_columns_and_rows_changes_nothing() -> None:
    moved = replace(PRODUCT, row=9, attributes={"pattern": "plain", "color": "red"})
    assert replace(CatalogueProduct.of(moved, PICTURE, "m@1"), row=1) == STORED


def test_the_image_url_is_the_gateways_path_or_the_link() -> None:
    link = replace(PRODUCT, picture_link="https://example.com/1.jpg")
    assert STORED.image_url == PICTURE.url
    assert CatalogueProduct.of(link, None, "m@1").image_url == "https://example.com/1.jpg"
    assert CatalogueProduct.of(PRODUCT, None, "m@1").image_url == ""
