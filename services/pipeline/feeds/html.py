"""Plain text of what a shop wrote in HTML."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

from services.pipeline.feeds.wrong_bytes import SURROGATE, made_private, restored

MAX_HTML_CHARACTERS = 200_000
"""Longer text is cut there: far more than is kept of a description."""

_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_ENTITY = re.compile(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
_DATA = re.compile(r"data:[\w.+/-]{1,80}(?:;[\w=-]{1,40})*,[\w+/=%\s-]*", re.ASCII)
_BLOCKS = "address,article,blockquote,br,div,dd,dt,h1,h2,h3,h4,h5,h6,hr,li,ol,p,pre,table,td,tr,ul"
_UNSEEN = "script,style,template,noscript,iframe,object"
_MOST_ESCAPES = 2


def html_to_text(value: str) -> str:
    """One line a block, without scripts; what has no markup comes back as it is.

    Feeds often escape twice, `&amp;lt;p&amp;gt;` for a tag, so what looks like markup after the
    first reading is read once more.
    """
    text = value.strip()
    if len(text) > MAX_HTML_CHARACTERS:
        text = _DATA.sub("", text)[:MAX_HTML_CHARACTERS]  # pictures in base64 are no text
    for _ in range(_MOST_ESCAPES):
        if _TAG.search(text):
            text = _text(text)
        elif _ENTITY.search(text):
            text = html.unescape(text).strip()
        else:
            break
    return text


def _text(markup: str) -> str:
    if SURROGATE.search(markup):
        return restored(_text(SURROGATE.sub("", made_private(markup))))
    tree = LexborHTMLParser(markup)
    for unseen in tree.css(_UNSEEN):
        unseen.decompose()
    for block in tree.css(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (" ".join(line.split()) for line in tree.text(separator="").splitlines())
    return "\n".join(line for line in lines if line)
