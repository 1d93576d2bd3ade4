"""`queries report`: top queries, queries with few or no results, and trends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.contracts.query_log import unpacked
from services.contracts.retriever import NO_MATCH_BELOW
from services.pipeline.evaluation.page import table
from services.pipeline.queries.drift import Means, from_catalogue, moved, stability_index
from services.pipeline.training.embedded import EmbeddedProducts

WEAK_BELOW = 0.8
"""Confidence of an answer that is a match, but hardly one."""

LISTED = 20
FEWEST_MEANS = 5
"""Fewest means of a period for the permutation test: with fewer it says nothing."""

_HASH_SHOWN = 12
_KINDS = ("words", "picture", "mixed")


@dataclass(frozen=True, slots=True)
class Names:
    """Readable names for ids and hashes."""

    titles: Mapping[str, str]
    words: Mapping[str, str]
    """Words by their keyed hash, of those that somebody asked about."""

    def product(self, product_id: str) -> str:
        return _cell(self.titles.get(product_id, product_id))

    def query(self, query: str, *, hashed: bool) -> str:
        if not hashed:
            return _cell(query)
        return _cell(self.words.get(query, f"{query[:_HASH_SHOWN]}…"))


def report(
    entries: pa.Table, now: datetime, days: int, names: Names, products: EmbeddedProducts | None
) -> str:
    """In Markdown. entries: of `2·days` days; the earlier half is what the later is compared with.

    products: of the catalogue that is published, None where there is none.
    """
    begin = pa.scalar(now - timedelta(days=days), entries.schema.field("at").type)
    late = entries.filter(pc.greater_equal(entries["at"], begin))
    early = entries.filter(pc.less(entries["at"], begin))
    searches = _searches(late)
    if not len(searches):
        return f"# What was searched for\n\nNothing was logged in the last {days} days."
    parts = [
        f"# What was searched for\n\nThe {days} days before {now:%Y-%m-%d %H:%M} UTC.",
        _overview(searches),
        _queries(searches, names),
        "## Drift\n\n" + _drift(early, late, products),
    ]
    return "\n\n".join(parts)


def _searches(entries: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = entries.filter(pc.is_null(entries["queries"])).to_pandas()
    return found


def _overview(searches: pd.DataFrame) -> str:
    rows = []
    for kind in _KINDS:
        of_kind = searches[searches["kind"] == kind]
        if len(of_kind):
            rows.append(
                [
                    kind,
                    str(len(of_kind)),
                    f"{(of_kind['confidence'] < NO_MATCH_BELOW).mean():.1%}",
                    f"{(of_kind['found'] == 0).mean():.1%}",
                    f"{of_kind['confidence'].median():.2f}",
                    f"{of_kind['took_ms'].quantile(0.95):.0f}",
                ]
            )
    headings = ["sought by", "searches", "no good match", "nothing shown"]
    return table([*headings, "median confidence", "95 % within (ms)"], rows)


def _queries(searches: pd.DataFrame, names: Names) -> str:
    asked = searches[searches["query"].notna()]
    if not len(asked):
        return "No query in words was logged."
    asked = asked.assign(
        no_match=asked["confidence"] < NO_MATCH_BELOW,
        left_out=(asked["found"] == 0) & asked["filtered"],
    )
    by_query = asked.groupby("query", sort=False)
    told = by_query.agg(
        asked=("query", "size"),
        no_match=("no_match", "mean"),
        left_out=("left_out", "mean"),
        confidence=("confidence", "mean"),
    )
    told["hashed"] = by_query["hashed"].first()
    told["best"] = by_query["best"].agg(_most_frequent)
    told = told.sort_values(["asked", "confidence"], ascending=[False, True])
    nothing = told[(told["no_match"] >= 0.5) | (told["left_out"] >= 0.5)]
    weak = told[(told["no_match"] < 0.5) & (told["confidence"] < WEAK_BELOW)]
    return "\n\n".join(
        [
            f"## Asked most\n\n{len(told)} different queries.\n\n" + _listed(told, names),
            "## Found no good match\n\n" + _listed(nothing, names),
            f"## Weak\n\nA match, of a confidence below {WEAK_BELOW}.\n\n" + _listed(weak, names),
        ]
    )


def _most_frequent(products: pd.Series[str]) -> str:
    """Empty where nothing was ever shown."""
    counts = products.value_counts()
    return str(counts.index[0]) if len(counts) and counts.iloc[0] else ""


def _listed(queries: pd.DataFrame, names: Names) -> str:
    if not len(queries):
        return "None."
    rows: Iterable[Sequence[str]] = (
        [
            names.query(str(query), hashed=bool(row["hashed"])),
            str(row["asked"]),
            f"{row['no_match']:.0%}",
            f"{row['left_out']:.0%}",
            f"{row['confidence']:.2f}",
            names.product(row["best"]),
        ]
        for query, row in queries.head(LISTED).iterrows()
    )
    headings = ["query", "asked", "no match", "all filtered out", "confidence", "shown first"]
    return table(headings, rows)


def _drift(early: pa.Table, late: pa.Table, products: EmbeddedProducts | None) -> str:
    rows = []
    was, now = _searches(early), _searches(late)
    # Vectors of two models mean nothing to each other.
    model = products.model if products else str(now["model"].iloc[-1])
    for kind in _KINDS:
        confidence = [one[one["kind"] == kind]["confidence"].to_numpy(float) for one in (was, now)]
        if not len(confidence[1]):
            continue
        before, after = (_means(entries, kind, model) for entries in (early, late))
        index = stability_index(*confidence) if len(confidence[0]) else None
        rows.append(
            [
                kind,
                str(after.total if after else 0),
                _number(_distance(after, kind, products)),
                _number(_distance(before, kind, products)),
                _moved(before, after),
                _number(index),
            ]
        )
    headings = ["sought by", "queries in means", "from the catalogue", "in the days before"]
    note = (
        "From the catalogue: standard deviations between the mean of the queries' vectors and that "
        "of the products' of the same kind. Moved: distance of the two periods' means, and how "
        "often chance gives as much. Confidence: population stability index, above 0.25 it is "
        "another one."
    )
    return table([*headings, "moved", "confidence"], rows) + "\n\n" + note


def _means(entries: pa.Table, kind: str, model: str) -> Means | None:
    chosen = pc.and_(pc.equal(entries["kind"], kind), pc.equal(entries["model"], model))
    means = entries.filter(pc.and_(chosen, pc.is_valid(entries["queries"])))
    if not len(means):
        return None
    return Means.of(
        [unpacked(vector) for vector in means["vector"].to_pylist()],
        means["queries"].to_pylist(),
    )


def _distance(means: Means | None, kind: str, products: EmbeddedProducts | None) -> float | None:
    if means is None or products is None:
        return None
    return from_catalogue(means, products.text if kind == "words" else products.image)


def _moved(before: Means | None, after: Means | None) -> str:
    if before is None or after is None:
        return ""
    if min(len(before.queries), len(after.queries)) < FEWEST_MEANS:
        return "too few to say"
    found = moved(before, after)
    return f"{found.distance:.3f} (chance {found.chance:.3f})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _cell(text: str) -> str:
    """Anybody may have typed it: nothing that a terminal or a page would obey."""
    shown = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    return shown.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
