"""The text of a product that is embedded."""

from __future__ import annotations

from services.contracts.encoder import MAX_TEXT_CHARACTERS

CAPTION_VERSION = "1"
"""Part of every vector's fingerprint: raise it with any change below, to embed all again."""


def caption(title: str, description: str) -> str:
    """Title and description in one line, the title once.

    The encoder reads the first 77 tokens, so the title comes first. At most as long as it takes.
    """
    title, description = " ".join(title.split()), " ".join(description.split())
    if not description or title.casefold() == description.casefold():
        text = title
    elif _begins_with(description, title):
        text = description
    else:
        separator = " " if title.endswith((".", "!", "?", ":")) else ". "
        text = f"{title}{separator}{description}"
    return text[:MAX_TEXT_CHARACTERS]


def _begins_with(description: str, title: str) -> bool:
    """True if the description opens with the title, as words: `Mug` does not open `Muggy`."""
    if not description.casefold().startswith(title.casefold()):
        return False
    following = description[len(title) : len(title) + 1]
    return not following.isalnum()
