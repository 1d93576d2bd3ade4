"""SQID, pictures and vectors for products of Amazon's ESCI, joined with the words of ESCI.

ESCI's key is (`product_locale`, `product_id`); SQID covers one locale, `us`, and names ids alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pyarrow.parquet as pq

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import WITHOUT_WORDS, Feed, FeedRow, VectorsModel, reading
from services.pipeline.feeds.csv_table import CsvTable
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.parquet_table import ParquetTable
from services.pipeline.feeds.table import Record, Table
from services.pipeline.feeds.table_feed import RowFeed
from services.pipeline.feeds.vector_file import VectorFile

ESCI_COLUMNS = ("product_id", "product_title", "product_locale")
"""By which a table is known as ESCI's products."""

_COLUMNS = {
    name: f"product_{name}" for name in ("title", "description", "brand", "color", "locale")
}
"""Where fields and attributes stand in it."""

ESCI_PRODUCTS = "shopping_queries_dataset_products.parquet"
PICTURES = ("product_image_urls", "supp_product_image_urls")
FEATURES = "product_features.parquet"
TEXT_FEATURES, IMAGE_FEATURES = "clip_text_features", "clip_image_features"

_SQID_COLUMNS = {
    "image": "image_url",
    "text_vector": TEXT_FEATURES,
    "image_vector": IMAGE_FEATURES,
}

MODEL = VectorsModel("ViT-L/14@b8cca3fd41ae", 768)
"""Model of SQID's features: OpenAI's ViT-L/14, by the digest of the weights it published."""

NO_PICTURE = (
    "https://m.media-amazon.com/images/G/01/digital/video/web/"
    "Default_Background_Art_LTR._SX1080_FMjpg_.jpg"
)
"""Placeholder that hundreds of products without a picture share."""


class EsciFeed(RowFeed):
    """`shopping_queries_dataset_products.parquet`, one locale of it."""

    def __init__(self, table: Table, *, locale: str) -> None:
        """Raises FeedUnusable when a column is missing."""
        super().__init__(table, _COLUMNS)
        self._locale = locale
        missing = [name for name in ESCI_COLUMNS if name not in self._names]
        if missing:
            raise FeedUnusable(f"{self.path}: no column {', '.join(missing)}, as ESCI has them")
        self._locale_at = self._names.index("product_locale")

    def count(self) -> int:
        if isinstance(self._table, ParquetTable) and self.path.is_file():
            with reading(self.path), pq.ParquetFile(self.path) as file:
                batches = file.iter_batches(columns=["product_locale"])
                return sum(batch.column(0).to_pylist().count(self._locale) for batch in batches)
        return super().count()

    def _is_skipped(self, record: Record) -> bool:
        return record.values[self._locale_at] != self._locale

    def _row(self, record: Record) -> FeedRow:
        said = dict(zip(self._names, record.values, strict=True))
        parts = (said.get("product_description", ""), said.get("product_bullet_point", ""))
        fields = {
            "product_id": said["product_id"].strip(),
            "title": html_to_text(said["product_title"]),
            "description": "\n".join(filter(None, map(html_to_text, parts))),
            "brand": said.get("product_brand", "").strip(),
        }
        attributes = {"color": said.get("product_color", "").strip(), "locale": self._locale}
        return FeedRow(
            record.number,
            record.values,
            {name: value for name, value in fields.items() if value},
            {name: value for name, value in attributes.items() if value},
        )


class SqidFeed(Feed):
    """A folder that has SQID's files and ESCI's products somewhere below it.

    The links (some 200,000) are held in memory, vectors in a temporary file, words nowhere.
    """

    def __init__(self, folder: Path, *, locale: str, with_vectors: bool) -> None:
        """Raises FeedUnusable when one of the files is missing."""
        self.path = self.folder = folder
        products = _find(folder, ESCI_PRODUCTS)
        if products is None:
            raise FeedUnusable(
                f"{folder}: there is no {ESCI_PRODUCTS} below it; SQID has pictures only, the "
                "words are ESCI's"
            )
        tables = [_pictures_table(folder, name) for name in PICTURES]
        if tables[0] is None:
            raise FeedUnusable(
                f"{folder}: there is no {PICTURES[0]}.parquet or .csv below it, so it is not SQID"
            )
        self._pictures_tables = [table for table in tables if table is not None]
        self._locale = locale
        self._products = ParquetTable(products)
        self._esci = EsciFeed(self._products, locale=locale)
        self.columns = self._esci.columns
        self._features = _find(folder, FEATURES) if with_vectors else None
        if self._features is not None:
            self.vectors_model = MODEL

    def rows(self) -> Iterator[FeedRow]:
        left = dict(self._pictures)
        for row in self._esci.rows():
            link = left.pop(row.fields.get("product_id", ""), None)
            if link is not None:
                yield self._with_picture(row, link)
        for number, product_id in enumerate(left, self._products.count() + 1):
            problem = f"it is not among ESCI's products of locale {self._locale!r}"
            fields = {"product_id": product_id}
            yield FeedRow(number, (), fields, {}, problem, problem_kind=WITHOUT_WORDS)

    def count(self) -> int:
        return len(self._pictures)

    def column(self, row: FeedRow, name: str) -> str:
        return _SQID_COLUMNS.get(name) or self._esci.column(row, name)

    def _with_picture(self, row: FeedRow, link: str) -> FeedRow:
        fields = dict(row.fields)
        own = link not in {"", NO_PICTURE}
        if own:
            fields["image"] = link
        vectors = None
        if self._vectors is not None:
            vectors = self._vectors.get(fields["product_id"], with_image=own)
        return FeedRow(row.number, row.values, fields, row.attributes, row.problem, vectors)

    @cached_property
    def _pictures(self) -> dict[str, str]:
        """Link by id; of an id in both files, the one of the first."""
        links: dict[str, str] = {}
        for table in self._pictures_tables:
            names = table.names()
            try:
                at, link_at = names.index("product_id"), names.index("image_url")
            except ValueError as error:
                raise FeedUnusable(f"{table.path}: no columns product_id and image_url") from error
            for record in table.records():
                if record.problem is None and record.values[at].strip():
                    links.setdefault(record.values[at].strip(), record.values[link_at].strip())
        return links

    @cached_property
    def _vectors(self) -> VectorFile | None:
        if self._features is None:
            return None
        return VectorFile(self._features, "product_id", TEXT_FEATURES, IMAGE_FEATURES, MODEL)


def is_sqid(folder: Path) -> bool:
    """True if a folder has SQID's files, not just any Parquet."""
    names = (f"{name}.{suffix}" for name in PICTURES for suffix in ("parquet", "csv"))
    return any(_find(folder, name) is not None for name in (ESCI_PRODUCTS, *names))


def _find(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.rglob(name))), None)


def _pictures_table(folder: Path, name: str) -> Table | None:
    """As Parquet on Hugging Face, as CSV on GitHub."""
    parquet, csv = _find(folder, f"{name}.parquet"), _find(folder, f"{name}.csv")
    if parquet is not None:
        return ParquetTable(parquet)
    return None if csv is None else CsvTable(csv)
