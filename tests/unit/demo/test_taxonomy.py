"""Products of the shop, and the ones that training never sees."""

from __future__ import annotations

from collections import Counter

import pytest

from demo.drawing.render import SHAPES
from demo.taxonomy import (
    BRANDS,
    CATEGORIES,
    CATEGORY,
    COLOURS,
    PATTERNS,
    SHOWN,
    Named,
    combinations,
    held_out,
)
from demo.training_set import fingerprint, learned_combinations


def test_there_are_as_many_kinds_as_were_promised() -> None:
    assert len(CATEGORIES) >= 26
    assert len(COLOURS) >= 12
    assert len(PATTERNS) >= 7
    assert len(set(BRANDS)) == len(BRANDS)


@pytest.mark.parametrize("kind", [CATEGORIES, COLOURS, PATTERNS])
def test_no_word_means_two_things_of_a_kind(kind: tuple[Named, ...]) -> None:
    words = Counter(word for one in kind for word in one.words)
    assert [word for word, times in words.items() if times > 1] == []


def test_every_category_can_be_drawn_and_nothing_else_is() -> None:
    assert SHAPES.keys() == CATEGORY.keys()


def test_every_category_has_a_place_materials_purposes_and_a_price() -> None:
    for category in CATEGORIES:
        low, high = category.price
        assert 0 < low < high, category.name
        assert category.path.count(" > ") == 1, category.name
        assert category.materials, category.name
        assert category.purposes, category.name


def test_a_third_is_held_out_and_what_the_examples_ask_for_is_among_it() -> None:
    everything = combinations()
    held = {one for one in everything if held_out(one)}
    assert len(set(everything)) == len(CATEGORIES) * len(COLOURS) * len(PATTERNS)
    assert 0.30 < len(held) / len(everything) < 0.37
    assert held >= SHOWN


def test_training_draws_exactly_what_is_not_held_out() -> None:
    learned = set(learned_combinations())
    held = {one for one in combinations() if held_out(one)}
    assert not learned & held
    assert learned | held == set(combinations())


def test_every_category_colour_and_pattern_is_learned_in_some_combination() -> None:
    learned = learned_combinations()
    assert {one.category for one in learned} == {one.name for one in CATEGORIES}
    assert {one.colour for one in learned} == {one.name for one in COLOURS}
    assert {one.pattern for one in learned} == {one.name for one in PATTERNS}


def test_drawings_kept_for_another_hold_out_are_not_taken_for_these() -> None:
    few = learned_combinations()[:20]
    assert fingerprint(few) == fingerprint(list(few))
    assert len({fingerprint(few), fingerprint(few[1:]), fingerprint(few[::-1])}) == 3
