"""Where models of a hub are on the disk. It imports nothing, because every start asks it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

HUB_PREFIX = "hf:"


def store_of(repository: str, cache: Path) -> Path:
    """The folder of all that was fetched from `OWNER/NAME`."""
    return cache / "hub" / repository.replace("/", "--")


def reference_of(store: Path, revision: str) -> Path:
    """The file that names the commit which a revision last stood for."""
    return store / "revisions" / f"{quote(revision, safe='')}.json"


def is_fetched(repository: str, cache: Path) -> bool:
    """True if the files of the main branch were fetched before."""
    return reference_of(store_of(repository, cache), "main").is_file()
