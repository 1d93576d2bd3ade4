"""The words of a query's text over the catalogue: which products say them, and identifiers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import DEPTH
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from services.retriever.searching.largest import largest
from services.retriever.searching.saying import key_as_written, key_of, said_by, ways_of
from services.retriever.searching.sought import (
    WORDS_WEIGHT,
    SoughtConcept,
    SoughtWords,
    identifier_parts,
)
from services.retriever.words import Words
from services.retriever.words.concepts import Concept, concepts_of
from services.retriever.words.quantities import has_limit, is_limit
from services.retriever.words.row_set import RowSet
from services.retriever.words.said import STRUCTURED, rows_saying
from services.retriever.words.strengths import Said, weakest
from services.retriever.words.texts import mask_of

_CORRECTED = 0.7
"""Share of a word that is said in another spelling than the query's."""
_NAMED, _UNKNOWN = 0.2, -0.3
"""Added to the excess: for a query that names a known kind of product or brand; and for one that
names neither and has an unknown word. Tuned on one half of the golden queries:
docs/decisions/0043-words-in-the-confidence.md"""
_BRAND_COUNTS = 1.5
"""Times a brand's idf beside vectors: they find the kind of product, but not the brand."""

_FIRST = 2 * DEPTH
"""Products with the largest bonus that a text remembers: those beside the best by vectors."""
_BRAND = mask_of("brand")
_KIND = mask_of("category", "title")
_REMEMBERED = 1_000
"""Texts whose words stay in memory."""


def _bytes_of(words: SoughtWords | None) -> int:
    return 0 if words is None else words.most_bytes


@remembered(_REMEMBERED, _bytes_of)
def sought_words(catalogue: Catalogue, text: str) -> SoughtWords | None:
    """None where the text has neither a word that says something nor an identifier."""
    return _sought_words(catalogue, text, _BRAND_COUNTS)


@remembered(_REMEMBERED, _bytes_of)
def sought_words_alone(catalogue: Catalogue, text: str) -> SoughtWords | None:
    """The same for searches without vectors, where only words find the kind of product."""
    return _sought_words(catalogue, text, 1.0)


def _sought_words(catalogue: Catalogue, text: str, brand_counts: float) -> SoughtWords | None:
    words = catalogue.words
    named = "" if has_limit(text) else text
    exact = words.identified(named)
    begun = (exact if len(exact) else words.identified_in_part(named)).astype(np.int32)
    concepts = [
        one for one in concepts_of(words, text, catalogue.synonyms) if not _is_frame(words, one)
    ]
    if not concepts and not len(begun):
        return None
    sought = _sought(catalogue, concepts, brand_counts)
    known = all(one.known for one in sought)
    parts = [one.part(catalogue) for one in sought]
    certain = _certain([one.said for one in parts], begun) if known else begun
    parts += identifier_parts(begun, exact=len(exact) > 0)
    first, equal = largest(parts, _FIRST).split(2 * _FIRST)
    return SoughtWords(
        text,
        catalogue.index,
        bool(catalogue.moments.pictured),
        sought,
        RowSet(certain, words.numbers),
        begun,
        exact=len(exact) > 0,
        first=first,
        equal=RowSet(equal, words.numbers),
        excess=_NAMED if _names(words, sought) else 0.0 if known else _UNKNOWN,
    )


def _certain(said: Sequence[Said], begun: NDArray[np.int32]) -> NDArray[np.int32]:
    """Rows that say every word, or have the identifier; ascending."""
    if not said:
        return begun
    rows = weakest(said).rows
    return np.union1d(rows, begun) if len(begun) else rows


def _is_brand(words: Words, concept: Concept) -> bool:
    """True for a word that most of the products that say it have in their brand."""
    own = concept.alternatives[0]
    return len(own) == 1 and words.remembered("brand", own[0], partial(_in_brand, words))


def _in_brand(words: Words, word: str) -> bool:
    found = [postings for _, postings in words.found(word)]
    brands = sum(int(np.count_nonzero(one.fields & np.uint8(_BRAND))) for one in found)
    return brands * 2 > sum(len(one.rows) for one in found)


def _names(words: Words, sought: Sequence[SoughtConcept]) -> bool:
    """True if the text names a brand, or a kind of product: a word of categories and of titles."""
    for one in sought:
        if one.count:
            said = 0
            for word in {word for phrase in one.concept.alternatives for word in phrase}:
                said |= words.remembered("fields", word, partial(_fields, words))
            if said & _BRAND or said & _KIND == _KIND:
                return True
    return False


def _fields(words: Words, word: str) -> int:
    """The fields of all products that say any form of a word, as bits."""
    said = 0
    for form in words.forms(word):
        for _, postings in words.found(form):
            said |= int(np.bitwise_or.reduce(postings.fields, initial=0))
    return said


def _is_frame(words: Words, concept: Concept) -> bool:
    """True for "do", "brand", "gift" where no product is called so."""
    return words.analyser.is_frame_word(concept.text) and not len(
        rows_saying(words, concept.text, STRUCTURED)
    )


def _sought(
    catalogue: Catalogue, concepts: Sequence[Concept], brand_counts: float
) -> list[SoughtConcept]:
    """Where each is said, with its share of the text."""
    words = catalogue.words
    found: list[tuple[SoughtConcept, float]] = []
    total = 0.0
    for concept in concepts:
        find = partial(_weighed, catalogue, concept)
        limit = is_limit(concept.alternatives[0][0])
        one = find("") if limit else words.remembered("sought", concept.name, find)
        weight = one.weight
        if _is_brand(words, concept):
            weight *= brand_counts
        total += weight
        found.append((one, weight if one.known else weight * _CORRECTED))
    scale = WORDS_WEIGHT / total if total else 0.0
    return [replace(one, weight=weight * scale) for one, weight in found]


def _weighed(catalogue: Catalogue, concept: Concept, _: str) -> SoughtConcept:
    """Where it is said, or where words are said that are spelled like it; weighed by its idf.

    A word that no product says keeps its idf, the highest of all: a query that the catalogue
    has a part of is covered by that part alone.
    """
    words, products = catalogue.words, len(catalogue.index)
    key = key_of(concept)
    count = _said_in(catalogue, key)
    known = count > 0
    weight = math.log(1 + (products + 0.5) / (count + 0.5))
    if not known:
        near = [one.word for one in catalogue.vocabulary.corrections(concept.text, most=1)]
        ways = [*concept.alternatives, *((word,) for word in near)]
        concept = Concept(concept.text, ways, concept.beside)
        key = key_as_written(near)
        count = _said_in(catalogue, key)
    return SoughtConcept(concept, weight, key, ways_of(words, key), count, known)


def _said_in(catalogue: Catalogue, key: str) -> int:
    """Number of products in the catalogue that say a concept, by its key."""
    return int(np.count_nonzero(catalogue.index.alive_of(said_by(catalogue, key).rows)))
