"""The items of an RSS or Atom feed, one after the other.

A file that is not well-formed in some item loses that item alone: from the first fault on, the
items are cut out of the text and parsed one by one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, fromstring, iterparse

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import reading
from services.pipeline.feeds.files import open_bytes
from services.pipeline.feeds.xml_bytes import XmlBytes

MOST_LEVELS = 100
"""Limit of nested elements; a product has four levels."""

MOST_BYTES = 64_000_000
"""Limit of one item in a file that is not well-formed."""

_ITEMS = frozenset({"item", "entry"})
_START = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_NAMESPACE = re.compile(rb"""xmlns(?::([\w.-]+))?\s*=\s*("[^"<&]*"|'[^'<&]*')""")
_PREFIX = re.compile(rb"</?([\w.-]+):[\w.-]")
_CDATA = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_BARE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#[xX][0-9a-fA-F]+);)([A-Za-z]\w*;)?")


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that is not well-formed."""

    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Items:
    """Items of a file, and the source that restores their texts."""

    source: XmlBytes
    items: Iterator[Element | Broken]


def root_of(path: Path, encoding: str) -> str:
    """The name of the root element. Raises FeedUnusable where there is none."""
    with _whole(path), open_bytes(path) as file:
        parser = _parser()
        events = iterparse(XmlBytes(path, file, encoding), events=("start",), parser=parser)
        return name_of(next(events)[1])


def name_of(element: Element) -> str:
    """Without its namespace, in lower case."""
    return element.tag.rpartition("}")[2].lower()


@contextmanager
def open_items(path: Path, encoding: str) -> Iterator[Items]:
    """Raises FeedUnusable, also while reading, when the file breaks off."""
    with _whole(path), open_bytes(path) as file, open_bytes(path) as again:
        source = XmlBytes(path, file, encoding)
        yield Items(source, _items(path, source, XmlBytes(path, again, encoding)))


def _items(path: Path, source: XmlBytes, again: XmlBytes) -> Iterator[Element | Broken]:
    done = 0
    try:
        for item in _well_formed(path, source):
            yield item
            done += 1
    except ParseError as error:
        for number, one in enumerate(_one_by_one(path, again, str(error))):
            source.has_wrong_bytes |= again.has_wrong_bytes
            if number >= done:
                yield one


def _well_formed(path: Path, source: XmlBytes) -> Iterator[Element]:
    above: list[Element] = []
    parser = _parser()
    for event, element in iterparse(source, events=("start", "end"), parser=parser):
        if event == "start":
            above.append(element)
            if len(above) > MOST_LEVELS:
                raise FeedUnusable(f"{path}: more than {MOST_LEVELS} levels deep")
            continue
        above.pop()
        if name_of(element) in _ITEMS:
            yield element
            # Released, or the whole file would be in memory at the end.
            above[-1].remove(element)


def _parser() -> DefusedXMLParser:
    # The builder in C: the parser's own default is one in Python, and slower by half.
    return DefusedXMLParser(target=TreeBuilder(), encoding="utf-8", forbid_dtd=True)


def _one_by_one(path: Path, source: XmlBytes, error: str) -> Iterator[Element | Broken]:
    """error: why the file cannot be parsed as a whole."""
    data, line, namespaces = b"", 1, None
    while piece := source.read():
        data += piece
        while True:
            start = _START.search(data)
            end = None if start is None else _END.search(data, start.end())
            if start is None or end is None:
                break
            if namespaces is None:
                namespaces = dict(_NAMESPACE.findall(data[: start.start()]))
            line += data.count(b"\n", 0, start.start())
            item, length = _item(data[start.start() :], end.end() - start.start(), namespaces, line)
            yield item
            at = start.start() + length
            line += data.count(b"\n", start.start(), at)
            data = data[at:]
        if len(data) > MOST_BYTES:
            raise FeedUnusable(f"{path}: line {line}: an item of more than {MOST_BYTES} bytes")
    if not _ROOT_END.search(data):
        raise FeedUnusable(f"{path}: not readable as XML: {error}; the file breaks off")
    if start := _START.search(data):
        line += data.count(b"\n", 0, start.start())
        yield Broken(_shown(data[start.start() :]), f"line {line}: the item is not closed")


def _item(
    data: bytes, length: int, namespaces: dict[bytes, bytes], line: int
) -> tuple[Element | Broken, int]:
    """The item at the beginning of `data`, and how many bytes it takes."""
    reason = ""
    while True:
        text = data[:length]
        for attempt in (text, _repaired(text)):
            try:
                return _parsed(attempt, namespaces), length
            except ParseError as error:
                reason = reason or str(error).partition(":")[0]
        # An end inside CDATA is text.
        opened = text.rfind(b"<![CDATA[")
        further = _END.search(data, length)
        if opened < 0 or text.find(b"]]>", opened) >= 0 or further is None:
            break
        length = further.end()
    first = _END.search(data)
    length = length if first is None else first.end()
    following = _START.search(data, 1, length)
    if following is not None:
        length, reason = following.start(), "the item is not closed"
    problem = f"line {line}: not readable as XML: {reason}"
    return Broken(_shown(data[:length]), problem), length


def _parsed(text: bytes, namespaces: dict[bytes, bytes]) -> Element:
    """Raises ParseError."""
    declared = dict(namespaces)
    for prefix in _PREFIX.findall(text):
        declared.setdefault(prefix, b'"urn:undeclared"')
    attributes = b"".join(
        b" xmlns%s=%s" % (b":" + prefix if prefix else b"", address)
        for prefix, address in declared.items()
        if prefix != b"xml"
    )
    root = fromstring(b"<items%s>%s</items>" % (attributes, text), forbid_dtd=True)
    item: Element = root[0]
    if _depth(item) > MOST_LEVELS:
        raise ParseError(f"more than {MOST_LEVELS} levels deep")
    return item


def _repaired(text: bytes) -> bytes:
    """With characters for HTML's names, which XML does not know, and `&amp;` for a bare `&`."""
    pieces = _CDATA.split(text)
    pieces[::2] = [_BARE.sub(_character, piece) for piece in pieces[::2]]
    return b"".join(pieces)


def _character(found: re.Match[bytes]) -> bytes:
    name = (found[1] or b"").decode()
    character = html.unescape(f"&{name}") if name else ""
    if character and character != f"&{name}":
        return html.escape(character).encode()
    return b"&amp;" + (found[1] or b"")


def _depth(element: Element) -> int:
    depth, level = 0, [element]
    while level and depth <= MOST_LEVELS:
        depth, level = depth + 1, [child for one in level for child in one]
    return depth


def _shown(text: bytes) -> str:
    return text[:10_000].decode("utf-8", "replace").strip()


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        with reading(path):
            yield
    except ParseError as error:
        raise FeedUnusable(f"{path}: not readable as XML: {error}") from error
    except DefusedXmlException as error:
        raise FeedUnusable(f"{path}: it declares a document type, which is refused") from error
