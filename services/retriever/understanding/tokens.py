"""A query cut into words, numbers and signs, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.retriever.words.folding import fold, unspaced

Sort = Literal["word", "number", "sign"]

_NUMBER = r"\d(?:[\d.,'’\u00a0\u202f٫٬](?=\d)|\d)*"
_WORD = r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0963\u0e31-\u0e4e]|['’](?=[^\W\d_]))*"
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<sign>[<>＜＞][=＝]|[=＝][<>＜＞]|[^\w\s])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the text."""

    sort: Sort
    folded: str
    start: int
    end: int


def tokens_of(text: str, known: Collection[str] = ()) -> list[Token]:
    """The tokens in order.

    known: folded phrases that are cut out of runs of a script without spaces.
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        sort: Sort = "word"
        if match.lastgroup == "number":
            sort = "number"
        elif match.lastgroup == "sign":
            sort = "sign"
        if sort == "word" and unspaced(match.group()):
            found += _cut(text, match.start(), match.end(), known)
        else:
            found.append(Token(sort, _folded(match.group(), sort), match.start(), match.end()))
    return found


def digits(text: str) -> str:
    """The same number in ASCII digits: Arabic, Indic and full-width ones are read too."""
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text
    ).translate({ord("٫"): ".", ord("٬"): ","})


def adjacent(first: Token, second: Token) -> bool:
    """True if nothing stands between two tokens."""
    return first.end == second.start


def is_hyphen(tokens: Sequence[Token], place: int) -> bool:
    """True for a hyphen between two words: `arm-chair`, but not `mug -red`."""
    return (
        place + 1 < len(tokens)
        and tokens[place].folded in "-\u2010"
        and adjacent(tokens[place - 1], tokens[place])
        and adjacent(tokens[place], tokens[place + 1])
    )


def is_mark(tokens: Sequence[Token], place: int) -> bool:
    """True for the dot of an abbreviation, or a hyphen, behind a word: "max. 20", "under-20"."""
    return (
        0 < place < len(tokens)
        and tokens[place].folded in ".-"
        and adjacent(tokens[place - 1], tokens[place])
    )


def replaced(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """The text with other words at these places. changes: in order, as (start, end, words)."""
    parts, rest = [], 0
    for start, end, words in changes:
        parts += [text[rest:start], words]
        rest = max(rest, end)
    return "".join([*parts, text[rest:]])


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text without these parts."""
    return tidied(replaced(text, [(start, end, " ") for start, end in sorted(spans)]))


def tidied(text: str) -> str:
    """The text without the blanks and the punctuation that removed parts leave over."""
    text = " ".join(text.split())
    text = re.sub(r"\(\s*\)|\[\s*\]", " ", text)
    text = re.sub(r"\s+([,;:.!?)])", r"\1", text)
    text = re.sub(r"([,;:])(?:\s*[,;:.])+", r"\1", text)
    return " ".join(text.split()).strip(" ,;:.–—&")


def _folded(text: str, sort: Sort) -> str:
    return digits(text) if sort == "number" else fold(text).replace("’", "'")


def _cut(text: str, start: int, end: int, known: Collection[str]) -> list[Token]:
    """Known phrases of a run, the longest first, and what stands between them."""
    longest = max(map(len, known), default=0)
    found: list[Token] = []
    rest = place = start
    while place < end:
        for stop in range(min(end, place + longest), place, -1):
            if (word := fold(text[place:stop])) in known:
                if rest < place:
                    found.append(Token("word", fold(text[rest:place]), rest, place))
                found.append(Token("word", word, place, stop))
                rest = place = stop
                break
        else:
            place += 1
    if rest < end:
        found.append(Token("word", fold(text[rest:end]), rest, end))
    return found
