"""Matched words of the products on a page: in which fields, and with what weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from services.contracts.search import Match, WordScore
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.sought import SoughtConcept, SoughtWords
from services.retriever.words import Words
from services.retriever.words.postings import Numbers, fields_of
from services.retriever.words.quantities import is_quantity

_REMEMBERED = 40_000
"""Matches of words in products that stay in memory: about 740 bytes each."""
_MISSING: Any = object()


def matches(
    catalogue: Catalogue, sought: Sequence[SoughtWords], numbers: Sequence[int]
) -> list[list[Match]]:
    """For each of these row numbers, in the order of the query's words."""
    found: list[list[Match]] = [[] for _ in numbers]
    for text in sought:
        identified = len(text.identified) > 0
        for number, of_row in zip(numbers, found, strict=True):
            if identified and text.identifies(number):
                of_row.append(Match(word=text.text, found=[text.text], fields=["identifier"]))
        for concept in (one for one in text.concepts if one.count):
            of_concept = _matches_of(catalogue, concept, numbers)
            for of_row, match in zip(found, of_concept, strict=True):
                if match is not None and not (identified and _is_among(of_row, match)):
                    of_row.append(match)
    return found


def _is_among(matches: Sequence[Match], new: Match) -> bool:
    """True for what matched as an identifier already: `sk07`."""
    return any((one.word, one.fields) == (new.word, new.fields) for one in matches)


def _matches_of(
    catalogue: Catalogue, sought: SoughtConcept, numbers: Sequence[int]
) -> list[Match | None]:
    """The match of a concept in each of these rows; queries share it."""
    known, word = catalogue.matched, sought.concept.name
    # Other threads do the same meanwhile: each step alone is atomic.
    found = {number: known.get((word, number), _MISSING) for number in numbers}
    new = [number for number, match in found.items() if match is _MISSING]
    if new:
        found |= dict.fromkeys(new)
        found |= {new[at]: match for at, match in _matches(catalogue.words, sought, np.array(new))}
        if len(known) + len(new) > _REMEMBERED:
            known.clear()
        known.update({(word, number): found[number] for number in new})
    return list(found.values())


def word_scores(text: SoughtWords, number: int, weight: float) -> list[WordScore]:
    """The parts of the bonus for words. weight: of the text among the terms."""
    total = sum(one.weight for one in text.concepts) or 1.0
    return [
        WordScore(
            word=one.concept.text,
            share=one.weight / total,
            strength=one.of(number),
            contribution=one.weight * one.of(number) * weight,
        )
        for one in text.concepts
    ]


def _matches(words: Words, sought: SoughtConcept, rows: Numbers) -> Iterator[tuple[int, Match]]:
    """The positions of the rows that say a concept, each with its match."""
    phrases = [
        [_forms(words, word, rows) for word in phrase] for phrase in sought.concept.alternatives
    ]
    matches: dict[tuple[tuple[str, ...], int], Match] = {}
    for place in np.flatnonzero(sought.strengths(rows)).tolist():
        mask, found = 0, dict[str, None]()
        for phrase in phrases:
            said = [[one for one in forms if one[1][place]] for forms in phrase]
            if all(said):
                for form, fields in (one for forms in said for one in forms):
                    found[sought.concept.text if is_quantity(form) else form] = None
                    mask |= fields[place]
        if not found:
            continue
        key = tuple(found), mask
        if key not in matches:
            matches[key] = Match(
                word=sought.concept.text, found=list(found), fields=fields_of(mask)
            )
        yield place, matches[key]


def _forms(words: Words, word: str, rows: Numbers) -> list[tuple[str, list[int]]]:
    """The forms of a word that any of the rows says: for each row its fields as bits, or 0."""
    found: list[tuple[str, list[int]]] = []
    for form in words.forms(word):
        fields = np.zeros(len(rows), np.uint8)
        for first, postings in words.postings(form):
            if len(postings.rows):
                places = postings.of(rows - first)
                fields = np.where(places < 0, fields, postings.fields[places])
        if fields.any():
            found.append((form, fields.tolist()))
    return found
