"""A query that a language model rewrote: its limits count where the query's own words state them.

The own reading (`understand`) always wins. A proposed limit is added if the query has the words
that it quotes, if the numbers or the negation stand in them, and if the own reading says nothing
about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

from services.contracts.limits import QueryLimit
from services.contracts.rewriter import RewrittenQuery
from services.contracts.search import MAX_EXCLUSIONS, PriceRange
from services.contracts.understanding import Understood, UnderstoodQuery
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding import wording
from services.retriever.understanding.amounts import Amounts
from services.retriever.understanding.dictionary import dictionary_of
from services.retriever.understanding.negations import Negations
from services.retriever.understanding.phrase_lists import Meaning
from services.retriever.understanding.tokens import Token, tokens_of, without
from services.retriever.understanding.understand import understand
from services.retriever.words.folding import fold, unspaced
from services.retriever.words.said import STRUCTURED, rows_saying
from services.retriever.words.spellings import edits_allowed

_DOWN: tuple[Meaning, ...] = ("below", "up_to", "or_less")
_UP: tuple[Meaning, ...] = ("above", "at_least", "or_more")
_CENT = 0.005


def understand_rewritten(catalogue: Catalogue, proposed: RewrittenQuery) -> UnderstoodQuery:
    """The text of the model's description, and the limits of the query's own words."""
    own = understand(catalogue, proposed.query)
    if len(catalogue.words.identified(proposed.query)):
        return own
    written = own.corrected_query or proposed.query
    if own.corrected_query is None and _is_correction(catalogue, proposed):
        written = proposed.corrected_query or written
        own = understand(catalogue, written)
        own = own.model_copy(update={"corrected_query": own.corrected_query or written})
    text = understand(catalogue, proposed.rewritten_query).text
    checks = _Checks(catalogue, proposed.query, written, text, own)
    added = [one for limit in proposed.understood if (one := checks.checked(limit)) is not None]
    excluded = [*own.exclusions, *(text for one in added for text in one.excluded)]
    prices = [one.price for one in added if one.price is not None]
    stock = any(one.kind == "in_stock" for one in added)
    return own.model_copy(
        update={
            "text": text,
            "understood": [*own.understood, *added],
            "price": own.price or next(iter(prices), None),
            "in_stock": True if stock else own.in_stock,
            "exclusions": list(dict.fromkeys(excluded))[:MAX_EXCLUSIONS],
        }
    )


def _is_correction(catalogue: Catalogue, proposed: RewrittenQuery) -> bool:
    """True if only words that nobody knows change, each by a slip of the finger."""
    if proposed.corrected_query is None:
        return False
    before, after = tokens_of(proposed.query), tokens_of(proposed.corrected_query)
    if len(before) != len(after):
        return False
    dictionary = dictionary_of(catalogue.words.analyser.language)
    pairs = zip(before, after, strict=True)
    changed = [(one, other) for one, other in pairs if one.folded != other.folded]
    for one, other in changed:
        word = one.folded
        known = word in catalogue.vocabulary or dictionary.has(word)
        if one.sort != "word" or other.sort != "word" or known:
            return False
        if OSA.distance(word, other.folded) > edits_allowed(word):
            return False
    # Other blanks or accents alone are no correction.
    return bool(changed)


class _Checks:
    """Compares proposed limits with one query."""

    def __init__(
        self, catalogue: Catalogue, asked: str, query: str, sought: str, own: UnderstoodQuery
    ) -> None:
        """asked: the query as written. query: the same, corrected. sought: the text that is
        searched. own: the reading of the query's own words.
        """
        self._catalogue = catalogue
        self._asked = asked
        self._query = query
        self._sought = set(_words(sought))
        self._own = own
        self._wording = wording.of_all()
        spans = (_span(query, part.text) for part in own.understood)
        self._taken = [span for span in spans if span is not None]
        self._excluded = {fold(one) for one in own.exclusions}
        self._has_price = own.price is not None
        self._has_stock = own.in_stock is not None

    def checked(self, limit: QueryLimit) -> Understood | None:
        """The limit as the own reading would say it; None if the words do not state it."""
        span = _span(self._query, limit.text) or self._corrected_span(limit.text)
        if span is None or any(start < span[1] and span[0] < end for start, end in self._taken):
            return None
        tokens = tokens_of(self._query[span[0] : span[1]], self._wording.cut)
        price: PriceRange | None = None
        currency: str | None = None
        excluded: list[str] = []
        if limit.kind == "price":
            price, currency = self._price(limit, tokens)
        elif limit.kind == "exclude":
            excluded = [one for one in limit.excluded if self._is_excluded(one, span, tokens)]
        if not (price or excluded or (limit.kind == "in_stock" and self._is_stock(span, tokens))):
            return None
        self._taken.append(span)
        self._has_price = self._has_price or price is not None
        self._has_stock = self._has_stock or limit.kind == "in_stock"
        self._excluded.update(map(fold, excluded))
        return Understood(
            kind=limit.kind,
            text=self._query[span[0] : span[1]],
            without=without(self._query, [span]),
            price=price,
            currency=currency,
            excluded=excluded,
        )

    def _corrected_span(self, quote: str) -> tuple[int, int] | None:
        """Place in the corrected query of a quote of the query as written, with its typos."""
        span = _span(self._asked, quote)
        before, after = tokens_of(self._asked), tokens_of(self._query)
        if span is None or len(before) != len(after):
            return None
        quoted = [
            token
            for asked, token in zip(before, after, strict=True)
            if span[0] <= asked.start and asked.end <= span[1]
        ]
        return (quoted[0].start, quoted[-1].end) if quoted else None

    def _price(
        self, limit: QueryLimit, tokens: Sequence[Token]
    ) -> tuple[PriceRange | None, str | None]:
        """The range, if each end is an amount of the words, and on the side that they say.

        Also the currency that the words name.
        """
        products = self._catalogue.products
        if self._has_price or limit.price is None or not products.has_prices:
            return None, None
        amounts = Amounts(tokens, self._wording, products.currencies)
        found = [one for place in range(len(tokens)) if (one := amounts.at(place))]
        said = {one.value for one in found}
        low, high = limit.price.min, limit.price.max
        if low == 0 and high is not None:
            low = None
        ends = [one for one in (low, high) if one is not None]
        if len(ends) > len(said) or not all(
            any(abs(one - amount) < _CENT for amount in said) for one in ends
        ):
            return None, None
        down, up = self._says(_DOWN, tokens), self._says(_UP, tokens)
        if (down and not up and high is None) or (up and not down and low is None):
            return None, None
        named = next((one.currency for one in found if one.currency is not None), None)
        own = named if named in products.currencies else None
        return PriceRange(min=low, max=high, currency=own), named

    def _is_stock(self, span: tuple[int, int], tokens: Sequence[Token]) -> bool:
        """True unless the words negate it, or are a value of the catalogue."""
        if self._has_stock or not self._catalogue.products.has_stock:
            return False
        quote = self._query[span[0] : span[1]]
        return not self._says(("not", "after_not"), tokens) and not self._is_said(quote)

    def _is_excluded(self, excluded: str, span: tuple[int, int], tokens: Sequence[Token]) -> bool:
        """True if the quote negates the text, and nothing else of the query asks for it."""
        words = _words(excluded)
        rest = _words(f"{self._query[: span[0]]} {self._query[span[1] :]}")
        wanted = self._sought | set(rest)
        if not words or wanted & set(words) or fold(excluded) in self._excluded:
            return False
        negators = self._negators(tokens)
        if not negators or self._is_said(self._query[span[0] : span[1]]):
            return False
        others = [
            token.folded
            for place, token in enumerate(tokens)
            if place not in negators and token.sort == "word"
        ]
        quoted = set(words) <= {word for other in others for word in _words(other)} or any(
            unspaced(other) and fold(excluded) in other for other in others
        )
        return quoted or self._is_translation(excluded, others)

    def _is_translation(self, excluded: str, others: Sequence[str]) -> bool:
        """True for words of the catalogue in place of words that it does not know."""
        foreign = [
            word for word in others if word not in self._catalogue.vocabulary and len(word) > 1
        ]
        return bool(foreign) and len(rows_saying(self._catalogue.words, excluded, STRUCTURED)) > 0

    def _negators(self, tokens: Sequence[Token]) -> set[int]:
        """Places of the negations; none if an idiom follows ("not too expensive")."""
        found: set[int] = set()
        for place in range(len(tokens)):
            length = max(
                self._wording.at("not", tokens, place), self._wording.at("after_not", tokens, place)
            )
            if length and self._wording.at("idiom", tokens, place + length):
                return set()
            found |= set(range(place, place + length))
        return found

    def _is_said(self, quote: str) -> bool:
        """True if products say the quote itself: a brand, "no-show socks"."""
        if self._catalogue.vocabulary.values(quote):
            return True
        own = wording.of(self._catalogue.words.analyser.language)
        tokens = tokens_of(quote, own.cut)
        return Negations(self._catalogue, quote, tokens, own).is_literal()

    def _says(self, meanings: Iterable[Meaning], tokens: Sequence[Token]) -> bool:
        """True if one of these meanings has the longest phrase somewhere in the quote."""
        sought, place = set(meanings), 0
        others: tuple[Meaning, ...] = (*_DOWN, *_UP, "not", "after_not", "in_stock")
        while place < len(tokens):
            lengths = {one: self._wording.at(one, tokens, place) for one in others}
            longest = max(lengths.values())
            if longest and any(lengths[one] == longest for one in sought):
                return True
            place += max(longest, 1)
        return False


def _span(query: str, quote: str) -> tuple[int, int] | None:
    """Place of a quote in the query, whatever its letter case and blanks; None if not there."""
    lowered, words = query.lower(), quote.lower().split()
    found = re.search(r"\s+".join(map(re.escape, words)), lowered)
    if found is None or not words or len(lowered) != len(query):
        return None
    start, end = found.span()
    # Whole words only, but for scripts without spaces.
    for place in (start, end):
        around = query[place - 1 : place + 1] if 0 < place < len(query) else ""
        if around.isalnum() and not unspaced(around):
            return None
    return start, end


def _words(text: str) -> list[str]:
    """The words of a text, each in one form for singular and plural."""
    return [token.folded.removesuffix("s") for token in tokens_of(text) if token.sort == "word"]
