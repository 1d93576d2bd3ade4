"""Drawings: the same for the same seed, different where something differs."""

from __future__ import annotations

import numpy as np
import pytest

from demo.drawing.render import picture, png, svg
from demo.taxonomy import CATEGORIES, COLOURS, PATTERNS, Combination

SIDE = 64


@pytest.mark.parametrize("category", [one.name for one in CATEGORIES])
def test_every_category_is_drawn_in_full_and_the_same_again(category: str) -> None:
    combination = Combination(category, "blue", "striped")
    image = picture(combination, 5, SIDE)
    assert (image.size, image.mode) == ((SIDE, SIDE), "RGB")
    assert png(combination, 5, SIDE) == png(combination, 5, SIDE)
    pixels = np.asarray(image).astype(int)
    # Something stands in the middle, and the corners are the light ground.
    assert pixels[[0, 0, -1, -1], [0, -1, 0, -1]].min() > 225
    assert (pixels.min(axis=2) < 200).mean() > 0.05


def test_another_seed_is_another_drawing() -> None:
    combination = Combination("mug", "red", "striped")
    assert len({svg(combination, seed) for seed in range(20)}) == 20


def test_colour_and_pattern_show() -> None:
    drawings = {png(Combination("vase", colour.name, "plain"), 1, SIDE) for colour in COLOURS}
    drawings |= {png(Combination("vase", "red", pattern.name), 1, SIDE) for pattern in PATTERNS}
    assert len(drawings) == len(COLOURS) + len(PATTERNS) - 1  # red and plain is in both
