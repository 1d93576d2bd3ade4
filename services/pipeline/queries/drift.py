"""Query drift: against past queries and against the catalogue.

Three figures. How far the queries' mean vector lies from the catalogue's, in standard deviations of
the catalogue's vectors. Whether the queries of two periods could be one: the squared distance of
their means (the maximum mean discrepancy with a linear kernel, MMD²ᵤ in Gretton et al., A Kernel
Two-Sample Test, JMLR 13, 2012, lemma 6), and how often chance alone gives as much when the periods
are shuffled. And how much the confidence of the answers moved: the population stability index.

All of it from means of 32 queries: `services/contracts/query_log.py` says why there are no more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]

SHUFFLES = 1_000
_AT_ONCE = 100
BINS = 10


@dataclass(frozen=True, slots=True)
class Means:
    """Means of groups of queries: (n, d) means of unit vectors, and (n,) sizes of the groups."""

    vectors: Rows
    queries: npt.NDArray[np.int64]

    @classmethod
    def of(cls, vectors: Sequence[Sequence[float]], queries: Sequence[int]) -> Means:
        return cls(np.asarray(vectors, np.float64), np.asarray(queries, np.int64))

    @property
    def total(self) -> int:
        return int(self.queries.sum())

    def sum(self) -> Rows:
        """(d,) of all the queries' vectors."""
        total: Rows = self.queries @ self.vectors
        return total


def from_catalogue(means: Means, products: npt.NDArray[np.float32]) -> float | None:
    """Standard deviations from the products' mean; None where no product has such a vector.

    products: (m, d) unit vectors, zeros where there is none.
    """
    rows = products[np.any(products != 0, axis=1)].astype(np.float64)
    if not len(rows):
        return None
    centre = rows.mean(axis=0)
    length = float(centre @ centre)
    likeness = float(_likeness(means.sum(), np.float64(means.total)))
    square = likeness - 2 * float(means.sum() @ centre) / means.total + length
    # Unit vectors: about their mean they spread by what its length lacks to 1.
    return math.sqrt(max(square, 0.0) / max(1 - length, 1e-6))


@dataclass(frozen=True, slots=True)
class Moved:
    """Distance between the queries of two periods."""

    distance: float
    """Distance of the two means; unrelated queries are 1.4 apart."""
    chance: float
    """Share of shuffled periods that are as far apart; below .05 the periods differ."""


def moved(before: Means, after: Means, seed: int = 0) -> Moved:
    """Whole groups are shuffled, since nothing smaller is known."""
    vectors = np.concatenate([before.vectors, after.vectors])
    queries = np.concatenate([before.queries, after.queries]).astype(np.float64)
    first = np.arange(len(queries)) < len(before.queries)
    found = float(_discrepancies(vectors, queries, first[None])[0])
    random, as_far = np.random.default_rng(seed), 0
    for _ in range(SHUFFLES // _AT_ONCE):
        shuffled = random.permuted(np.tile(first, (_AT_ONCE, 1)), axis=1)
        as_far += int((_discrepancies(vectors, queries, shuffled) >= found).sum())
    return Moved(math.sqrt(max(found, 0.0)), (as_far + 1) / (SHUFFLES + 1))


def _discrepancies(vectors: Rows, queries: Rows, first: npt.NDArray[np.bool_]) -> Rows:
    """(k,) for k ways to divide n groups in two; first: (k, n), the groups of the first part."""
    weights = np.where(first, queries, 0.0)
    one, many = weights @ vectors, weights.sum(axis=1)
    other, others = queries @ vectors - one, queries.sum() - many
    across: Rows = np.einsum("kd,kd->k", one, other) / (many * others)
    return _likeness(one, many) + _likeness(other, others) - 2 * across


def _likeness(total: Rows, queries: Rows | np.float64) -> Rows:
    """Mean cosine of two different queries, without bias, from the sum (…, d) of unit vectors."""
    likeness: Rows = ((total * total).sum(axis=-1) - queries) / (queries * queries - queries)
    return likeness


def stability_index(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float:
    """Population stability index of numbers between 0 and 1, in tenths; half a count in each more.

    Below .1 they are alike, from .25 on they are not. Source: Siddiqi, Credit Risk Scorecards
    (2006), ch. 8.
    """
    shares = []
    for values in (before, after):
        counts, _ = np.histogram(values, bins=BINS, range=(0, 1))
        shares.append((counts + 0.5) / (counts.sum() + 0.5 * BINS))
    was, now = shares
    return float(((now - was) * np.log(now / was)).sum())
