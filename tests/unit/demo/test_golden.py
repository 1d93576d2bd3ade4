"""The golden queries of the sample: as many as promised, graded by attributes, never learned."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from demo.golden_queries import Wish, picture_queries, text_queries
from demo.make_golden import golden
from demo.make_sample import SampleProduct, sample_products
from demo.taxonomy import CATEGORIES, Combination
from demo.training_set import learned_combinations
from demo.wording import product_text, training_caption
from services.pipeline.judging.golden import (
    JUDGEMENTS,
    QUERIES,
    VARIANTS,
    Golden,
    read_golden,
    write_golden,
)

FOLDER = Path("data/sample/golden")


@pytest.fixture(scope="module")
def stored() -> Golden:
    return read_golden(FOLDER)


@pytest.fixture(scope="module")
def products() -> list[SampleProduct]:
    return sample_products()


def product(products: list[SampleProduct], category: str, colour: str) -> SampleProduct:
    return next(
        one
        for one in products
        if (one.combination.category, one.combination.colour) == (category, colour)
    )


def test_the_stored_tables_are_what_the_command_writes(tmp_path: Path) -> None:
    write_golden(golden(), tmp_path)
    for name in (QUERIES, JUDGEMENTS, VARIANTS):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_there_are_as_many_of_each_kind_as_promised(stored: Golden) -> None:
    kinds = Counter(query.kind for query in stored.queries)
    assert kinds["text"] >= 200
    assert kinds["picture"] >= 100
    assert (kinds["nonsense"], kinds["off_catalogue"]) == (100, 100)
    assert kinds["name"] >= 90
    assert (kinds["identifier"], kinds["limit"]) == (80, 80)
    forms = Counter(query.form for query in stored.of_kind("text"))
    assert forms["not a pattern"] + forms["not a colour"] >= 25
    halves = Counter((query.kind, query.half) for query in stored.queries)
    assert min(halves.values()) >= 30
    texts = [query.text for query in stored.queries if query.kind != "picture"]
    assert len(set(texts)) == len(texts)
    assert all((FOLDER / query.picture).is_file() for query in stored.of_kind("picture"))


def test_grades_come_from_attributes(products: list[SampleProduct]) -> None:
    blue, other = product(products, "mug", "blue"), product(products, "mug", "red")
    teapot, lamp = product(products, "teapot", "blue"), product(products, "lamp", "blue")
    wish = Wish("mug", colour="blue")
    assert [wish.grade(one) for one in (blue, other, teapot, lamp)] == ["E", "S", "C", "I"]
    assert Wish("mug", not_colour="blue").grade(blue) == "S"
    assert Wish("mug", not_colour="blue").grade(other) == "E"
    price = blue.wording.price
    assert [Wish("mug", high=price + one).grade(blue) for one in (0.0, -0.01)] == ["E", "S"]
    assert [Wish("mug", low=price + one).grade(blue) for one in (0.0, 0.01)] == ["E", "S"]
    assert Wish(product_id=blue.product_id).grade(other) == "I"
    boot, shoe = product(products, "boot", "red"), product(products, "running shoe", "red")
    assert [Wish("boot", colour="red").grade(one) for one in (boot, shoe)] == ["E", "S"]
    assert [Wish(colour="red").grade(one) for one in (boot, blue)] == ["E", "I"]


def test_no_golden_question_is_a_training_caption(products: list[SampleProduct]) -> None:
    random = Random(5)
    learned = learned_combinations()
    captions = {
        make(random.choice(learned), random)
        for make in (lambda one, rng: training_caption(one, rng).text, product_text)
        for _ in range(30_000)
    }
    asked = {one.query.text for one in text_queries(products)}
    assert len(captions) > 30_000
    assert asked.isdisjoint(captions)


def test_a_golden_picture_is_of_what_training_never_saw(products: list[SampleProduct]) -> None:
    learned = set(learned_combinations())
    for one in picture_queries(products):
        looks = Combination(one.wish.category, one.wish.colour, one.wish.pattern)
        assert looks not in learned


def test_what_the_shop_does_not_sell_names_nothing_that_it_sells(stored: Golden) -> None:
    sold = {word for category in CATEGORIES for word in category.words}
    for query in stored.of_kind("off_catalogue", "nonsense"):
        found = [word for word in sold if re.search(rf"\b{re.escape(word)}s?\b", query.text)]
        assert found == [], query.text


def test_every_variant_is_of_a_text_query_and_case_and_spacing_keep_its_words(
    stored: Golden,
) -> None:
    texts = {query.query_id: query.text for query in stored.of_kind("text")}
    by_kind = Counter(variant.variant for variant in stored.variants)
    assert set(by_kind.values()) == {len(texts)}
    for variant in stored.variants:
        text = texts[variant.query_id]
        same = variant.text.casefold().split() == text.casefold().split()
        assert same == (variant.variant in ("case", "spacing")) or variant.variant == "word order"
        if variant.variant == "word order":
            assert sorted(variant.text.split()) == sorted(text.split())
