"""Limits in a query: prices and stock, as the tokens that say them and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from services.contracts.search import PriceRange
from services.retriever.understanding import wording
from services.retriever.understanding.amounts import LIMITS, Amount, Amounts
from services.retriever.understanding.currencies import ALSO_UNITS, HUNDREDTHS
from services.retriever.understanding.phrase_lists import Meaning
from services.retriever.understanding.tokens import Token, adjacent, is_mark
from services.retriever.understanding.wording import Wording

_STEP = 0.001
"""Smallest part of a currency: "under 50" is 49.999 at most."""
_NEAR = 0.2
"""Share of an amount that "around 50 €" may differ by."""
_STRICT: tuple[Meaning, ...] = ("below", "above")
_BEHIND: tuple[tuple[Meaning, Meaning], ...] = (("or_less", "up_to"), ("or_more", "at_least"))
"""Limits behind an amount, and the limits before it that mean the same."""
FROM = frozenset({"from", "ab", "da", "de", "od", "от", "fran", "fra", "من"})
"""Words that begin a limit only before a currency."""
FLIPPED: dict[Meaning, Meaning] = {
    "below": "at_least",
    "smaller": "at_least",
    "up_to": "above",
    "above": "up_to",
    "larger": "up_to",
    "at_least": "below",
}
"""Meaning of a limit behind a negation: "not to spend more than 20", "no longer than 2 m"."""
_NOT_NEAR = frozenset({"only", "just", "a", "the", ":", "is", "of", "my", "than", "nur", "solo"})
"""Words of `more_less` that do not mean "around"."""
_AT = frozenset({"for", "at", "a", "fur", "zu", "pour", "por", "per", "voor", "za", "за"})
"""Words before a price that is not a limit: "mugs for $10"."""
_EXACTLY = frozenset(
    {
        "exactly", "precisely", "genau", "exactement", "exactamente", "esattamente", "exatamente",
        "precies", "exakt", "dokladnie", "ровно",
    }
)  # fmt: skip
"""Words before a price that is meant to the cent."""
_FAR = 4
"""Words between a word like "price" and its range."""
DOUBTFUL = frozenset({"max", "maximum", "min", "minimum", "plus", "from", "over", "limit", "+"})
"""Words that are parts of names as well: "Air Max 90"."""
_NO_PRICE_ALONE = ALSO_UNITS | HUNDREDTHS.keys()
"""Names that need a limit: "10 pounds dumbbell", "50 Cent poster"."""
_ABBREVIATED = 3
"""Letters of a short name of a currency, which is a word of products too."""


@dataclass(frozen=True, slots=True)
class PriceLimit:
    """Tokens [start, end) that say a limit of the price."""

    start: int
    end: int
    price: PriceRange
    currency: str | None
    doubtful: bool
    """True if the words may be a name: `Air Max 90`, `Gift card 50€`."""


@dataclass(frozen=True, slots=True)
class StockLimit:
    """Tokens [start, end) that ask for products in stock, or out of stock."""

    start: int
    end: int
    available: bool


class Limits:
    """Reads the limits of one query."""

    def __init__(
        self,
        tokens: Sequence[Token],
        phrases: Wording,
        currencies: Collection[str],
        is_said: Callable[[str], bool],
        is_called: Callable[[Sequence[Token]], bool] | None = None,
    ) -> None:
        """currencies: of the catalogue.  is_said: True for a folded word that products say.
        is_called: True for tokens that a title says side by side.
        """
        self._tokens = tokens
        self._wording = phrases
        self._amounts = Amounts(tokens, phrases, currencies, is_called)
        self._currencies = currencies
        self._is_said = is_said

    def prices(self) -> list[PriceLimit]:
        """In order, none of them over another."""
        found: list[PriceLimit] = []
        if not any(self._amounts.at(place, limited=True) for place in range(len(self._tokens))):
            return found
        place = 0
        while place < len(self._tokens):
            limit = self._range(place) or self._one_sided(place) or self._behind(place)
            if limit is None:
                place += 1
                continue
            if not self._follows_measure(limit):
                found.append(self._extended(limit, found[-1].end if found else 0))
            place = limit.end
        return found

    def stock(self, taken: Collection[int]) -> list[StockLimit]:
        """taken: tokens that say something else already."""
        found, place = [], 0
        while place < len(self._tokens):
            inside = self._wording.at("in_stock", self._tokens, place)
            outside = self._wording.at("out_of_stock", self._tokens, place)
            length = max(inside, outside)
            if length and place not in taken:
                negator = self._wording.before("not", self._tokens, place)
                available = (inside >= outside) != (negator > 0)
                found.append(StockLimit(place - negator, place + length, available))
            place += max(length, 1)
        return found

    def _range(self, place: int) -> PriceLimit | None:
        """`between 10 and 20`, `10–20 €`, `from 10 to 20`."""
        between = self._wording.at("between", self._tokens, place)
        first = self._amount(place + between) if between else self._amounts.at(place)
        if first is None:
            return None
        second = self._second(first, "and" if between else "to")
        if second is None or self._negator(place) is not None:
            return None
        if not between and any(
            self._wording.at(one, self._tokens, second.end) for one, _ in _BEHIND
        ):
            return None
        if not (between or first.named or second.named or self._of_money(place)):
            return None
        end = second.end + self._wording.at("or_between", self._tokens, second.end)
        low, high = _ends(first, second)
        if low == high and not between:
            return None
        return PriceLimit(
            place,
            end,
            PriceRange(min=low, max=high),
            first.currency or second.currency,
            doubtful=False,
        )

    def _one_sided(self, place: int) -> PriceLimit | None:
        """`under 50`, `at least 20 €`, `around 30 €`."""
        options: list[tuple[int, Meaning]] = [
            (self._wording.at(meaning, self._tokens, place), meaning) for meaning in LIMITS
        ]
        length, meaning = max(options, key=lambda one: one[0])
        if not length:
            return None
        word = self._tokens[place].folded
        alone = length == 1
        # "Up to max. 20"
        while more := self._wording.at(meaning, self._tokens, self._behind_mark(place + length)):
            length = self._behind_mark(place + length) + more - place
        amount = self._amount(self._behind_mark(place + length))
        if amount is None or self._begins_measures(amount):
            return None
        start = self._negator(place)
        if start is not None:
            meaning = FLIPPED[meaning]
        amount = self._outer(amount, meaning)
        if word in FROM and alone and not amount.named and not self._of_money(place):
            return None
        doubtful = not amount.named and (
            (alone and word in DOUBTFUL)
            or (self._amounts.joined_limit(amount.start) and self._tokens[place].sort == "word")
        )
        price = _beyond(meaning, amount.value)
        return PriceLimit(
            place if start is None else start, amount.end, price, amount.currency, doubtful
        )

    def _second(self, first: Amount, join: Meaning) -> Amount | None:
        """The other end of a range."""
        length = self._wording.at(join, self._tokens, first.end)
        return self._amounts.at(first.end + length, limited=True) if length else None

    def _outer(self, amount: Amount, meaning: Meaning) -> Amount:
        """The end of a range that a limit before it means: "under 10-12 €" is under 12."""
        second = self._second(amount, "to")
        below = meaning in ("below", "up_to")
        # "Over 10 up to 20" are two limits.
        if second is None or not (below or not self._wording.at("up_to", self._tokens, amount.end)):
            return amount
        low, high = _ends(amount, second)
        return replace(
            amount,
            value=high if below else low,
            currency=amount.currency or second.currency,
            named=amount.named or second.named,
            end=second.end,
        )

    def _begins_measures(self, amount: Amount) -> bool:
        """True for the first number of "10-12 cm"."""
        tokens, end = self._tokens, amount.end
        number = end + self._wording.at("to", tokens, end)
        return (
            not amount.named
            and end < number < len(tokens)
            and adjacent(tokens[end - 1], tokens[end])
            and tokens[number].sort == "number"
            and self._amounts.at(number) is None
        )

    def _negator(self, place: int) -> int | None:
        """Start of a negation before the limit, with words like "to spend" between them."""
        start = place
        while length := self._wording.before("price", self._tokens, start):
            start -= length
        # A negation may end with such a word: "I don't want".
        for end in range(start, place + 1):
            if length := self._wording.before("not", self._tokens, end):
                return end - length
        return None

    def _of_money(self, place: int) -> bool:
        """True if the words before say that a price follows: "price: 10-20"."""
        for end in range(place, max(place - _FAR, 0), -1):
            if self._wording.before("money", self._tokens, end):
                return True
            if not self._wording.before("price", self._tokens, end):
                return False
        return False

    def _behind_mark(self, place: int) -> int:
        """The place behind a mark, if one stands there."""
        return place + is_mark(self._tokens, place)

    def _behind(self, place: int) -> PriceLimit | None:
        """`50 or less`, `50 € max`, `€50+`, `50元以下`."""
        first = self._amounts.at(place)
        if first is None:
            return None
        for behind, meaning in _BEHIND:
            amount = self._outer(first, meaning)
            length = self._wording.at(behind, self._tokens, amount.end)
            word = self._tokens[amount.end].folded if length else ""
            if not length or (word in DOUBTFUL and not amount.named):
                continue
            price = _beyond(meaning, amount.value)
            return PriceLimit(place, amount.end + length, price, amount.currency, doubtful=False)
        return self._near(first)

    def _near(self, amount: Amount) -> PriceLimit | None:
        """`around 30 €`, `for $30`, `$30 mug`; only with a currency."""
        if not amount.named:
            return None
        end = amount.start - is_mark(self._tokens, amount.start - 1)
        about = self._wording.before("more_less", self._tokens, end)
        if end and self._tokens[end - 1].folded in _EXACTLY:
            exact = PriceRange(min=amount.value, max=amount.value)
            return PriceLimit(end - 1, amount.end, exact, amount.currency, doubtful=False)
        doubtful = False
        if about and self._tokens[end - 1].folded not in _NOT_NEAR:
            start = end - about
        elif self._limited_elsewhere(amount):
            return None
        elif amount.start == 0:
            if self._is_other_word(amount):
                return None
            start = 0
        elif self._tokens[amount.start - 1].folded in _AT:
            start = amount.start - 1
        elif self._stands_alone(amount):
            start, doubtful = amount.start, True
        else:
            return None
        price = PriceRange(
            min=round(amount.value * (1 - _NEAR), 2), max=round(amount.value * (1 + _NEAR), 2)
        )
        return PriceLimit(start, amount.end, price, amount.currency, doubtful)

    def _stands_alone(self, amount: Amount) -> bool:
        """True for a price behind a word of products, at the end of the query or before another
        such word: `mug 10€`, `mug 10€ red`.

        Not for `dumbbell 10 pounds`, nor beside words that may be a limit in any language. Before
        another word, `phone 12 200€ case` is not twelve thousand.
        """
        tokens, start, end = self._tokens, amount.start, amount.end
        before, every = tokens[start - 1], wording.of_all()
        apart = tokens[start].sort == tokens[start + 1].sort == "number"
        following = "" if apart else "".join(one.folded for one in tokens[end : end + 1])
        return (
            (end == len(tokens) or following == "," or self._is_said(following))
            and not self._is_other_word(amount)
            and not adjacent(before, tokens[start])
            and self._is_said(before.folded)
            and not any(every.before(one, tokens, start) for one in (*LIMITS, "not", "price"))
        )

    def _is_other_word(self, amount: Amount) -> bool:
        """True if the currency's name means something else as well: `10 pounds`; and `rs 232` and
        `30 sek` in a catalogue without rupees and kronor.
        """
        tokens = self._tokens[amount.start : amount.end]
        if tokens[-1].folded in _NO_PRICE_ALONE:
            return True
        if amount.currency is None or amount.currency in self._currencies:
            return False
        names = [one.folded for one in tokens if one.sort == "word"]
        return any(one.isascii() and len(one) <= _ABBREVIATED for one in names)

    def _limited_elsewhere(self, amount: Amount) -> bool:
        """True if the words behind it are a limit in a language that is not known here."""
        every = wording.of_all()
        return any(every.at(one, self._tokens, amount.end) > 0 for one, _ in _BEHIND)

    def _amount(self, place: int) -> Amount | None:
        """The amount there, behind words like "about"."""
        found = self._amounts.at(place, limited=True)
        if found is None:
            skipped = self._wording.at("more_less", self._tokens, place)
            behind = self._behind_mark(place + skipped)
            found = self._amounts.at(behind, limited=True) if skipped else None
        return found

    def _follows_measure(self, limit: PriceLimit) -> bool:
        """True if what stands before is no price: "size under 40"."""
        if limit.currency is not None:
            return False
        return self._wording.before("measure", self._tokens, limit.start) > 0

    def _extended(self, limit: PriceLimit, least: int) -> PriceLimit:
        """With the words before that only say that a price follows: "for", "that costs"."""
        start = limit.start
        for meaning in ("price", "or"):
            while length := self._wording.before(meaning, self._tokens, start):
                if start - length < least:
                    break
                start -= length
        end = limit.end + self._wording.at("behind_price", self._tokens, limit.end)
        return PriceLimit(start, end, limit.price, limit.currency, limit.doubtful)


def _beyond(meaning: Meaning, value: float) -> PriceRange:
    """The prices on one side of an amount."""
    if meaning in ("below", "up_to"):
        highest = max(round(value - _STEP, 3), 0.0) if meaning in _STRICT else value
        return PriceRange(max=highest)
    return PriceRange(min=round(value + _STEP, 3) if meaning in _STRICT else value)


def _ends(first: Amount, second: Amount) -> tuple[float, float]:
    """The ends of a range. A word behind it may count for both: "500-900 cents", "1-2k"."""
    value, factor = first.value, second.factor
    if not first.named and first.factor == 1 and (factor < 1 or value < second.value / factor):
        value = round(value * factor, 2)
    low, high = sorted((value, second.value))
    return low, high
