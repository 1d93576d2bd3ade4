"""The words of a query's text over the catalogue: which products say them, and identifiers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import Match
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from services.retriever.words import Words
from services.retriever.words.concepts import Concept, concepts_of
from services.retriever.words.postings import FULL, place_of, places_of
from services.retriever.words.said import STRUCTURED, rows_saying
from services.retriever.words.texts import FIELDS

_WEIGHT = 1.0
"""Relevance of a product that says every word fully, in units of cosine similarity."""
_IDENTIFIED = 3.0
_BEGUN = 1.0
"""Relevance of an identifier and of its beginning: the first is above any sum of the others."""
_CORRECTED = 0.7
"""Share of a word that is said in another spelling than the query's."""
_NAMED, _UNKNOWN = 0.2, -0.3
"""Added to the excess: for a query that names a known kind of product or brand; and for one that
names neither and has an unknown word. Tuned on one half of the golden queries:
docs/decisions/0043-words-in-the-confidence.md"""
_BRAND_COUNTS = 1.5
"""Times a brand's idf beside vectors: they find the kind of product, but not the brand."""
_DENSE = 16
"""With more than one posting for so many products, one pass over all products is faster."""

_BRAND = 1 << FIELDS.index("brand")
_KIND = 1 << FIELDS.index("category") | 1 << FIELDS.index("title")
_REMEMBERED = 1_000
"""Texts whose words stay in memory."""
MATCHED_ROWS = 40
"""Rows of a text whose matches stay in memory, see `matching`."""
_BYTES_A_MATCH = 750

Strength = TypeVar("Strength", np.float32, np.uint8)

Said = tuple[NDArray[np.intp], NDArray[np.float32]]
"""Rows, each once, and how strongly each says a word, within 0..1."""


@dataclass(frozen=True, slots=True)
class SoughtConcept:
    """One word or phrase of a text, and the products that say it."""

    concept: Concept
    weight: float
    """Its share of `bonus` where it is fully said."""
    rows: NDArray[np.intp]
    """In order."""
    strength: NDArray[np.float32]

    def of(self, row: int) -> float:
        """Strength of the match in a product, within 0..1."""
        place = place_of(self.rows, row)
        return 0.0 if place is None else float(self.strength[place])

    def strengths(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """(m,) the same for several products."""
        places = places_of(self.rows, rows)
        strengths: NDArray[np.float32] = np.append(self.strength, np.float32(0))[places]
        return strengths


@dataclass(frozen=True, slots=True)
class SoughtWords:
    """One text over a snapshot of n row numbers; rows that are gone count as any other."""

    text: str
    bonus: NDArray[np.float32]
    """(n,) what to add to the cosine similarity."""
    certain: NDArray[np.bool_]
    """(n,) products that say every word, or have the identifier."""
    identified: NDArray[np.intp]
    """Rows with the identifier that the text is, or begins; in order."""
    exact: bool
    """True if the text is an identifier."""
    concepts: Sequence[SoughtConcept]
    excess: float = 0.0
    """Amount that the words add to the excess of the best similarity (`ScoreCalibration`)."""
    matched: dict[int, list[Match]] = field(default_factory=dict, compare=False, repr=False)
    """The matches of rows that were on a page lately, see `matching`."""

    def identifies(self, row: int) -> bool:
        """True if the text is an identifier of a product, or begins one."""
        return place_of(self.identified, row) is not None

    def for_identifier(self, row: int) -> float:
        """The part of a product's bonus that is for an identifier."""
        if not self.identifies(row):
            return 0.0
        return _IDENTIFIED if self.exact else _BEGUN

    @property
    def covered(self) -> NDArray[np.float32]:
        """(n,) share of the text that each product says, within 0..1."""
        covered: NDArray[np.float32] = np.minimum(self.bonus / np.float32(_WEIGHT), np.float32(1))
        return covered


def _bytes_of(words: SoughtWords | None) -> int:
    """Memory of a text with the matches of its first pages."""
    if words is None:
        return 0
    size = words.bonus.nbytes + words.certain.nbytes + words.identified.nbytes
    size += sum(one.rows.nbytes + one.strength.nbytes for one in words.concepts)
    said = [words.identified, *(one.rows for one in words.concepts)]
    return size + _BYTES_A_MATCH * sum(min(MATCHED_ROWS, len(rows)) for rows in said)


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
    exact = words.identified(text)
    begun = exact if len(exact) else words.identified_in_part(text)
    concepts = [
        one for one in concepts_of(words, text, catalogue.synonyms) if not _is_frame(words, one)
    ]
    if not concepts and not len(begun):
        return None
    sought, known = _sought(catalogue, words, concepts, brand_counts)
    bonus = np.zeros(words.numbers, np.float32)
    said = np.zeros(words.numbers, np.uint8)
    for one, is_known in zip(sought, known, strict=True):
        bonus[one.rows] += np.float32(one.weight) * one.strength
        if is_known:
            said[one.rows] += 1
    certain = (said == min(len(concepts), 255)) & bool(concepts)
    bonus[begun] += np.float32(_IDENTIFIED if len(exact) else _BEGUN)
    certain[begun] = True
    excess = _NAMED if _names(words, sought) else 0.0 if all(known) else _UNKNOWN
    return SoughtWords(text, bonus, certain, begun, len(exact) > 0, sought, excess)


def _is_brand(words: Words, concept: Concept) -> bool:
    """True for a word that most of the products that say it have in their brand."""
    own = concept.alternatives[0]
    if len(own) > 1:
        return False
    found = [postings for _, postings in words.postings(own[0])]
    brands = sum(int(np.count_nonzero(one.fields & np.uint8(_BRAND))) for one in found)
    return brands * 2 > sum(len(one.rows) for one in found)


def _names(words: Words, sought: Sequence[SoughtConcept]) -> bool:
    """True if the text names a brand, or a kind of product: a word of categories and of titles."""
    for one in sought:
        if len(one.rows):
            said = 0
            for word in {word for phrase in one.concept.alternatives for word in phrase}:
                for form in words.forms(word):
                    for _, postings in words.postings(form):
                        said |= int(np.bitwise_or.reduce(postings.fields, initial=0))
            if said & _BRAND or said & _KIND == _KIND:
                return True
    return False


def _is_frame(words: Words, concept: Concept) -> bool:
    """True for "do", "brand", "gift" where no product is called so."""
    return concept.text in words.analyser.frame_words and not len(
        rows_saying(words, concept.text, STRUCTURED)
    )


def _sought(
    catalogue: Catalogue, words: Words, concepts: Sequence[Concept], brand_counts: float
) -> tuple[list[SoughtConcept], list[bool]]:
    """Where each is said; False where a similar spelling had to do.

    A word that no product says keeps its idf, the highest of all: a query that the catalogue
    has a part of is covered by that part alone.
    """
    products = len(catalogue.index)
    found: list[tuple[Concept, float, Said]] = []
    known: list[bool] = []
    total = 0.0
    for concept in concepts:
        rows, strength = _said_concept(words, concept)
        weight = math.log(1 + (products + 0.5) / (min(len(rows), products) + 0.5))
        if _is_brand(words, concept):
            weight *= brand_counts
        total += weight
        known.append(len(rows) > 0)
        if not len(rows):
            near = [(one.word,) for one in catalogue.vocabulary.corrections(concept.text, most=1)]
            concept = Concept(concept.text, [*concept.alternatives, *near])
            rows, strength = _said(words, [word for (word,) in near])
            weight *= _CORRECTED
        found.append((concept, weight, (rows, strength)))
    scale = _WEIGHT / total if total else 0.0
    return [
        SoughtConcept(concept, weight * scale, rows, strength)
        for concept, weight, (rows, strength) in found
    ], known


def _said_concept(words: Words, concept: Concept) -> Said:
    """Where a concept is said, by the strongest of its phrases; a phrase by its weakest word."""
    single = [one[0] for one in concept.alternatives if len(one) == 1]
    parts = [_said(words, [form for word in single for form in words.forms(word)])]
    for phrase in (one for one in concept.alternatives if len(one) > 1):
        rows, strength = _said(words, words.forms(phrase[0]))
        for word in phrase[1:]:
            others, weaker = _said(words, words.forms(word))
            rows, here, there = np.intersect1d(
                rows, others, assume_unique=True, return_indices=True
            )
            strength = np.minimum(strength[here], weaker[there])
        parts.append((rows, strength))
    if len(parts) == 1:
        return parts[0]
    return _strongest(
        np.concatenate([rows for rows, _ in parts]),
        np.concatenate([strength for _, strength in parts]),
    )


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
    rows, impacts = _strongest(rows, impacts)
    return rows, _strength(impacts)


def _strongest(
    rows: NDArray[np.intp], strength: NDArray[Strength]
) -> tuple[NDArray[np.intp], NDArray[Strength]]:
    """Each row once, ascending, with the highest of its values."""
    order = np.lexsort((strength, rows))
    rows = rows[order]
    last = np.concatenate([rows[1:] != rows[:-1], [True]])[: len(rows)]
    return rows[last], strength[order][last]


def _strength(impacts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The impacts of postings within 0..1."""
    return impacts.astype(np.float32) / np.float32(FULL)
