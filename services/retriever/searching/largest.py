"""The products with the largest sum over several words, most often without a sum for every product.

MaxScore (Turtle and Flood, Query Evaluation: Strategies and Optimizations, 1995): words come by
their number of products, the fewest first. A product that says none of the words before must reach
the least of the largest by the rest of them. So few products of a frequent word are read. Where
many are left all the same, every product is summed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from services.retriever.words.postings import FULL
from services.retriever.words.strengths import STRENGTHS, Said

_ROUNDING = 1e-4
"""More than what a sum in float32 is off by."""
_MANY = 4
"""If more than one row in so many is to be summed, a sum for every row takes less time."""

Amounts = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """The products that say one word, and what it adds where it is fully said."""

    said: Said
    weight: float

    def within(self, passing: NDArray[np.bool_]) -> Part:
        """The part for the passing rows only. passing: (n,)."""
        return Part(self.said.within(passing), self.weight)


@dataclass(frozen=True, slots=True)
class Largest:
    """Some rows and their sums."""

    rows: NDArray[np.int32]
    amounts: Amounts
    rest: float
    """The most that any other row has; 0: no other has any."""

    def kept(self, which: NDArray[np.bool_]) -> Largest:
        """Only these."""
        return Largest(self.rows[which], self.amounts[which], self.rest)

    def joined(self, equal: NDArray[np.int32]) -> Largest:
        """With rows that have the most that any other row has."""
        amounts = np.full(len(equal), self.rest, np.float32)
        return Largest(
            np.concatenate([self.rows, equal]), np.concatenate([self.amounts, amounts]), self.rest
        )

    def split(self, most: int) -> tuple[Largest, NDArray[np.int32]]:
        """If they are more than so many, those that are equally the last apart."""
        if len(self.rows) <= most:
            return self, np.empty(0, np.int32)
        last = float(self.amounts.min())
        above = self.amounts > last
        return Largest(self.rows[above], self.amounts[above], last), self.rows[~above]

    def best(self, most: int) -> Largest:
        """The `most` largest of them: more where several are equally the last."""
        if len(self.rows) <= most:
            return self
        return self.kept(self.amounts >= last_of(self.amounts, most))

    def tied(self, most: int) -> NDArray[np.bool_]:
        """True for those that are equally the last, if there are more than `most`."""
        if len(self.rows) <= most:
            return np.zeros(len(self.rows), np.bool_)
        tied: NDArray[np.bool_] = self.amounts == self.amounts.min()
        return tied


NOTHING = Largest(np.empty(0, np.int32), np.empty(0, np.float32), 0.0)


def largest(
    parts: Sequence[Part],
    most: int,
    exact: Callable[[NDArray[np.int32]], Amounts] | None = None,
) -> Largest:
    """All rows whose sum is one of the `most` largest: more where several are equally the last.
    Ascending.

    exact: sums of rows, if those of `parts` only bound them.
    """
    sums_of = exact or partial(amounts_of, parts)
    ordered = sorted((one for one in parts if len(one.said)), key=lambda one: len(one.said))
    if sum(len(one.said) for one in ordered) <= most:
        rows = np.unique(np.concatenate([np.empty(0, np.int32), *(o.said.rows for o in ordered)]))
        return Largest(rows, sums_of(rows), 0.0)
    tops = [one.weight * int(one.said.impacts.max()) / FULL for one in ordered]
    least = max((one.weight * one.said.level(most) / FULL for one in ordered), default=0.0)
    behind = max(int(one.said.rows[-1]) for one in ordered) + 1
    rows, amounts = np.empty(0, np.int32), np.empty(0, np.float32)
    for place, one in enumerate(ordered):
        needed = least - sum(tops[place + 1 :]) - _ROUNDING
        new = one.said.rows_from(needed / one.weight * FULL)
        if len(new) * _MANY > behind:
            return _largest_of_all(parts, most, behind, least - _ROUNDING, exact)
        for before in ordered[:place]:
            new = new[before.said.of(new) == 0]
        rows = np.concatenate([rows, new])
        amounts = np.concatenate([amounts, sums_of(new)])
        if len(rows) > most:
            last = last_of(amounts, most)
            kept = amounts >= last
            rows, amounts, least = rows[kept], amounts[kept], max(least, last)
    order = np.argsort(rows, kind="stable")  # quickest for a few ascending runs
    rest = 0.0 if len(rows) < most else float(amounts.min())
    return Largest(rows[order], amounts[order], rest)


def _largest_of_all(
    parts: Sequence[Part],
    most: int,
    behind: int,
    least: float,
    exact: Callable[[NDArray[np.int32]], Amounts] | None,
) -> Largest:
    """The same from a sum for every row below `behind`. least: the last has at least this."""
    sums = np.zeros(behind, np.float32)
    for one in parts:
        amounts = np.float32(one.weight) * STRENGTHS[one.said.impacts]
        if len(one.said) == behind:
            sums += amounts
        else:
            sums[one.said.rows] += amounts
    rows = np.flatnonzero((sums > 0) & (sums >= least)).astype(np.int32)
    amounts = sums[rows] if exact is None else exact(rows)
    if len(rows) > most:
        kept = amounts >= last_of(amounts, most)
        rows, amounts = rows[kept], amounts[kept]
    return Largest(rows, amounts, 0.0 if len(rows) < most else float(amounts.min()))


def amounts_of(parts: Sequence[Part], rows: NDArray[np.int32]) -> Amounts:
    """(m,) the sums of these rows."""
    amounts = np.zeros(len(rows), np.float32)
    for one in parts:
        amounts += np.float32(one.weight) * STRENGTHS[one.said.of(rows)]
    return amounts


def last_of(amounts: NDArray[np.floating], most: int) -> float:
    """The least of the `most` largest."""
    # Not `np.partition`, which takes twenty times as long where many are equal.
    return float(np.sort(amounts)[len(amounts) - most])
