"""A combination as a picture: parts, pattern, light and shadow, in SVG; then pixels by resvg."""

from __future__ import annotations

import colorsys
import io
import random

import resvg_py
from PIL import Image

from demo.drawing.clothing import CLOTHING
from demo.drawing.home import HOME
from demo.drawing.kitchen import KITCHEN
from demo.drawing.parts import SIDE, Part
from demo.drawing.patterns import pattern_tile
from demo.taxonomy import COLOUR, Combination

SHAPES = KITCHEN | CLOTHING | HOME

_GROUNDS = ("#f7f7f5", "#f4f6f9", "#faf6f1", "#f3f7f4", "#f8f5f9", "#ffffff")
_FIXED = {"wood": "#b98a5a", "metal": "#aab1ba", "white": "#fbfbfa", "glass": "#fff0b8"}


def svg(combination: Combination, seed: int) -> str:
    """The drawing of a combination; another seed gives another drawing of the same kind."""
    rng = random.Random(f"{combination}|{seed}")
    ground = COLOUR[combination.colour].hex
    colour = _lighter(ground, rng.uniform(-0.03, 0.03))
    fills = {
        "body": "url(#skin)",
        "plain": colour,
        "dark": _lighter(colour, -0.14 if _lightness(colour) > 0.25 else 0.12),
        "light": _lighter(colour, 0.10),
        "inside": _lighter(colour, -0.22 if _lightness(colour) > 0.3 else -0.08),
        **_FIXED,
    }
    outline = _lighter(colour, -0.25 if _lightness(colour) > 0.3 else 0.16)
    parts = SHAPES[combination.category](rng)
    skin = pattern_tile(combination.pattern, colour, _mark(colour), rng)
    scale, turn = rng.uniform(0.86, 1.0), rng.uniform(-5, 5)
    flip = -1 if rng.random() < 0.5 else 1
    shift = (rng.uniform(-7, 7), rng.uniform(-5, 5))
    middle = SIDE / 2
    place = (
        f"translate({middle + shift[0]:.1f} {middle + shift[1]:.1f}) rotate({turn:.1f}) "
        f"scale({flip * scale:.3f} {scale:.3f}) translate({-middle} {-middle})"
    )
    drawn = "".join(_drawn(part, number, fills, outline) for number, part in enumerate(parts))
    clips = "".join(
        f'<clipPath id="c{number}"><path d="{part.path}"/></clipPath>'
        for number, part in enumerate(parts)
        if part.fill == "body" and not part.line
    )
    ground_colour = rng.choice(_GROUNDS)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}"><defs>{skin}{clips}'
        '<radialGradient id="room" cx=".5" cy=".42" r=".75">'
        f'<stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="{ground_colour}"/>'
        "</radialGradient>"
        '<radialGradient id="floor"><stop offset="0" stop-color="#20242c" stop-opacity=".26"/>'
        '<stop offset="1" stop-color="#20242c" stop-opacity="0"/></radialGradient>'
        '<linearGradient id="light" x1="0" y1="0" x2="1" y2=".35">'
        '<stop offset="0" stop-color="#fff" stop-opacity=".30"/>'
        '<stop offset=".38" stop-color="#fff" stop-opacity=".04"/>'
        '<stop offset=".62" stop-color="#000" stop-opacity=".02"/>'
        '<stop offset="1" stop-color="#000" stop-opacity=".24"/></linearGradient></defs>'
        f'<rect width="{SIDE}" height="{SIDE}" fill="url(#room)"/>'
        f'<ellipse cx="{middle + shift[0]:.1f}" cy="217" rx="{86 * scale:.1f}" ry="11" '
        'fill="url(#floor)"/>'
        f'<g transform="{place}" stroke-linejoin="round" stroke-linecap="round">{drawn}</g></svg>'
    )


def png(combination: Combination, seed: int, side: int) -> bytes:
    """A PNG of `side` × `side` pixels."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg(combination, seed), width=side, height=side))


def picture(combination: Combination, seed: int, side: int) -> Image.Image:
    """An RGB picture of `side` × `side` pixels."""
    return Image.open(io.BytesIO(png(combination, seed, side))).convert("RGB")


def _drawn(part: Part, number: int, fills: dict[str, str], outline: str) -> str:
    fill = fills[part.fill]
    if part.line:
        return f'<path d="{part.path}" fill="none" stroke="{fill}" stroke-width="{part.line:.1f}"/>'
    shape = f'<path d="{part.path}" fill="{fill}" stroke="{outline}" stroke-width="1.6"/>'
    if part.fill == "body":
        # Light falls on the whole body from the left, whatever its pattern.
        shape += f'<path d="{part.path}" fill="url(#light)"/>'
        shape += (
            f'<g clip-path="url(#c{number})"><path d="{part.path}" fill="none" stroke="#fff" '
            'stroke-opacity=".35" stroke-width="5"/></g>'
        )
    return shape


def _mark(colour: str) -> str:
    """A colour for marks that is seen on the ground: near white on dark, a dark tone on light."""
    return "#fdfcf7" if _lightness(colour) < 0.62 else _lighter(colour, -0.42)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _lightness(colour: str) -> float:
    return colorsys.rgb_to_hls(*_channels(colour))[1]


def _lighter(colour: str, by: float) -> str:
    """The same hue with its lightness (0..1) changed by `by`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    rgb = colorsys.hls_to_rgb(hue, min(1.0, max(0.0, lightness + by)), saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)
