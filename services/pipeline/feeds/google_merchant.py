"""Google Merchant feeds: tab-separated, or XML as RSS 2.0 or Atom.

One product an item, in the attributes of Google's product data specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import Feed, FeedRow, more_images, reading
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.table import Record, Table

COLUMNS = ("id", "title", "link", "image_link")
"""By which a table is known as one of Google's."""

_FIELDS: Mapping[str, str] = {
    "id": "product_id",
    "title": "title",
    "description": "description",
    "brand": "brand",
    "product_type": "category",
    "price": "price",
    "image_link": "image",
    "link": "product_url",
}
_COLUMNS = {field: name for name, field in _FIELDS.items()}
_GOOGLE_CATEGORY = "google_product_category"
_MORE_LINKS = "additional_image_link"
_DETAIL = "product_detail"
MOST_LEVELS = 100
"""Of elements in each other; a product's are four deep."""
_ITEMS = frozenset({"item", "entry"})


class GoogleMerchantTable(Feed):
    """The tab-separated form."""

    def __init__(self, table: Table) -> None:
        """Raises FeedUnusable when a column that every product needs is missing."""
        self._table = table
        self._names = table.names()
        self.path, self.columns, self.folder = table.path, table.columns, table.path.parent
        missing = [name for name in ("id", "title") if name not in self._names]
        if missing:
            raise FeedUnusable(f"{self.path}: no column {' or '.join(missing)}, as Google has them")

    def rows(self) -> Iterator[FeedRow]:
        return map(self._row, self._table.records())

    def count(self) -> int:
        return self._table.count()

    def column(self, row: FeedRow, name: str) -> str:
        return _COLUMNS.get(name, name)

    def _row(self, record: Record) -> FeedRow:
        if record.problem is not None:
            return FeedRow(record.number, record.values, {}, {}, record.problem)
        said = zip(self._names, record.values, strict=True)
        return _product(record.number, record.values, said)


class GoogleMerchantXml(Feed):
    """The XML form. Declarations of entities are refused, so none can be expanded."""

    columns = ("xml",)

    def __init__(self, path: Path) -> None:
        """Raises FeedUnusable when it is no XML."""
        self.path, self.folder = path, path.parent
        with _parsing(path):
            root = next(iterparse(path, events=("start",), forbid_dtd=True))[1]
        if _name(root) not in {"rss", "feed", "rdf"}:
            raise FeedUnusable(f"{path}: <{_name(root)}> is neither an RSS nor an Atom feed")

    def rows(self) -> Iterator[FeedRow]:
        for number, item in enumerate(self._items(), 1):
            said = (pair for child in item for pair in _said(child))
            yield _product(number, (tostring(item, encoding="unicode").strip(),), said)

    def count(self) -> int:
        return sum(1 for _ in self._items())

    def column(self, row: FeedRow, name: str) -> str:
        return _COLUMNS.get(name, name)

    def _items(self) -> Iterator[Element]:
        with _parsing(self.path):
            above: list[Element] = []
            for event, element in iterparse(self.path, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    above.append(element)
                    if len(above) > MOST_LEVELS:
                        raise FeedUnusable(f"{self.path}: more than {MOST_LEVELS} levels deep")
                    continue
                above.pop()
                if _name(element) in _ITEMS:
                    yield element
                    # What was read is let go, or the whole file would be in memory at the end.
                    above[-1].remove(element)


@contextmanager
def _parsing(path: Path) -> Iterator[None]:
    try:
        with reading(path):
            yield
    except ParseError as error:
        raise FeedUnusable(f"{path}: not readable as XML: {error}") from error
    except DefusedXmlException as error:
        raise FeedUnusable(f"{path}: it declares a document type, which is not taken") from error


def _name(element: Element) -> str:
    """Without its namespace: `g:price` and `price` are one, as Google takes them."""
    return element.tag.rpartition("}")[2].lower()


def _said(child: Element) -> Iterator[tuple[str, str]]:
    name = _name(child)
    if name == _DETAIL:
        parts = {_name(part): "".join(part.itertext()).strip() for part in child}
        yield parts.get("attribute_name", name), parts.get("attribute_value", "")
    elif name == "link" and "href" in child.attrib:  # Atom's way
        yield name, child.attrib["href"]
    else:
        yield name, " ".join(text.strip() for text in child.itertext() if text.strip())


def _product(number: int, values: tuple[str, ...], said: Iterable[tuple[str, str]]) -> FeedRow:
    """said: names and values; one that is said several times is several values."""
    fields: dict[str, str] = {}
    attributes: dict[str, str] = {}
    further: list[str] = []
    for name, raw in said:
        value = raw.strip()
        field = _FIELDS.get(name, "")
        if not value or not name:
            continue
        if name == _MORE_LINKS:
            further += [link.strip() for link in value.split(",") if link.strip()]
        elif field and field not in fields:
            text = field in {"title", "description", "brand", "category"}
            fields[field] = html_to_text(value) if text else value
        else:
            attributes[name] = f"{attributes[name]}, {value}" if name in attributes else value
    # A number stands for a category of Google's own list.
    if "category" not in fields and not attributes.get(_GOOGLE_CATEGORY, "0").isdigit():
        fields["category"] = html_to_text(attributes.pop(_GOOGLE_CATEGORY))
    attributes |= more_images(further)
    return FeedRow(number, values, fields, attributes)
