"""Shapes of bags, of the home, and of play."""

from __future__ import annotations

from random import Random

from demo.drawing.parts import Draw, Part, box, ellipse


def backpack(r: Random) -> list[Part]:
    wide, top = r.uniform(56, 64), r.uniform(60, 68)
    body = (
        f"M{120 - wide:.1f} 200V{top + 44:.1f}Q{120 - wide:.1f} {top - 14:.1f} 120 {top - 14:.1f}"
        f"T{120 + wide:.1f} {top + 44:.1f}V200q0 10 -12 10H{132 - wide:.1f}q-12 0 -12 -10Z"
    )
    return [
        Part(f"M98 {top}c0 -40 44 -40 44 0", "dark", line=9),
        Part(f"M{122 - wide:.1f} 110q-26 40 -10 86", "dark", line=11),
        Part(f"M{118 + wide:.1f} 110q26 40 10 86", "dark", line=11),
        Part(body),
        Part(box(120 - wide + 14, 142, 2 * wide - 28, 56, 12), "plain"),
        Part(f"M{120 - wide + 18:.1f} 156h{2 * wide - 36:.1f}", "dark", line=4),
        Part(
            f"M{120 - wide + 10:.1f} {top + 50:.1f}"
            f"Q120 {top + 34:.1f} {120 + wide - 10:.1f} {top + 50:.1f}",
            "dark",
            line=4,
        ),
    ]


def handbag(r: Random) -> list[Part]:
    wide, top = r.uniform(70, 80), r.uniform(100, 112)
    body = (
        f"M{132 - wide:.1f} {top:.1f}h{2 * wide - 24:.1f}L{120 + wide:.1f} 192q2 14 -12 14"
        f"H{132 - wide:.1f}q-14 0 -12 -14Z"
    )
    return [
        Part(f"M84 {top + 8:.1f}c2 -78 70 -78 72 0", "dark", line=9),
        Part(body),
        Part(
            f"M{132 - wide:.1f} {top:.1f}h{2 * wide - 24:.1f}l4 20"
            f"q-{wide - 8:.1f} 34 -{2 * wide - 16:.1f} 0Z",
            "dark",
        ),
        Part(box(110, top + 22, 20, 18, 4), "metal"),
    ]


def umbrella(r: Random) -> list[Part]:
    wide, top = r.uniform(90, 100), r.uniform(44, 54)
    left, low = 120 - wide, 126.0
    scallops = "".join(f"q-{wide / 4:.1f} -18 -{wide / 2:.1f} 0" for _ in range(4))
    body = (
        f"M{left:.1f} {low}Q{left + 6:.1f} {top:.1f} 120 {top:.1f}T{120 + wide:.1f} {low}{scallops}"
        "Z"
    )
    ribs = [
        Part(
            f"M120 {top:.1f}"
            f"Q{120 + k * wide * 0.34:.1f} {top + 18:.1f} {120 + k * wide / 2:.1f} {low}",
            "dark",
            line=1.8,
        )
        for k in (-1, 0, 1)
    ]
    return [
        Part("M120 118V196q0 20 -18 20t-18 -16", "wood", line=7),
        Part(f"M120 {top - 14:.1f}v16", "metal", line=5),
        Part(body),
        *ribs,
    ]


def cushion(r: Random) -> list[Part]:
    side, bulge = r.uniform(74, 82), r.uniform(10, 18)
    a, b = 120 - side, 120 + side
    body = (
        f"M{a:.1f} {a:.1f}Q120 {a + bulge:.1f} {b:.1f} {a:.1f}Q{b - bulge:.1f} 120 {b:.1f} {b:.1f}"
        f"Q120 {b - bulge:.1f} {a:.1f} {b:.1f}Q{a + bulge:.1f} 120 {a:.1f} {a:.1f}Z"
    )
    return [Part(body), Part(body, "dark", line=3.5)]


def lamp(r: Random) -> list[Part]:
    top, low = r.uniform(30, 40), r.uniform(68, 78)
    shade = f"M{120 - top:.1f} 40h{2 * top:.1f}L{120 + low:.1f} 126H{120 - low:.1f}Z"
    return [
        Part("M120 120V194", "metal", line=9),
        Part("M78 206q0 -16 42 -16t42 16Z", "metal"),
        Part(ellipse(120, 128, 16, 13), "glass"),
        Part(shade),
    ]


def vase(r: Random) -> list[Part]:
    neck, belly, lip = r.uniform(17, 24), r.uniform(52, 62), r.uniform(28, 34)
    body = (
        f"M{120 - lip:.1f} 46Q{120 - neck:.1f} 62 {120 - neck:.1f} 80"
        f"Q{120 - belly:.1f} 106 {120 - belly:.1f} 146"
        f"Q{120 - belly:.1f} 190 92 210h56Q{120 + belly:.1f} 190 {120 + belly:.1f} 146"
        f"Q{120 + belly:.1f} 106 {120 + neck:.1f} 80"
        f"Q{120 + neck:.1f} 62 {120 + lip:.1f} 46Z"
    )
    return [
        Part(body),
        Part(ellipse(120, 46, lip, 8), "light"),
        Part(ellipse(120, 47, lip - 6, 5), "inside"),
    ]


def chair(r: Random) -> list[Part]:
    top, seat = r.uniform(30, 40), r.uniform(128, 136)
    return [
        Part(f"M70 {seat + 8:.1f}V212", "wood", line=9),
        Part(f"M170 {seat + 8:.1f}V212", "wood", line=9),
        Part(f"M92 {seat:.1f}V196", "wood", line=8),
        Part(f"M148 {seat:.1f}V196", "wood", line=8),
        Part(f"M82 {top + 20:.1f}V{seat:.1f}M158 {top + 20:.1f}V{seat:.1f}", "wood", line=9),
        Part(box(74, top, 92, 66, 14)),
        Part(f"M74 {seat - 10:.1f}h92l16 24q2 8 -8 8H66q-10 0 -8 -8Z"),
    ]


def armchair(r: Random) -> list[Part]:
    top, wide = r.uniform(46, 56), r.uniform(50, 58)
    return [
        Part("M66 196v18", "wood", line=10),
        Part("M174 196v18", "wood", line=10),
        Part(box(120 - wide, top, 2 * wide, 120, 26)),
        Part(box(120 - wide - 6, 138, 2 * wide + 12, 60, 10), "dark"),
        Part(box(120 - wide + 8, 128, 2 * wide - 16, 38, 12)),
        Part(box(120 - wide - 30, 106, 36, 94, 17)),
        Part(box(120 + wide - 6, 106, 36, 94, 17)),
    ]


def rug(r: Random) -> list[Part]:
    wide, high = r.uniform(84, 92), r.uniform(54, 64)
    fringe = "".join(
        f"M{120 - wide + 6 + k * (2 * wide - 12) / 12:.1f} {120 - high - 12:.1f}v14"
        f"m0 {2 * high - 4:.1f}v14"
        for k in range(13)
    )
    return [
        Part(fringe, "light", line=3),
        Part(box(120 - wide, 120 - high, 2 * wide, 2 * high, 3)),
        Part(
            box(120 - wide + 9, 120 - high + 9, 2 * wide - 18, 2 * high - 18, 2), "dark", line=3.5
        ),
    ]


def ball(r: Random) -> list[Part]:
    big = r.uniform(72, 82)
    bend = r.uniform(18, 30)
    seams = [
        Part(
            f"M120 {120 - big:.1f}Q{120 + k * (big + bend):.1f} 120 120 {120 + big:.1f}",
            "light",
            line=2.6,
        )
        for k in (-1, 1)
    ]
    return [
        Part(ellipse(120, 120, big, big)),
        *seams,
        Part(ellipse(120, 120 - big + 9, 14, 6), "white"),
    ]


def kite(r: Random) -> list[Part]:
    wide, high = r.uniform(58, 68), r.uniform(50, 60)
    tail = "M120 178q-22 12 -2 22t-4 22"
    bows = [Part(f"M{112 - 4 * k} {196 + 15 * k}l-11 -7v14Zl11 -7v14Z", "dark") for k in range(2)]
    return [
        Part(tail, "dark", line=3),
        *bows,
        Part(
            f"M120 20L{120 + wide:.1f} {20 + high + 14:.1f}L120 180"
            f"L{120 - wide:.1f} {20 + high + 14:.1f}Z"
        ),
        Part(
            f"M120 20V180M{120 - wide:.1f} {20 + high + 14:.1f}H{120 + wide:.1f}", "dark", line=2.4
        ),
    ]


HOME: dict[str, Draw] = {
    "backpack": backpack,
    "handbag": handbag,
    "umbrella": umbrella,
    "cushion": cushion,
    "lamp": lamp,
    "vase": vase,
    "chair": chair,
    "armchair": armchair,
    "rug": rug,
    "ball": ball,
    "kite": kite,
}
