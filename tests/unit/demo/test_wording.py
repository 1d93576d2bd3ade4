"""Captions say what they claim to say: training takes their word for it."""

from __future__ import annotations

from random import Random

from demo.taxonomy import (
    CATEGORY,
    COLOUR,
    COLOURS,
    PATTERN,
    PATTERNS,
    Combination,
    Named,
    combinations,
)
from demo.wording import shop_wording, training_caption


def mentions(text: str, named: Named, *more: str) -> bool:
    lowered = text.lower()
    return any(word.lower() in lowered for word in (*named.words, *more))


def test_a_caption_mentions_the_attributes_that_it_is_said_to_mention() -> None:
    random = Random(3)
    for combination in random.sample(combinations(), 600):
        caption = training_caption(combination, random)
        pattern = PATTERN[combination.pattern]
        if caption.category:
            assert mentions(caption.text, CATEGORY[combination.category]), caption
        if caption.colour:
            assert mentions(caption.text, COLOUR[combination.colour]), caption
        if caption.pattern:
            assert mentions(caption.text, pattern, pattern.noun), caption


def test_captions_leave_each_attribute_out_at_times() -> None:
    random = Random(4)
    captions = [training_caption(Combination("sock", "red", "dotted"), random) for _ in range(400)]
    for attribute in ("category", "colour", "pattern"):
        told = sum(getattr(caption, attribute) for caption in captions)
        assert 0.5 < told / len(captions) < 1, attribute


def test_the_shop_names_category_colour_and_pattern_of_every_product() -> None:
    random = Random(5)
    for combination in combinations():
        wording = shop_wording(combination, random)
        for text in (wording.title, f"{wording.title}. {wording.description}"):
            assert combination.colour in text, wording
            assert combination.pattern in text, wording
        assert combination.category in wording.title
        low, high = CATEGORY[combination.category].price
        assert low - 1 <= wording.price <= high + 2.5, wording


def test_colours_and_patterns_share_no_word() -> None:
    assert not {w for c in COLOURS for w in c.words} & {w for p in PATTERNS for w in p.words}
