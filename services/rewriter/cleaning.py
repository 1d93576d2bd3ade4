"""What a model wrote, made fit to search with, or refused. Nothing of it is trusted."""

from __future__ import annotations

import re

MAX_CHARACTERS = 200
MAX_WORDS = 40

_QUOTES = "\"'`“”„«»‘’"

# Markup, code, addresses and lists have no place in a description.
_MARKUP = re.compile(r"[<>{}\[\]|\\`*_#=~^@$]|https?:|www\.|&\w+;|^[-•]\s")

# An inch sign after a number is the one double quote that a product has.
_QUOTED = re.compile(r"(?<!\d)[\"“”„«»]")

# A model that speaks of itself or of its orders has not described a product.
_TALKING = re.compile(
    r"\b(as an ai|assistant|disregard|here(?:'s| is| are)|i(?:'m| am| can| can't| cannot)|ignor\w+|"
    r"instructions?|language model|prompt|query|rewritten|sorry|sure|shopper)\b",
    re.IGNORECASE,
)


def cleaned(answer: str) -> str | None:
    """One plain line of at most 200 characters; None where the answer is unusable.

    Refusing costs a shopper nothing but the rewriting, so anything doubtful is refused.
    """
    line = answer.strip()
    if len(line) > 1 and line[0] in _QUOTES and line[-1] in _QUOTES:
        line = line[1:-1].strip()
    line = line.removesuffix(".")
    usable = (
        0 < len(line) <= MAX_CHARACTERS
        and len(line.split()) <= MAX_WORDS
        and line.isprintable()  # no line breaks, no control or bidirectional characters
        and any(character.isalnum() for character in line)
        and not _MARKUP.search(line)
        and not _QUOTED.search(line)
        and not _TALKING.search(line)
    )
    return " ".join(line.split()) if usable else None
