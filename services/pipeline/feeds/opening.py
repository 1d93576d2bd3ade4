"""Which kind of feed is this? By its shape and columns, unless the caller names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import google_merchant, shopify, sqid
from services.pipeline.feeds.base import Feed
from services.pipeline.feeds.google_merchant import GoogleMerchantTable, GoogleMerchantXml
from services.pipeline.feeds.own import OwnFeed
from services.pipeline.feeds.shopify import ShopifyFeed
from services.pipeline.feeds.sqid import EsciFeed, SqidFeed
from services.pipeline.feeds.table import CsvTable, ParquetTable, Table

_CSV = frozenset({".csv", ".tsv", ".txt"})
_SUFFIXES = (*sorted(_CSV), ".parquet", ".xml")


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """What a person may say of a feed that it does not say itself."""

    format: str = ""
    """One of `FORMATS`; found out when empty."""
    encoding: str = ""
    """Of CSV: a name that Python knows, `cp1252` say."""
    locale: str = "us"
    """Of ESCI's three, the one to load."""
    currency: str = ""
    """Of prices for which the feed names none, as in `EUR`."""
    with_vectors: bool = True
    """Whether vectors that the feed brings are taken."""


def open_feed(path: Path, options: FeedOptions | None = None) -> Feed:
    """Raises FeedUnusable when it can't be read as a feed of that kind."""
    options = options or FeedOptions()
    feed = _open(path, options)
    feed.currency = options.currency
    return feed


def _open(path: Path, options: FeedOptions) -> Feed:
    if path.is_dir() and path.suffix.lower() not in _SUFFIXES:
        return _sqid(path, options)
    suffix = path.suffix.lower()
    if suffix == ".xml":
        if options.format not in {"", "google-merchant"}:
            raise FeedUnusable(f"{path}: XML is read as google-merchant, not {options.format}")
        return GoogleMerchantXml(path)
    if suffix not in _SUFFIXES:
        raise FeedUnusable(
            f"{path}: only {', '.join(_SUFFIXES[:-1])} and {_SUFFIXES[-1]} files can be loaded, "
            "and folders of SQID"
        )
    table: Table = (
        CsvTable(path, options.encoding or None) if suffix in _CSV else ParquetTable(path)
    )
    kind = options.format or _kind(table)
    read = _TABLES.get(kind)
    if read is None:
        raise FeedUnusable(f"{path}: a file can't be read as {kind}; give its folder")
    return read(table, options)


def _kind(table: Table) -> str:
    names = set(table.names())
    if names & set(shopify.HANDLE) and names & shopify.SIGNS:
        return "shopify"
    if names >= set(sqid.ESCI_COLUMNS):
        return "esci"
    if names >= set(google_merchant.COLUMNS):
        return "google-merchant"
    return "own"


def _sqid(path: Path, options: FeedOptions) -> Feed:
    if options.format not in {"", "sqid"}:
        raise FeedUnusable(f"{path}: a folder is read as sqid, not {options.format}")
    return SqidFeed(path, locale=options.locale, with_vectors=options.with_vectors)


_TABLES: Mapping[str, Callable[[Table, FeedOptions], Feed]] = {
    "own": lambda table, options: OwnFeed(table, with_vectors=options.with_vectors),
    "google-merchant": lambda table, _: GoogleMerchantTable(table),
    "shopify": lambda table, _: ShopifyFeed(table),
    "esci": lambda table, options: EsciFeed(table, locale=options.locale),
}

FORMATS = (*_TABLES, "sqid")
