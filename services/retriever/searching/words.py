"""The words of a query's text over the catalogue: which products say them, and identifiers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.words import Vocabulary, Words
from services.retriever.words.postings import FULL

_WEIGHT = 0.35
"""Relevance of a product that says every word fully, in units of cosine similarity."""
_IDENTIFIED = 3.0
_BEGUN = 1.0
"""Relevance of an identifier and of its beginning: the first is above any sum of the others."""
_CORRECTED = 0.7
"""Share of a word that is said in another spelling than the query's."""
_DENSE = 16
"""With more than one posting for so many products, one pass over all products is faster."""

Said = tuple[NDArray[np.intp], NDArray[np.float32]]
"""Rows, each once, and how strongly each says a word, within 0..1."""


@dataclass(frozen=True, slots=True)
class SoughtWords:
    """One text over a snapshot of n row numbers; rows that are gone count as any other."""

    bonus: NDArray[np.float32]
    """(n,) what to add to the cosine similarity."""
    certain: NDArray[np.bool_]
    """(n,) products that say every word, or have the identifier."""
    identified: bool
    """True if the text is an identifier."""

    @property
    def covered(self) -> NDArray[np.float32]:
        """(n,) share of the text that each product says, within 0..1."""
        covered: NDArray[np.float32] = np.minimum(self.bonus / np.float32(_WEIGHT), np.float32(1))
        return covered


def sought_words(catalogue: Catalogue, text: str) -> SoughtWords | None:
    """None where the text has neither a word that says something nor an identifier."""
    words = catalogue.words
    exact = words.identified(text)
    begun = exact if len(exact) else words.identified_in_part(text)
    asked = [
        word
        for word in dict.fromkeys(words.analyser.words(text))
        if not words.analyser.is_function_word(word)
    ]
    if not asked and not len(begun):
        return None
    bonus, certain = _coverage(words, catalogue.vocabulary, asked, len(catalogue.index))
    bonus *= np.float32(_WEIGHT)
    bonus[begun] += np.float32(_IDENTIFIED if len(exact) else _BEGUN)
    certain[begun] = True
    return SoughtWords(bonus, certain, identified=len(exact) > 0)


def _coverage(
    words: Words, vocabulary: Vocabulary, asked: Sequence[str], products: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(n,) each: share of the words' idf that a product says, and whether it says all of them.

    A word that no product says keeps its idf, the highest of all: a query that the catalogue
    has a part of is covered by that part alone.
    """
    covered = np.zeros(words.numbers, np.float32)
    said_words = np.zeros(words.numbers, np.uint8)
    total = 0.0
    for word in asked:
        rows, strength = _said(words, words.forms(word))
        known = len(rows) > 0
        weight = math.log(1 + (products + 0.5) / (min(len(rows), products) + 0.5))
        total += weight
        if not known:
            near = [one.word for one in vocabulary.corrections(word, most=1)]
            rows, strength = _said(words, near)
            weight *= _CORRECTED
        covered[rows] += np.float32(weight) * strength
        if known:
            said_words[rows] += 1
    if total:
        covered /= np.float32(total)
    return covered, (said_words == min(len(asked), 255)) & bool(asked)


def _said(words: Words, forms: Sequence[str]) -> Said:
    """Where any of these words is said, by the strongest of them."""
    found = [(first, one) for form in forms for first, one in words.postings(form)]
    if not found:
        return np.empty(0, np.intp), np.empty(0, np.float32)
    if len(found) == 1:
        first, one = found[0]
        return one.rows.astype(np.intp) + first, _strength(one.impacts)
    if sum(len(one.rows) for _, one in found) * _DENSE > words.numbers:
        dense = np.zeros(words.numbers, np.uint8)
        for first, one in found:
            rows = one.rows.astype(np.intp) + first
            dense[rows] = np.maximum(dense[rows], one.impacts)
        rows = np.flatnonzero(dense)
        return rows, _strength(dense[rows])
    rows = np.concatenate([one.rows.astype(np.intp) + first for first, one in found])
    impacts = np.concatenate([one.impacts for _, one in found])
    order = np.lexsort((impacts, rows))
    rows = rows[order]
    last = np.concatenate([rows[1:] != rows[:-1], [True]])
    return rows[last], _strength(impacts[order][last])


def _strength(impacts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The impacts of postings within 0..1."""
    return impacts.astype(np.float32) / np.float32(FULL)
