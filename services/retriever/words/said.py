"""Products that contain a text: all of its words, each in any of its forms or synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import WordField
from services.retriever.words.concepts import Concept, concepts_of
from services.retriever.words.live import Words
from services.retriever.words.synonyms import NO_SYNONYMS, SynonymTable
from services.retriever.words.texts import FIELDS, mask_of, with_whole_sides

STRUCTURED: tuple[WordField, ...] = ("title", "brand", "category", "attributes")
"""Fields that say what a product is; its description also says what it is not."""
_SAID = np.uint8(mask_of(*STRUCTURED))


def rows_saying(
    words: Words,
    text: str,
    fields: Sequence[WordField] = FIELDS,
    synonyms: SynonymTable = NO_SYNONYMS,
) -> NDArray[np.intp]:
    """Rows in order; none for a text of function words only."""
    concepts = concepts_of(words, text, synonyms)
    if not concepts:
        return np.empty(0, np.intp)
    mask = mask_of(*fields)
    return reduce(np.intersect1d, (_rows_of_concept(words, one, mask) for one in concepts))


def _rows_of_concept(words: Words, concept: Concept, mask: int) -> NDArray[np.intp]:
    found = [
        reduce(np.intersect1d, (words.rows(word, mask) for word in phrase))
        for phrase in concept.alternatives
    ]
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))


def words_of_title(words: Words, text: str) -> list[str]:
    """The words of a title or of a part of one, as the index has them: `4x40` for `4,0x40`."""
    return words.analyser.words(with_whole_sides(text))


def saying(words: Words, every: Sequence[str]) -> NDArray[np.intp]:
    """Products that say all these folded words elsewhere than in a description or an identifier."""
    found: list[NDArray[np.intp]] = []
    for first, index in words.indexes:
        numbers = [index.words.find(word) for word in every]
        if not numbers or any(number is None for number in numbers):
            continue
        lists = sorted(
            (index.word(number) for number in numbers if number is not None),
            key=lambda one: len(one.rows),
        )
        rows = lists[0].rows[(lists[0].fields & _SAID) != 0]
        for one in lists[1:]:
            places = one.of(rows)
            kept = places >= 0
            kept[kept] = (one.fields[places[kept]] & _SAID) != 0
            rows = rows[kept]
        found.append(rows.astype(np.intp) + first)
    return np.concatenate([np.empty(0, np.intp), *found])
