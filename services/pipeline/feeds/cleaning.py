"""Text and links of a product, cleaned: a fault costs the detail, not the product."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from services.pipeline.feeds.base import MAX_ATTRIBUTE_CHARACTERS, Note
from services.pipeline.feeds.wrong_bytes import SURROGATE

MAX_CHARACTERS: Mapping[str, int] = {
    "product_id": 128,
    "title": 1_000,
    "description": 50_000,
    "brand": 200,
    "category": 1_000,
    "image": 2_000,
    "product_url": 2_000,
}

TOO_LONG = "text too long"
ATTRIBUTE_TOO_LONG = "attribute too long"
CONTROL_CHARACTER = "control character"
WRONG_ENCODING = "wrong encoding"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOT_PLAIN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_UNKNOWN = "\ufffd"


def without_control_characters(name: str, value: str, notes: list[Note]) -> str:
    """With a blank for each control character, and U+FFFD for bytes that were no text."""
    if value.isprintable():  # by far the most, and quick
        return value
    if (found := _CONTROL.search(value)) is not None:
        reason = f"{short(name)} holds a control character, U+{ord(found[0]):04X}; now a blank"
        notes.append(Note(CONTROL_CHARACTER, reason, name))
        value = _CONTROL.sub(" ", value).strip()
    if SURROGATE.search(value):
        reason = f"{short(name)} holds bytes that are wrong in the file's encoding; now {_UNKNOWN}"
        notes.append(Note(WRONG_ENCODING, reason, name))
        value = SURROGATE.sub(_UNKNOWN, value)
    return value


def clean_text(name: str, value: str, notes: list[Note]) -> str:
    """As it may be stored: no control characters, and cut at the field's length."""
    value = without_control_characters(name, value, notes)
    most = MAX_CHARACTERS[name]
    if len(value) > most:
        reason = f"{short(name)} has {len(value)} characters; cut after {most}"
        notes.append(Note(TOO_LONG, reason, name))
        value = value[:most].rstrip()
    return value


def clean_attributes(attributes: Mapping[str, str], notes: list[Note]) -> Mapping[str, str]:
    """Without those that are too long; the same mapping where nothing is to be done."""
    if all(
        name.isprintable()
        and value.isprintable()
        and len(name) <= MAX_ATTRIBUTE_CHARACTERS
        and len(value) <= MAX_ATTRIBUTE_CHARACTERS
        and "&" not in value
        for name, value in attributes.items()
    ):
        return attributes
    kept: dict[str, str] = {}
    for name, value in attributes.items():
        longest = max(len(name), len(value))
        if longest > MAX_ATTRIBUTE_CHARACTERS:
            reason = (
                f"{short(name)} has {longest} characters; "
                f"attributes above {MAX_ATTRIBUTE_CHARACTERS} are left out"
            )
            notes.append(Note(ATTRIBUTE_TOO_LONG, reason, name))
            continue
        clean = without_control_characters(name, _without_entities(value), notes)
        if clean:
            kept[without_control_characters(name, name, [])] = clean
    return kept


def _without_entities(value: str) -> str:
    """With the characters that entities stand for, escaped twice too. JSON stays as it is."""
    for _ in range(2):
        if "&" not in value or value.startswith(("[", "{")):
            break
        value = _ENTITY.sub(lambda found: html.unescape(found[0]), value)
    return value


def is_plain(value: str) -> bool:
    """True if it has no line break, tab, control character or wrong byte."""
    return value.isprintable() or not _NOT_PLAIN.search(value)


def short(value: str) -> str:
    """For a message."""
    return repr(value if len(value) <= 80 else value[:80] + "…")
