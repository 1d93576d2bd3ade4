"""Plurals for the bundled model, whose training captions have none.

CLIP's vocabulary has a token of its own for most plurals. Training never saw those tokens, so they
have no meaning. So each plural token gets the embedding of its singular.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from demo.taxonomy import CATEGORIES

_WITHOUT = frozenset({"trousers", "pants", "slacks", "socks", "boots"})
"""They are plurals."""


def plural(word: str) -> str:
    """Plural of an English noun, a few irregular nouns excepted."""
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    if word.endswith("f"):
        return f"{word[:-1]}ves"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def plurals() -> Iterator[tuple[str, str]]:
    """(singular, plural) of categories' names and synonyms of one word, if that is none of them."""
    for category in CATEGORIES:
        for word in category.words:
            several = plural(word)
            if " " not in word and word not in _WITHOUT and several not in category.words:
                yield word, several


def read_plurals(
    embedding: Any,  # noqa: ANN401 - a tensor or an array
    encode: Callable[[str], Sequence[int]],
) -> None:
    """Give tokens of plurals that say nothing the row of their singular's, in place.

    embedding: (vocabulary, width). encode: token ids of a word, without start and end. Of a plural
    in more pieces than its singular the rarest of them, the highest id, stands for the word.
    """
    for singular, several in plurals():
        ones, many = encode(singular), encode(several)
        row = embedding[ones[-1]]
        if any((embedding[token] == row).all() for token in many):
            continue
        unread = [token for token in many if not embedding[token].any()]
        if len(ones) == len(many):
            unread = [token for token in many[-1:] if token in unread]
        if unread:
            embedding[max(unread)] = row
