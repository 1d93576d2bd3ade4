"""Suggestions: completions of what is typed, from phrases of titles and values of fields.

Completions are sought in four ways, each only if the ones before found too few: as the
catalogue has it, from words that stand apart in titles, as a whole title, and in the spelling of
the catalogue. docs/decisions/0038-suggestions.md
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from services.contracts.suggestions import (
    MAX_SUGGESTED_PRODUCTS,
    SuggestedProduct,
    Suggestion,
    SuggestionKind,
    Suggestions,
)
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.completions import KINDS
from services.retriever.catalogue.fields import Numbers
from services.retriever.searching.completing import Completing
from services.retriever.searching.typed import Typed
from services.retriever.words.said import saying, words_of_title
from services.retriever.words.units import composed, key_of, units

_LONGEST_TITLE = 80
"""Characters of a title that is a completion."""
_TITLES = 200
"""Number of products whose titles are read."""
_WORDS = 12
"""Completions of a word that are counted beside other words."""
_VARIANTS = 4
"""Other spellings of what is typed that are completed."""
_CARDS_OF_ONE = 10
"""Products of one suggestion among which those with pictures come first."""


def suggest(catalogue: Catalogue, typed: str, limit: int) -> Suggestions:
    """Those with most products first; `products` match the first of them."""
    return _Suggest(catalogue, typed, limit).answer()


class _Suggest:
    def __init__(self, catalogue: Catalogue, typed: str, limit: int) -> None:
        self._catalogue = catalogue
        self._words = catalogue.words
        self._typed = typed
        self._limit = limit
        self._completing = Completing(catalogue)
        self._found: dict[str, Suggestion] = {}
        self._fields: dict[str, str] = {}
        """Fields of the values among them, by key; empty for anything else."""

    def answer(self) -> Suggestions:
        typed = Typed(self._catalogue, self._completing, self._typed)
        if typed.key:
            self._complete(typed)
            if not self._found:
                for other in typed.respelled(_VARIANTS):
                    self._complete(Typed(self._catalogue, self._completing, other))
        ranked = sorted(
            self._found.items(),
            key=lambda one: (
                -one[1].products,
                not one[0].startswith(typed.key),
                KINDS.index(one[1].kind),
                one[0],
            ),
        )[: self._limit]
        return Suggestions(
            suggestions=[one for _, one in ranked],
            products=self._cards(ranked),
        )

    def _complete(self, typed: Typed) -> None:
        self._values(typed.key)
        self._phrases(typed.key)
        if len(self._found) < self._limit and len(typed.units) > 1:
            self._apart(typed)
        if len(self._found) < self._limit:
            self._titles(typed)

    def _put(
        self, key: str, text: str, kind: SuggestionKind, products: int, field: str = ""
    ) -> None:
        """field: of a value."""
        known = self._found.get(key)
        if products <= 0 or not key:
            return
        new = Suggestion(text=text, kind=kind, products=products)
        if known is None or _rank(new) < _rank(known):
            self._found[key] = new
            self._fields[key] = field

    def _values(self, key: str) -> None:
        for value, products in self._completing.values(key, self._limit):
            self._put(value.key, value.text, value.kind, products, value.field)

    def _phrases(self, key: str) -> None:
        for phrase in self._completing.phrases(key, self._limit):
            self._put(phrase.key, phrase.text, "title", phrase.products)

    def _apart(self, typed: Typed) -> None:
        """Words that products say beside the others, in any order."""
        head = typed.head_rows
        before = {unit.word for unit in typed.units[:-1]}
        # Letters alone, "t-s", are completed better by values and phrases.
        if head is None or not len(head) or max(map(len, before)) == 1:
            return
        beside = np.zeros(self._words.numbers, np.bool_)
        beside[self._alive(head)] = True
        seen = set[str]()
        for near in self._catalogue.vocabulary.completions(typed.last, _WORDS):
            if near.word in before or not seen.isdisjoint(self._words.forms(near.word)):
                continue
            rows = saying(self._words, [near.word])
            rows = rows[beside[rows]]
            if len(rows):
                seen.add(near.word)
                text = f"{typed.head} {self._spelled(near.word, rows)}"
                self._put(f"{typed.head_key} {near.word}", text, "title", len(rows))

    def _spelled(self, word: str, rows: Numbers) -> str:
        """A folded word as a title spells it."""
        for title in self._titles_of(self._catalogue.index.first(rows, 1)):
            text = composed(title)
            for unit in units(text):
                if unit.word == word:
                    spelled = text[unit.start : unit.stop]
                    # A title begins with a capital; the middle of a query does not.
                    return spelled.lower() if not unit.start and spelled.istitle() else spelled
        return word

    def _titles(self, typed: Typed) -> None:
        """Whole titles of few products."""
        rows = typed.rows
        if rows is None:
            return
        titles: dict[str, list[str]] = {}
        first = self._catalogue.index.first(self._alive(rows), _TITLES)
        for title in self._titles_of(first):
            if len(title) <= _LONGEST_TITLE:
                titles.setdefault(key_of(units(composed(title))), []).append(title)
        for key, some in titles.items():
            self._put(key, some[0], "title", len(some))

    def _titles_of(self, rows: Numbers) -> list[str]:
        return self._catalogue.products.texts("title", rows)

    @cached_property
    def _alive_rows(self) -> NDArray[np.bool_]:
        return self._catalogue.index.alive

    def _alive(self, rows: Numbers) -> Numbers:
        return rows[self._alive_rows[rows]]

    def _cards(self, suggestions: Iterable[tuple[str, Suggestion]]) -> list[SuggestedProduct]:
        products = self._catalogue.products
        chosen: dict[int, str] = {}
        for rows in self._card_rows(suggestions):
            some = self._catalogue.index.first(rows, _CARDS_OF_ONE)
            pictures = products.texts("image_url", some)
            chosen |= dict(sorted(zip(some.tolist(), pictures, strict=True), key=_unpictured))
            if len(chosen) >= MAX_SUGGESTED_PRODUCTS:
                break
        best = np.array(list(islice(chosen, MAX_SUGGESTED_PRODUCTS)), np.intp)
        return [
            SuggestedProduct(product_id=product_id, title=title, image_url=chosen[row] or None)
            for row, product_id, title in zip(
                best.tolist(),
                products.texts("product_id", best),
                products.texts("title", best),
                strict=True,
            )
        ]

    def _card_rows(self, suggestions: Iterable[tuple[str, Suggestion]]) -> Iterable[Numbers]:
        identified = self._words.identified(self._typed)
        if not len(identified):
            identified = self._words.identified_in_part(self._typed)
        yield identified
        for key, one in suggestions:
            if one.kind == "title":
                yield self._alive(saying(self._words, words_of_title(self._words, one.text)))
                continue
            rows = [
                part.completions.values.rows(number) + part.first
                for part in self._catalogue.products.completed
                if (number := part.completions.values.find(self._fields[key], key)) is not None
            ]
            yield self._alive(np.concatenate(rows))


def _unpictured(one: tuple[int, str]) -> bool:
    return not one[1]


def _rank(one: Suggestion) -> tuple[int, int]:
    return -one.products, KINDS.index(one.kind)
