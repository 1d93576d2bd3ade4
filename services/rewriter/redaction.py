"""Redaction: the text of an outside service without our secrets, short enough for a log line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

MAX_CHARACTERS = 300
REMOVED = "***"

_LONGEST_READ = 500
"""Characters that are read at all: a longer text is an error page, and the search is quadratic."""

_LEAST = 8
"""Shortest piece of a secret that is removed; shorter ones occur in any text."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """One line of at most 300 characters, without any piece of a secret, in any case."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:_LONGEST_READ]).split())
    for secret in secrets:
        line = _without(line, secret.strip())
    return line if len(line) <= MAX_CHARACTERS else f"{line[: MAX_CHARACTERS - 1]}…"


def _without(line: str, secret: str) -> str:
    if 0 < len(secret) < _LEAST:
        word = re.compile(rf"(?<!\w){re.escape(secret)}(?!\w)", re.IGNORECASE)
        return word.sub(REMOVED, line)
    pieces = SequenceMatcher(None, "", _lowered(secret), autojunk=False)
    while True:
        pieces.set_seq1(_lowered(line))
        piece = pieces.find_longest_match()
        if piece.size < _LEAST:
            return line
        line = f"{line[: piece.a]}{REMOVED}{line[piece.a + piece.size :]}"


def _lowered(text: str) -> str:
    """Lower case of the same length, so that places in both texts are the same."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
