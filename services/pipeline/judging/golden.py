"""Golden queries: the queries, their right answers, and queries that no product answers.

A folder of three tables. `queries.csv`: one query a row; a picture is a file beside it.
`judgements.csv`: the grade of a product for a query; what is not named is I. `variants.csv`: the
same queries typed in another way.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import reading
from services.pipeline.judging.metrics import Grade

Kind = Literal["text", "picture", "name", "identifier", "limit", "nonsense", "off_catalogue"]
"""A name is one word for a category, a colour or a pattern, with nothing beside it. A limit is a
text with a limit of the price."""
BY_WORDS: tuple[Kind, ...] = ("name", "identifier", "limit")
"""Kinds that say more than a vector shows: no training learns from them."""
Half = Literal["tune", "report"]

QUERIES, JUDGEMENTS, VARIANTS = "queries.csv", "judgements.csv", "variants.csv"


@dataclass(frozen=True, slots=True)
class GoldenQuery:
    """One question. Of kind `nonsense` and `off_catalogue` no product is an answer."""

    query_id: str
    kind: Kind
    form: str = ""
    """Form of the query; figures are grouped by it."""
    text: str = ""
    picture: str = ""
    """Path in the folder."""
    rewrite: str = ""
    """The rewritten text; empty if a rewriter would not change it."""
    half: Half = "report"
    """`tune` if tuning may use the query, `report` if it is held out."""

    @property
    def answerable(self) -> bool:
        return self.kind not in ("nonsense", "off_catalogue")


@dataclass(frozen=True, slots=True)
class Variant:
    """A text query typed in another way."""

    query_id: str
    variant: str
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A row of `judgements.csv`."""

    query_id: str
    product_id: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Golden:
    """A set of golden queries."""

    queries: Sequence[GoldenQuery]
    judgements: dict[str, dict[str, Grade]]
    variants: Sequence[Variant] = field(default_factory=list)
    folder: Path | None = None

    def of_kind(self, *kinds: Kind) -> list[GoldenQuery]:
        return [query for query in self.queries if query.kind in kinds]

    def judged(self, queries: Iterable[str]) -> dict[str, dict[str, Grade]]:
        """The judgements of these queries."""
        return {query: self.judgements[query] for query in queries}

    def picture(self, query: GoldenQuery) -> bytes:
        """Raises FeedUnusable when its file is not there."""
        path = (self.folder or Path()) / query.picture
        if not path.is_file():
            raise FeedUnusable(f"{path}: the picture of query {query.query_id} is not there")
        return path.read_bytes()


def write_half(golden: Golden, half: Half, folder: Path) -> int:
    """Write the queries of one half, with their pictures. Returns their number."""
    queries = [query for query in golden.queries if query.half == half]
    ids = {query.query_id for query in queries}
    for query in queries:
        if query.picture:
            copy = folder / query.picture
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(golden.picture(query))
    folder.mkdir(parents=True, exist_ok=True)
    write_golden(
        Golden(
            queries,
            {query: grades for query, grades in golden.judgements.items() if query in ids},
            [variant for variant in golden.variants if variant.query_id in ids],
        ),
        folder,
    )
    return len(queries)


Row = TypeVar("Row", GoldenQuery, Variant, Judgement)


def read_golden(folder: Path) -> Golden:
    """The golden queries of a folder. Raises FeedUnusable, naming the row that can't be used."""
    queries = _read(folder / QUERIES, GoldenQuery)
    lines: dict[str, int] = {}
    for number, query in enumerate(queries, 2):
        if (first := lines.setdefault(query.query_id, number)) != number:
            raise FeedUnusable(
                f"{folder / QUERIES}, line {number}: query_id {query.query_id!r} is already that "
                f"of line {first}"
            )
    judgements: dict[str, dict[str, Grade]] = {
        query.query_id: {} for query in queries if query.answerable
    }
    for number, row in enumerate(_read(folder / JUDGEMENTS, Judgement), 2):
        if row.query_id not in judgements:
            raise FeedUnusable(
                f"{folder / JUDGEMENTS}, line {number}: there is no query {row.query_id!r} "
                "that has an answer"
            )
        judgements[row.query_id][row.product_id] = row.grade
    unjudged = [query for query, grades in judgements.items() if "E" not in grades.values()]
    if unjudged:
        raise FeedUnusable(f"{folder / JUDGEMENTS}: no product is graded E for {unjudged[0]!r}")
    variants = _read(folder / VARIANTS, Variant) if (folder / VARIANTS).exists() else []
    return Golden(queries, judgements, variants, folder)


def write_golden(golden: Golden, folder: Path) -> None:
    """Write the tables, in the order that they are given in."""
    judgements = [
        Judgement(query, product, grade)
        for query, grades in golden.judgements.items()
        for product, grade in grades.items()
    ]
    _write(folder / QUERIES, GoldenQuery, golden.queries)
    _write(folder / JUDGEMENTS, Judgement, judgements)
    _write(folder / VARIANTS, Variant, golden.variants)


def _read(path: Path, row_type: type[Row]) -> list[Row]:
    allowed = _allowed(row_type)
    names = [one.name for one in fields(row_type)]
    needed = [one.name for one in fields(row_type) if one.default is MISSING]
    rows: list[Row] = []
    if not path.is_file():
        raise FeedUnusable(f"{path}: there are no golden queries here")
    with reading(path), path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file)
        missing = [name for name in needed if name not in (table.fieldnames or ())]
        if missing:
            raise FeedUnusable(
                f"{path}: there is no column {missing[0]}; expected are, separated by commas: "
                f"{', '.join(names)}"
            )
        for number, values in enumerate(table, 2):
            given: dict[str, Any] = {name: values[name] for name in names if values.get(name)}
            empty = [name for name in needed if name not in given]
            if empty:
                raise FeedUnusable(f"{path}, line {number}: {empty[0]} is empty")
            for name, choices in allowed.items():
                if name in given and given[name] not in choices:
                    raise FeedUnusable(
                        f"{path}, line {number}: {name} is {given[name]!r}, not one of "
                        f"{', '.join(choices)}"
                    )
            rows.append(row_type(**given))
    return rows


def _allowed(row_type: type[Row]) -> dict[str, tuple[str, ...]]:
    """The values that a column may have, where they are few."""
    choices: dict[str, object] = {"kind": Kind, "half": Half, "grade": Grade}
    names = {one.name for one in fields(row_type)}
    return {
        name: cast("tuple[str, ...]", get_args(kind))
        for name, kind in choices.items()
        if name in names
    }


def _write(path: Path, row_type: type[Row], rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [one.name for one in fields(row_type)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
