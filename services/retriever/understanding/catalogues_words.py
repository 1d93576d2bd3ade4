"""A text in the words of the catalogue: synonyms that no product says become ones that many say.

The encoder knows fewer words than shoppers do, and it knows the catalogue's.
"""

from __future__ import annotations

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.tokens import replaced, tokens_of
from services.retriever.words.said import rows_saying


def in_catalogues_words(catalogue: Catalogue, text: str) -> str:
    """The text with those phrases replaced."""
    synonyms = catalogue.synonyms
    if not synonyms:
        return text
    tokens = [token for token in tokens_of(text) if token.sort != "sign"]
    words = [token.folded for token in tokens]
    changes, place = [], 0
    while place < len(tokens):
        length, others = synonyms.at(words, place)
        said = _most_said(catalogue, words[place : place + length], others) if length else None
        if said is not None:
            changes.append((tokens[place].start, tokens[place + length - 1].end, said))
        place += max(length, 1)
    return replaced(text, changes)


def _most_said(catalogue: Catalogue, own: list[str], others: list[tuple[str, ...]]) -> str | None:
    """The synonym that most products say; None if products say the phrase itself."""
    vocabulary = catalogue.vocabulary
    known = all(word in vocabulary for word in own)
    if known and (len(own) == 1 or len(rows_saying(catalogue.words, " ".join(own)))):
        return None
    counts = {other: len(rows_saying(catalogue.words, " ".join(other))) for other in others}
    best = max(counts, key=lambda one: counts[one], default=None)
    return " ".join(best) if best is not None and counts[best] else None
