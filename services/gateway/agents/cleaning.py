"""Text of the catalogue for language models: plain, visible, and short.

Whoever writes a product's text writes into an agent's context. Text cannot be made harmless, but
its means to hide or to imitate can be removed: control and invisible characters, markup, links
behind other words.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import urlsplit

MAX_TITLE = 300
MAX_DESCRIPTION = 4_000
MAX_VALUE = 200

_SUSPECT = re.compile(r"[<>&\[`]|\s\s|[^ -~]")
_TAG = re.compile(
    r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)|</?[A-Za-z!?][^<>]*>", re.I | re.S
)
_MARKDOWN_LINK = re.compile(
    r"!?\[([^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])",
)
_OPEN_TAG = re.compile(r"<(?=[A-Za-z!?/])")
_OPEN_LINK = re.compile(r"\](?=[(\[:])")
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
# Letters, marks and selectors without a glyph. U+FE0F is kept in pictographs and keycaps.
_NO_LOOK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
    "|(?<![^\x00-\x7f])\ufe0f(?!\u20e3)"
)
# Joiners are part of words in Persian and in Indic scripts, and of pictographs.
_LONE_JOINER = re.compile(
    r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)
_BLANKS = re.compile(r"\s+")
_JOINERS = "\u200c\u200d"
_MOST_ROUNDS = 8
"""Markup can be nested to hide; deeper than this it is broken and not removed."""


def clean(text: str, most: int) -> str:
    """The text without markup and invisible characters, `most` characters at most."""
    if _SUSPECT.search(text):
        text = _plain(text[: most * 8])
    text = text.strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def is_clean(text: str, most: int) -> bool:
    return clean(text, most) == text


def _plain(text: str) -> str:
    """Each removal can complete an entity, a tag or a link, so all are repeated."""
    for _ in range(_MOST_ROUNDS):
        before = text
        text = _visible(html.unescape(text))
        text = _MARKDOWN_LINK.sub(r"\1", _TAG.sub(" ", text))
        if text == before:
            break
    else:
        text = _visible(text.replace("&", " "))
    text = _OPEN_LINK.sub("] ", _OPEN_TAG.sub("< ", text)).replace("`", "'")
    return _BLANKS.sub(" ", text)


def _visible(text: str) -> str:
    text = _BLANKS.sub(" ", text)
    if text.isascii() and text.isprintable():
        return text
    if not text.isprintable():
        text = "".join(
            letter
            for letter in text
            if letter in _JOINERS or unicodedata.category(letter) not in _INVISIBLE
        )
    return _LONE_JOINER.sub("", _NO_LOOK.sub("", text))


def web_address(address: str | None) -> str | None:
    """An absolute link that a browser opens as a page or a picture; None for anything else."""
    if address is None or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.hostname else None
