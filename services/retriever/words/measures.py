"""Numbers and the letters beside them, joined or apart: `500 ml` and `500ml` find each other.

Feeds and shoppers write both, and sizes in several ways: `10x15cm`, `10 x 15 cm`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

import numpy as np

from services.retriever.words.live import Words

Phrase = tuple[str, ...]

_TIMES = re.compile(r"(?<=\d)x(?=\d)")
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_UNITS = frozenset("aghklmvw")
"""Letters that are a unit behind a number; others beside a number make a name: `A4`, `3D`."""
_NAMES = {
    name: names
    for names in (
        ("l", "litre", "litres", "liter", "liters", "litro", "litros", "litri"),
        ("ml", "millilitre", "millilitres", "milliliter", "milliliters"),
        ("g", "gram", "grams", "gramm", "gramme", "grammes", "gramos", "grammi"),
        ("kg", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"),
        ("oz", "ounce", "ounces"),
        ("lb", "lbs", "pound", "pounds"),
        ("mm", "millimetre", "millimetres", "millimeter", "millimeters"),
        ("cm", "centimetre", "centimetres", "centimeter", "centimeters", "zentimeter"),
        ("m", "metre", "metres", "meter", "meters", "metro", "metros", "metri"),
        ("in", "inch", "inches", "zoll"),
        ("ft", "foot", "feet"),
        ("v", "volt", "volts"),
        ("w", "watt", "watts"),
        ("pc", "pcs", "piece", "pieces", "stk", "stuck"),
    )
    for name in names
}
"""All names of a unit, by each of them, folded."""
_CLOTHES_SIZE = re.compile(r"\d+x+[ls]")
"""Sizes of clothes: `2XL` is not two of XL."""
_SCREW = re.compile(r"[a-z]\d+")
_UNIT = re.compile(r"[a-z]{1,2}")
_SIDE = re.compile(r"x\d+[a-z]{0,2}")
_SIDES = re.compile(r"x\d+[a-z]*")
_MOST = 32
_FEWEST_OF_PART = 3


def apart(words: Words, word: str) -> list[Phrase]:
    """The parts of a number with letters, or of a size, if products say each: `500 ml`."""
    parts = [part for one in _TIMES.split(word) for part in _separated(one)]
    phrases: list[Phrase] = [(word[:cut], word[cut:]) for cut in _borders(word)]
    if len(parts) > 1 or word.isdecimal():
        parts = [piece for part in parts for piece in _cut(words, part)]
    if len(parts) > 1:
        phrases += [(*parts[:-1], name) for name in _NAMES.get(parts[-1], parts[-1:])]
    return [one for one in dict.fromkeys(phrases) if all(map(words.says, one))]


def _borders(word: str) -> list[int]:
    """Places between letters and digits, two characters from an end: `5w|30`, `65|r15`."""
    return [
        place
        for place in range(2, len(word) - 1)
        if word[place - 1].isdecimal() != word[place].isdecimal()
    ]


def _cut(words: Words, part: str) -> list[str]:
    """Letters that no product says, as two words that one says together: `15promax`; and a number
    with its thousands apart: `20,000 mAh`.
    """
    if part.isdecimal() and len(part) > 3 and not words.says(part):
        return [part[:-3], part[-3:]]
    if not part.isalpha() or words.says(part) or part in _NAMES:
        return [part]
    for place in range(_FEWEST_OF_PART, len(part) - _FEWEST_OF_PART + 1):
        first, second = (words.rows(one) for one in (part[:place], part[place:]))
        if len(np.intersect1d(first, second)):
            return [part[:place], part[place:]]
    return [part]


def longer(words: Words, word: str) -> list[str]:
    """Words of the catalogue that add a unit, or further sides, to a size: `10x15cm`, `m8x40`, and
    `140x200` to 140; to a letter they add a number: `d3`.
    """
    if len(word) == 1:
        return [one for number in range(1, 13) if words.says(one := f"{word}{number}")]
    if word.isdecimal():
        return _beginning(words, word, _SIDE)
    if _TIMES.search(word):
        return _beginning(words, word, _UNIT)
    return _beginning(words, word, _SIDES) if _SCREW.fullmatch(word) else []


def joined(words: Words, asked: Sequence[str], place: int) -> list[str]:
    """Words of the catalogue for this word and its neighbours, and other names of a unit."""
    own, before, after = asked[place], asked[:place][-1:], asked[place + 1 : place + 2]
    found: list[str] = []
    if own.isdecimal():
        found += _of_size(words, asked, place)
        found += [one + own for one in before if not one.isdecimal()]
    else:
        found += [own + one for one in after if one.isdecimal()]
        if before and before[0].isdecimal():
            # Another word behind a size, "4 x 40 wood", is no part of it.
            part = len(own) <= 2 or own in _NAMES
            sizes = _of_size(words, asked, place - 1)
            found += [*(one for one in sizes if part or one.endswith(own)), *_NAMES.get(own, ())]
    return [one for one in dict.fromkeys(found) if one != own and words.says(one)]


def _of_size(words: Words, asked: Sequence[str], place: int) -> list[str]:
    """Words for the number at this place with the sides and the unit beside it: `10x15cm`."""
    start, end = place, place + 1
    while start >= 2 and _is_side(asked, start - 2):
        start -= 2
    while _is_side(asked, end - 1):
        end += 2
    size, unit = "".join(asked[start:end]), "".join(asked[end : end + 1])
    names = _NAMES.get(unit, (unit,)) if unit.isalpha() else ()
    found = [one + name for one in (size, asked[end - 1]) for name in names]
    return found if end - start == 1 else [*found, size, *longer(words, size)]


def _is_side(asked: Sequence[str], place: int) -> bool:
    """True for a number before an `x` and another number."""
    some = asked[place : place + 3]
    return len(some) == 3 and some[1] == "x" and some[0].isdecimal() and some[2].isdecimal()


def _separated(word: str) -> list[str]:
    parts = _PARTS.findall(word)
    named = any(
        len(part) == 1 and part.isalpha() and (not place or part not in _UNITS)
        for place, part in enumerate(parts)
    )
    return [word] if named or _CLOTHES_SIZE.fullmatch(word) else parts


def _beginning(words: Words, start: str, rest: re.Pattern[str]) -> list[str]:
    texts = (
        index.words[number] for _, index in words.indexes for number in index.words.beginning(start)
    )
    return list(islice((one for one in texts if rest.fullmatch(one, len(start))), _MOST))
