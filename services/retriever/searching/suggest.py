"""Suggestions: completions of what is typed, from the catalogue's words and values."""

from __future__ import annotations

from services.contracts.suggestions import Suggestion, SuggestionKind, Suggestions
from services.retriever.catalogue.catalogue import Catalogue

_KINDS: dict[str, SuggestionKind] = {"category": "category", "brand": "brand"}


def suggest(catalogue: Catalogue, typed: str, limit: int) -> Suggestions:
    """Those with most products first."""
    vocabulary = catalogue.vocabulary
    tokens = vocabulary.tokens(typed)
    if not tokens:
        return Suggestions(suggestions=[], products=[])
    found = [
        Suggestion(text=one.value, kind=_KINDS.get(one.field, "attribute"), products=one.products)
        for one in vocabulary.every_value()
        if " ".join(vocabulary.tokens(one.value)).startswith(" ".join(tokens))
    ]
    head = " ".join(tokens[:-1])
    found += [
        Suggestion(text=f"{head} {one.word}".strip(), kind="title", products=one.frequency)
        for one in vocabulary.completions(tokens[-1], limit)
    ]
    ranked = sorted(found, key=lambda one: (-one.products, one.text))
    return Suggestions(suggestions=ranked[:limit], products=[])
