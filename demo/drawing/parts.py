"""Parts of a drawing: shapes with an outline and a fill, back to front."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SIDE = 240
"""Drawings are made on a square of this many units."""

Fill = Literal["body", "plain", "dark", "light", "inside", "wood", "metal", "white", "glass"]
"""`body` wears the pattern and the colour; `plain`, `dark`, `light`, `inside` the colour alone."""


@dataclass(frozen=True, slots=True)
class Part:
    """One closed outline (an SVG path), filled; or with `line` a stroke of that width."""

    path: str
    fill: Fill = "body"
    line: float = 0.0


Draw = Callable[[random.Random], list[Part]]
"""The parts of one drawing; the random numbers vary its proportions."""


def ellipse(x: float, y: float, across: float, down: float) -> str:
    """An ellipse about a centre, by its two radii, as a path."""
    return (
        f"M{x - across:.1f} {y:.1f}a{across:.1f} {down:.1f} 0 1 0 {2 * across:.1f} 0"
        f"a{across:.1f} {down:.1f} 0 1 0 {-2 * across:.1f} 0Z"
    )


def box(x: float, y: float, width: float, height: float, corner: float = 0) -> str:
    """A rectangle with rounded corners, as a path."""
    c = min(corner, width / 2, height / 2)
    return (
        f"M{x + c:.1f} {y:.1f}h{width - 2 * c:.1f}q{c:.1f} 0 {c:.1f} {c:.1f}v{height - 2 * c:.1f}"
        f"q0 {c:.1f} {-c:.1f} {c:.1f}h{-(width - 2 * c):.1f}q{-c:.1f} 0 {-c:.1f} {-c:.1f}"
        f"v{-(height - 2 * c):.1f}q0 {-c:.1f} {c:.1f} {-c:.1f}Z"
    )
