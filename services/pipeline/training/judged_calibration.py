"""Quality of a calibration on queries that it was not learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.contracts.ranking import ScoreCalibration
from services.pipeline.judging.metrics import Interval, interval
from services.pipeline.training.calibration import Flags, Floats, StandardisedScores
from services.pipeline.training.similarities import Indices


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """Means over queries, with their intervals."""

    kept: Interval
    """Share of the exact products that the cut-off keeps."""
    precision_of_strong: Interval | None
    """Share of the products called strong that are exact; None if none is called so."""
    false_no_match: Interval
    """Share of the queries with an answer that get "no good match"."""
    false_match: Interval | None
    """Share of the queries without an answer that get a match; None if there are none."""
    wrong: Floats
    """(queries,) 1 where an answer was said to be there or not and the opposite is true, in the
    order of the queries."""


@dataclass(frozen=True, slots=True)
class _ByQuery:
    """(queries,) each, NaN where a query has no value."""

    kept: Floats
    precision: Floats
    false_no_match: Floats
    false_match: Floats

    @property
    def wrong(self) -> Floats:
        return np.where(np.isnan(self.false_match), self.false_no_match, self.false_match)


def held_out_figures(
    scores: StandardisedScores,
    splits: Iterable[tuple[Indices, Indices]],
    learn: Callable[[StandardisedScores], ScoreCalibration],
) -> CalibrationFigures:
    """Learned on each split's first rows, judged on its second."""
    rows, parts = [], []
    for train, test in splits:
        rows.append(test)
        parts.append(_by_query(scores.within(test), learn(scores.within(train))))
    return _figures(parts, np.argsort(np.concatenate(rows)))


def figures(scores: StandardisedScores, calibration: ScoreCalibration) -> CalibrationFigures:
    """Figures of a calibration that was not learned from these queries."""
    return _figures([_by_query(scores, calibration)], np.arange(len(scores.answered)))


def error_change(
    before: CalibrationFigures, after: CalibrationFigures, answered: Flags
) -> Interval | None:
    """By how much more is wrong, both sorts of query counting the same; None of one sort alone."""
    share = answered.mean()
    if share in (0, 1):
        return None
    counts = np.where(answered, 0.5 / share, 0.5 / (1 - share))
    return interval(counts * (after.wrong - before.wrong))


def _figures(parts: Sequence[_ByQuery], order: Indices) -> CalibrationFigures:
    """order: that brings the queries of all parts, one after the other, back into theirs."""

    def over(values: Sequence[Floats]) -> Interval | None:
        every = np.concatenate(values)
        told = every[~np.isnan(every)]
        return interval(told) if len(told) else None

    kept = over([part.kept for part in parts])
    false_no_match = over([part.false_no_match for part in parts])
    if kept is None or false_no_match is None:
        raise ValueError("not one of the queries has an answer")
    return CalibrationFigures(
        kept=kept,
        precision_of_strong=over([part.precision for part in parts]),
        false_no_match=false_no_match,
        false_match=over([part.false_match for part in parts]),
        wrong=np.concatenate([part.wrong for part in parts])[order],
    )


def _by_query(scores: StandardisedScores, calibration: ScoreCalibration) -> _ByQuery:
    queries = len(scores.answered)
    # A confidence of a half, below which the retriever says that there is no good match.
    told_none = (scores.excess < calibration.centre).astype(np.float64)
    return _ByQuery(
        kept=_share(scores, scores.exact, scores.deviations >= calibration.weak, queries),
        precision=_share(scores, scores.deviations >= calibration.strong, scores.exact, queries),
        false_no_match=np.where(scores.answered, told_none, np.nan),
        false_match=np.where(scores.answered, np.nan, 1 - told_none),
    )


def _share(scores: StandardisedScores, of: Flags, which: Flags, queries: int) -> Floats:
    """By query, the part of the pairs `of` that are also `which`."""
    whole = np.bincount(scores.query[of], minlength=queries)
    part = np.bincount(scores.query[of & which], minlength=queries)
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
