"""The best of what several tables have, exactly, although each table knows a part of each alone.

A product that a table counts may be gone since, and another table may have more of the same. So a
table's own order is a start only, and the answer is that of one table of all products.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice, repeat
from typing import Any, TypeVar

One = TypeVar("One", bound=Hashable)
Rank = tuple[Any, ...]
"""The least comes first. No two are equal."""
Counted = list[tuple[One, int]]
"""Those of most products in one table first, and how many they are."""


def in_order(
    likely: Iterable[tuple[Rank, One]], exact: Callable[[One], Rank | None]
) -> Iterator[tuple[Rank, One]]:
    """In exact order, with exact ranks. Each is ranked exactly only when its turn comes.

    likely: ranks that are not behind the exact ones.  exact: None for what is left out.
    """
    waiting = [(rank, False, one) for rank, one in likely]
    heapify(waiting)
    while waiting:
        rank, known, one = heappop(waiting)
        if known:
            yield rank, one
        elif (found := exact(one)) is not None:
            heappush(waiting, (found, True, one))


def best_of(
    tables: Sequence[Callable[[int], Counted[One]]],
    most: int,
    exact: Callable[[One], Rank | None],
    unlisted: int = 0,
) -> list[One]:
    """The first ones of all tables in exact order (Fagin's threshold algorithm, 1996).

    tables: so many of each.  exact: as for `in_order`; a rank begins with the products, below 0.
    unlisted: the most products of what a table does not list although it has some.
    """
    ranks: dict[One, Rank | None] = {}

    def rank(one: One) -> Rank | None:
        if one not in ranks:
            ranks[one] = exact(one)
        return ranks[one]

    # Most often all that is needed: some are gone, or only begin others.
    depth = 3 * most
    while True:
        tops = [dict(table(depth)) for table in tables]
        # A table that has no more of them has none of the others.
        behind = [min(top.values()) if len(top) == depth else 0 for top in tops]
        likely = [
            (-sum(map(dict.get, tops, repeat(one), behind)) - unlisted, one)
            for one in {one for top in tops for one in top}
        ]
        found = list(islice(in_order((((least,), one) for least, one in likely), rank), most))
        enough = len(found) == most and -found[-1][0][0] > sum(behind) + unlisted
        if enough or not any(behind):
            return [one for _, one in found]
        depth *= 4
