"""Rule that decides which queries need rewriting, before any call is made."""

from __future__ import annotations

import re

MAX_KEYWORDS = 6

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

# Words of a person who talks instead of naming a product, and the negations that CLIP ignores.
_TALK = """
    a am an and any anything are but can can't cannot could couldn't do does don't except find get
    give have hello help hey hi how i i'd i'll i'm i've is it it's like looking love me my need
    never nice no not nothing or please recommend search shop should show some someone something
    that the them these they this those to want we what when where which who why will without
    would you your
"""
_TALK_WORDS = frozenset(_TALK.split())

_SENTENCE = re.compile(r"[.!?;:](\s|$)|\n")


def needs_rewriting(query: str) -> bool:
    """False for a few plain English keywords: they read like a caption already.

    A query in another language that has only ASCII letters counts as keywords too. To detect it
    would need a dictionary, and without a rewriter it would be searched in the same way.
    """
    words = _WORD.findall(query.lower())
    return (
        len(words) > MAX_KEYWORDS
        or not query.isascii()
        or (bool(words) and _SENTENCE.search(query.strip()) is not None)
        or any(word in _TALK_WORDS for word in words)
    )
