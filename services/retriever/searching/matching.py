"""Matched words of the products on a page: in which fields, and with what weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from services.contracts.search import Match, WordScore
from services.retriever.searching.sought import MATCHED_ROWS, SoughtConcept, SoughtWords
from services.retriever.words import Words
from services.retriever.words.postings import Numbers, fields_of


def matches(
    words: Words, sought: Sequence[SoughtWords], numbers: Sequence[int]
) -> list[list[Match]]:
    """For each of these row numbers, in the order of the query's words."""
    of_texts = [_matches_of(words, text, numbers) for text in sought]
    if len(of_texts) == 1:
        return of_texts[0]
    return [[match for text in of_texts for match in text[place]] for place in range(len(numbers))]


def _matches_of(words: Words, text: SoughtWords, numbers: Sequence[int]) -> list[list[Match]]:
    """The same for one text."""
    known = text.matched
    new = [number for number in numbers if number not in known]
    if new:
        if len(known) + len(new) > MATCHED_ROWS:
            # The text remembers its first pages only.
            known = {number: known[number] for number in numbers if number in known}
        rows = np.asarray(new, np.intp)
        found: list[list[Match]] = [[] for _ in new]
        for number, of_row in zip(new, found, strict=True):
            if text.identifies(number):
                of_row.append(Match(word=text.text, found=[text.text], fields=["identifier"]))
        for concept in text.concepts:
            for place, match in _matches(words, concept, rows):
                found[place].append(match)
        known.update(zip(new, found, strict=True))
    return [known[number] for number in numbers]


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
                    found[form] = None
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
