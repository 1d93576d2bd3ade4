"""Which products say a text: all of its words, each in any of its forms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import WordField
from services.retriever.words.live import Words
from services.retriever.words.texts import FIELDS

STRUCTURED: tuple[WordField, ...] = ("title", "brand", "category", "attributes")
"""Fields that say what a product is; its description also says what it is not."""


def rows_saying(words: Words, text: str, fields: Sequence[WordField] = FIELDS) -> NDArray[np.intp]:
    """Rows in order, deleted ones included; none for a text of function words only."""
    asked = [
        word
        for word in dict.fromkeys(words.analyser.words(text))
        if not words.analyser.is_function_word(word)
    ]
    mask = mask_of(fields)
    if not asked:
        return np.empty(0, np.intp)
    return reduce(np.intersect1d, (_rows_of(words, word, mask) for word in asked))


def mask_of(fields: Sequence[WordField]) -> int:
    """The fields as bits of `Postings.fields`."""
    return sum(1 << FIELDS.index(field) for field in fields)


def _rows_of(words: Words, word: str, mask: int) -> NDArray[np.intp]:
    found = [np.empty(0, np.intp)]
    for form in words.forms(word):
        for first, postings in words.postings(form):
            said = (postings.fields & mask) != 0
            found.append(postings.rows[said].astype(np.intp) + first)
    return np.unique(np.concatenate(found))
