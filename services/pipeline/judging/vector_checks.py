"""Are these vectors a catalogue's at all? Cheap checks of a sample, before a version is published.

An encoder that is broken, or a feed whose columns have slipped, gives vectors that look well-formed
one by one. Together they give themselves away: all alike, or all elsewhere than before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.contracts.vectors import UNIT_TOLERANCE

Rows = npt.NDArray[np.float32]

FEWEST = 50
"""Products; of fewer, nothing is said about what they have in common."""
LEAST_DISTINCT = 0.1
"""Share of products of different content whose vectors must differ."""
MOST_DRIFT = 0.7
"""Largest move of the mean, in standard deviations of the served version's rows."""
LEAST_LIKENESS = 0.5
"""Mean cosine of a product's words to its words before, over products in both versions."""


@dataclass(frozen=True, slots=True)
class ProductRows:
    """Vectors of n products, (n, d) each; a row of zeros in `image` where there is no picture."""

    ids: Sequence[str]
    fingerprints: Sequence[str]
    """Fingerprints of the content that was embedded."""
    text: Rows
    image: Rows

    @property
    def fused(self) -> Rows:
        return np.concatenate([self.text, self.image], axis=1)


def faults(rows: ProductRows, served: ProductRows | None) -> list[str]:
    """The faults, one sentence each.  served: the previous version, if it has the same model.

    Whether the products are too much alike is a question of its own: `alike`.
    """
    broken = _malformed(rows)
    if broken:
        return broken  # what follows would only say so again
    if served is not None and min(len(rows.ids), len(served.ids)) >= FEWEST:
        broken += _drifted(rows, served)
    return broken


def _malformed(rows: ProductRows) -> list[str]:
    found = []
    for name, vectors, may_be_zero in (
        ("words", rows.text, False),
        ("pictures", rows.image, True),
    ):
        finite = np.asarray(np.isfinite(vectors).all(axis=1), np.bool_)
        lengths = np.linalg.norm(np.where(finite[:, None], vectors, 0), axis=1)
        fine = np.abs(lengths - 1) <= UNIT_TOLERANCE
        if may_be_zero:
            fine |= lengths == 0
        bad = np.asarray(~(finite & fine), np.bool_)
        if bad.any():
            first = int(bad.argmax())
            what = f"of length {lengths[first]:.3g}" if finite[first] else "not finite"
            found.append(
                f"{int(bad.sum())} of {len(bad)} vectors of {name} are broken, that of "
                f"{rows.ids[first]!r} is {what}"
            )
    return found


def alike(rows: ProductRows) -> str | None:
    """The fault of a model that distinguishes few of these products, or None."""
    different = len(set(rows.fingerprints))
    if len(rows.ids) < FEWEST:
        return None
    distinct = len(np.unique(rows.fused.round(5), axis=0))
    if distinct >= LEAST_DISTINCT * different:
        return None
    return f"{different} products of different content have only {distinct} different vectors"


def _drifted(rows: ProductRows, served: ProductRows) -> list[str]:
    found = []
    before, after = served.fused.astype(np.float64), rows.fused.astype(np.float64)
    spread = float(np.sqrt(before.var(axis=0).sum()))
    moved = float(np.linalg.norm(after.mean(axis=0) - before.mean(axis=0)))
    if moved > MOST_DRIFT * max(spread, 1e-6):
        found.append(
            f"the mean of the vectors moved by {moved / max(spread, 1e-6):.2f} standard deviations "
            f"of the served version's, more than {MOST_DRIFT}"
        )
    place = {product: number for number, product in enumerate(served.ids)}
    both = [(place[product], row) for row, product in enumerate(rows.ids) if product in place]
    if len(both) >= FEWEST:
        old, new = np.array(both).T
        likeness = float((served.text[old] * rows.text[new]).sum(axis=1).mean())
        if likeness < LEAST_LIKENESS:
            found.append(
                f"the words of {len(both)} products that both versions have are like their former "
                f"ones by a cosine of {likeness:.2f} only, as if columns of the file had slipped"
            )
    return found
