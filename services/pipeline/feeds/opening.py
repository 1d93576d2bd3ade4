"""Recognition of a feed's format: by its shape and columns, unless the caller names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import (
    google_products,
    kaggle_styles,
    magento,
    shopify,
    sqid,
    woocommerce,
)
from services.pipeline.feeds.base import AS_A_TABLE, Feed, reading
from services.pipeline.feeds.csv_table import CsvTable
from services.pipeline.feeds.files import (
    inner_name,
    is_compressed,
    is_json,
    is_parquet,
    is_wrong_encoding,
    is_xml,
    text_encoding,
)
from services.pipeline.feeds.google_merchant import GoogleMerchantTable, GoogleMerchantXml
from services.pipeline.feeds.json_table import JsonTable
from services.pipeline.feeds.kaggle_styles import KaggleStylesFeed
from services.pipeline.feeds.magento import MagentoFeed
from services.pipeline.feeds.own import OwnFeed
from services.pipeline.feeds.parquet_table import ParquetTable, parts_of
from services.pipeline.feeds.shopify import ShopifyFeed
from services.pipeline.feeds.sqid import EsciFeed, SqidFeed
from services.pipeline.feeds.table import Table
from services.pipeline.feeds.woocommerce import WooCommerceFeed

_CSV = frozenset({".csv", ".tsv", ".txt"})
_JSON = frozenset({".json", ".jsonl", ".ndjson"})
_XML = frozenset({".xml", ".rss", ".atom"})
_SUFFIXES = (*sorted(_CSV), *sorted(_JSON), ".parquet", *sorted(_XML))


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Options of a feed that the file itself may not contain."""

    format: str = ""
    """One of `FORMATS`; recognised when empty."""
    encoding: str = ""
    """Encoding of a text file that names none: a Python codec, such as `cp1252`."""
    locale: str = "us"
    """Locale to load, one of ESCI's three."""
    currency: str = ""
    """Currency of prices without one, such as `EUR`."""
    with_vectors: bool = True
    """True to use the vectors that the feed brings."""


def open_feed(path: Path, options: FeedOptions | None = None) -> Feed:
    """Raises FeedUnusable when it can't be read as a feed of that kind."""
    options = options or FeedOptions()
    feed = _open(path, options)
    feed.currency = options.currency
    return feed


def wrong_encoding(path: Path, named: str) -> str | None:
    """The encoding of a table of text, if some bytes of its beginning are wrong in it.

    named: one of the options, or empty.
    """
    if path.is_dir() or Path(inner_name(path)).suffix not in _CSV | _JSON:
        return None
    with reading(path):
        encoding = text_encoding(path, named)
        return encoding if is_wrong_encoding(path, encoding) else None


def _open(path: Path, options: FeedOptions) -> Feed:
    with reading(path):
        if path.is_dir():
            return _folder(path, options)
        suffix = _content(path)
    if suffix in _XML:
        if options.format not in {"", "google-merchant"}:
            raise FeedUnusable(f"{path}: XML is read as google-merchant, not {options.format}")
        feed = GoogleMerchantXml(path, options.encoding)
        feed.format = "google-merchant"
        return feed
    if suffix in _JSON:
        return _of_table(JsonTable(path, options.encoding), options)
    if suffix in _CSV:
        return _of_table(CsvTable(path, options.encoding), options)
    return _of_table(ParquetTable(path), options)


def _content(path: Path) -> str:
    """Suffix for the file's content: its own, unless a file named as text begins otherwise."""
    inner = inner_name(path)
    suffix = Path(inner).suffix
    if suffix not in _SUFFIXES:
        holds = f" holds {inner}" if inner != path.name.lower() else ""
        raise FeedUnusable(
            f"{path}{holds}: only {', '.join(_SUFFIXES[:-1])} and {_SUFFIXES[-1]} files can be "
            "loaded, each also as .gz or .zip, and folders of Parquet or of SQID; convert it to "
            f"{AS_A_TABLE}"
        )
    if suffix in _CSV:
        if is_parquet(path):
            return ".parquet"
        return ".xml" if is_xml(path) else ".json" if is_json(path) else suffix
    if suffix == ".parquet" and is_compressed(path):
        raise FeedUnusable(f"{path}: Parquet is compressed in itself; unpack this file")
    return suffix


def _of_table(table: Table, options: FeedOptions) -> Feed:
    kind = options.format or ("own" if isinstance(table, JsonTable) else _kind(table))
    read = _TABLES.get(kind)
    if read is None:
        raise FeedUnusable(f"{table.path}: a file can't be read as {kind}; give its folder")
    feed = read(table, options)
    feed.format = kind
    return feed


def _kind(table: Table) -> str:
    names = set(table.names())
    if names & set(shopify.HANDLE) and names & shopify.SIGNS:
        return "shopify"
    if woocommerce.is_woocommerce(table.names()):
        return "woocommerce"
    if names >= magento.SIGNS:
        return "magento"
    if names >= set(sqid.ESCI_COLUMNS):
        return "esci"
    if names >= set(google_products.COLUMNS) and names & google_products.TITLES:
        return "google-merchant"
    if names >= kaggle_styles.SIGNS:
        return "kaggle-styles"
    return "own"


def _folder(path: Path, options: FeedOptions) -> Feed:
    """SQID's files, or the parts of one table."""
    if path.suffix.lower() in _CSV | _JSON | _XML:
        raise FeedUnusable(f"{path}: cannot be read: it is a folder")
    if options.format == "sqid" or (not options.format and sqid.is_sqid(path)):
        feed = SqidFeed(path, locale=options.locale, with_vectors=options.with_vectors)
        feed.format = "sqid"
        return feed
    if path.suffix.lower() != ".parquet" and not parts_of(path):
        raise FeedUnusable(f"{path}: this folder holds neither Parquet files nor SQID's")
    return _of_table(ParquetTable(path), options)


_TABLES: Mapping[str, Callable[[Table, FeedOptions], Feed]] = {
    "own": lambda table, options: OwnFeed(table, with_vectors=options.with_vectors),
    "google-merchant": lambda table, _: GoogleMerchantTable(table),
    "shopify": lambda table, _: ShopifyFeed(table),
    "woocommerce": lambda table, _: WooCommerceFeed(table),
    "magento": lambda table, _: MagentoFeed(table),
    "kaggle-styles": lambda table, options: KaggleStylesFeed(
        table, with_vectors=options.with_vectors
    ),
    "esci": lambda table, options: EsciFeed(table, locale=options.locale),
}

FORMATS: tuple[str, ...] = (*_TABLES, "sqid")
