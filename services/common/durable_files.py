"""Files that survive a loss of power once they have their name."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: Path) -> None:
    """Bring the content of a file to the disk that another library wrote."""
    with file.open("rb") as content:
        os.fsync(content.fileno())


def rename_durably(draft: Path, path: Path) -> None:
    """Give a synced draft its name, and bring that to the disk.

    Raises OSError; then nothing is at `path`, since nobody knows whether it would stay.
    """
    make_folder(path.parent)
    draft.replace(path)
    try:
        sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole file, in place of what was there. Raises OSError."""
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and bring their names to the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
