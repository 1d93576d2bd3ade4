"""Folding and splitting of text, the same for every language."""

from __future__ import annotations

import re
import unicodedata

# Marks that only distinguish accents; those of Indic scripts, Thai and kana are letters of a word.
# The Cyrillic й and ў are letters too: Russian stems depend on й.
_ACCENTS = re.compile(
    "(?<![ИиУу])\u0306|"
    "[\u0300-\u0305\u0307-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u0652\u0670]"
)
# The form NFKD makes letters of them: "gore-textm".
_TRADEMARKS = re.compile("[\u2120\u2122]")
_SPECIAL = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "×": "x",
    }
)

# `\w` leaves out the vowel signs of these scripts, and would cut words at each of them.
MARKED = (
    "(?:[^\\W_]|[\u0300-\u036f\u0900-\u0963\u0966-\u0e3e\u0e40-\u0e4e\u0e50-\u0e59"
    "\u0e80-\u109f\u1780-\u17d3])"
)
"""Pattern of a letter or digit of a word, or a mark on one."""
_WORD = re.compile(f"{MARKED}+")

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
UNSPACED = (
    f"{HAN}\u3005-\u3007\u3040-\u30ff\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\uac00-\ud7af"
)
"""Letters of scripts that set no blanks between words, and of Hangul, whose particles adhere."""
_UNSPACED = re.compile(f"[{UNSPACED}]+")
_POSSESSIVE = re.compile(r"(?<=[^\W\d_])['’]s(?!\w)", re.IGNORECASE)
_ONE_HAN = re.compile(f"[{HAN}]")

MAX_WORD = 64
"""Letters of a word; what is longer is cut."""


def fold(text: str) -> str:
    """The same text whatever its letter case, accents and width."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", _TRADEMARKS.sub("", text))
    plain = _ACCENTS.sub("", text).casefold().translate(_SPECIAL)
    return unicodedata.normalize("NFC", plain)


def without_possessives(text: str) -> str:
    """The text with `men` for "men's": its "s" is no size S."""
    return _POSSESSIVE.sub("", text) if "'" in text or "’" in text else text


def split(folded: str) -> list[str]:
    """Words of folded text, in order; pairs of neighbouring letters in scripts without spaces.

    A Chinese character is a word by itself as well.
    """
    found: list[str] = []
    for word in _WORD.findall(folded):
        if word.isascii():
            found.append(word[:MAX_WORD])
        else:
            found += _parted(word)
    return found


def unspaced(text: str) -> bool:
    """True for scripts without spaces between words."""
    return _UNSPACED.search(text) is not None


def _parted(word: str) -> list[str]:
    found: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(word):
        found += _plain(word[end : run.start()])
        found += _pairs(run.group())
        end = run.end()
    return found + _plain(word[end:])


def _plain(part: str) -> list[str]:
    return [part[:MAX_WORD]] if part else []


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    pairs = [run[place : place + 2] for place in range(len(run) - 1)]
    return [*pairs, *_ONE_HAN.findall(run)]
