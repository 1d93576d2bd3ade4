"""Quantities as one word, whatever their unit and however they are written: `0.5 l` is `500 ml`.

A product gets such a word for each quantity of its texts, beside its own words. So `5 l` is not
found in `0.5 l` and `2.5 l`, whose parts say 5 and l.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from services.retriever.words.lexicon import Lexicon

_MARK = "\u01c0"
"""A letter that no language of shops has. Words of quantities begin with it."""
_BASES: dict[str, dict[str, str]] = {
    "ml": {"ml": "1", "cl": "10", "dl": "100", "l": "1000"},
    "ug": {"ug": "1", "mg": "1000", "g": "1000000", "kg": "1000000000"},
    "mm": {"mm": "1", "cm": "10", "dm": "100", "m": "1000", "in": "25.4", "ft": "304.8"},
    "oz": {"oz": "1", "lb": "16"},
    "w": {"w": "1", "kw": "1000"},
    "v": {"v": "1"},
    "mah": {"mah": "1", "ah": "1000"},
    "wh": {"wh": "1", "kwh": "1000"},
    "mb": {"mb": "1", "gb": "1000", "tb": "1000000"},
    "mhz": {"mhz": "1", "ghz": "1000"},
}
"""Units and what they are worth in the unit that the word has."""
UNIT_NAMES = (
    ("l", "lt", "ltr", "litre", "litres", "liter", "liters", "litro", "litros", "litri"),
    ("ml", "millilitre", "millilitres", "milliliter", "milliliters"),
    ("g", "gr", "grs", "gram", "grams", "gramm", "gramme", "grammes", "gramos", "grammi"),
    ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"),
    ("oz", "ounce", "ounces"),
    ("lb", "lbs", "pound", "pounds"),
    ("mm", "millimetre", "millimetres", "millimeter", "millimeters"),
    ("cm", "centimetre", "centimetres", "centimeter", "centimeters", "zentimeter"),
    ("m", "metre", "metres", "meter", "meters", "metro", "metros", "metri"),
    ("in", "inch", "inches", "zoll"),
    ("ft", "foot", "feet"),
    ("v", "volt", "volts"),
    ("w", "watt", "watts"),
    ("mg", "milligram", "milligrams", "milligramm"),
    ("ug", "mcg", "µg", "μg"),
    ("mah",),
    ("gb", "gig", "gigs", "gigabyte", "gigabytes"),
    ("tb", "terabyte", "terabytes"),
)
"""All names of a unit, its own first, folded."""
_WORTH = {
    name: (base, Decimal(worth))
    for base, units in _BASES.items()
    for unit, worth in units.items()
    for name in next((names for names in UNIT_NAMES if names[0] == unit), (unit,))
}
_LARGE = {_WORTH[unit] for unit in ("kg", "l", "m", "in", "kw", "ah", "kwh", "tb", "ghz")}
"""Units of which there are seldom thousands, by any name: `1.250 kg` is less than two."""
_UNIT = "|".join(sorted(_WORTH, key=len, reverse=True))
_LETTERS = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0180-\u024f\u0300-\u036f\u1e00-\u1eff²³"
"""Latin letters beyond a to z, and marks: `15 Möbelgriffe` are no metres, `20 m²` neither. Without
the long s, which is an s in another case.
"""
_ENDS = f"(?![0-9a-z_{_LETTERS}])"
_NUMBER = r"(\d+)(?:[.,](\d+))?"
_SIDE = rf"(?:{_NUMBER} ?[x×*] ?)?"
_SAID = rf"(?i)(^|x|[^0-9a-z_.,/]){_SIDE}{_SIDE}{_NUMBER}[ -]?({_UNIT})\b"
_LONGER = rf"(?i)(\d[ -]?)((?:{_UNIT})[{_LETTERS}])"
"""To RE2, a word ends before these letters."""
_TOKEN = f"\\0 {_MARK}" + _MARK.join(rf"\{group}" for group in range(2, 9)) + " "
_RAW = re.compile(rf"{_MARK}{rf'([0-9]*){_MARK}' * 6}({_UNIT})", re.IGNORECASE)
_ASKED = re.compile(rf"(?<![0-9a-z_.,/]){_NUMBER}[ -]?({_UNIT}){_ENDS}(?<!\d in)", re.IGNORECASE)
"""A quantity of a query; "3 in blue" is none, nor is a side of `10 x 15 cm`."""
_BEGUN = re.compile(r"\d[ -]?[a-zµμ'\"\u2033\u201d]", re.IGNORECASE)
"""Part of each quantity; queries without it cost half a microsecond."""
_QUANTITY = re.compile(
    rf"{_NUMBER}(?:[ -]?(?:{_UNIT}){_ENDS}| ?(?:''|[\"\u2033\u201d]))", re.IGNORECASE
)
_HOLDS = {"<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge}
_SIGN = re.compile("[<≤>≥]")
_LIMITED = re.compile(
    rf"(?:([>≥]) ?{_NUMBER}[ -]?({_UNIT}) ?)?([<≤>≥]) ?{_NUMBER}[ -]?({_UNIT}){_ENDS}",
    re.IGNORECASE,
)
"""One or two limits of a quantity: `≥16 gb`, `≥40 cm≤60 cm`."""
_SIDE_BEFORE = re.compile(r"\dx? ?[x×*] ?$", re.IGNORECASE)


def has_quantity(text: str) -> bool:
    """False for most texts without a quantity, at little cost."""
    return _BEGUN.search(text) is not None


def quantity_at(text: str, start: int) -> int:
    """The end of the quantity that begins there; 0 if there is none."""
    match = _QUANTITY.match(text, start)
    return match.end() if match else 0


def with_quantities(texts: pa.StringArray) -> pa.StringArray:
    """With a raw token behind each quantity, for `words_of`."""
    apart = pc.replace_substring_regex(texts, _LONGER, r"\1  \2")
    return pc.replace_substring_regex(apart, _SAID, _TOKEN)


def is_quantity(word: str) -> bool:
    """True for the word of a quantity."""
    return word.startswith(_MARK)


def unmarked(text: str) -> str:
    """Without the letter that words of quantities begin with: some titles have it for a `|`."""
    return text.replace(_MARK, " ")


def words_of(token: str) -> list[str]:
    """The words of a raw token: one, and one for each further side of `10x15cm`.

    None for a token of anything else.
    """
    match = _RAW.fullmatch(token)
    if match is None:
        return []
    *parts, unit = match.groups()
    unit = unit.casefold()
    pairs = [pair for pair in zip(parts[::2], parts[1::2], strict=True) if pair[0]]
    # In `6x330ml` the six is no quantity.
    some = pairs if _WORTH[unit][0] == "mm" else pairs[-1:]
    return list(dict.fromkeys(_word(*pair, unit) for pair in some))


def as_words(text: str, is_said: Callable[[str], bool], written: dict[str, str]) -> str:
    """A query with its quantities as words, where a product says so much, and with its limits.

    written: takes in each word, as the query writes it.
    """
    text = unmarked(text)
    if _BEGUN.search(text) is None:
        return text

    def limit_of(match: re.Match[str]) -> str:
        word = f"{_MARK}{_MARK}{len(written)}"
        written[word] = match.group().casefold()
        return f" {word} "

    def word_of(match: re.Match[str]) -> str:
        whole, fraction, unit = match.groups()
        word = _word(whole, fraction or "", unit.casefold())
        if not is_said(word) or _SIDE_BEFORE.search(text, 0, match.start()):
            return match.group()
        written[word] = match.group().casefold()
        return f" {word} "

    if has_limit(text):
        text = _LIMITED.sub(limit_of, text)
    return _ASKED.sub(word_of, text)


def has_limit(text: str) -> bool:
    """True for a query with a limit of a quantity, which is no identifier: `ssd >500 gb`."""
    return _SIGN.search(text) is not None and _LIMITED.search(text) is not None


def is_limit(word: str) -> bool:
    """True for the word of a limit in a query."""
    return word.startswith(_MARK + _MARK)


def limit_word(limit: str) -> str:
    """The word of a limit as a query writes it; `numbers_within` takes it."""
    return _MARK + _MARK + limit.replace(" ", "")


def numbers_within(word: str, lexicon: Lexicon) -> tuple[list[int], list[int]]:
    """The numbers of the quantities within a limit, and of those of its unit that are not.

    word: of `limit_word`.
    """
    match = _LIMITED.fullmatch(word.removeprefix(_MARK + _MARK))
    if match is None:
        return [], []
    more, whole, fraction, unit, sign, *last = match.groups()
    ends = [(_HOLDS[sign], float(_amount(*last)))]
    base, _ = _WORTH[last[-1]]
    if more and _WORTH[unit][0] == base:
        ends.append((_HOLDS[more], float(_amount(whole, fraction, unit))))
    start = _MARK + base
    within: list[int] = []
    outside: list[int] = []
    for number in lexicon.beginning(start):
        amount = lexicon[number].removeprefix(start).replace("d", ".")
        # Words of "wh" begin as those of "w" do.
        if amount[0].isdecimal():
            inside = all(holds(float(amount), end) for holds, end in ends)
            (within if inside else outside).append(number)
    return within, outside


def _word(whole: str, fraction: str, unit: str) -> str:
    amount = f"{_amount(whole, fraction, unit):f}"
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    return f"{_MARK}{_WORTH[unit][0]}{amount.replace('.', 'd')}"


def _amount(whole: str, fraction: str | None, unit: str) -> Decimal:
    """In the unit that the word has."""
    fraction = fraction or ""
    worth = _WORTH[unit]
    thousands = len(fraction) == 3 and whole.strip("0") and worth not in _LARGE
    number = Decimal(whole + fraction if thousands else f"{whole}.{fraction}")
    return number * worth[1]
