"""Amounts of money in a query: a number with or without a currency beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.retriever.understanding.currencies import ALSO_UNITS, CURRENCIES
from services.retriever.understanding.number_words import number_at
from services.retriever.understanding.phrase_lists import Meaning
from services.retriever.understanding.tokens import Token, adjacent
from services.retriever.understanding.wording import Wording

_MOST = 1e9
_FEWEST_ALONE = 10
"""The smallest number in words that may be a price without a currency."""
_LETTERS_IN_CODE = frozenset("-_/#")
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


class Amounts:
    """Reads the amounts of one query."""

    def __init__(
        self, tokens: Sequence[Token], wording: Wording, currencies: Collection[str]
    ) -> None:
        """currencies: ISO 4217 codes of the catalogue's prices."""
        self._tokens = tokens
        self._wording = wording
        self._currencies = currencies

    def at(self, place: int) -> Amount | None:
        """The amount that begins at this token; None for a number that cannot be a price."""
        tokens = self._tokens
        before = self._currency(place)
        number = place + (before is not None)
        if number >= len(tokens):
            return None
        if tokens[number].sort != "number":
            return None if before else self._in_words(number)
        value, end = self._grouped(number) or (value_of(tokens[number].folded), number + 1)
        if value is not None and self._thousands(end):
            value, end = value * 1_000, end + 1
        if value is None or value > _MOST or (before is None and self._in_code(number)):
            return None
        dashed = self._dash(end)
        after = self._currency_behind(end + dashed)
        if before is None and after is None and not dashed and self._measured(end - 1):
            return None
        named = before or after
        end += dashed
        if after is not None and before is None:
            end += 1
            if cents := self._cents(end):
                value, end = value + cents, end + 1
        return Amount(
            value, named[1] if named else None, named is not None or dashed > 0, place, end
        )

    def _in_words(self, place: int) -> Amount | None:
        """`twenty dollars`. Without a currency, few is a number of things: "at least two"."""
        found = number_at(self._tokens, place, self._wording.numbers)
        if found is None:
            return None
        value, end = found
        after = self._currency_behind(end)
        if after is None and (value < _FEWEST_ALONE or self._measured(end - 1)):
            return None
        named = after is not None
        return Amount(value, after[1] if after else None, named, place, end + named)

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
        return (value_of(text), end) if grouped else None

    def _thousands(self, place: int) -> bool:
        """True for `k` right behind a number: `1.5k`."""
        tokens = self._tokens
        return (
            place < len(tokens)
            and tokens[place].folded == "k"
            and adjacent(tokens[place - 1], tokens[place])
        )

    def _cents(self, place: int) -> float:
        """Cents right behind the sign of a currency: `12€99`."""
        some = self._tokens[place - 2 : place + 1]
        if len(some) < 3 or not (adjacent(*some[:2]) and adjacent(*some[1:])):
            return 0
        text = some[2].folded
        return int(text) / 100 if len(text) == 2 and text.isdecimal() else 0

    def _dash(self, place: int) -> int:
        """The number of tokens of a dash instead of cents: `20,-`, `20.–`."""
        tokens = self._tokens
        dashed = (
            place + 1 < len(tokens)
            and tokens[place].folded in (",", ".")
            and tokens[place + 1].folded in ("-", "–", "—")
            and adjacent(tokens[place - 1], tokens[place])
            and adjacent(tokens[place], tokens[place + 1])
        )
        return 2 if dashed else 0

    def _currency(self, place: int) -> tuple[str, str | None] | None:
        """The name there, and its code."""
        if place >= len(self._tokens):
            return None
        name = self._tokens[place].folded
        if name not in CURRENCIES:
            return None
        code = CURRENCIES[name]
        if name in ALSO_UNITS and code not in self._currencies:
            return None
        return name, code

    def _currency_behind(self, place: int) -> tuple[str, str | None] | None:
        """The same behind a number, unless it is the sign of the next one: "two $10 mugs"."""
        tokens = self._tokens
        if place + 1 < len(tokens) and tokens[place].sort == "sign":
            behind, ahead = tokens[place - 1 : place + 1], tokens[place : place + 2]
            if not adjacent(*behind) and adjacent(*ahead) and ahead[1].sort == "number":
                return None
        return self._currency(place)

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
            # "Max 30 min 20": the word belongs to the next number.
            leads = wording.at("at_least", tokens, after) and (
                after + 1 < len(tokens) and tokens[after + 1].sort == "number"
            )
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


def _is_head(whole: str) -> bool:
    return 1 <= len(whole) <= 3 and whole[0] != "0"
