"""Pictures that no stored product names."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from services.pipeline.pictures.cache import Entry
from services.pipeline.pictures.media import stored_picture

STALE_PART_S = 7 * 86_400.0
"""Age from which a partial download is not resumed."""


def files_in(folder: Path) -> Iterator[Path]:
    """Files of the pictures' folder, or of the download cache."""
    return folder.glob("[0-9a-f][0-9a-f]/*")


def is_unused_picture(path: Path, used: Collection[str], older_than_s: float) -> bool:
    """True if it is a picture file whose URL is not in `used`.

    older_than_s: a younger file may belong to a product that is being stored.
    """
    picture = stored_picture(f"/images/{path.parent.name}/{path.name}")
    if picture is None or picture.url in used:
        return False
    return _age(path) < time.time() - older_than_s


def is_unused_download(path: Path, media: Path, gone: Collection[Path]) -> bool:
    """True for an entry of the cache whose picture is gone, and for a stale partial download."""
    if path.suffix != ".json" or path.name.endswith(".part.json"):
        return _age(path) < time.time() - STALE_PART_S
    try:
        picture = Entry.model_validate_json(path.read_bytes()).picture
    except (OSError, ValueError):
        return False  # it is being written, or is written again when it is read
    kept = media / picture.name
    return kept in gone or not kept.is_file()


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
