"""Plain text of what a shop wrote in HTML."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

MAX_HTML_CHARACTERS = 100_000
"""Longer text is left as it is: no product has that much to say, and validation refuses it."""

_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_ENTITY = re.compile(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BLOCKS = "address,article,blockquote,br,div,dd,dt,h1,h2,h3,h4,h5,h6,hr,li,ol,p,pre,table,td,tr,ul"
_UNSEEN = "script,style,template,noscript,iframe,object"
_MOST_ESCAPES = 2


def html_to_text(value: str) -> str:
    """One line a block, without scripts; what has no markup comes back as it is.

    Feeds often escape twice, `&amp;lt;p&amp;gt;` for a tag, so what looks like markup after the
    first reading is read once more.
    """
    text = value.strip()
    for _ in range(_MOST_ESCAPES):
        if len(text) > MAX_HTML_CHARACTERS:
            break
        if _TAG.search(text):
            text = _text(text)
        elif _ENTITY.search(text):
            text = html.unescape(text).strip()
        else:
            break
    return text


def _text(markup: str) -> str:
    if _LONE_SURROGATE.search(markup):  # a byte that was no UTF-8, which validation refuses
        return markup
    tree = LexborHTMLParser(markup)
    for unseen in tree.css(_UNSEEN):
        unseen.decompose()
    for block in tree.css(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (" ".join(line.split()) for line in tree.text(separator="").splitlines())
    return "\n".join(line for line in lines if line)
