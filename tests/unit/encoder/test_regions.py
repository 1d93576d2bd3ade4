"""Things are found on photographs that are composed of products, on many backgrounds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from services.contracts.encoder import Crop
from services.encoder.regions import find_regions

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "data" / "sample" / "images"
GROCERY = ROOT.parent / "shared" / "catalogs" / "grocery"
SIZE = (800, 600)

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""
Background = Callable[[random.Random], Image.Image]


def plain(chance: random.Random) -> Image.Image:
    return Image.new("RGB", SIZE, tuple(chance.randrange(30, 235) for _ in range(3)))


def white(_: random.Random) -> Image.Image:
    return Image.new("RGB", SIZE, "white")


def gradient(chance: random.Random) -> Image.Image:
    first, last = (np.array([chance.randrange(30, 235) for _ in range(3)]) for _ in range(2))
    along = np.linspace(0, 1, SIZE[1])[:, None, None] + np.zeros((1, SIZE[0], 1))
    return Image.fromarray((first * (1 - along) + last * along).astype(np.uint8))


def carpet(chance: random.Random) -> Image.Image:
    noise = np.random.default_rng(chance.randrange(1_000)).normal(0, 14, (SIZE[1], SIZE[0], 3))
    pixels = np.asarray(plain(chance)) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))


def room(chance: random.Random) -> Image.Image:
    picture = plain(chance)
    picture.paste(plain(chance), (0, int(SIZE[1] * 0.6)))
    return picture.filter(ImageFilter.GaussianBlur(2))


BACKGROUNDS: tuple[Background, ...] = (plain, white, gradient, carpet, room)


def cut_out(product: Image.Image) -> Image.Image:
    """The mask of a product on a nearly white ground; its own white parts are holes."""
    dark = (np.asarray(product) < 215).any(axis=-1)
    mask = Image.fromarray((dark * np.uint8(255)).astype(np.uint8))
    return mask.filter(ImageFilter.MedianFilter(5))


def composed(
    products: list[Path], background: Background, count: int, chance: random.Random, *, cut: bool
) -> tuple[Image.Image, list[Box]]:
    """A photograph of some products, each somewhere in its own cell of a grid."""
    picture, boxes = background(chance), list[Box]()
    columns = (count + 1) // 2
    rows = 1 if count == 1 else 2
    width, height = SIZE[0] / columns, SIZE[1] / rows
    for number in range(count):
        side = int(min(width, height) * chance.uniform(0.6, 0.95))
        product = Image.open(chance.choice(products)).convert("RGB").resize((side, side))
        left = int(number // rows * width + chance.uniform(0, width - side))
        top = int(number % rows * height + chance.uniform(0, height - side))
        if cut:
            mask = cut_out(product)
            picture.paste(product, (left, top), mask)
            x, y, right, bottom = mask.getbbox() or (0, 0, side, side)
            boxes.append((left + x, top + y, right - x, bottom - y))
        else:
            picture.paste(product, (left, top))
            boxes.append((left, top, side, side))
    return picture, boxes


def overlap(box: Box, crop: Crop, size: tuple[int, int]) -> float:
    """Intersection over union."""
    x, y, width, height = box
    left, top = crop.x * size[0], crop.y * size[1]
    right, bottom = left + crop.width * size[0], top + crop.height * size[1]
    across = min(x + width, right) - max(x, left)
    down = min(y + height, bottom) - max(y, top)
    both = max(0.0, across) * max(0.0, down)
    return both / (width * height + (right - left) * (bottom - top) - both)


def found_of(cases: Iterator[tuple[Image.Image, list[Box]]]) -> float:
    """Share of the products that a region is on."""
    hits = total = 0
    for picture, boxes in cases:
        regions = find_regions(picture)
        assert len(regions) <= 5
        total += len(boxes)
        hits += sum(
            any(overlap(box, region, picture.size) >= 0.5 for region in regions) for box in boxes
        )
    return hits / total


def photographs(
    products: list[Path], chance: random.Random, counts: Sequence[int], *, cut: bool
) -> Iterator[tuple[Image.Image, list[Box]]]:
    """On each background, one of each count of products."""
    for background in BACKGROUNDS:
        for count in counts:
            yield composed(products, background, count, chance, cut=cut)


@pytest.mark.parametrize("cut", [False, True], ids=["cards", "cut out"])
def test_products_of_the_sample_are_found(cut: bool) -> None:
    products = sorted(SAMPLE.glob("*.webp"))
    made = photographs(products, random.Random(1), (1, 2, 3, 4, 5) * 2, cut=cut)
    assert found_of(made) >= 0.7


@pytest.mark.skipif(not GROCERY.is_dir(), reason="the grocery catalogue is not beside this copy")
@pytest.mark.parametrize("kind", ["cards", "cut out", "photographs"])
def test_groceries_are_found(kind: str) -> None:
    folder = GROCERY / ("queries" if kind == "photographs" else "images")
    products = sorted(folder.glob("*.jpg"))
    made = photographs(products, random.Random(1), (1, 2, 3, 4, 5), cut=kind == "cut out")
    assert found_of(made) >= 0.7


@pytest.mark.skipif(not GROCERY.is_dir(), reason="the grocery catalogue is not beside this copy")
@pytest.mark.parametrize("gap", [0, 8])
def test_a_collage_is_cut_into_its_photographs(gap: int) -> None:
    chance = random.Random(gap)
    shots = sorted((GROCERY / "queries").glob("*.jpg"))

    def collage() -> tuple[Image.Image, list[Box]]:
        side = 260
        picture, boxes = Image.new("RGB", (2 * side + gap, 2 * side + gap), "white"), list[Box]()
        for at in range(4):
            place = (at % 2 * (side + gap), at // 2 * (side + gap))
            one = Image.open(chance.choice(shots)).convert("RGB").resize((side, side))
            picture.paste(one, place)
            boxes.append((*place, side, side))
        return picture, boxes

    assert found_of(collage() for _ in range(8)) >= 0.7


@pytest.mark.parametrize("size", [(1, 1), (1, 3_000), (3_000, 1), (7, 5), (400, 300)])
def test_an_empty_picture_has_no_regions(size: tuple[int, int]) -> None:
    assert find_regions(Image.new("RGB", size, "teal")) == []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_picture_regions_lie_within_it(seed: int) -> None:
    chance = np.random.default_rng(seed)
    width, height = chance.integers(1, 90, 2).tolist()
    coarse = chance.integers(0, 255, (max(1, height // 7), max(1, width // 5), 3), np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.NEAREST)
    for region in find_regions(picture):
        assert 0 <= region.x < region.x + region.width <= 1 + 1e-6
        assert 0 <= region.y < region.y + region.height <= 1 + 1e-6
