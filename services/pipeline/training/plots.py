"""Plots of a training and of a judgement, for a run's record. They need Matplotlib."""

from __future__ import annotations

from pathlib import Path

from services.pipeline.training.judged_ranking import Comparison
from services.pipeline.training.train import Training
from services.pipeline.training.training_report import exact_by_score
from services.pipeline.training.weights import GRID

WEIGHTS, CALIBRATION = "fusion-weights.png", "exact-by-score.png"
CHANGE = "ndcg-change.png"

_DPI = 90


def draw(training: Training, folder: Path) -> list[Path]:
    """Paths of the plots of a training."""
    _prepare(folder)
    _draw_weights(training, folder / WEIGHTS)
    _draw_calibration(training, folder / CALIBRATION)
    return [folder / WEIGHTS, folder / CALIBRATION]


def draw_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Path of the plot of a judgement: the change of NDCG of each query."""
    from matplotlib.figure import Figure

    _prepare(folder)
    before, after = comparison.before.ndcg, comparison.after.ndcg
    changes = sorted(after[query] - before[query] for query in before.keys() & after.keys())
    figure = Figure(figsize=(7, 4.5), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    axes.bar(range(len(changes)), changes, width=1.0)
    axes.axhspan(comparison.change.low, comparison.change.high, alpha=0.3, color="tab:orange")
    axes.axhline(comparison.change.mean, color="tab:orange")
    axes.set_xlabel("query, by change")
    axes.set_ylabel("change of NDCG")
    axes.set_title(f"{comparison.after.ranking} against {comparison.before.ranking}")
    figure.savefig(folder / CHANGE, metadata={"Software": None})
    return [folder / CHANGE]


def _prepare(folder: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)


def _draw_weights(training: Training, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for kind, learned in training.weights.items():
        (line,) = axes.plot(GRID, learned.ndcg_by_weight, marker=".", label=kind)
        axes.axvline(learned.text_weight, color=line.get_color(), linestyle=":")
    axes.set(xlabel="weight of words (dotted: in use)", ylabel="NDCG")
    axes.legend(title="sought by")
    figure.savefig(path)


def _draw_calibration(training: Training, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    deviations, exact = zip(*exact_by_score(training.scores), strict=True)
    axes.plot(deviations, exact, marker=".")
    limits = training.ranking.calibration
    for limit, name in ((limits.weak, "weak"), (limits.strong, "strong")):
        axes.axvline(limit, color="grey", linestyle=":")
        axes.annotate(name, (limit, 1), textcoords="offset points", xytext=(3, -10))
    axes.set(xlabel="standard deviations above the query's mean", ylabel="part that is exact")
    figure.savefig(path)
