"""Pictures that no stored product names."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from services.pipeline.pictures.cache import Entry
from services.pipeline.pictures.media import stored_picture

STALE_PART_S = 7 * 86_400.0
"""Age from which a partial download is not resumed."""


def unused_pictures(folder: Path, used: Collection[str], older_than_s: float) -> Iterator[Path]:
    """Picture files whose URL is not in `used`.

    older_than_s: a younger file may belong to a product that is being stored.
    """
    newest = time.time() - older_than_s
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        picture = stored_picture(f"/images/{path.parent.name}/{path.name}")
        if picture is not None and picture.url not in used and _age(path) < newest:
            yield path


def unused_downloads(cache: Path, media: Path, gone: Collection[Path]) -> Iterator[Path]:
    """Files of the download cache: entries whose picture is gone, and stale partial downloads."""
    for path in cache.glob("[0-9a-f][0-9a-f]/*"):
        if path.suffix == ".json" and not path.name.endswith(".part.json"):
            try:
                picture = Entry.model_validate_json(path.read_bytes()).picture
            except (OSError, ValueError):
                continue  # it is being written, or is written again when it is read
            kept = media / picture.name
            if kept in gone or not kept.is_file():
                yield path
        elif _age(path) < time.time() - STALE_PART_S:
            yield path


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
