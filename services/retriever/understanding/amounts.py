"""Amounts of money in a query: a number with or without a currency beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.retriever.understanding.currencies import (
    ALSO_UNITS,
    BEGINNINGS,
    CURRENCIES,
    HUNDREDTHS,
)
from services.retriever.understanding.number_words import number_at
from services.retriever.understanding.phrase_lists import Meaning
from services.retriever.understanding.tokens import Token, adjacent
from services.retriever.understanding.wording import Wording
from services.retriever.words.function_words import SIZE

_MOST = 1e9
_FEWEST_ALONE = 10
"""The smallest number in words that may be a price without a currency."""
_LETTERS_IN_CODE = frozenset("-_/#")
_FAR = 4
"""Words between a word like "costs" and the name of a currency."""
_BEFORE_CENTS = frozenset({"euro", "eur", "us", "dollar"})
_OF = frozenset({"de", "di", "."})
"""Between a large number and its currency: "1 millón de euros", "1 Mio. Euro"."""
LIMITS: tuple[Meaning, ...] = ("below", "up_to", "above", "at_least")
"""Meanings of limits before an amount."""
_GROUP = re.compile(r"\d{3}(?:[.,]\d{1,2})?")
"""Thousands behind a blank: `1 299,50`."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount, and the tokens that say it."""

    value: float
    currency: str | None
    named: bool
    """True if a currency stands beside it."""
    start: int
    end: int
    factor: float = 1
    """Worth of one of its number: 0.01 for cents, 1,000 for thousands."""


class Amounts:
    """Reads the amounts of one query."""

    def __init__(
        self,
        tokens: Sequence[Token],
        wording: Wording,
        currencies: Collection[str],
        is_called: Callable[[Sequence[Token]], bool] | None = None,
    ) -> None:
        """currencies: ISO 4217 codes of the catalogue's prices.  is_called: see `Limits`."""
        self._tokens = tokens
        self._wording = wording
        self._currencies = currencies
        self._is_called = is_called

    def at(self, place: int, *, limited: bool = False) -> Amount | None:
        """The amount that begins at this token; None for a number that cannot be a price.

        limited: behind the words of a limit, where "9 €99" and "10 pounds" may be prices.
        """
        tokens = self._tokens
        before = self._currency(place)
        number = place + (self._prefix(place, before[0]) if before else 0)
        found = self._digits(number)
        if found is None:
            return None if before else self._in_words(number, limited=limited)
        value, end = found
        factor = self._factor(end)
        if value is not None and factor > 1:
            value, end = round(value * factor, 2), end + 1
        if value is None or value > _MOST or (before is None and self._in_code(number)):
            return None
        if before is None and (behind := self._hundredths(end)):
            return self._in_hundredths(value, place, behind)
        dashed = self._dash(end)
        of = factor > 1 and end < len(tokens) and tokens[end].folded in _OF
        after = self._currency_behind(end + dashed + of, limited=limited)
        if before is None and after is None and not dashed and self._measured(end - 1):
            return None
        end += dashed
        code = before[1] if before else None
        # "$10 USD", but not "$10€20".
        if after and (
            before is None or (code in (None, after[1]) and tokens[end + of].sort == "word")
        ):
            end, code = end + of + after[0], after[1]
        if before or after:
            cents, end = self._cents(end)
            value = round(value + cents, 3)
        named = before is not None or after is not None or dashed > 0
        return Amount(value, code, named, place, end, factor)

    def _in_words(self, place: int, *, limited: bool) -> Amount | None:
        """`twenty dollars`. Without a currency, few is a number of things: "at least two"."""
        found = number_at(self._tokens, place, self._wording.numbers)
        if found is None:
            return None
        value: float
        value, end = found
        if behind := self._hundredths(end):
            return self._in_hundredths(value, place, behind)
        if value >= _FEWEST_ALONE:
            cents, end = self._spoken_cents(end)
            value = round(value + cents, 3)
        after = self._currency_behind(end, limited=limited)
        if after is None and (value < _FEWEST_ALONE or self._measured(end - 1)):
            return None
        if after is not None:
            cents, end = self._cents(end + after[0])
            value = round(value + cents, 3)
        return Amount(value, after[1] if after else None, after is not None, place, end)

    def _prefix(self, place: int, length: int) -> int:
        """The length of a currency before a number, with its dot: `Rs.10`."""
        tokens, end = self._tokens, place + length
        dotted = (
            end < len(tokens)
            and tokens[end - 1].sort == "word"
            and tokens[end].folded == "."
            and adjacent(tokens[end - 1], tokens[end])
        )
        return length + dotted

    def _digits(self, place: int) -> tuple[float | None, int] | None:
        """The value and the end of a number in digits: `1 299,50`, `.99`."""
        some = self._tokens[place : place + 2]
        if not some or (some[0].sort != "number" and some[0].folded != "."):
            return None
        if some[0].sort == "number":
            return self._grouped(place) or (value_of(some[0].folded), place + 1)
        before = self._tokens[place - 1] if place else None
        joined = before and before.folded not in CURRENCIES and adjacent(before, some[0])
        if joined or len(some) < 2 or not (some[1].folded.isdecimal() and adjacent(*some)):
            return None
        return value_of(f"0.{some[1].folded}"), place + 2

    def _grouped(self, number: int) -> tuple[float | None, int] | None:
        """The value and the end of a number in groups with blanks between: `1 299,50`."""
        tokens, end = self._tokens, number + 1
        text = tokens[number].folded
        if not _is_head(text):
            return None
        while end < len(tokens) and tokens[end].start - tokens[end - 1].end == 1:
            if not (tokens[end - 1].folded.isdecimal() and _GROUP.fullmatch(tokens[end].folded)):
                break
            text += tokens[end].folded
            end += 1
        grouped = end > number + 1 and (not self._measured(end - 1) or self._currency(end))
        # "iPhone 12 200 €"
        if grouped and number and self._is_called and self._is_called(tokens[number - 1 : end - 1]):
            return None
        return (value_of(text), end) if grouped else None

    def _factor(self, place: int) -> int:
        """The factor that a word behind a number stands for: `1.5k`, `2 million`."""
        tokens = self._tokens
        if place >= len(tokens):
            return 1
        if tokens[place].folded == "k" and adjacent(tokens[place - 1], tokens[place]):
            return 1_000
        return self._wording.large_numbers.get(tokens[place].folded, 1)

    def _hundredths(self, place: int) -> int:
        """The place behind the name of cents; 0 if there is none: `cents`, `euro cents`."""
        some = self._tokens[place : place + 2]
        if len(some) == 2 and some[0].folded in _BEFORE_CENTS:
            place, some = place + 1, some[1:]
        if not some or some[0].folded not in HUNDREDTHS:
            return 0
        return 0 if self._wording.at("unit", self._tokens, place) else place + 1

    def _in_hundredths(self, value: float, place: int, end: int) -> Amount:
        code = HUNDREDTHS[self._tokens[end - 1].folded]
        return Amount(value / 100, code, True, place, end, 0.01)

    def _cents(self, place: int) -> tuple[float, int]:
        """Cents behind a currency, and their end: `12€99`, `12 euros and 50 cents`."""
        tokens = self._tokens
        if place < len(tokens) and tokens[place - 1].sort == "sign":
            cents = _two_digits(tokens[place])
            if cents and adjacent(tokens[place - 1], tokens[place]):
                return cents / 100, place + 1
        number = place + self._wording.at("and", tokens, place)
        behind = self._hundredths(number + 1)
        if behind and (cents := _two_digits(tokens[number])):
            return cents / 100, behind
        return self._spoken_cents(place)

    def _spoken_cents(self, place: int) -> tuple[float, int]:
        """Cents in words, and their end: "twelve fifty"."""
        value, end = number_at(self._tokens, place, self._wording.numbers) or (0, place)
        if not _FEWEST_ALONE <= value < 100 or self._measured(end - 1):
            return 0, place
        return value / 100, self._hundredths(end) or end

    def _dash(self, place: int) -> int:
        """The number of tokens of a dash instead of cents: `20,-`, `20.–`, `20/-`."""
        tokens = self._tokens
        dashed = (
            place + 1 < len(tokens)
            and tokens[place].folded in (",", ".", "/")
            and tokens[place + 1].folded in ("-", "–", "—")
            and adjacent(tokens[place - 1], tokens[place])
            and adjacent(tokens[place], tokens[place + 1])
        )
        return 2 if dashed else 0

    def _currency(self, place: int, *, limited: bool = False) -> tuple[int, str | None] | None:
        """The number of tokens of the name there, and its code."""
        if place >= len(self._tokens) or self._tokens[place].folded not in BEGINNINGS:
            return None
        for length in (3, 2, 1):
            some = self._tokens[place : place + length]
            name = _text(some)
            if name in CURRENCIES:
                break
        else:
            return None
        code = CURRENCIES[name]
        certain = name not in ALSO_UNITS or code in self._currencies
        return (len(some), code) if certain or (limited and self._of_money(place)) else None

    def _of_money(self, place: int) -> bool:
        """True if the words before say that a price follows: "costs less than 10 pounds"."""
        ends = range(max(place - _FAR, 0), place)
        return any(self._wording.before("money", self._tokens, end) for end in ends)

    def _currency_behind(self, place: int, *, limited: bool) -> tuple[int, str | None] | None:
        """The same behind a number, unless it is the sign of the next one: "two $10 mugs"."""
        tokens = self._tokens
        found = self._currency(place, limited=limited)
        if found is None:
            return None
        end = place + found[0]
        is_sign = end < len(tokens) and tokens[end - 1].sort == "sign"
        if is_sign and tokens[end].sort == "number" and adjacent(tokens[end - 1], tokens[end]):
            joined = adjacent(tokens[place - 1], tokens[place])
            return found if joined or (limited and _two_digits(tokens[end])) else None
        return found

    def _in_code(self, number: int) -> bool:
        """True for a number that is part of a word or of a code: `GSR12`, `12V-15`."""
        tokens = self._tokens
        if number == 0 or not adjacent(tokens[number - 1], tokens[number]):
            return False
        if self.joined_limit(number):
            return False
        before = tokens[number - 1]
        if before.folded in _LETTERS_IN_CODE:
            return (
                number > 1
                and adjacent(tokens[number - 2], before)
                and (
                    tokens[number - 2].sort == "word"
                    and tokens[number - 2].folded not in CURRENCIES
                    and self._factor(number - 2) == 1
                )
            )
        return before.sort == "word" and before.folded not in self._wording.cut

    def joined_limit(self, number: int) -> bool:
        """True for a number joined to the words of a limit: `under-20`, `sub20`."""
        tokens = self._tokens
        end = number
        if end and tokens[end - 1].folded == "-" and adjacent(tokens[end - 1], tokens[end]):
            end -= 1
        if end == 0 or not adjacent(tokens[end - 1], tokens[end]):
            return False
        return any(self._wording.before(meaning, tokens, end) for meaning in LIMITS)

    def _measured(self, number: int) -> bool:
        """True if a unit follows: "5 cm", "12-inch", or any word without a blank before it."""
        tokens, wording = self._tokens, self._wording
        after = number + 1
        if after < len(tokens):
            if (
                adjacent(tokens[number], tokens[after])
                and tokens[after].sort == "word"
                and tokens[after].folded not in wording.cut
            ):
                return True
            if tokens[after].folded == "-" and wording.at("unit", tokens, after + 1):
                return True
            # "Max 30 min 20": "min" belongs to the next number; "under 50 size S": so does "size"
            # to the size.
            leads = wording.at("at_least", tokens, after) and (
                after + 1 < len(tokens) and tokens[after + 1].sort == "number"
            )
            leads = leads or (tokens[after].folded in SIZE and after + 1 < len(tokens))
            if wording.at("unit", tokens, after) and not leads:
                return True
        return False


def value_of(text: str) -> float | None:
    """The number of a text in ASCII digits: `1,299.50`, `1.299,50`, `12,5`, `1'299`."""
    text = re.sub(r"['’\u00a0\u202f]", "", text)
    marks = [one for one in text if one in ".,"]
    if not marks:
        return float(text) if len(text) <= 12 else None
    last = marks[-1]
    whole, _, fraction = text.rpartition(last)
    different = len(set(marks)) > 1
    if marks.count(last) > 1 or (not different and len(fraction) == 3 and _is_head(whole)):
        # Groups of thousands; a product for less than one, `0.125`, is written with a zero.
        digits = re.sub("[.,]", "", text)
    else:
        digits = f"{re.sub('[.,]', '', whole)}.{fraction}"
    try:
        return float(digits) if len(digits) <= 13 else None
    except ValueError:
        return None


def _two_digits(token: Token) -> int:
    """The cents that a token says; 0 if it says none."""
    text = token.folded
    return int(text) if len(text) == 2 and text.isdecimal() else 0


def _text(tokens: Sequence[Token]) -> str:
    """The tokens with the blanks between them."""
    text = "".join(token.folded for token in tokens[:1])
    for before, token in pairwise(tokens):
        text += token.folded if adjacent(before, token) else f" {token.folded}"
    return text


def _is_head(whole: str) -> bool:
    return 1 <= len(whole) <= 3 and whole[0] != "0"
