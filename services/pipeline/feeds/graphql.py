"""Connections of GraphQL, and lines of Shopify's bulk operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.pipeline.feeds.table import Object

PARENT = "__parentId"
"""Member of a line that belongs to the product with this id, in a line above it."""
_NODE = "node"
_WRAPPED = frozenset({"edges", "nodes", "pageInfo", "totalCount", "cursor", "__typename"})
_MEMBERS = {"ProductVariant": "variants", "ProductImage": "images", "MediaImage": "images"}
"""Shopify's types of what belongs to a product, and the lists that hold it elsewhere."""

_MOST_APART = 1_000
"""Lines without their product that wait behind the last one."""


def unwrapped(found: Object) -> Object:
    """With lists in place of connections: `{"edges": [{"node": …}]}` and `{"nodes": […]}`."""
    node = found.get(_NODE)
    if isinstance(node, dict) and found.keys() <= {_NODE, *_WRAPPED}:
        return unwrapped(node)
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: object) -> object:
    if not isinstance(value, dict) or not value.keys() <= _WRAPPED:
        return value
    nodes = value.get("nodes", value.get("edges"))
    if not isinstance(nodes, list):
        return value
    return [unwrapped(one) if isinstance(one, dict) else one for one in nodes]


def with_children(lines: Iterable[Object | str]) -> Iterator[Object | str]:
    """Each object with what belongs to it: `variants`, `images` and others, by their types.

    A line whose product is not the last one above it keeps its `__parentId`.
    """
    known: dict[str, Object] = {}
    waiting: list[Object | str] = []
    for line in lines:
        if isinstance(line, dict) and line.get(PARENT) is None:
            yield from waiting
            waiting, known = [line], {str(line.get("id")): line}
        elif isinstance(line, dict) and (parent := known.get(str(line[PARENT]))) is not None:
            child = {name: value for name, value in line.items() if name != PARENT}
            if isinstance(picture := child.get("image"), dict):
                child |= picture
            children = parent.setdefault(_member(child), [])
            if isinstance(children, list):
                children.append(child)
            known.setdefault(str(child.get("id")), child)
        else:
            waiting.append(line)
            if len(waiting) > _MOST_APART:
                yield from waiting
                waiting, known = [], {}
    yield from waiting


def _member(child: Object) -> str:
    """The list that a child belongs to, by the type in its id: `gid://shopify/ProductVariant/1`."""
    kind = str(child.get("id", "")).rpartition("/")[0].rpartition("/")[2]
    if not kind:
        return "variants" if "price" in child else "images"
    return _MEMBERS.get(kind, kind.lower())
