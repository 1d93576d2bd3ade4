"""Cells of our own format: nothing, lists, objects, several categories and several pictures."""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping, Sequence

from services.pipeline.feeds.base import NEXT_LINK, first_category, set_pictures
from services.pipeline.feeds.costs import is_cost
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.own_columns import CATEGORIES, of_product
from services.pipeline.feeds.table import ATTRIBUTES

NULLS = frozenset({"NULL", "null", r"\N", "NaN", "nan", "None", "<NA>", "N/A", "n/a", "#N/A"})
"""Texts for an empty value in a CSV by databases, pandas and spreadsheets."""

_BETWEEN_CATEGORIES = re.compile(r"[;|\n]")
_COMMA = re.compile(",")
_KEY = re.compile(r"\s*(?:[0-9]+|[0-9a-f]{32})\s*")


def joined_list(value: str, field: str) -> str:
    """A list of words as one text; a list with objects in it stays JSON."""
    listed = _loaded(value)
    if any(isinstance(one, (dict, list)) for one in listed):
        return value
    return ("\n" if field == "description" else ", ").join(_texts(listed)) or value


def take_apart_attributes(attributes: MutableMapping[str, str]) -> None:
    """Make each member of the column `attributes` one, if it is a JSON object."""
    try:
        nested = json.loads(attributes[ATTRIBUTES])
    except (ValueError, RecursionError):
        return
    if not isinstance(nested, dict):
        return
    del attributes[ATTRIBUTES]
    for name, value in nested.items():
        text = as_text(value)
        if name.strip() and text and not is_cost(name.lower()):
            attributes.setdefault(name.strip(), text)


def as_text(value: object) -> str:
    """Text of a value in JSON, with commas between those of a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and not any(isinstance(one, (list, dict)) for one in value):
        return ", ".join(filter(None, map(as_text, value)))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return without_null(str(value))


def keep_the_first_category(
    fields: MutableMapping[str, str], attributes: MutableMapping[str, str], column: str
) -> None:
    """Choose the category from several; numbers and keys of another table are an attribute.

    column: that the value is from; `categories` may have commas between them.
    """
    value = fields.pop("category", "")
    is_list, has_several = value.startswith("["), of_product(column) == CATEGORIES
    if is_list:
        found = [html_to_text(one) for one in _texts(_loaded(value), "name")]
    elif has_several:
        found = (_BETWEEN_CATEGORIES if _BETWEEN_CATEGORIES.search(value) else _COMMA).split(value)
        found = [one.strip().strip("/") for one in found if one.strip()]
    else:
        found = value.split(";")
    if (is_list or has_several) and all(map(_KEY.fullmatch, found)):
        attributes[column] = value
        return
    category, more = first_category(found)
    if category:
        fields["category"] = category
    attributes.update(more)


def without_null(value: str) -> str:
    """The value without blanks around it; empty for texts that mean nothing."""
    stripped = value.strip()
    return "" if stripped in NULLS else stripped


def keep_the_first_picture(
    fields: MutableMapping[str, str], attributes: MutableMapping[str, str], further: Sequence[str]
) -> None:
    """The others are an attribute. further: pictures of other columns."""
    # A file may have a comma in its name, so only links are taken apart.
    pictures = [*dict.fromkeys([*pictures_in(fields.pop("image", ""), NEXT_LINK), *further])]
    set_pictures(fields, attributes, pictures)


def pictures_in(value: str, between: re.Pattern[str]) -> list[str]:
    """The pictures of one value: one after the other, or a list, as in JSON and Parquet.

    between: separates files; links are found by how they begin.
    """
    if value.startswith("["):
        return _texts(_loaded(value), "src", "url")
    several = NEXT_LINK if "://" in value else between
    return [one.strip() for one in several.split(value) if one.strip()]


def _loaded(value: str) -> list[object]:
    """The values of a list in JSON. A text that is none stays whole: a file may be called so."""
    try:
        listed = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    return listed if isinstance(listed, list) else [value]


def _texts(listed: Sequence[object], *members: str) -> list[str]:
    """Texts of values; of an object, as programming interfaces have it, the first such member."""
    plain = (
        next(filter(None, map(one.get, members)), None) if isinstance(one, dict) else one
        for one in listed
    )
    return [
        text
        for one in plain
        if not isinstance(one, (dict, list)) and (text := as_text(one).strip())
    ]
