"""Units of text for completions: words, and single letters of scripts without spaces.

A key is what a phrase looks like folded: its words with one blank between, letters of scripts
without spaces side by side. A phrase begins as typed if its key begins with the key of what is
typed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from services.retriever.words.folding import MARKED, UNSPACED, fold, without_possessives

# Half-width kana become full-width ones only when they are folded.
_LETTER = f"[{UNSPACED}\uff66-\uff9f]"
_SIGNS = (
    "[\u3099\u309a\uff9e\uff9f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd"
    "\u102b-\u103e\u1056-\u1059\u17b4-\u17d3]*"
)
BREAK = "\u2063"
_ASCII_BREAKS = "[,;:] |[()\\[\\]{}|]| [-/] "
BREAKS = (
    f"{_ASCII_BREAKS}| [\u2013\u2014] |"
    f"[\u00b7\u2022\u3001\u3002\uff0c\uff1a\uff1b\uff08\uff09\u3010\u3011{BREAK}]"
)
"""Pattern of punctuation that ends a phrase; `BREAK` stands for it."""
_POSSESSIVE = r"(?:(?<=[^\W\d_])['’][sS](?!\w))?"
_UNIT = re.compile(
    f"(?P<break>{BREAKS})|(?P<letter>{_LETTER}{_SIGNS})|(?:(?!{_LETTER}){MARKED})+{_POSSESSIVE}"
)
_ASCII_UNIT = re.compile(f"(?P<break>{_ASCII_BREAKS})|[A-Za-z0-9]+{_POSSESSIVE}")

WORD_WEIGHT, LETTER_WEIGHT, BREAK_WEIGHT = 3, 1, 100
"""Length of a unit in a phrase: a word takes the place of three letters."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a text in Unicode's form NFC."""

    key: str
    """Folded; with a blank before it, unless it adheres to the letter before it. A break: empty."""
    start: int
    stop: int
    weight: int

    @property
    def word(self) -> str:
        """Folded, without the blank."""
        return self.key.lstrip()


def composed(text: str) -> str:
    """The form that spans of units refer to."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def units(text: str) -> list[Unit]:
    """The units of a text in order, breaks too. text: `composed`."""
    found, end, adheres = [], 0, False
    for one in (_ASCII_UNIT if text.isascii() else _UNIT).finditer(text):
        kind = one.lastgroup
        if kind == "break":
            found.append(Unit("", one.start(), one.end(), BREAK_WEIGHT))
            continue
        folded = "".join(fold(without_possessives(one.group())).split())
        if not folded:
            continue
        blank = "" if kind and adheres and one.start() == end else " "
        weight = LETTER_WEIGHT if kind else WORD_WEIGHT
        found.append(Unit(blank + folded, one.start(), one.end(), weight))
        end, adheres = one.end(), kind is not None
    return found


def key_of(some: list[Unit]) -> str:
    """The key of a phrase of these units."""
    return "".join(one.key for one in some).lstrip()
