"""Patterns as SVG tiles: a ground in the product's colour, marks in one that stands out on it."""

from __future__ import annotations

import math
from random import Random

from demo.drawing.parts import ellipse


def pattern_tile(name: str, ground: str, mark: str, random: Random) -> str:
    """An SVG `<pattern id="skin">` that fills the body of a product.

    Its size, angle and place vary, so that no two drawings of a combination are alike.
    """
    size = random.uniform(20, 27)
    tile, angle = _TILES[name](size, mark, random)
    x, y = random.uniform(0, size), random.uniform(0, size)
    width, height = tile[0]
    return (
        f'<pattern id="skin" patternUnits="userSpaceOnUse" width="{width:.2f}" '
        f'height="{height:.2f}" patternTransform="translate({x:.1f} {y:.1f}) rotate({angle:.1f})">'
        f'<rect width="{width + 1:.2f}" height="{height + 1:.2f}" fill="{ground}"/>{tile[1]}'
        "</pattern>"
    )


_Tile = tuple[tuple[tuple[float, float], str], float]


def _plain(size: float, _mark: str, _random: Random) -> _Tile:
    return ((size, size), ""), 0.0


def _striped(size: float, mark: str, random: Random) -> _Tile:
    bar = size * random.uniform(0.36, 0.5)
    marks = f'<rect width="{size + 1:.2f}" height="{bar:.2f}" fill="{mark}"/>'
    return ((size, size), marks), random.choice((0.0, 0.0, 90.0, 90.0, 45.0, -45.0))


def _dotted(size: float, mark: str, random: Random) -> _Tile:
    dot = size * random.uniform(0.19, 0.25)
    centre, whole = size / 2, size
    corners = [(0, 0), (whole, 0), (0, whole), (whole, whole), (centre, centre)]
    marks = "".join(f'<path d="{ellipse(x, y, dot, dot)}" fill="{mark}"/>' for x, y in corners)
    return ((size, size), marks), random.uniform(-8, 8)


def _checked(size: float, mark: str, random: Random) -> _Tile:
    half = size / 2
    marks = (
        f'<rect width="{half:.2f}" height="{size + 1:.2f}" fill="{mark}" fill-opacity=".55"/>'
        f'<rect width="{size + 1:.2f}" height="{half:.2f}" fill="{mark}" fill-opacity=".55"/>'
    )
    return ((size, size), marks), random.choice((0.0, 0.0, 45.0))


def _zigzag(size: float, mark: str, random: Random) -> _Tile:
    width, height = size * 1.1, size * 0.95
    line = size * random.uniform(0.26, 0.34)
    rise = height * 0.5
    path = "".join(
        f"M{-width:.2f} {y + rise:.2f}l{width / 2:.2f} {-rise:.2f}l{width / 2:.2f} {rise:.2f}"
        f"l{width / 2:.2f} {-rise:.2f}l{width / 2:.2f} {rise:.2f}l{width / 2:.2f} {-rise:.2f}"
        for y in (-height, 0, height)
    )
    marks = f'<path d="{path}" fill="none" stroke="{mark}" stroke-width="{line:.2f}"/>'
    return ((width, height), marks), random.uniform(-5, 5)


def _floral(size: float, mark: str, random: Random) -> _Tile:
    side = size * 1.5
    petal = side * random.uniform(0.13, 0.16)
    marks = ""
    for x, y, turn in ((side * 0.28, side * 0.28, 0.0), (side * 0.76, side * 0.76, 0.6)):
        for k in range(5):
            a = turn + k * 2 * math.pi / 5
            at = (x + math.sin(a) * petal * 1.05, y - math.cos(a) * petal * 1.05)
            marks += f'<path d="{ellipse(*at, petal * 0.72, petal * 0.72)}" fill="{mark}"/>'
        marks += f'<path d="{ellipse(x, y, petal * 0.6, petal * 0.6)}" fill="#f2b632"/>'
    return ((side, side), marks), random.uniform(-20, 20)


def _starred(size: float, mark: str, random: Random) -> _Tile:
    side = size * 1.35
    big = side * random.uniform(0.2, 0.25)
    marks = "".join(
        f'<path d="{star(x, y, big)}" fill="{mark}"/>'
        for x, y in ((side * 0.27, side * 0.27), (side * 0.76, side * 0.76))
    )
    return ((side, side), marks), random.uniform(-12, 12)


def star(x: float, y: float, big: float) -> str:
    """A five-pointed star about a centre, as a path."""
    points = []
    for k in range(10):
        reach = big if k % 2 == 0 else big * 0.42
        points.append(
            (x + math.sin(k * math.pi / 5) * reach, y - math.cos(k * math.pi / 5) * reach)
        )
    return "M" + "L".join(f"{a:.2f} {b:.2f}" for a, b in points) + "Z"


_TILES = {
    "plain": _plain,
    "striped": _striped,
    "dotted": _dotted,
    "checked": _checked,
    "zigzag": _zigzag,
    "floral": _floral,
    "starred": _starred,
}
