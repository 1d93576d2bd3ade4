"""Shapes of the kitchen."""

from __future__ import annotations

from random import Random

from demo.drawing.parts import Draw, Part, box, ellipse


def mug(r: Random) -> list[Part]:
    wide, top, low = r.uniform(46, 56), r.uniform(62, 74), r.uniform(182, 194)
    taper = r.uniform(2, 12)
    left, right = 108 - wide, 108 + wide
    handle = f"M{right - 2} {top + 26}c46 -14 58 64 {-taper + 2:.1f} 72"
    body = (
        f"M{left:.1f} {top:.1f}L{left + taper:.1f} {low - 10:.1f}q2 12 16 12"
        f"h{2 * (wide - taper) - 32:.1f}"
        f"q14 0 16 -12L{right:.1f} {top:.1f}Z"
    )
    return [
        Part(handle, "plain", line=15),
        Part(body),
        Part(ellipse(108, top, wide, 13), "light"),
        Part(ellipse(108, top + 2, wide - 6, 9.5), "inside"),
    ]


def teapot(r: Random) -> list[Part]:
    round_, high = r.uniform(58, 66), r.uniform(46, 54)
    y = 138
    spout = f"M{120 + round_ - 14} {y + 16}c30 -2 22 -46 44 -56l8 8c-14 18 -14 62 -48 72Z"
    handle = f"M{120 - round_ + 10} {y - 28}c-56 -14 -54 66 4 62"
    return [
        Part(handle, "plain", line=12),
        Part(spout, "plain"),
        Part(ellipse(120, y, round_, high)),
        Part(f"M{120 - 34} {y - high + 9}q34 -24 68 0q-34 13 -68 0Z", "light"),
        Part(ellipse(120, y - high - 8, 9, 9), "dark"),
        Part(box(88, y + high - 8, 64, 12, 5), "dark"),
    ]


def bowl(r: Random) -> list[Part]:
    wide, deep, top = r.uniform(76, 86), r.uniform(66, 84), r.uniform(98, 108)
    body = (
        f"M{120 - wide:.1f} {top:.1f}c4 {deep:.1f} 50 {deep:.1f} {wide:.1f} {deep:.1f}"
        f"s{wide - 4:.1f} 0 {wide:.1f} {-deep:.1f}Z"
    )
    return [
        Part(box(92, top + deep - 12, 56, 20, 6), "dark"),
        Part(body),
        Part(ellipse(120, top, wide, 20), "light"),
        Part(ellipse(120, top + 3, wide - 8, 15), "inside"),
    ]


def plate(r: Random) -> list[Part]:
    big = r.uniform(84, 92)
    rim = r.uniform(0.58, 0.68)
    return [
        Part(ellipse(120, 122, big, big), "light"),
        Part(ellipse(120, 122, big - 6, big - 6)),
        Part(ellipse(120, 122, big * rim, big * rim), "dark", line=2.5),
    ]


def bottle(r: Random) -> list[Part]:
    wide, neck = r.uniform(30, 37), r.uniform(13, 18)
    top, shoulder = r.uniform(66, 74), r.uniform(94, 104)
    body = (
        f"M{120 - neck:.1f} {top:.1f}V{shoulder - 16:.1f}"
        f"C{120 - neck:.1f} {shoulder:.1f} {120 - wide:.1f} "
        f"{shoulder:.1f} {120 - wide:.1f} {shoulder + 18:.1f}V200q0 12 12 12h{2 * wide - 24:.1f}"
        "q12 0 12 -12"
        f"V{shoulder + 18:.1f}C{120 + wide:.1f} {shoulder:.1f} {120 + neck:.1f} {shoulder:.1f} "
        f"{120 + neck:.1f} {shoulder - 16:.1f}V{top:.1f}Z"
    )
    return [
        Part(f"M{120 - neck} {top - 34}q{neck} -22 {2 * neck} 0", "metal", line=5),
        Part(body),
        Part(box(120 - neck - 5, top - 34, 2 * neck + 10, 36, 6), "metal"),
    ]


def apron(r: Random) -> list[Part]:
    flare, waist = r.uniform(58, 68), r.uniform(104, 116)
    body = (
        f"M88 58h64c2 30 14 {waist - 66:.1f} 34 {waist - 52:.1f}L{120 + flare:.1f} 208"
        f"q-{flare:.1f} 12 "
        f"-{2 * flare:.1f} 0L54 {waist + 6:.1f}C74 {waist:.1f} 86 88 88 58Z"
    )
    pocket = box(92, waist + 34, 56, 36, 6)
    return [
        Part("M90 60c-2 -52 62 -52 60 0", "dark", line=6),
        Part(f"M56 {waist + 6}q-20 14 -26 46", "dark", line=5),
        Part(f"M184 {waist + 6}q20 14 26 46", "dark", line=5),
        Part(body),
        Part(pocket, "plain"),
    ]


KITCHEN: dict[str, Draw] = {
    "mug": mug,
    "teapot": teapot,
    "bowl": bowl,
    "plate": plate,
    "bottle": bottle,
    "apron": apron,
}
