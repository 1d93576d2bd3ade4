"""How good search is on combinations that training never saw. Knows no model: it is handed two
functions that embed.

recall@k: of the products that fit a query, the part among the first k (of at most k that could be).
MRR: mean of 1 / rank of the first product that fits. Chance: the same for a random order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt

from services.pipeline.demo.drawing.render import png
from services.pipeline.demo.taxonomy import CATEGORY, COLOUR, PATTERN, Combination

Vectors = npt.NDArray[np.float32]
EmbedTexts = Callable[[Sequence[str]], Vectors]
EmbedImages = Callable[[Sequence[bytes]], Vectors]

K = 10
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_OTHER_DRAWING = 1_000_003
_QUERY_SIDE = 320


@dataclass(frozen=True, slots=True)
class Gallery:
    """The products that are searched: what each is, and what is embedded of it."""

    combinations: Sequence[Combination]
    captions: Sequence[str]
    pictures: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Score:
    """How one kind of query does; `text_weight` is the weight of the product's words."""

    query: str
    text_weight: float
    recall: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Report:
    """All scores over one gallery."""

    products: int
    chance_recall: float
    chance_mrr: float
    scores: tuple[Score, ...]

    def of(self, query: str, text_weight: float) -> Score:
        return next(
            score
            for score in self.scores
            if score.query == query and score.text_weight == text_weight
        )


def query_of(combination: Combination, random: Random) -> str:
    """A question for a combination; none of these forms is among the training captions'."""
    thing = random.choice(CATEGORY[combination.category].words)
    colour = random.choice(COLOUR[combination.colour].words)
    pattern = PATTERN[combination.pattern]
    marks = random.choice(pattern.words)
    return random.choice(
        (
            f"{colour} {marks} {thing}, size medium",
            f"looking for a {thing} that is {colour} and {marks}",
            f"{thing} / {marks} / {colour}",
            f"do you have any {marks} {thing} in {colour}?",
            f"{colour} coloured {thing} having {pattern.noun}",
            f"{marks} print {thing} {colour} colour",
        )
    )


def evaluate(gallery: Gallery, embed_texts: EmbedTexts, embed_images: EmbedImages) -> Report:
    """Ask for every product of the gallery, in words and with another drawing of its kind."""
    rows_text = embed_texts(gallery.captions)
    rows_image = embed_images(gallery.pictures)
    random = Random(11)
    words = [query_of(combination, random) for combination in gallery.combinations]
    drawings = [png(one, _OTHER_DRAWING, _QUERY_SIDE) for one in gallery.combinations]
    kinds = np.array([hash_of(one) for one in gallery.combinations])
    fits = kinds[:, None] == kinds[None, :]
    scores = []
    for query, vectors in (("words", embed_texts(words)), ("picture", embed_images(drawings))):
        by_text, by_image = vectors @ rows_text.T, vectors @ rows_image.T
        for weight in WEIGHTS:
            recall, mrr = rank_figures(weight * by_text + (1 - weight) * by_image, fits)
            scores.append(Score(query, weight, recall, mrr))
    chance_recall, chance_mrr = chance(fits)
    return Report(len(kinds), chance_recall, chance_mrr, tuple(scores))


def hash_of(combination: Combination) -> str:
    """One text a combination, to compare them by."""
    return f"{combination.category}|{combination.colour}|{combination.pattern}"


def rank_figures(
    scores: npt.NDArray[np.floating], fits: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """recall@K and MRR of a (queries, products) matrix of scores."""
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(fits, order, axis=1)
    possible = np.minimum(fits.sum(axis=1), K)
    recall = (hits[:, :K].sum(axis=1) / possible).mean()
    return float(recall), float((1 / (hits.argmax(axis=1) + 1)).mean())


def chance(fits: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """recall@K and MRR that a random order is expected to give."""
    products = fits.shape[1]
    relevant, queries = np.unique(fits.sum(axis=1), return_counts=True)
    recall = K / products * relevant / np.minimum(relevant, K)
    ranks = np.arange(1, products + 1)
    mrr = []
    for count in relevant:
        # P(first fit after rank r): each of the r places before it takes one that does not fit.
        places = np.arange(products)
        later = np.cumprod((products - count - places).clip(0) / (products - places))
        first = -np.diff(later, prepend=1.0)
        mrr.append((first / ranks).sum())
    weights = queries / queries.sum()
    return float(recall @ weights), float(np.array(mrr) @ weights)


def format_report(report: Report) -> str:
    """The report as a table in Markdown."""
    lines = [
        f"{report.products} products of held-out combinations; chance: recall@{K} "
        f"{report.chance_recall:.3f}, MRR {report.chance_mrr:.3f}",
        "",
        f"| query | words : look of the product | recall@{K} | MRR |",
        "| --- | --- | --- | --- |",
    ]
    for score in report.scores:
        balance = f"{score.text_weight:.2f} : {1 - score.text_weight:.2f}"
        lines.append(f"| {score.query} | {balance} | {score.recall:.3f} | {score.mrr:.3f} |")
    return "\n".join(lines)
