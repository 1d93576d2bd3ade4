"""Shapes of clothes and shoes."""

from __future__ import annotations

from random import Random

from demo.drawing.parts import Draw, Part, box, ellipse


def t_shirt(r: Random) -> list[Part]:
    sleeve, wide = r.uniform(96, 110), r.uniform(44, 52)
    body = (
        f"M92 46L44 66L22 {sleeve:.1f}L54 {sleeve + 20:.1f}L{120 - wide:.1f} {sleeve + 2:.1f}V206"
        f"h{2 * wide:.1f}V{sleeve + 2:.1f}L186 {sleeve + 20:.1f}L218 {sleeve:.1f}L196 66L148 46"
        "q-28 26 -56 0Z"
    )
    return [Part(body), Part("M92 46q28 28 56 0", "dark", line=6)]


def dress(r: Random) -> list[Part]:
    waist, flare, hem = r.uniform(24, 30), r.uniform(66, 80), r.uniform(206, 216)
    body = (
        f"M90 34q6 26 30 28q24 -2 30 -28l14 4q0 40 {waist - 38:.1f} 70L{120 + flare:.1f} {hem:.1f}"
        f"q-{flare:.1f} 14 -{2 * flare:.1f} 0L{120 - waist - 6:.1f} 108Q76 78 76 38Z"
    )
    return [Part(body), Part(box(120 - waist - 6, 100, 2 * waist + 10, 10, 4), "dark")]


def skirt(r: Random) -> list[Part]:
    waist, flare, hem = r.uniform(38, 46), r.uniform(80, 92), r.uniform(180, 196)
    body = (
        f"M{120 - waist:.1f} 66h{2 * waist:.1f}L{120 + flare:.1f} {hem:.1f}"
        f"q-{flare:.1f} 20 -{2 * flare:.1f} 0Z"
    )
    folds = [
        Part(
            f"M{120 + k * waist * 0.5:.1f} 84L{120 + k * flare * 0.5:.1f} {hem + 6:.1f}",
            "dark",
            line=1.6,
        )
        for k in (-1, 0, 1)
    ]
    return [Part(body), *folds, Part(box(120 - waist - 3, 52, 2 * waist + 6, 18, 5), "dark")]


def trousers(r: Random) -> list[Part]:
    waist, leg, out = r.uniform(40, 46), r.uniform(27, 33), r.uniform(50, 60)
    body = (
        f"M{120 - waist:.1f} 40h{2 * waist:.1f}L{120 + out:.1f} 212h-{leg + 8:.1f}L120 104"
        f"L{120 - out + leg + 8:.1f} 212"
        f"h-{leg + 8:.1f}Z"
    )
    return [Part(body), Part(box(120 - waist - 2, 32, 2 * waist + 4, 15, 4), "dark")]


def sweater(r: Random) -> list[Part]:
    low, wide = r.uniform(176, 188), r.uniform(46, 52)
    body = (
        f"M90 48L50 64Q38 70 34 90L18 {low:.1f}l30 6L{120 - wide:.1f} 116V200h{2 * wide:.1f}V116"
        f"L192 {low + 6:.1f}l30 -6L206 90Q202 70 190 64L150 48Z"
    )
    return [
        Part(body),
        Part(box(120 - wide - 3, 192, 2 * wide + 6, 16, 5), "dark"),
        Part(f"M16 {low - 8:.1f}l33 7l-3 17l-33 -7Z", "dark"),
        Part(f"M224 {low - 8:.1f}l-33 7l3 17l33 -7Z", "dark"),
        Part("M88 46q32 24 64 0l-3 -12q-29 12 -58 0Z", "dark"),
    ]


def sock(r: Random) -> list[Part]:
    leg, foot = r.uniform(24, 29), r.uniform(172, 186)
    body = (
        f"M{96 - leg:.1f} 46h{2 * leg:.1f}V128q0 14 14 18L{foot - 12:.1f} 162q22 8 18 26"
        "q-4 18 -28 18H112"
        f"Q{96 - leg:.1f} 204 {96 - leg:.1f} 168Z"
    )
    return [
        Part(body),
        Part(box(96 - leg - 4, 36, 2 * leg + 8, 24, 6), "dark"),
        Part(f"M{foot - 16:.1f} 160q24 8 20 28q-4 18 -26 18q-14 -24 6 -46Z", "dark"),
        Part(f"M{97 - leg:.1f} 170q22 -4 30 36q-28 -2 -30 -36Z", "dark"),
    ]


def running_shoe(r: Random) -> list[Part]:
    toe, collar = r.uniform(206, 214), r.uniform(78, 90)
    body = (
        f"M32 {collar + 8:.1f}q14 14 30 2q8 -8 22 -{collar - 70:.1f}q10 4 16 16q18 30 60 40"
        f"Q{toe:.1f} 138 {toe:.1f} 166"
        f"H30Q22 120 32 {collar + 8:.1f}Z"
    )
    laces = [Part(f"M{100 + 15 * k} {104 + 9 * k}l-16 13", "white", line=4.5) for k in range(4)]
    return [
        Part(body),
        Part(f"M{toe - 42:.1f} 140q38 4 42 27h-52q-4 -16 10 -27Z", "dark"),
        Part("M31 128q20 2 24 38H29q-3 -18 2 -38Z", "dark"),
        *laces,
        Part(f"M26 164H{toe + 4:.1f}q8 22 -14 24H40q-18 0 -14 -24Z", "white"),
    ]


def boot(r: Random) -> list[Part]:
    leg, toe = r.uniform(30, 36), r.uniform(186, 198)
    body = (
        f"M{94 - leg:.1f} 36h{2 * leg:.1f}L{96 + leg:.1f} 128q2 16 22 20"
        f"Q{toe:.1f} 152 {toe + 6:.1f} 190H{96 - leg:.1f}Z"
    )
    return [
        Part(body),
        Part(box(94 - leg - 4, 30, 2 * leg + 8, 16, 6), "dark"),
        Part(
            f"M{92 - leg:.1f} 188H{toe + 8:.1f}q4 20 -10 20H130l-4 -8h-12l-4 8H{96 - leg:.1f}Z",
            "dark",
        ),
    ]


def beanie(r: Random) -> list[Part]:
    wide, high = r.uniform(66, 74), r.uniform(52, 64)
    body = (
        f"M{120 - wide:.1f} 166V136Q{120 - wide:.1f} {high:.1f} 120 {high:.1f}T{120 + wide:.1f} 136"
        "V166Z"
    )
    ribs = [Part(f"M{120 - wide + k * wide / 4:.1f} 156v34", "plain", line=2) for k in range(9)]
    return [
        Part(ellipse(120, high - 8, 22, 21), "light"),
        Part(body),
        Part(box(120 - wide - 6, 152, 2 * wide + 12, 42, 12), "dark"),
        *ribs,
    ]


def hat(r: Random) -> list[Part]:
    brim, crown = r.uniform(90, 100), r.uniform(48, 56)
    top = r.uniform(66, 78)
    body = (
        f"M{120 - crown:.1f} 154L{120 - crown + 8:.1f} {top + 16:.1f}"
        f"Q120 {top - 20:.1f} {120 + crown - 8:.1f} {top + 16:.1f}L{120 + crown:.1f} 154Z"
    )
    return [
        Part(ellipse(120, 158, brim, 27), "plain"),
        Part(body),
        Part(
            f"M{120 - crown:.1f} 152q{crown:.1f} 18 {2 * crown:.1f} 0l-2 -20"
            f"q-{crown - 2:.1f} 16 -{2 * crown - 4:.1f} 0Z",
            "dark",
        ),
    ]


def scarf(r: Random) -> list[Part]:
    one, two = r.uniform(186, 200), r.uniform(162, 178)
    fringes = [Part(f"M{87 + 10 * k} {one - 3:.1f}v17", "dark", line=3.5) for k in range(5)]
    more = [Part(f"M{128 + 10 * k} {two - 3:.1f}v17", "dark", line=3.5) for k in range(5)]
    return [
        Part("M64 72Q120 22 176 72Q184 96 164 110Q120 74 76 110Q56 96 64 72Z", "dark"),
        *more,
        Part(f"M124 104h48V{two:.1f}h-48Z"),
        *fringes,
        Part(f"M82 104h50V{one:.1f}h-50Z"),
        Part("M60 78Q120 130 180 78Q190 112 166 128Q120 154 74 128Q50 112 60 78Z"),
    ]


CLOTHING: dict[str, Draw] = {
    "t-shirt": t_shirt,
    "dress": dress,
    "skirt": skirt,
    "trousers": trousers,
    "sweater": sweater,
    "sock": sock,
    "running shoe": running_shoe,
    "boot": boot,
    "beanie": beanie,
    "hat": hat,
    "scarf": scarf,
}
