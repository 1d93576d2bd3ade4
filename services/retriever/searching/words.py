"""The words of a query's text over the catalogue: which products say them, and identifiers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import DEPTH, Match
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from services.retriever.index import LiveIndex
from services.retriever.searching.largest import Largest, Part, largest
from services.retriever.words import Words
from services.retriever.words.concepts import Concept, concepts_of
from services.retriever.words.postings import FULL, Numbers, place_of, places_of
from services.retriever.words.row_set import RowSet
from services.retriever.words.said import STRUCTURED, rows_saying
from services.retriever.words.strengths import (
    STRENGTHS,
    Said,
    own_bytes,
    said_in,
    strongest,
    weakest,
)
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

_FIRST = 2 * DEPTH
"""Products with the largest bonus that a text remembers: those beside the best by vectors."""
_BRAND = 1 << FIELDS.index("brand")
_KIND = 1 << FIELDS.index("category") | 1 << FIELDS.index("title")
_REMEMBERED = 1_000
"""Texts whose words stay in memory."""
MATCHED_ROWS = 40
"""Rows of a text whose matches stay in memory, see `matching`."""
_BYTES_A_MATCH = 750


@dataclass(frozen=True, slots=True)
class SoughtConcept:
    """One word or phrase of a text, and the products that say it."""

    concept: Concept
    weight: float
    """Its share of a product's bonus where it is fully said."""
    said: Said

    def of(self, row: int) -> float:
        """Strength of the match in a product, within 0..1."""
        return float(self.strengths(np.array([row]))[0])

    def strengths(self, rows: Numbers | NDArray[np.int32]) -> NDArray[np.float32]:
        """(m,) the same for several products."""
        strengths: NDArray[np.float32] = STRENGTHS[self.said.of(rows)]
        return strengths


@dataclass(frozen=True, slots=True)
class SoughtWords:
    """One text over a snapshot of n row numbers; rows that are gone count as any other."""

    text: str
    concepts: Sequence[SoughtConcept]
    certain: RowSet
    """Rows that say every word, or have the identifier."""
    identified: NDArray[np.int32]
    """Rows with the identifier that the text is, or begins; ascending."""
    exact: bool
    """True if the text is an identifier."""
    excess: float = 0.0
    """Amount that the words add to the excess of the best similarity (`ScoreCalibration`)."""
    matched: dict[int, list[Match]] = field(default_factory=dict, compare=False, repr=False)
    """The matches of rows that were on a page lately, see `matching`."""
    first: Largest = field(init=False, compare=False, repr=False)
    """The rows with the largest bonus."""
    first_certain: NDArray[np.bool_] = field(init=False, compare=False, repr=False)
    """True for those of `first` that are `certain`."""

    def __post_init__(self) -> None:
        first = largest(self.parts, self.bonus, _FIRST).within(2 * _FIRST)
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "first_certain", self.certain.has(first.rows))

    @property
    def parts(self) -> list[Part]:
        """The parts of the bonus: one for each word, and one for the identifier."""
        parts = [Part(one.said, one.weight) for one in self.concepts]
        if len(self.identified):
            impacts = np.full(len(self.identified), FULL, np.uint8)
            parts.append(Part(Said(self.identified, impacts), self._by_identifier))
        return parts

    def bonus(self, rows: Numbers | NDArray[np.int32]) -> NDArray[np.float32]:
        """(m,) what to add to the cosine similarity of these rows."""
        bonus = np.zeros(len(rows), np.float32)
        for one in self.concepts:
            bonus += np.float32(one.weight) * one.strengths(rows)
        if len(self.identified):
            bonus[places_of(self.identified, rows) >= 0] += np.float32(self._by_identifier)
        return bonus

    def identifies(self, row: int) -> bool:
        """True if the text is an identifier of a product, or begins one."""
        return place_of(self.identified, row) is not None

    def for_identifier(self, row: int) -> float:
        """The part of a product's bonus that is for an identifier."""
        return self._by_identifier if self.identifies(row) else 0.0

    def is_certain_of(self, index: LiveIndex) -> bool:
        """True if a product that can be found is `certain`."""
        first = self.first.rows[self.first_certain]
        return bool(index.alive_of(first).any() or index.alive_of(self.certain.rows).any())

    def most_said(self, alive: NDArray[np.bool_]) -> float:
        """The largest share of the text that one of these products says. alive: (n,)."""
        first = self.first.kept(alive[self.first.rows])
        if not len(first.rows) and first.rest:
            first = largest([one.within(alive) for one in self.parts], self.bonus, 1)
        return min(float(first.amounts.max(initial=0)) / _WEIGHT, 1.0)

    @property
    def _by_identifier(self) -> float:
        return _IDENTIFIED if self.exact else _BEGUN


def _bytes_of(words: SoughtWords | None) -> int:
    """Memory of a text with the matches of its first pages."""
    if words is None:
        return 0
    size = words.certain.nbytes + own_bytes(words.identified)
    size += own_bytes(words.first.rows) + own_bytes(words.first.amounts)
    size += words.first_certain.nbytes
    size += sum(one.said.own_bytes for one in words.concepts)
    said = [len(words.identified), *(len(one.said) for one in words.concepts)]
    return size + _BYTES_A_MATCH * sum(min(MATCHED_ROWS, count) for count in said)


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
    begun = (exact if len(exact) else words.identified_in_part(text)).astype(np.int32)
    concepts = [
        one for one in concepts_of(words, text, catalogue.synonyms) if not _is_frame(words, one)
    ]
    if not concepts and not len(begun):
        return None
    sought, known = _sought(catalogue, words, concepts, brand_counts)
    certain = RowSet(_certain(sought, begun) if all(known) else begun, words.numbers)
    excess = _NAMED if _names(words, sought) else 0.0 if all(known) else _UNKNOWN
    return SoughtWords(text, sought, certain, begun, len(exact) > 0, excess)


def _certain(sought: Sequence[SoughtConcept], begun: NDArray[np.int32]) -> NDArray[np.int32]:
    """Rows that say every word, or have the identifier; ascending."""
    if not sought:
        return begun
    rows = weakest([one.said for one in sought]).rows
    return np.union1d(rows, begun) if len(begun) else rows


def _is_brand(words: Words, concept: Concept) -> bool:
    """True for a word that most of the products that say it have in their brand."""
    own = concept.alternatives[0]
    return len(own) == 1 and words.remembered("brand", own[0], partial(_in_brand, words))


def _in_brand(words: Words, word: str) -> bool:
    found = [postings for _, postings in words.postings(word)]
    brands = sum(int(np.count_nonzero(one.fields & np.uint8(_BRAND))) for one in found)
    return brands * 2 > sum(len(one.rows) for one in found)


def _names(words: Words, sought: Sequence[SoughtConcept]) -> bool:
    """True if the text names a brand, or a kind of product: a word of categories and of titles."""
    for one in sought:
        if len(one.said):
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
        for _, postings in words.postings(form):
            said |= int(np.bitwise_or.reduce(postings.fields, initial=0))
    return said


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
        said = _said_concept(words, concept)
        weight = math.log(1 + (products + 0.5) / (min(len(said), products) + 0.5))
        if _is_brand(words, concept):
            weight *= brand_counts
        total += weight
        known.append(len(said) > 0)
        if not len(said):
            near = [(one.word,) for one in catalogue.vocabulary.corrections(concept.text, most=1)]
            concept = Concept(concept.text, [*concept.alternatives, *near])
            said = said_in(words, [word for (word,) in near])
            weight *= _CORRECTED
        found.append((concept, weight, said))
    scale = _WEIGHT / total if total else 0.0
    return [SoughtConcept(concept, weight * scale, said) for concept, weight, said in found], known


def _said_concept(words: Words, concept: Concept) -> Said:
    """Where a concept is said, by the strongest of its phrases; a phrase by its weakest word."""
    single = [one[0] for one in concept.alternatives if len(one) == 1]
    return strongest(
        [
            said_in(words, [form for word in single for form in words.forms(word)]),
            *(
                weakest([said_in(words, words.forms(word)) for word in phrase])
                for phrase in concept.alternatives
                if len(phrase) > 1
            ),
        ]
    )
