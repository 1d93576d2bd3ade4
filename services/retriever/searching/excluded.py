"""Products that an excluded text excludes. Those that say that they are without it stay.

"Milk without lactose" finds lactose-free milk, though that says "lactose".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from services.retriever.words.analysis import Analyser
from services.retriever.words.compounds import negates
from services.retriever.words.concepts import concepts_of
from services.retriever.words.function_words import WITHOUT
from services.retriever.words.measures import is_measured, side_by_side
from services.retriever.words.quantities import is_quantity
from services.retriever.words.said import STRUCTURED, rows_saying

_REMEMBERED = 1_000
_READ = 5_000
"""Products whose texts are read."""
_BEFORE = WITHOUT | {"zero", "non", "free from", "free of", "no added", "without added"}
_BEHIND = frozenset({"free", "frei", "vrij", "fri"})
_NOT_BEHIND = frozenset({"range"})
"""A word that makes something else of "free": eggs free range."""


@remembered(_REMEMBERED, lambda rows: int(rows.nbytes))
def excluded_rows(catalogue: Catalogue, text: str) -> NDArray[np.intp]:
    """Rows in order."""
    words = catalogue.words
    rows = rows_saying(words, text, STRUCTURED, catalogue.synonyms)
    concepts = concepts_of(words, text, catalogue.synonyms)
    if all(is_quantity(one.alternatives[0][0]) for one in concepts):
        return rows
    if is_measured(text):
        return _side_by_side(catalogue, text, rows)
    if not concepts or not len(rows):
        return rows
    single = [phrase[0] for phrase in concepts[0].alternatives if len(phrase) == 1]
    forms = frozenset(chain.from_iterable(map(words.forms, single)))
    own = frozenset(form for form in forms if negates(words.analyser.language, form))
    signs = {one.split()[0] for one in _BEFORE} | _BEHIND | own
    postings = [one.rows + first for sign in signs for first, one in words.postings(sign)]
    if not postings:
        return rows
    read = np.intersect1d(rows, np.concatenate(postings))[:_READ]
    without = [
        row
        for row, texts in zip(read.tolist(), _texts(catalogue, read), strict=True)
        if all(
            # "Battery drill without battery"
            any(_is_negated(words.analyser, said, place, own) for place in places)
            for said in map(words.analyser.words, texts)
            if (places := [place for place, word in enumerate(said) if word in forms])
        )
    ]
    return np.setdiff1d(rows, np.array(without, np.intp), assume_unique=True)


def _side_by_side(catalogue: Catalogue, text: str, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those that say the words beside each other, not SPF 30 of 50 ml, and those that are not read;
    all rows if none does.
    """
    says = side_by_side(catalogue.words, text)
    read = rows[:_READ]
    beside = np.array([any(map(says, texts)) for texts in _texts(catalogue, read)], np.bool_)
    return np.concatenate((read[beside], rows[_READ:])) if beside.any() else rows


def _is_negated(analyser: Analyser, said: list[str], place: int, own: Collection[str]) -> bool:
    """True for the word at this place in "no sugar", "without a lid", "sugar-free"."""
    before, behind = said[max(place - 2, 0) : place], said[place + 1 : place + 3]
    return (
        said[place] in own
        or " ".join(before) in _BEFORE
        or not _BEFORE.isdisjoint(before[-1:])
        or (not WITHOUT.isdisjoint(before[:1]) and analyser.is_function_word(before[-1]))
        or (not _BEHIND.isdisjoint(behind[:1]) and _NOT_BEHIND.isdisjoint(behind))
    )


def _texts(catalogue: Catalogue, rows: NDArray[np.intp]) -> Iterator[list[str]]:
    """The texts of `STRUCTURED` of each row."""
    columns = [catalogue.products.texts(name, rows) for name in STRUCTURED]
    for *texts, attributes in zip(*columns, strict=True):
        yield [*texts, *(from_json(attributes).values() if attributes else ())]
