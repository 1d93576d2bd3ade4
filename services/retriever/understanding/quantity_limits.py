"""Limits of quantities in a query: `at least 16 gb` becomes `≥16 gb`, which words are sought by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.retriever.understanding.limits import DOUBTFUL, FLIPPED, FROM
from services.retriever.understanding.phrase_lists import Meaning
from services.retriever.understanding.tokens import Token, adjacent, is_mark
from services.retriever.understanding.wording import Wording
from services.retriever.words.quantities import has_quantity, quantity_at

_BEFORE: dict[Meaning, str] = {
    "below": "<",
    "smaller": "<",
    "up_to": "≤",
    "above": ">",
    "larger": ">",
    "at_least": "≥",
}
_BEHIND: dict[Meaning, str] = {
    "or_less": "≤",
    "or_smaller": "≤",
    "or_more": "≥",
    "or_larger": "≥",
}


@dataclass(frozen=True, slots=True)
class QuantityLimit:
    """Tokens [start, end) that say a limit, and its sign and quantity."""

    start: int
    end: int
    said: str


class QuantityLimits:
    """Reads the limits of quantities of one query."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        wording: Wording,
        is_called: Callable[[Sequence[Token]], bool],
    ) -> None:
        """is_called: True for tokens that a title says side by side. "Pro Max 256 GB" has no
        limit.
        """
        self._text = text
        self._tokens = tokens
        self._wording = wording
        self._is_called = is_called

    def all(self) -> list[QuantityLimit]:
        """In order, none of them over another."""
        found: list[QuantityLimit] = []
        if not has_quantity(self._text):
            return found
        for place, token in enumerate(self._tokens):
            end = found[-1].end if found else 0
            if token.sort == "number" and place >= end:
                limit = self._at(place)
                if limit and limit.start >= end:
                    found.append(limit)
        return found

    def _at(self, place: int) -> QuantityLimit | None:
        """The limit whose first quantity begins at this number."""
        end = quantity_at(self._text, self._tokens[place].start)
        limit = self._between(place, end)
        if limit is None and end:
            limit = self._before(place, end) or self._behind(place, end)
        return limit

    def _between(self, place: int, end: int) -> QuantityLimit | None:
        """`between 500 g and 2 kg`, `40 to 60 cm`. "12 V to 5 V" is a name, and "6-10 kg" is one if
        a title says it.
        """
        tokens, text = self._tokens, self._text
        between = self._length_before("between", place)
        stop = end or tokens[place].end
        behind = self._token(stop)
        length = self._wording.at("and" if between else "to", tokens, behind)
        second = behind + length
        code = place > 0 and adjacent(tokens[place - 1], tokens[place])
        if not length or (not between and (end or code)) or second >= len(tokens):
            return None
        start = tokens[second].start
        last = quantity_at(text, start)
        named = last and tokens[second - 1].sort == "sign" and not between
        if named and self._is_called(tokens[place : self._token(last)]):
            return None
        if not last or self._wording.before("not", tokens, place - between):
            return None
        # A number without a unit would be a price where this is read again.
        low = text[tokens[place].start : stop] + ("" if end else text[tokens[second].end : last])
        said = f"≥{low}≤{text[start:last]}"
        return QuantityLimit(place - between, self._token(last), said)

    def _before(self, place: int, end: int) -> QuantityLimit | None:
        """`under 5 kg`, `max. 5 kg`, `no longer than 2 m`."""
        tokens = self._tokens
        first = place - is_mark(tokens, place - 1)
        length, meaning = max((self._length_before(one, first), one) for one in _BEFORE)
        first -= length
        alone = length == 1
        if not length or (alone and (tokens[first].folded in FROM or self._is_name(first))):
            return None
        if negator := self._wording.before("not", tokens, first):
            first, meaning = first - negator, FLIPPED[meaning]
        said = f"{_BEFORE[meaning]}{self._text[tokens[place].start : end]}"
        return QuantityLimit(first, self._token(end), said)

    def _behind(self, place: int, end: int) -> QuantityLimit | None:
        """`5 kg or less`, `16gb+`."""
        tokens, behind = self._tokens, self._token(end)
        length, meaning = max((self._wording.at(one, tokens, behind), one) for one in _BEHIND)
        after = behind + length
        # "8 GB + 256 GB" are two quantities.
        several = after < len(tokens) and tokens[after].sort == "number"
        if not length or several or self._wording.before("not", tokens, place):
            return None
        said = f"{_BEHIND[meaning]}{self._text[tokens[place].start : end]}"
        return QuantityLimit(place, after, said)

    def _length_before(self, meaning: Meaning, place: int) -> int:
        """See `Wording.before`. Most words end no phrase."""
        some = self._tokens[max(place - 1, 0) : place]
        known = some and some[0].folded in self._wording.words
        return self._wording.before(meaning, self._tokens, place) if known else 0

    def _is_name(self, place: int) -> bool:
        """True for the second word of "Pro Max"."""
        named = place > 0 and self._tokens[place].folded in DOUBTFUL
        return named and self._is_called(self._tokens[place - 1 : place + 1])

    def _token(self, end: int) -> int:
        """The first token behind a place in the text."""
        places = (place for place, one in enumerate(self._tokens) if one.start >= end)
        return next(places, len(self._tokens))
