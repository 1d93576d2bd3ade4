"""Targets of negations: the tokens that say what is excluded, and the text that they say."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.currencies import BEGINNINGS
from services.retriever.understanding.sayings import Sayings
from services.retriever.understanding.tokens import Token, adjacent, is_hyphen
from services.retriever.understanding.wording import Wording
from services.retriever.words.folding import unspaced
from services.retriever.words.function_words import SIZE
from services.retriever.words.said import STRUCTURED, rows_saying

LONGEST_VALUE = 4
"""Words of a value that is looked up."""


class Targets:
    """Reads the targets in one query."""

    def __init__(
        self,
        catalogue: Catalogue,
        sayings: Sayings,
        text: str,
        tokens: Sequence[Token],
        wording: Wording,
    ) -> None:
        self._words = catalogue.words
        self._sayings = sayings
        self._text = text
        self._tokens = tokens
        self._wording = wording

    def behind_articles(self, place: int) -> int:
        """The place behind articles, and behind a word like "size" before a size."""
        while skipped := self._wording.at("article", self._tokens, place) or self._sized(place):
            place += skipped
        return place

    def end_of(self, place: int, taken: Collection[int], *, noun: bool) -> int | None:
        """The end of what is negated: a value of several words, or one word."""
        tokens = self._tokens
        if place >= len(tokens) or place in taken:
            return None
        if code := self._code(place):
            return code
        if tokens[place].sort == "number":
            return self._end_of_number(place)
        if tokens[place].sort != "word":
            return None
        if place and tokens[place - 1].folded in SIZE and self._sized(place - 1):
            return place + 1
        for end in range(min(place + LONGEST_VALUE, len(tokens)), place + 1, -1):
            if (
                tokens[end - 1].sort != "sign"
                and not any(one in taken for one in range(place, end))
                and self.is_value(place, end)
            ):
                return end
        word = tokens[place].folded
        if len(word) == 1 and not unspaced(word):
            if is_hyphen(tokens, place + 1):  # "v-neck"
                return place + 3
            # "T-shirt not L"
            return place + 1 if self._has(word) else None
        if self._words.analyser.is_function_word(word):
            return None
        end = place + 1
        if self._modifies(place, taken) or self._numbered(place, taken):
            return end + 1
        if noun and self._has_noun(place, taken):
            return end + 1
        return end

    def is_value(self, start: int, end: int) -> bool:
        """True if these tokens are a value of the catalogue."""
        return self._sayings.is_value(self.said(start, end))

    def excluded(self, start: int, end: int) -> str:
        """The excluded text; for `jet black` the value alone, if no product says the other word."""
        if end - start == 2 and not self.is_value(start, end) and self._modifies(start, ()):
            return self.said(start + 1, end)
        return self.said(start, end)

    def said(self, start: int, end: int) -> str:
        """The text of tokens [start, end)."""
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]

    def _sized(self, place: int) -> int:
        """1 for a word like "size" before a size: `not size L`."""
        some = self._tokens[place : place + 2]
        if len(some) < 2 or some[0].folded not in SIZE:
            return 0
        size, word = some[1].folded, some[1].sort == "word"
        return int(some[1].sort == "number" or (word and (len(size) < 2 or self._has(size))))

    def _has(self, text: str) -> bool:
        return len(rows_saying(self._words, text, STRUCTURED)) > 0

    def _end_of_number(self, place: int) -> int | None:
        """The end of a number with its unit, or behind a word like "size": `500 ml`, `12v`; but not
        behind "no", which means the number itself: "chanel no 5", "pencil no 2 pack".
        """
        tokens, after = self._tokens, place + 1
        if place and tokens[place - 1].folded == "no":
            return None
        unit = self._wording.at("unit", tokens, after)
        if unit:
            return after + unit
        joined = after < len(tokens) and adjacent(tokens[place], tokens[after])
        if joined and tokens[after].sort == "word":
            return after + 1
        sized = place > 0 and tokens[place - 1].folded in SIZE
        return after if sized or self._bare(place) else None

    def _bare(self, place: int) -> bool:
        """True for a number that products say behind "not": "iphone not 14", but not "not 20 €"."""
        tokens = self._tokens
        if not self._wording.before("not", tokens, place):
            return False
        money = place + 1 < len(tokens) and tokens[place + 1].folded in BEGINNINGS
        return not money and self._has(self.said(place, place + 1))

    def _code(self, place: int) -> int:
        """The end of letters and numbers without a blank between: `m8x40`, `bl1850b`; 0 if it is a
        word or a number alone, or `500ml`.
        """
        tokens, end = self._tokens, place + 1
        while (
            end < len(tokens)
            and tokens[end].sort != "sign"
            and adjacent(tokens[end - 1], tokens[end])
        ):
            end += 1
        code = self.said(place, end).isascii() and end - place > 1
        return end if code and (tokens[place].sort == "word" or end - place > 2) else 0

    def _numbered(self, place: int, taken: Collection[int]) -> bool:
        """True for a word and a number that products say side by side: `spf 50`."""
        tokens, after = self._tokens, place + 1
        if after >= len(tokens) or after in taken or tokens[after].sort != "number":
            return False
        if self.is_value(place, after) or self._wording.at("unit", tokens, after + 1):
            return False
        return self._sayings.says_beside(self.said(place, after + 1))

    def _modifies(self, place: int, taken: Collection[int]) -> bool:
        """True for `jet black`: a word that no product says before a value; not for `suede mug`."""
        after = place + 1
        if after >= len(self._tokens) or after in taken or self._tokens[after].sort != "word":
            return False
        word, value = self._tokens[place].folded, self._tokens[after].folded
        if len(rows_saying(self._words, word, STRUCTURED)):
            return False
        # "Crimson red" is one colour, but "crimson striped" are two values.
        if self._sayings.is_quality(word) and not self._sayings.same_field(word, value):
            return False
        return self.is_value(after, after + 1) and self._sayings.is_quality(value)

    def _has_noun(self, place: int, taken: Collection[int]) -> bool:
        """True for `red stripes`: the next word is no value of its own and no kind of product; and
        for two words that titles say side by side: `headphone jack`.
        """
        after = place + 1
        if after >= len(self._tokens) or after in taken or self._tokens[after].sort != "word":
            return False
        word = self._tokens[after].folded
        if self._words.analyser.is_function_word(word) or self.is_value(after, after + 1):
            return False
        if self.is_value(place, after) and self._sayings.is_quality(word):
            return True
        category = len(rows_saying(self._words, word, ("category",)))
        return not category and self._sayings.says_beside(self.said(place, after + 1))
