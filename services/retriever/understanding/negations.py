"""Negations of a query: what it wants nothing of, and the tokens that say so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.sayings import Sayings
from services.retriever.understanding.targets import LONGEST_VALUE, Targets
from services.retriever.understanding.tokens import Token, adjacent
from services.retriever.understanding.wording import Wording
from services.retriever.words.concepts import is_size
from services.retriever.words.folding import fold
from services.retriever.words.function_words import SIZE, WITHOUT

_CLOSING = dict(zip("([\"'“„«»*", ")]\"'”“»«*", strict=True))
"""Signs that close what others open: not (red)."""
_MINUS = frozenset("-‐‑–−!")
"""Signs that negate a word that they touch."""

_NEITHER = frozenset({"neither", "weder", "ni", "ne", "nem", "ani", "varken", "hverken", "verken"})
"""Negators of a list in which all is negated, of whatever field."""

_OF_ANY_KIND = frozenset(
    {
        "thing", "things", "stuff", "something", "anything", "everything", "all", "item", "items",
        "product", "products", "gift", "gifts", "present", "presents", "clothes", "clothing",
    }
)  # fmt: skip
"""Words for products of no certain kind, of which one may be excluded: blue things except mugs."""

_ASKING = frozenset({"why", "if", "whether", "warum", "wieso", "ob", "pourquoi", "si", "perche"})
"""Words before "not" that make it a question."""


@dataclass(frozen=True, slots=True)
class Negation:
    """Tokens [start, end) that exclude some texts."""

    start: int
    end: int
    excluded: list[str]


class Negations:
    """Reads the negations of one query."""

    def __init__(
        self,
        catalogue: Catalogue,
        text: str,
        tokens: Sequence[Token],
        wording: Wording,
    ) -> None:
        self._words = catalogue.words
        self._vocabulary = catalogue.vocabulary
        self._sayings = Sayings(catalogue)
        self._targets = Targets(catalogue, self._sayings, text, tokens, wording)
        self._tokens = tokens
        self._wording = wording
        self._any_behind = any(
            wording.at("after_not", tokens, place) or token.folded in ("-", "free")
            for place, token in enumerate(tokens)
        )
        """True if a negator may stand behind what it negates."""

    def all(self, taken: Collection[int]) -> list[Negation]:
        """In order. taken: tokens that say something else already."""
        found: list[Negation] = []
        place = 0
        while place < len(self._tokens):
            one = None if place in taken else self._at(place, taken) or self._after(place, taken)
            if one is not None:
                found.append(one)
            place = one.end if one is not None else place + 1
        return found

    def is_literal(self) -> bool:
        """True if the text begins with a negation that products say: "no-show", "non stick"."""
        length = self._wording.at("not", self._tokens, 0)
        target = self._targets.behind_articles(length)
        end = self._targets.end_of(target, (), noun=False) if length else None
        return end is not None and self._literal(0, length, target, end)

    def _at(self, place: int, taken: Collection[int]) -> Negation | None:
        """A negation that begins with its negator."""
        length = (
            self._wording.at("not", self._tokens, place)
            or self._minus(place)
            or self._but(place, taken)
        )
        if not length or (place > 0 and self._tokens[place - 1].folded in _ASKING):
            return None
        negator = self._tokens[place + length - 1].folded
        target = place + length
        if self._wording.at("idiom", self._tokens, target) and not self._wording.at(
            "article", self._tokens, target
        ):
            return None
        target = self._targets.behind_articles(target)
        if target == len(self._tokens):
            return self._dangling(place, taken)
        end = self._targets.end_of(target, taken, noun=negator in WITHOUT)
        if end is None or self._is_sought(place, target, end, taken):
            return None
        if self._literal(place, length, target, end):
            return None
        # "Not sugar-free"
        end += self._free(end)
        first = self._targets.excluded(target, end)
        others, end = self._others(place, end, first, taken)
        end += self._wording.at("on_it", self._tokens, end)
        start = self._start(place, taken)
        # "Size not M"
        if (
            start
            and start - 1 not in taken
            and self._tokens[start - 1].folded in SIZE
            and is_size(fold(first))
        ):
            start -= 1
        return Negation(start, end, [first, *others])

    def _dangling(self, place: int, taken: Collection[int]) -> Negation | None:
        """A negator that ends the query, behind what it negates: `mug blue not`."""
        end = place
        while length := self._wording.before("article", self._tokens, end):
            end -= length
        for start in range(max(end - LONGEST_VALUE, 0), end):
            free = not any(one in taken for one in range(start, end))
            words = all(one.sort == "word" for one in self._tokens[start:end])
            if start and free and words and self._targets.is_value(start, end):
                if self._sayings.is_kind(self._targets.said(start, end)):
                    return None
                return Negation(start, len(self._tokens), [self._targets.said(start, end)])
        return None

    def _is_sought(self, place: int, target: int, end: int, taken: Collection[int]) -> bool:
        """True if the negated word is the only kind of product in the query and singular, and all
        other words are values (`green stripes without frock`).
        """
        if self._words.analyser.language != "en" or self._tokens[end - 1].folded.endswith("s"):
            return False
        if self._tokens[target].sort == "number":
            return False
        if not self._sayings.is_kind(self._targets.said(target, end)):
            return False
        rest = [
            one
            for number, one in enumerate(self._tokens)
            if one.sort == "word"
            and not (place <= number < end or number in taken)
            and not self._words.analyser.is_function_word(one.folded)
        ]
        return bool(rest) and all(
            one.folded not in _OF_ANY_KIND and self._sayings.describes(one.folded) for one in rest
        )

    def _after(self, place: int, taken: Collection[int]) -> Negation | None:
        """A negation that ends with its negator: `leather-free`, `赤以外`."""
        excluded = self._sayings.negated_in(self._tokens[place].folded)
        if excluded is None and not self._any_behind:
            return None
        end = self._targets.end_of(place, taken, noun=False)
        if end is None:
            return None
        if excluded is not None:
            return Negation(place, place + 1, [excluded])
        behind = self._wording.at("after_not", self._tokens, end) or self._free(end)
        said = self._targets.said(place, end)
        if not behind or not (
            self._targets.is_value(place, end) or self._sayings.is_described(said)
        ):
            return None
        if self._sayings.says_both(said, "free"):
            return None
        return Negation(place, end + behind, [said])

    def _but(self, place: int, taken: Collection[int]) -> int:
        """The length of a "but" before a value, behind a word like "any": `any mug but red`."""
        length = self._wording.at("but", self._tokens, place)
        if not length or not any(
            self._wording.at("any", self._tokens, before) for before in range(place)
        ):
            return 0
        start = self._targets.behind_articles(place + length)
        end = self._targets.end_of(start, taken, noun=False)
        return length if end is not None and self._targets.is_value(start, end) else 0

    def _minus(self, place: int) -> int:
        """1 for a minus sign before a word: `mug -blue`, `mug !blue`, `mug -"blue"`."""
        tokens, after = self._tokens, place + 1
        if place == 0 or tokens[place].folded not in _MINUS or after >= len(tokens):
            return 0
        word = tokens[after].sort == "word" or tokens[after].folded in _CLOSING
        apart = not adjacent(tokens[place - 1], tokens[place])
        return int(apart and word and adjacent(tokens[place], tokens[after]))

    def _plus(self, place: int) -> bool:
        """True for a plus sign before a word that is wanted: `mug -red +blue`."""
        tokens = self._tokens
        if tokens[place].folded != "+" or not 0 < place < len(tokens) - 1:
            return False
        apart = not adjacent(tokens[place - 1], tokens[place])
        return apart and adjacent(tokens[place], tokens[place + 1])

    def _free(self, place: int) -> int:
        """The length of `-free`, or of `free` before a kind of product or the end."""
        tokens = self._tokens
        if place + 1 < len(tokens) and tokens[place].folded == "-":
            return 2 if tokens[place + 1].folded in ("free", "less") else 0
        if place >= len(tokens) or place == 0 or tokens[place].folded != "free":
            return 0
        after = place + 1
        ends = after == len(tokens) or self._sayings.is_kind(self._targets.said(after, after + 1))
        return int(ends and self._targets.is_value(place - 1, place))

    def _others(
        self, place: int, end: int, first: str, taken: Collection[int]
    ) -> tuple[list[str], int]:
        """Further texts of the list that the negation at `place` begins, and the end of the list.

        "not red, blue mug": a comma alone does not continue the list, unless an "or" or the end of
        the query follows ("not red, blue or green mug").
        """
        found: list[str] = []
        doubtful: list[str] = []
        neither = any(one.folded in _NEITHER for one in self._tokens[place:end])
        end = last = self._closed(place, end)
        while joined := self._joined(last):
            another = self._another(last, joined, first, taken, neither)
            if another is None:
                break
            start, stop = another
            doubtful.append(self._targets.excluded(start, stop))
            closed = self._closed(place, stop)
            comma = joined == last + 1 and self._tokens[last].folded == ","
            behind = closed + self._wording.at("on_it", self._tokens, closed)
            bracket = self._tokens[closed - 1].folded in (")", "]")
            ends = all(one.sort == "sign" for one in self._tokens[behind:])
            if not comma or bracket or ends:
                found += doubtful
                doubtful, end = [], closed
            last = closed
        return found, end

    def _closed(self, place: int, end: int) -> int:
        """The end with the sign that closes one behind `place`."""
        closing = {_CLOSING.get(one.folded) for one in self._tokens[place:end]}
        return end + (end < len(self._tokens) and self._tokens[end].folded in closing)

    def _joined(self, place: int) -> int:
        """The end of the joining words here, such as "or" and a comma; 0 without."""
        end = place
        while (length := self._wording.at("or", self._tokens, end)) and not self._plus(end):
            end += length
        # "not red, not blue" are two negations.
        again = end > place + 1 and self._wording.at("not", self._tokens, end - 1)
        return 0 if end == place or again else end

    def _another(
        self, end: int, joined: int, first: str, taken: Collection[int], neither: bool
    ) -> tuple[int, int] | None:
        """The place of one more text behind joining words: of the same fields as the first.

        neither: of any field.
        """
        start = self._targets.behind_articles(joined)
        stop = self._targets.end_of(start, taken, noun=False)
        if stop is None:
            return None
        said = self._targets.said(start, stop)
        sizes = is_size(fold(first)) and is_size(fold(said))
        if sizes or self._sayings.same_field(first, said):
            return start, stop
        either = neither or any(
            self._wording.at("either", self._tokens, one) for one in range(end, joined)
        )
        described = self._targets.is_value(start, stop) or self._sayings.is_described(said)
        return (start, stop) if either and described and not self._sayings.is_kind(said) else None

    def _literal(self, place: int, length: int, target: int, end: int) -> bool:
        """True if products say the negation itself: "no-show socks", "non stick", a brand."""
        if self._vocabulary.values(self._targets.said(place, end)):
            return True
        negator = self._targets.said(place, place + length)
        return len(negator) > 1 and self._sayings.says_both(
            self._targets.said(target, end), negator
        )

    def _start(self, place: int, taken: Collection[int]) -> int:
        """With the joining word before the negation."""
        while (length := self._wording.before("or", self._tokens, place)) and (
            place - 1 not in taken
        ):
            place -= length
        return place
