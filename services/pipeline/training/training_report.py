"""Results of a training: figures for `dvc metrics`, tables for `dvc plots`, lines to read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from services.pipeline.judging.metrics import Interval
from services.pipeline.training.calibration import StandardisedScores
from services.pipeline.training.judged_calibration import CalibrationFigures
from services.pipeline.training.train import Training
from services.pipeline.training.weights import GRID

WEIGHTS_PLOT, CALIBRATION_PLOT = "fusion_weights.csv", "exact_by_score.csv"

_BINS = 24

Figures = dict[str, object]


def metrics(training: Training) -> Figures:
    """Figures by name, nested, as JSON takes them."""
    return {
        "queries": training.queries,
        "unanswerable": training.unanswerable,
        "weights": {
            kind: {
                "text": learned.text_weight,
                "learned_text": learned.learned,
                "by_fold": list(learned.by_fold),
                "queries": learned.queries,
                "ndcg_before": _spread(learned.ndcg_before),
                "ndcg_held_out": _spread(learned.ndcg_held_out),
                "change": _spread(learned.change),
            }
            for kind, learned in training.weights.items()
        },
        "calibration": {
            **training.ranking.calibration.model_dump(),
            "before": _calibration(training.before),
            "held_out": _calibration(training.held_out),
            "error_change": _spread(training.fewer_errors),
        },
    }


def lines(training: Training) -> Iterator[str]:
    """For a person."""
    for kind, learned in training.weights.items():
        kept = "" if learned.text_weight == learned.learned else ", not beyond doubt: left as it is"
        yield (
            f"{kind}: text weight {learned.learned:.2f} (by fold {_listed(learned.by_fold)}){kept}"
        )
        yield (
            f"  NDCG over {learned.queries} queries {learned.ndcg_before}, held out "
            f"{learned.ndcg_held_out}, change {learned.change}"
        )
    calibration = training.ranking.calibration
    yield (
        f"calibration: weak {calibration.weak:.2f}, strong {calibration.strong:.2f}, centre "
        f"{calibration.centre:.2f}, slope {calibration.slope:.2f}; {training.queries} queries, "
        f"{training.unanswerable} without an answer"
    )
    for name, before, after in (
        ("exact products kept", training.before.kept, training.held_out.kept),
        (
            "strong ones exact",
            training.before.precision_of_strong,
            training.held_out.precision_of_strong,
        ),
        ("answered, told none", training.before.false_no_match, training.held_out.false_no_match),
        ("unanswerable, told some", training.before.false_match, training.held_out.false_match),
    ):
        yield f"  {name}: {before or 'none'}, held out {after or 'none'}"
    yield (
        f"  wrong about an answer, change: {training.fewer_errors or 'nothing to go by'} (centre "
        "and slope are the learned ones where it is surely below 0)"
    )
    yield f"ranking {training.ranking.name}"


def write(training: Training, ranking: Path, figures: Path | None, plots: Path | None) -> None:
    """Write the ranking, and the figures and the plots' tables where a place is given."""
    _write(ranking, training.ranking.model_dump_json(indent=2) + "\n")
    if figures is not None:
        _write(figures, json.dumps(metrics(training), indent=2) + "\n")
    if plots is not None:
        for name, table in plot_tables(training).items():
            _write(plots / name, table)


def plot_tables(training: Training) -> dict[str, str]:
    """Data of the plots: CSV texts by file name."""
    weights = (
        (kind, weight, ndcg)
        for kind, learned in training.weights.items()
        for weight, ndcg in zip(GRID, learned.ndcg_by_weight, strict=True)
    )
    return {
        WEIGHTS_PLOT: _table(("query", "text_weight", "ndcg"), weights),
        CALIBRATION_PLOT: _table(("deviations", "exact"), exact_by_score(training.scores)),
    }


def exact_by_score(scores: StandardisedScores) -> Iterator[tuple[float, float]]:
    """Share of exact products in each band of standardised scores."""
    edges = np.linspace(scores.deviations.min(), scores.deviations.max(), _BINS + 1)
    band = np.clip(np.digitize(scores.deviations, edges) - 1, 0, _BINS - 1)
    for number in range(_BINS):
        inside = band == number
        if inside.any():
            yield float(edges[number : number + 2].mean()), float(scores.exact[inside].mean())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _spread(one: Interval | None) -> Figures | None:
    return None if one is None else asdict(one)


def _calibration(one: CalibrationFigures) -> Figures:
    return {
        "kept": _spread(one.kept),
        "precision_of_strong": _spread(one.precision_of_strong),
        "false_no_match": _spread(one.false_no_match),
        "false_match": _spread(one.false_match),
    }


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)
