"""Download cache: which picture came from which link, and partial downloads.

The pictures themselves are in the media store; an entry names one.
"""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from services.pipeline.pictures.media import StoredPicture


class Entry(BaseModel):
    """One link's picture, as it was when last asked for."""

    model_config = ConfigDict(frozen=True)

    url: str
    sha256: str
    extension: str
    fetched_at: float
    """Seconds since 1970."""
    etag: str = ""
    last_modified: str = ""

    @property
    def picture(self) -> StoredPicture:
        return StoredPicture(self.sha256, self.extension)


class Part(BaseModel):
    """State of a partial download; without a validator it cannot be resumed."""

    model_config = ConfigDict(frozen=True)

    url: str
    validator: str
    """A strong ETag, or a date, for `If-Range`."""


Value = TypeVar("Value", Entry, Part)


class DownloadCache:
    """A folder of entries and parts, by the digest of the link."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entry(self, url: str) -> Entry | None:
        """The link's entry; None also if it cannot be read, so that it is fetched again."""
        return _read(self._path(url, "json"), Entry, url)

    def keep(self, entry: Entry) -> None:
        self._write(self._path(entry.url, "json"), entry)

    def part(self, url: str) -> tuple[Path, Part | None]:
        """Where what is fetched of it is written, and what lies there already, if anything."""
        path = self._path(url, "part")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path, _read(path.with_suffix(".part.json"), Part, url) if path.exists() else None

    def begin_part(self, part: Part) -> None:
        self._write(self._path(part.url, "part.json"), part)

    def drop_part(self, url: str) -> None:
        self._path(url, "part").unlink(missing_ok=True)
        self._path(url, "part.json").unlink(missing_ok=True)

    def _path(self, url: str, suffix: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.{suffix}"

    def _write(self, path: Path, value: BaseModel) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid.uuid4().hex}")
        draft.write_text(value.model_dump_json(), encoding="utf-8")
        draft.replace(path)


def _read(path: Path, kind: type[Value], url: str) -> Value | None:
    try:
        value = kind.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return value if value.url == url else None
