"""Check of a model's answer: one plain caption, or nothing. Nothing in an answer is trusted.

The checks look at structure, not at vocabulary: length, characters, markup, repetition,
copies of the prompt, and sentences instead of captions (`prose`). A refused answer costs a shopper
only the rewriting.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from services.rewriter.prompt import instructions
from services.rewriter.prose import is_prose, words_of

MAX_CHARACTERS = 200
MAX_WORDS = 30
_ALWAYS_ALLOWED_WORDS = 12

_COPIED_WORDS = 5
"""Words in a row that count as a copy of the prompt."""

_QUOTES = "\"'`“”„«»‘’"

MARKUP = re.compile(
    r"[<>{}\[\]|\\`\ufffd]"  # tags, JSON, tables, code, undecodable bytes
    r"|://|www\.|\S@\S+\.\S"  # addresses
    r"|&#?\w+;"  # HTML entities
    r"|\w\([^)]*\)"  # calls
    r"|\*\*|__|(^|\s)[*_](\S|\s)"  # Markdown emphasis and bullets; `M*A*S*H` is a title
    r"|^(#{1,6}|[-–—•+>=]|\d{1,2}[.)])\s"  # headings, lists
)

# The one double quote that a product has is an inch sign after a number.
_QUOTED = re.compile(r"(?<!\d)[\"“”„«»]")

_STUTTER = re.compile(r"([^\W\d_]{1,20}?)\1{5,}", re.IGNORECASE)


def cleaned(description: str, query: str) -> str | None:
    """The description as one plain line of at most 200 characters; None if it is unusable.

    The query allows what it says itself: a film called "I am Legend" reads like a sentence.
    """
    line = _without_quotes(description.strip()).rstrip(".!").strip()
    usable = (
        0 < len(line) <= MAX_CHARACTERS
        and _is_plain(line)
        and not _is_too_long(line, query)
        and not _repeats(line, query)
        and not _copies_prompt(line, query)
        and not is_prose(line, query)
    )
    return " ".join(line.split()) if usable else None


def _without_quotes(line: str) -> str:
    quoted = len(line) > 1 and line[0] in _QUOTES and line[-1] in _QUOTES
    return line[1:-1].strip() if quoted else line


def _is_plain(line: str) -> bool:
    """One printable line, mostly of letters and digits, without markup or quotes."""
    visible = [character for character in line if not character.isspace()]
    return (
        line.isprintable()  # no line breaks, no control or bidirectional characters
        and any(len(word) > 1 and not word.isdecimal() for word in words_of(line))
        and sum(character.isalnum() for character in visible) >= 0.6 * len(visible)
        and not MARKUP.search(line)
        and not _QUOTED.search(line)
    )


def _is_too_long(line: str, query: str) -> bool:
    """Longer than any description of this query. Some languages write without spaces."""
    fitting = max(_ALWAYS_ALLOWED_WORDS, 2 * len(query.split()), len(query) // 2)
    return len(line.split()) > min(MAX_WORDS, fitting)


def _repeats(line: str, query: str) -> bool:
    """The same words or syllables over and over, unless the query says them as often."""
    words = words_of(line)
    counts, asked = Counter(words), Counter(words_of(query))
    if len(words) > 2 and len(counts) < 0.6 * len(words):
        return any(number > max(1, asked[word]) for word, number in counts.items())
    return _STUTTER.search(line) is not None


def _copies_prompt(line: str, query: str) -> bool:
    return bool((_runs(line) & _prompt_runs()) - _runs(query))


@cache
def _prompt_runs() -> frozenset[tuple[str, ...]]:
    return _runs(instructions())


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = words_of(text)
    return frozenset(zip(*(words[start:] for start in range(_COPIED_WORDS)), strict=False))
