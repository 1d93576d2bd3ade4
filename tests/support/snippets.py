"""The snippets of docs/agents.md by their names, with the address of a real gateway in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(?:\w+) (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS = "https://shop.example"


def snippet(name: str, url: str) -> str:
    """Raises KeyError if the page has no snippet of that name."""
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    text: str = dict(_BLOCK.findall(page))[name]
    assert _ADDRESS in text
    return text.replace(_ADDRESS, url)
