"""Google Merchant feeds: tab-separated, or XML as RSS 2.0 or Atom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import AS_A_TABLE, Feed, FeedRow
from services.pipeline.feeds.google_products import COLUMN_OF, DETAIL, FIELDS, TITLES, product
from services.pipeline.feeds.table import Record, Table
from services.pipeline.feeds.table_feed import RowFeed
from services.pipeline.feeds.xml_items import Broken, name_of, open_items, root_of

_ROOTS = frozenset({"rss", "feed", "rdf"})
_GOOGLE = "base.google.com"
_SHOWN_LINKS = frozenset({"", "alternate"})
_DESCRIPTIONS = ("summary", "content", "encoded")
"""Elements of Atom and RSS that describe a product where Google's does not."""


class GoogleMerchantTable(RowFeed):
    """The tab-separated form."""

    def __init__(self, table: Table) -> None:
        """Raises FeedUnusable when a column that every product needs is missing."""
        super().__init__(table, COLUMN_OF)
        missing = [] if "id" in self._names else ["id"]
        missing += [] if TITLES & set(self._names) else ["title"]
        if missing:
            raise FeedUnusable(f"{self.path}: no column {' or '.join(missing)}, as Google has them")

    def count(self) -> int:
        return self._table.count()

    def _row(self, record: Record) -> FeedRow:
        pairs = zip(self._names, record.values, strict=True)
        return product(record.number, record.values, pairs)


class GoogleMerchantXml(Feed):
    """The XML form. Declarations of entities are refused, so none can be expanded."""

    columns = ("xml",)

    def __init__(self, path: Path, encoding: str = "") -> None:
        """encoding: where the file declares none. Raises FeedUnusable when it is not XML."""
        self.path, self.folder = path, path.parent
        self._encoding = encoding
        root = root_of(path, encoding)
        if root not in _ROOTS:
            raise FeedUnusable(
                f"{path}: <{root}> is neither an RSS nor an Atom feed; convert it to Google "
                f"Merchant's XML or to {AS_A_TABLE}"
            )

    def rows(self) -> Iterator[FeedRow]:
        with open_items(self.path, self._encoding) as items:
            restored = items.source.restored
            for number, item in enumerate(items.items, 1):
                if isinstance(item, Broken):
                    yield FeedRow(number, (item.text,), {}, {}, item.problem)
                    continue
                shown = (restored(tostring(item, encoding="unicode").strip()),)
                pairs = _pairs(item)
                if items.source.has_wrong_bytes:
                    pairs = [(restored(name), restored(value)) for name, value in pairs]
                yield product(number, shown, pairs)

    def count(self) -> int:
        with open_items(self.path, self._encoding) as items:
            return sum(1 for _ in items.items)

    def column(self, row: FeedRow, name: str) -> str:
        return COLUMN_OF.get(name, name)


def _pairs(item: Element) -> list[tuple[str, str]]:
    """Names and values; what Google defines comes before what RSS or Atom calls the same."""
    google: list[tuple[str, str]] = []
    plain: list[tuple[str, str]] = []
    for child in item:
        (google if _GOOGLE in child.tag else plain).extend(_of(child))
    names = {name for name, _ in google}
    if names:
        plain = [(name, value) for name, value in plain if name not in names or name not in FIELDS]
    found = google + plain
    if not any(name == "description" and value.strip() for name, value in found):
        for other in _DESCRIPTIONS:
            texts = [value for name, value in plain if name == other and value.strip()]
            if texts:
                found = [pair for pair in found if pair[0] != other]
                return [*found, ("description", texts[0])]
    return found


def _of(child: Element) -> Iterator[tuple[str, str]]:
    name = name_of(child)
    if name == DETAIL and len(child):
        parts = {name_of(part): "".join(part.itertext()).strip() for part in child}
        yield parts.get("attribute_name", name), parts.get("attribute_value", "")
    elif name.startswith("structured_") and len(child):
        yield name, "".join(part.text or "" for part in child if name_of(part) == "content")
    elif name == "link" and "href" in child.attrib:  # Atom's way
        if child.attrib.get("rel", "") in _SHOWN_LINKS:
            yield name, child.attrib["href"]
    elif len(child):
        yield name, " ".join(text.strip() for text in child.itertext() if text.strip())
    else:
        yield name, (child.text or "").strip()
