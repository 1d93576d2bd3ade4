"""Two pictures of a catalogue: where its products lie, and which categories are alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.pipeline.judging.vector_checks import ProductRows

MAP, HEAT_MAP = "catalogue-tsne.png", "catalogue-similarity.png"

_FEWEST = 10
_MOST_CATEGORIES = 40
_DPI = 90

Matrix = npt.NDArray[np.float64]


def write_plots(rows: ProductRows, categories: Sequence[str], folder: Path) -> list[Path]:
    """The pictures' paths; none of fewer than ten products. categories: (n,), empty if unknown."""
    if len(rows.ids) < _FEWEST:
        return []
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    names = [one or "none" for one in categories]
    _draw_places(_places(rows), names, folder / MAP)
    _draw_similarity(*category_similarity(rows, names), folder / HEAT_MAP)
    return [folder / MAP, folder / HEAT_MAP]


def category_similarity(rows: ProductRows, names: Sequence[str]) -> tuple[list[str], Matrix]:
    """(c, c) mean cosine of the words of one category with the look of another, and their names.

    What has no picture is left aside; the most frequent categories are shown.
    """
    pictured = np.any(rows.image != 0, axis=1)
    counted = {
        name: sum(one == name and has for one, has in zip(names, pictured, strict=True))
        for name in dict.fromkeys(names)
    }
    shown = sorted(
        sorted((name for name in counted if counted[name]), key=lambda name: -counted[name])[
            :_MOST_CATEGORIES
        ]
    )
    members = [np.array([one == name for one in names]) & pictured for name in shown]
    words = np.array([rows.text[some].mean(axis=0, dtype=np.float64) for some in members])
    look = np.array([rows.image[some].mean(axis=0, dtype=np.float64) for some in members])
    # The mean of all cosines is the product of the means, since every row has length 1.
    return shown, words @ look.T if shown else np.zeros((0, 0))


def _places(rows: ProductRows) -> Matrix:
    """(n, 2)."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(rows.ids) - 1) / 3)
    places = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(rows.fused)
    return np.asarray(places, np.float64)


def _draw_places(places: Matrix, names: Sequence[str], path: Path) -> None:
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    top = [name.partition(" > ")[0] for name in names]
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    colours = colormaps["tab20"]
    for number, group in enumerate(sorted(set(top))):
        of_group = np.array([one == group for one in top])
        across, up = places[of_group].T
        axes.scatter(across, up, s=9, color=colours(number % 20), label=group)
    axes.set_title("Products by their words and look (t-SNE)")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})


def _draw_similarity(names: Sequence[str], similarity: Matrix, path: Path) -> None:
    from matplotlib.figure import Figure

    side = 3 + 0.22 * len(names)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    drawn = axes.imshow(similarity, cmap="viridis")
    short = [name.rpartition(" > ")[2] for name in names]
    axes.set_xticks(range(len(short)), short, rotation=90, fontsize=7)
    axes.set_yticks(range(len(short)), short, fontsize=7)
    axes.set_xlabel("look of")
    axes.set_ylabel("words of")
    axes.set_title("Mean cosine of words and look, by category")
    figure.colorbar(drawn, shrink=0.7)
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
