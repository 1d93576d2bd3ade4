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
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
# Joiners are part of words in Persian and in Indic scripts, and of pictographs.
_LONE_JOINER = re.compile(
    r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)
_SELECTORS = re.compile("[\ufe00-\ufe0e\U000e0100-\U000e01ef]")
_BLANKS = re.compile(r"\s+")
_JOINERS = "\u200c\u200d"


def clean(text: str, most: int) -> str:
    """The text without markup and invisible characters, `most` characters at most."""
    if _SUSPECT.search(text):
        text = _plain(text[: most * 8])
    text = text.strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _plain(text: str) -> str:
    text = html.unescape(text)
    text = _TAG.sub(" ", text)
    text = _MARKDOWN_LINK.sub(r"\1", text).replace("`", "'")
    if not text.isascii():
        text = _LONE_JOINER.sub("", _SELECTORS.sub("", text))
    text = _BLANKS.sub(" ", text)
    if text.isprintable():
        return text
    return "".join(
        letter
        for letter in text
        if letter in _JOINERS or unicodedata.category(letter) not in _INVISIBLE
    )


def web_address(address: str | None) -> str | None:
    """An absolute link that a browser opens as a page or a picture; None for anything else."""
    if address is None or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.hostname else None
