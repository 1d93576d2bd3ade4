"""The sample catalogue as it is kept: what the script makes, and nothing that training saw."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.make_sample import COLUMNS, SIDE, SampleProduct, sample_products
from demo.taxonomy import CATEGORIES
from demo.training_set import learned_combinations

SAMPLE = Path("data/sample")
MOST_BYTES = 12_000_000


@pytest.fixture(scope="module")
def products() -> list[SampleProduct]:
    return sample_products()


def test_there_are_enough_products_of_every_category(products: list[SampleProduct]) -> None:
    assert len(products) >= 640
    assert {one.combination.category for one in products} == {one.name for one in CATEGORIES}


def test_no_product_is_of_a_combination_that_training_sees(products: list[SampleProduct]) -> None:
    assert not {one.combination for one in products} & set(learned_combinations())


def test_the_file_is_what_the_script_writes(products: list[SampleProduct]) -> None:
    with (SAMPLE / "products.csv").open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert rows == [product.row() for product in products]


def test_no_two_products_are_alike(products: list[SampleProduct]) -> None:
    assert len({product.product_id for product in products}) == len(products)
    words = {(one.wording.title, one.wording.description, one.wording.price) for one in products}
    assert len(words) == len(products)
    pictures = {(SAMPLE / product.image_path).read_bytes() for product in products}
    assert len(pictures) == len(products)


def test_every_picture_opens_and_none_is_left_over(products: list[SampleProduct]) -> None:
    for product in products:
        with Image.open(SAMPLE / product.image_path) as image:
            assert (image.format, image.size) == ("WEBP", (SIDE, SIDE))
    kept = {f"images/{path.name}" for path in (SAMPLE / "images").iterdir()}
    assert kept == {product.image_path for product in products}


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= MOST_BYTES


def test_pictures_drawn_again_are_the_kept_ones(products: list[SampleProduct]) -> None:
    for product in products[:: len(products) // 6]:
        again = product.webp()
        assert again == product.webp()
        # Pixels, since another build of the encoder may pack the same ones differently.
        drawn = np.asarray(Image.open(io.BytesIO(again)).convert("RGB")).astype(int)
        with Image.open(SAMPLE / product.image_path) as image:
            kept = np.asarray(image.convert("RGB")).astype(int)
        assert np.abs(drawn - kept).mean() < 1, product.product_id
