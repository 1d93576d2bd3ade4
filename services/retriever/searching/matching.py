"""Matched words of the products on a page: in which fields, and with what weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.contracts.search import Match, WordScore
from services.retriever.searching.words import SoughtConcept, SoughtWords
from services.retriever.words import Words
from services.retriever.words.postings import fields_of, place_of


def matches(
    words: Words, sought: Sequence[SoughtWords], numbers: Sequence[int]
) -> list[list[Match]]:
    """For each of these row numbers, in the order of the query's words."""
    return [
        [match for text in sought for match in _matches(words, text, number)] for number in numbers
    ]


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


def _matches(words: Words, text: SoughtWords, number: int) -> Iterator[Match]:
    if text.identifies(number):
        yield Match(word=text.text, found=[text.text], fields=["identifier"])
    for concept in text.concepts:
        match = _match(words, concept, number)
        if match is not None:
            yield match


def _match(words: Words, sought: SoughtConcept, number: int) -> Match | None:
    if not sought.of(number):
        return None
    mask, found = 0, []
    for phrase in sought.concept.alternatives:
        said = [_form(words, word, number) for word in phrase]
        if all(said):
            for forms in said:
                found += [form for form in forms if form not in found]
                for of_form in forms.values():
                    mask |= of_form
    if not found:
        return None
    return Match(word=sought.concept.text, found=found, fields=fields_of(mask))


def _form(words: Words, word: str, number: int) -> dict[str, int]:
    """The forms of a word that a product says, each with its fields as bits."""
    found: dict[str, int] = {}
    for form in words.forms(word):
        for first, postings in words.postings(form):
            place = place_of(postings.rows, number - first)
            if place is not None:
                found[form] = int(postings.fields[place])
    return found
