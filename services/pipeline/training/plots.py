"""What a training found, drawn: for a run's record."""

from __future__ import annotations

from pathlib import Path

from services.pipeline.training.train import Training
from services.pipeline.training.training_report import exact_by_score
from services.pipeline.training.weights import GRID

WEIGHTS, CALIBRATION = "fusion-weights.png", "exact-by-score.png"

_DPI = 90


def draw(training: Training, folder: Path) -> list[Path]:
    """The pictures' paths. Needs Matplotlib, which comes with MLflow."""
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    _draw_weights(training, folder / WEIGHTS)
    _draw_calibration(training, folder / CALIBRATION)
    return [folder / WEIGHTS, folder / CALIBRATION]


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
