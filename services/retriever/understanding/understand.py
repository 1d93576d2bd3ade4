"""One query in words: what to search for, within which limits, and without what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.contracts.limits import LimitKind
from services.contracts.search import MAX_EXCLUSIONS, PriceRange
from services.contracts.understanding import Understood, UnderstoodQuery
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from services.retriever.understanding import wording
from services.retriever.understanding.catalogues_words import in_catalogues_words
from services.retriever.understanding.corrections import Corrections
from services.retriever.understanding.dictionary import dictionary_of
from services.retriever.understanding.limits import Limits, PriceLimit, StockLimit
from services.retriever.understanding.negations import Negation, Negations
from services.retriever.understanding.quantity_limits import QuantityLimit, QuantityLimits
from services.retriever.understanding.tokens import Token, replaced, tidied, tokens_of, without
from services.retriever.understanding.wording import Wording
from services.retriever.words.folding import fold, unspaced
from services.retriever.words.said import STRUCTURED, rows_saying

_REMEMBERED = 2_000
"""Queries that stay in memory."""
_NAMED = 1_000
"""Titles that are read to see whether a limit is a name."""
_LONGEST_VALUE = 8
"""Letters of a value that is looked up in a text without spaces."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A limit, and its place in the text."""

    span: tuple[int, int]
    says: Understood


@remembered(_REMEMBERED)
def understand(catalogue: Catalogue, query: str) -> UnderstoodQuery:
    """The query as the catalogue's own words and limits say it; at worst the query itself."""
    if len(catalogue.words.identified(query)):
        return UnderstoodQuery(text=query)
    words = wording.of(catalogue.words.analyser.language)
    reading = _Reading(catalogue, query, words)
    corrected = reading.corrected()
    if corrected != query:
        reading = _Reading(catalogue, corrected, words)
    parts = reading.parts()
    excluded = [text for part in parts for text in part.says.excluded]
    return UnderstoodQuery(
        text=in_catalogues_words(catalogue, reading.rest(parts)),
        corrected_query=corrected if corrected != query else None,
        understood=[part.says for part in parts],
        price=reading.price,
        in_stock=reading.in_stock(),
        exclusions=list(dict.fromkeys(excluded))[:MAX_EXCLUSIONS],
    )


class _Reading:
    """One text, read in a wording."""

    def __init__(self, catalogue: Catalogue, text: str, words: Wording) -> None:
        self._catalogue = catalogue
        self._text = text
        self._wording = words
        self._tokens = tokens_of(text, words.cut | _values_in(catalogue, text))
        currencies = catalogue.products.currencies
        limits = Limits(self._tokens, words, currencies, self._is_said, self._is_called)
        prices = [
            limit
            for limit in (limits.prices() if catalogue.products.has_prices else ())
            if not (limit.doubtful and self._is_name(limit))
        ]
        stock = limits.stock(_places(prices))
        taken = _places(prices) | _places(stock)
        quantities = QuantityLimits(text, self._tokens, words, self._is_called)
        self._quantities = [
            limit for limit in quantities.all() if taken.isdisjoint(range(limit.start, limit.end))
        ]
        self._taken = taken | _places(self._quantities)
        """Places of tokens that say a limit."""
        prices = [self._in_currency(one) for one in prices]
        either = [pair for pair in pairwise(prices) if self._is_either(*pair)]
        self._either = [one for pair in either for one in pair]
        """Limits that no price is within together, as in "under 10 or over 40 €"."""
        kept = [one for one in prices if one not in self._either]
        self._prices, self.price = _consistent(kept)
        self._stock = stock if catalogue.products.has_stock else []

    def corrected(self) -> str:
        """The text with its typos corrected."""
        corrections = Corrections(
            self._catalogue, dictionary_of(self._catalogue.words.analyser.language), self._wording
        )
        found = corrections.of(self._tokens, frozenset(self._taken))
        changes = [(*self._span(one.start, one.end), one.text) for one in found]
        return replaced(self._text, changes)

    def rest(self, parts: Sequence[_Part]) -> str:
        """The text without these parts, and with a sign for each limit of a quantity."""
        changes = [(*part.span, " ") for part in parts]
        changes += [(*self._span(one.start, one.end), one.said) for one in self._quantities]
        changes += [(*self._span(one.start, one.end), " ") for one in self._either]
        text = replaced(self._text, sorted(changes))
        return tidied(text) if parts or self._either else text

    def in_stock(self) -> bool | None:
        """True for products in stock, False for those out of stock, None for both."""
        return any(one.available for one in self._stock) if self._stock else None

    def parts(self) -> list[_Part]:
        """The limits and negations, in order."""
        negations = Negations(self._catalogue, self._text, self._tokens, self._wording)
        parts = [self._part("price", one, one.price, one.currency) for one in self._prices]
        parts += [self._part("in_stock", one) for one in self._stock]
        parts += [
            self._part("exclude", one, excluded=one.excluded) for one in negations.all(self._taken)
        ]
        return sorted(parts, key=lambda one: one.span)

    def _part(
        self,
        kind: LimitKind,
        place: PriceLimit | StockLimit | Negation,
        price: PriceRange | None = None,
        currency: str | None = None,
        excluded: Sequence[str] = (),
    ) -> _Part:
        start, end = span = self._span(place.start, place.end)
        said = Understood(
            kind=kind,
            text=self._text[start:end].strip(" ,;"),
            without=without(self._text, [span]),
            price=price,
            currency=currency,
            excluded=list(excluded),
        )
        return _Part(span, said)

    def _in_currency(self, limit: PriceLimit) -> PriceLimit:
        """In the currency that the query names, if the catalogue has it; else in its main one."""
        if limit.currency not in self._catalogue.products.currencies:
            return limit
        return replace(limit, price=limit.price.model_copy(update={"currency": limit.currency}))

    def _is_either(self, first: PriceLimit, second: PriceLimit) -> bool:
        joined = first.end == second.start and self._wording.at("or", self._tokens, first.end) > 0
        return joined and _both(first.price, second.price) is None

    def _is_said(self, word: str) -> bool:
        analyser = self._catalogue.words.analyser
        frame = analyser.is_function_word(word) or analyser.is_frame_word(word)
        return word in self._catalogue.vocabulary and not frame

    def _is_name(self, limit: PriceLimit) -> bool:
        """True if a product is called so, word beside word: "Air Max 90"; and for a price alone if
        it says the word before too: "Gift card 50€" does not make a name of "mug 50€".
        """
        alone = limit.price.min is not None and limit.price.max is not None
        first = max(limit.start - 1, 0) if alone else limit.start
        return self._is_called(
            self._tokens[limit.start : limit.end], self._tokens[first : limit.start]
        )

    def _is_called(self, tokens: Sequence[Token], before: Sequence[Token] = ()) -> bool:
        """True if a title says these tokens side by side, and those before them anywhere."""
        said = " ".join(token.folded for token in (*before, *tokens))
        rows = rows_saying(self._catalogue.words, said, STRUCTURED)
        name = re.compile(
            r"(?<!\w)" + r"\s*".join(re.escape(one.folded) for one in tokens) + r"(?!\w)"
        )
        titles = self._catalogue.products.texts("title", rows[:_NAMED])
        return any(name.search(fold(title)) for title in titles)

    def _span(self, start: int, end: int) -> tuple[int, int]:
        return self._tokens[start].start, self._tokens[end - 1].end


def _values_in(catalogue: Catalogue, text: str) -> frozenset[str]:
    """Values that stand in a text of a script without spaces, folded: `红色的马克杯`."""
    if text.isascii() or not unspaced(text):
        return frozenset()
    vocabulary = catalogue.vocabulary
    parts = {
        text[start:end]
        for start in range(len(text))
        for end in range(start + 1, min(start + _LONGEST_VALUE, len(text)) + 1)
    }
    return frozenset(fold(one) for one in parts if unspaced(one) and vocabulary.values(one))


def _places(limits: Sequence[PriceLimit | StockLimit | QuantityLimit]) -> set[int]:
    return {place for limit in limits for place in range(limit.start, limit.end)}


def _consistent(limits: Sequence[PriceLimit]) -> tuple[list[PriceLimit], PriceRange | None]:
    """Those that do not contradict an earlier one, and the prices within all of them."""
    kept: list[PriceLimit] = []
    price: PriceRange | None = None
    for limit in limits:
        together = limit.price if price is None else _both(price, limit.price)
        if together is not None:
            price = together
            kept.append(limit)
    return kept, price


def _both(first: PriceRange, second: PriceRange) -> PriceRange | None:
    """The prices within both; None if there are none."""
    lows = [one for one in (first.min, second.min) if one is not None]
    highs = [one for one in (first.max, second.max) if one is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    currencies = {one.currency for one in (first, second) if one.currency is not None}
    if (low is not None and high is not None and low > high) or len(currencies) > 1:
        return None
    return PriceRange(min=low, max=high, currency=next(iter(currencies), None))
