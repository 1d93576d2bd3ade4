"""Numbers and the letters beside them, joined or apart: `500 ml` and `500ml` find each other.

Feeds and shoppers write both, and sizes in several ways: `10x15cm`, `10 x 15 cm`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from services.retriever.words.folding import fold
from services.retriever.words.live import Words
from services.retriever.words.quantities import UNIT_NAMES
from services.retriever.words.texts import INCHES, with_whole_sides

Phrase = tuple[str, ...]

_TIMES = re.compile(r"(?<=\d)x(?=\d)")
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_UNITS = frozenset("aghklmvw")
"""Letters that are a unit behind a number; others beside a number make a name: `A4`, `3D`."""
_NAMES = {
    name: names
    for names in (*UNIT_NAMES, ("pc", "pcs", "piece", "pieces", "stk", "stuck"))
    for name in names
}
"""All names of a unit, by each of them, folded."""
_CLOTHES_SIZE = re.compile(r"\d+x+[ls]")
"""Sizes of clothes: `2XL` is not two of XL."""
_SCREW = re.compile(r"[a-z]\d+")
_THREAD = re.compile(r"(?<![^\W_])m\d{1,2}(?![^\W_])", re.IGNORECASE)
_LENGTH = re.compile(r"(?<![\w.,/<≤>≥-])(\d{1,3}) ?mm(?![^\W_])", re.IGNORECASE)
"""The length of a bolt."""
_UNIT = re.compile(r"[a-z]{1,2}")
_ANY_UNIT = re.compile(r"[a-z]{1,3}")
_SIDE = re.compile(r"x\d+[a-z]{0,2}")
_SIDES = re.compile(r"x\d+[a-z]*")
_CODE = re.compile(r"(?!.*\dx\d)[a-z]+\d[a-z\d]*")
"""Model numbers: `bl1850`."""
_FEWEST_OF_BEGINNING = 4
"""Characters of a model number that lacks its end; shorter ones lack their beginning."""
_GROUPS = re.compile(r"(?<![\d.,])([1-9]\d{0,2})((?:[.,'’]\d{3})+)(?![\d.,'’]*\d)")
"""Numbers with their thousands apart: `20,000`."""
_MOST = 32
_FEWEST_OF_PART = 3


def apart(words: Words, word: str) -> list[Phrase]:
    """The parts of a number with letters, or of a size, if products say each: `500 ml`."""
    parts = [part for one in _TIMES.split(word) for part in _separated(one)]
    phrases: list[Phrase] = [(word[:cut], word[cut:]) for cut in _borders(word)]
    whole = [] if len(parts) == 1 and not word.isdecimal() else _cut(words, parts)
    for some in (whole, [piece for part in whole for piece in _thousands(words, part)]):
        names = _NAMES.get(some[-1], some[-1:]) if len(some) > 1 else ()
        phrases += [(*some[:-1], name) for name in names]
        if len(some) == 2 and some[0].isdecimal():
            phrases += [(some[0] + name,) for name in names if name != some[1]]
        elif len(some) > 1 and some[-1].isdecimal():
            phrases += [(*some[:-1], one) for one in _with_unit(words, some[-1])]
    return [one for one in dict.fromkeys(phrases) if all(map(words.says, one))]


def _borders(word: str) -> list[int]:
    """Places between letters and digits, two characters from an end: `5w|30`, `65|r15`."""
    return [
        place
        for place in range(2, len(word) - 1)
        if word[place - 1].isdecimal() != word[place].isdecimal()
    ]


def _cut(words: Words, parts: Sequence[str]) -> list[str]:
    """With letters that no product says as two words that one says together: `15promax`."""
    found: list[str] = []
    for part in parts:
        known = not part.isalpha() or words.says(part) or part in _NAMES
        found += [part] if known else _two(words, part)
    return found


def _two(words: Words, part: str) -> list[str]:
    for place in range(_FEWEST_OF_PART, len(part) - _FEWEST_OF_PART + 1):
        first, second = (words.rows(one) for one in (part[:place], part[place:]))
        if len(np.intersect1d(first, second)):
            return [part[:place], part[place:]]
    return [part]


def _thousands(words: Words, part: str) -> list[str]:
    """A number with its thousands apart, as `20,000 mAh` is cut in titles.

    If products say `1200`, those that say 1 and 200 somewhere are others.
    """
    if not part.isdecimal() or len(part) < 4 or (words.says(part) and part[-3:] != "000"):
        return [part]
    return [part[:-3], part[-3:]]


def ungrouped(text: str) -> str:
    """With `20000` for `20,000`, and `4x40` for `4,0x40`."""
    return with_whole_sides(_GROUPS.sub(lambda one: re.sub(r"\D", "", one.group()), text))


def with_lengths(words: Words, text: str) -> str:
    """With a thread and a length as titles have them: `m8x40` of "m8 bolt 40mm"."""
    thread = _THREAD.search(text)
    length = _LENGTH.search(text) if thread else None
    if thread is None or length is None:
        return text
    size = f"{thread.group().lower()}x{length.group(1)}"
    return f"{size} {_THREAD.sub('', _LENGTH.sub('', text))}" if words.says(size) else text


def side_by_side(words: Words, text: str) -> Callable[[str], bool]:
    """A check whether another text says these words and numbers beside each other, with and without
    blanks between: a word in any of its forms, a unit by any of its names, a side with others.
    """
    ways = [
        rf"{part}(?:[.,]0+)?"
        if part.isdecimal()
        else "|".join((*_NAMES.get(part, ()), *words.forms(part)))
        for part in _PARTS.findall(_plain(text))
    ]
    said = r"\W*".join(f"(?:{way})" for way in ways)
    if len(ways) == 2 and text[:1].isdecimal():
        # "Pack of 2" is a 2 pack.
        said += rf"|(?:{ways[1]}) [a-z]{{2,3}} (?:{ways[0]})"
    pattern = re.compile(rf"(?<!\w)(?<!\d[.,])(?:{said})(?:x\d\w*)?(?!\w)")
    return lambda said: pattern.search(_plain(said)) is not None


def is_measured(text: str) -> bool:
    """True for a number, alone or with a word: `12`, `50 mm`, `spf 50`; not for a code: `m8`."""
    plain = _plain(text)
    parts = _PARTS.findall(plain)
    numbers = sum(map(str.isdecimal, parts))
    return len(parts) <= 2 and numbers == 1 and (parts[0].isdecimal() or " " in plain)


def _plain(text: str) -> str:
    """Folded, with the sign of inches as a word."""
    return fold(ungrouped(re.sub(INCHES, r"\1 inch ", text)))


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
    sides = _beginning(words, word, _SIDES) if _SCREW.fullmatch(word) else []
    return sides or _of_model(words, word)


def _of_model(words: Words, word: str) -> list[str]:
    """Model numbers that no product says, with what shoppers leave out: `bl1850b`, `wh1000xm5`."""
    if not _CODE.fullmatch(word) or words.says(word):
        return []
    found: list[str] = []
    for _, index in words.indexes:
        if len(word) >= _FEWEST_OF_BEGINNING:
            found += (index.words[number] for number in index.words.beginning(word)[:_MOST])
        else:
            numbers = index.words.ending(word)
            texts = (index.words[number] for number in numbers)
            found += (one for one in texts if one[: -len(word)][-1:].isdecimal())
    return found[:_MOST]


def _with_unit(words: Words, number: str) -> list[str]:
    """Words of the catalogue for a number with any unit: `400mg`."""
    return words.remembered("units", number, lambda one: _beginning(words, one, _ANY_UNIT))


def joined(words: Words, asked: Sequence[str], place: int) -> list[str]:
    """Words of the catalogue for this word and its neighbours, and other names of a unit."""
    own, before, after = asked[place], asked[:place][-1:], asked[place + 1 : place + 2]
    found: list[str] = []
    if own.isdecimal():
        found += _of_size(words, asked, place)
        if len(own) > 1 and not _has_unit(asked, place):
            found += _with_unit(words, own)
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


def _has_unit(asked: Sequence[str], place: int) -> bool:
    """True if a unit, or another side, stands beside the number at this place."""
    after = "".join(asked[place + 1 : place + 2])
    unit = after.isalpha() and (len(after) <= 2 or after in _NAMES)
    return unit or asked[max(place - 1, 0)] == "x"


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
    """Words that go on with a letter, and so: among `40` are many numbers."""
    texts = (
        index.words[number]
        for _, index in words.indexes
        for number in index.words.with_letters(start)
    )
    return list(islice((one for one in texts if rest.fullmatch(one, len(start))), _MOST))
