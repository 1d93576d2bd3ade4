"""Links as shops write them."""

from __future__ import annotations

import html
import re

_LINK = re.compile(r"https?://", re.IGNORECASE)
_ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|apos|#0*3[4-9]|#[xX]0*2[2-7]);")


def as_browsers_read(link: str) -> str:
    """With the scheme that `//host/path` lacks, `%20` for blanks and `&` for `&amp;`."""
    if link.startswith("//"):
        link = f"https:{link}"
    if not _LINK.match(link):
        return link
    if "&" in link:
        link = _ESCAPED.sub(lambda found: html.unescape(found[0]), link)
        link = _ESCAPED.sub(lambda found: html.unescape(found[0]), link)
    return link.replace(" ", "%20")
