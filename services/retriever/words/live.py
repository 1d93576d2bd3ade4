"""A snapshot of words that takes changes without a rebuild; numbered as a `LiveIndex`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.retriever.words.analysis import Analyser
from services.retriever.words.identifiers import FEWEST_OF_PART, forms_sought, normal
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.postings import Numbers, Postings, WordIndex
from services.retriever.words.quantities import is_limit

MOST_IDENTIFIED = 1_000
"""Products that one identifier, or the beginning of one, stands for at most."""
_FEWEST_MISREAD = 5
"""Characters of an identifier that is found with O for 0, and with I or L for 1."""
_MOST_MISREAD = 64
_ALIKE = {one: alike for alike in ("o0", "il1") for one in alike}
_REMEMBERED = 4_096
_LONGEST_REMEMBERED = 64
"""Words whose results of one name stay in memory, and their characters."""
_MOST_LIMITS = 16
"""Limits of quantities whose postings stay in memory: up to six bytes for each product."""
_MISSING: Any = object()
_NO_ROWS = np.empty(0, np.intp)

Found = TypeVar("Found")


class Words:
    """An immutable base, what was put in since, and what is gone."""

    def __init__(
        self,
        base: WordIndex,
        analyser: Analyser,
        added: WordIndex | None = None,
        gone: NDArray[np.bool_] | None = None,
    ) -> None:
        """gone: (n,) bool, rows of the base that are not found."""
        self.base = base
        self.added = added
        self.analyser = analyser
        self._gone = gone if gone is not None and gone.any() else None
        self._remembered: dict[str, dict[str, Any]] = {}
        self._limits: dict[str, list[tuple[int, Postings]]] = {}

    @property
    def numbers(self) -> int:
        """Number of row numbers, deleted rows included."""
        return self.base.count + (0 if self.added is None else self.added.count)

    @property
    def is_changed(self) -> bool:
        """True if the base is not all of it."""
        return self.added is not None or self._gone is not None

    @property
    def indexes(self) -> Iterator[tuple[int, WordIndex]]:
        """The number of the first row, and the index, of each part."""
        yield 0, self.base
        if self.added is not None:
            yield self.base.count, self.added

    def postings(self, word: str) -> list[tuple[int, Postings]]:
        """The postings of a folded word, and what to add to their rows; as written, no stem.

        Those of rows that are gone are among them.
        """
        if is_limit(word):
            return self._within(word)
        found = []
        for first, index in self.indexes:
            number = index.words.find(word)
            if number is not None:
                found.append((first, index.word(number)))
        return found

    def found(self, word: str) -> Iterator[tuple[int, Postings]]:
        """The same of products in the catalogue: all that is counted is counted in these.

        Otherwise a changed product would count twice until its changes are merged, which is at
        another time in each replica.
        """
        for first, every in self.postings(word):
            if first == 0 and self._gone is not None:
                kept = ~self._gone[every.rows]
                yield first, Postings(every.rows[kept], every.impacts[kept], every.fields[kept])
            else:
                yield first, every

    def _within(self, limit: str) -> list[tuple[int, Postings]]:
        """The same for the quantities within a limit; they are copies, so few are remembered."""
        known = self._limits
        found = known.get(limit)
        if found is None:
            parts = ((first, index.within(limit)) for first, index in self.indexes)
            found = [one for one in parts if len(one[1].rows)]
            if len(known) >= _MOST_LIMITS:
                known.clear()
            known[limit] = found
        return found

    def says(self, word: str) -> bool:
        """True if a product says a folded word; as written, no stem."""
        return self.remembered("says", word, lambda one: self.frequency(one) > 0)

    def forms(self, word: str) -> list[str]:
        """All folded words of the catalogue that share the stem of this one, itself first."""
        return self.remembered("forms", word, self._found_forms)

    def remembered(self, name: str, word: str, find: Callable[[str], Found]) -> Found:
        """Result of `find` for a word, computed once for this snapshot. name: that of `find`."""
        # Other threads do the same meanwhile: each step alone is atomic.
        known = self._remembered.setdefault(name, {})
        found: Found = known.get(word, _MISSING)
        if found is _MISSING:
            found = find(word)
            if len(word) <= _LONGEST_REMEMBERED:
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[word] = found
        return found

    def _found_forms(self, word: str) -> list[str]:
        if not self.analyser.has_forms(word):
            return [word]
        (stem,) = self.analyser.stems([word])
        forms = {
            index.words[number]: None
            for _, index in self.indexes
            for number in index.of_stem(stem).tolist()
        }
        return [word, *(form for form in forms if form != word)]

    def rows(self, word: str, fields: int = 0xFF) -> Numbers:
        """Rows that say a word in any form, in one of these fields.

        fields: as in `Postings.fields`.
        """
        found = [
            postings.rows[(postings.fields & fields) != 0].astype(np.intp) + first
            for form in self.forms(word)
            for first, postings in self.found(form)
        ]
        return found[0] if len(found) == 1 else np.unique(np.concatenate([_NO_ROWS, *found]))

    def frequency(self, word: str) -> int:
        """Number of products in the catalogue that have a folded word."""
        # Without the copies of `found`, for each word that is asked for first in a snapshot.
        return sum(
            int(np.count_nonzero(~self._gone[one.rows]))
            if first == 0 and self._gone is not None
            else len(one.rows)
            for first, one in self.postings(word)
        )

    def identified(self, text: str) -> Numbers:
        """Products that this text is an identifier of, whatever its spaces, hyphens and zeros."""
        for form in forms_sought(text):
            found = self._alive(
                (first, index.identified_by([number]))
                for first, index in self.indexes
                for number in (index.identifiers.find(form),)
                if number is not None
            )
            if len(found):
                return found
        form = normal(text)
        if " " in text.strip() or len(form) < _FEWEST_MISREAD or not any(map(str.isdigit, form)):
            return _NO_ROWS
        if len(self._beginning(form)):
            return _NO_ROWS
        return self._alive(
            (first, index.identified_by([*_misread(index.identifiers, form)]))
            for first, index in self.indexes
        )

    def identified_in_part(self, text: str) -> Numbers:
        """Products with an identifier that begins so: `KX-44`. Only a text with a digit is one."""
        form = normal(text)
        if len(form) < FEWEST_OF_PART or not any(map(str.isdigit, form)):
            return _NO_ROWS
        return self._beginning(form)

    def _beginning(self, form: str) -> Numbers:
        """Products with an identifier that begins with a normal form."""
        return self._alive(
            (first, index.identified_by(index.identifiers.beginning(form))[:MOST_IDENTIFIED])
            for first, index in self.indexes
        )

    def _alive(self, parts: Iterator[tuple[int, NDArray[np.int32]]]) -> Numbers:
        found = [rows.astype(np.intp) + first for first, rows in parts if len(rows)]
        if not found:
            return _NO_ROWS
        numbers = np.unique(np.concatenate(found))
        if self._gone is not None:
            of_base = numbers < self.base.count
            kept = np.ones(len(numbers), np.bool_)
            kept[of_base] = ~self._gone[numbers[of_base]]
            numbers = numbers[kept]
        return numbers


def _misread(identifiers: Lexicon, form: str) -> Iterator[int]:
    """Numbers of the identifiers that look like a form: `bo0001x` is read as `bo0o01x`."""
    beginnings = [""]
    for letter in form:
        beginnings = [
            longer
            for one in beginnings
            for other in _ALIKE.get(letter, letter)
            if len(identifiers.beginning(longer := one + other))
        ][:_MOST_MISREAD]
    for one in beginnings:
        number = identifiers.find(one)
        if number is not None:
            yield number
