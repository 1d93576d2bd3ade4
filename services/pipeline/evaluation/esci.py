"""Judged queries of the Shopping Queries Dataset (ESCI), for a catalogue that has its products.

`shopping_queries_dataset_examples.parquet`: one judged pair of query and product a row. As in its
ranking task, a query's judged products are ranked among themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.contracts.search import DEPTH
from services.pipeline.errors import FeedUnusable
from services.pipeline.evaluation.classes import ARMS, BOTH
from services.pipeline.evaluation.page import table
from services.pipeline.evaluation.searching import Asked, Retriever, Setup, as_understood
from services.pipeline.judging.golden import Golden, GoldenQuery
from services.pipeline.judging.metrics import (
    ESCI_GAINS,
    NDCG,
    SWAPPED_GAINS,
    Grade,
    interval,
    random_ndcg,
    score,
)
from services.pipeline.settings import PipelineSettings

_COLUMNS = ("query_id", "query", "product_id", "product_locale", "esci_label")


@dataclass(frozen=True, slots=True)
class Examples:
    """Queries of which the catalogue has at least one product that fits exactly."""

    golden: Golden
    queries: int
    """In the file, of that locale."""
    pairs: int
    """Judged pairs of these queries."""
    known: int
    """Judged pairs whose product is in the catalogue."""


def read_examples(path: Path, locale: str, products: Collection[str], most: int) -> Examples:
    """The first `most` queries of a locale. Raises FeedUnusable for a file that is not ESCI's."""
    table = _read(path)
    table = table.filter(pc.equal(table["product_locale"], locale))
    judgements: dict[str, dict[str, Grade]] = {}
    texts: dict[str, str] = {}
    known = 0
    rows = (table[name].to_pylist() for name in ("query_id", "query", "product_id", "esci_label"))
    for query_id, text, product, label in zip(*rows, strict=True):
        if label not in get_args(Grade):
            raise FeedUnusable(f"{path}: esci_label is {label!r}, not one of E, S, C, I")
        query = str(query_id)
        texts[query] = str(text)
        of_query = judgements.setdefault(query, {})
        if product in products:
            known += 1
            of_query[str(product)] = cast("Grade", label)
    kept = [query for query, grades in judgements.items() if "E" in grades.values()][:most]
    if not kept:
        raise FeedUnusable(
            f"{path}: the catalogue that is served has no product that fits a query of locale "
            f"{locale!r} exactly; is it the catalogue of these queries?"
        )
    golden = Golden(
        queries=[GoldenQuery(query, "text", text=texts[query]) for query in kept],
        judgements={query: judgements[query] for query in kept},
    )
    return Examples(golden, len(judgements), table.num_rows, known)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results, as tables in Markdown and as figures by name."""

    tables: str
    figures: Mapping[str, float]


def evaluate_examples(examples: Examples, settings: PipelineSettings) -> Evaluation:
    """Raises DependencyAway, EncoderBroken."""
    golden = examples.golden
    retriever = Retriever(settings)
    asked = as_understood([query.text for query in golden.queries], retriever, settings)
    rows, figures = [], {"esci/judged_known": float(examples.known)}
    rankings = {arm.name: _rankings(golden, asked, arm, retriever) for arm in ARMS}
    for name, short, gains in (
        ("E 1, S .1, C .01: ESCI's definition", "defined", ESCI_GAINS),
        ("E 1, S .01, C .1: the public scorer", "public_scorer", SWAPPED_GAINS),
    ):
        reached = {
            arm: interval(score(golden.judgements, found, gains).values[NDCG])
            for arm, found in rankings.items()
        }
        floor = random_ndcg(golden.judgements, gains=gains)
        rows.append([name, *(str(reached[arm.name]) for arm in ARMS), f"{floor:.3f}"])
        figures |= {f"esci/{short}/random_ndcg": floor}
        figures |= {
            f"esci/{short}/{'' if arm is BOTH else arm.name.replace(' ', '_') + '/'}ndcg": reached[
                arm.name
            ].mean
            for arm in ARMS
        }
    text = (
        f"{len(golden.queries)} of {examples.queries} queries; the catalogue has {examples.known} "
        f"of their {examples.pairs} judged products. Judged products are ranked among themselves; "
        f"those that are not among the best {DEPTH} of a search come last."
    )
    headings = ["gains", *(f"NDCG, {arm.name}" for arm in ARMS), "random order"]
    return Evaluation(f"{text}\n\n{table(headings, rows)}", figures)


def _rankings(
    golden: Golden, asked: Asked, arm: Setup, retriever: Retriever
) -> dict[str, list[str]]:
    answers = retriever.search(asked, "words", arm)
    return {
        query.query_id: judged_only(answer.products, golden.judgements[query.query_id])
        for query, answer in zip(golden.queries, answers, strict=True)
    }


def judged_only(products: Sequence[str], grades: Mapping[str, Grade]) -> list[str]:
    """A ranking of the judged products alone; those that a search did not find come last."""
    found = [product for product in products if product in grades]
    return found + sorted(grades.keys() - set(found))


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(_COLUMNS))
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise FeedUnusable(
            f"{path}: can't be read as ESCI's examples, which have the columns "
            f"{', '.join(_COLUMNS)}: {reason}"
        ) from error
