"""A text in the words of the catalogue: what no product says becomes what many say.

Synonyms, and compounds that are written apart: `Lederhandtasche`.

The encoder knows fewer words than shoppers do, and it knows the catalogue's.
"""

from __future__ import annotations

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.tokens import Token, replaced, tokens_of
from services.retriever.words.compounds import has_compounds, parts_of
from services.retriever.words.said import rows_saying


def in_catalogues_words(catalogue: Catalogue, text: str) -> str:
    """The text with those phrases replaced."""
    synonyms = catalogue.synonyms
    if not synonyms and not has_compounds(catalogue.words):
        return text
    tokens = [token for token in tokens_of(text) if token.sort != "sign"]
    words = [token.folded for token in tokens]
    changes, place = [], 0
    while place < len(tokens):
        length, others = synonyms.at(words, place)
        said = _most_said(catalogue, words[place : place + length], others) if length else None
        if said is None and not length:
            said = _apart(catalogue, text, tokens[place])
        if said is not None:
            end = tokens[place + max(length, 1) - 1].end
            changes.append((tokens[place].start, end, said))
        place += max(length, 1)
    return replaced(text, changes)


def _apart(catalogue: Catalogue, text: str, token: Token) -> str | None:
    """The words of a compound that no product says."""
    if token.sort != "word" or token.folded in catalogue.vocabulary:
        return None
    parts = parts_of(catalogue.words, token.folded)
    if parts is None:
        return None
    written = text[token.start : token.end]
    first, second = parts
    # Written as in the query, unless folding has changed the number of letters.
    same = len(written) == len(token.folded)
    return f"{written[: len(first)]} {written[-len(second) :]}" if same else " ".join(parts)


def _most_said(catalogue: Catalogue, own: list[str], others: list[tuple[str, ...]]) -> str | None:
    """The synonym that most products say; None if products say the phrase itself."""
    vocabulary = catalogue.vocabulary
    known = all(word in vocabulary for word in own)
    if known and len(own) == 1 and not vocabulary.frequency(own[0]):
        # "Gray" is a form of "grey", but the encoder may know one of them alone.
        spelled = [form for form in catalogue.words.forms(own[0])[1:] if (form,) in others]
        return next(filter(vocabulary.frequency, spelled), None)
    if known and (len(own) == 1 or len(rows_saying(catalogue.words, " ".join(own)))):
        return None
    counts = {other: len(rows_saying(catalogue.words, " ".join(other))) for other in others}
    best = max(counts, key=lambda one: counts[one], default=None)
    return " ".join(best) if best is not None and counts[best] else None
