"""The catalogue's pictures, kept under the digest of their content.

Two products with one picture share one file; a name never stands for another content, so a browser
may keep it for ever; and a half-written file is never seen under its name.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image, UnidentifiedImageError

from services.common.durable_files import rename_durably
from services.pipeline.settings import PipelineSettings

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
# MPO is what Pillow calls a JPEG with more pictures behind the first; phones make them.
_EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
_DRAFT = (64, 64)
_URL = re.compile(r"/images/[0-9a-f]{2}/(?P<sha256>[0-9a-f]{64})\.(?P<extension>jpg|png|webp|avif)")


class UnusablePicture(Exception):
    """No picture that we or the encoder take; the message says why."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture in the store."""

    sha256: str
    extension: str

    @property
    def name(self) -> str:
        """Path below the media folder."""
        return f"{self.sha256[:2]}/{self.sha256}.{self.extension}"

    @property
    def url(self) -> str:
        """Path on the gateway."""
        return f"/images/{self.name}"


def stored_picture(url: str) -> StoredPicture | None:
    """The picture at a path on the gateway; None if the path is not that of a stored picture."""
    match = _URL.fullmatch(url)
    if match is None:
        return None
    stored = StoredPicture(match["sha256"], match["extension"])
    return stored if stored.url == url else None


class MediaStore:
    """A folder of pictures. `take` may be called from several threads."""

    def __init__(self, folder: Path, *, max_bytes: int, max_pixels: int) -> None:
        self.folder = folder
        self._drafts = folder / ".incoming"
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels

    @classmethod
    def of(cls, settings: PipelineSettings) -> Self:
        return cls(
            settings.media_dir,
            max_bytes=settings.max_image_bytes,
            max_pixels=settings.max_image_pixels,
        )

    def take(self, file: Path) -> StoredPicture:
        """Check a picture and keep a copy, unless there is one. Raises UnusablePicture."""
        try:
            self._check_size(file.stat().st_size)
            data = file.read_bytes()
        except OSError as error:
            raise UnusablePicture(f"can't be read: {error.strerror}") from error
        return self.take_bytes(data)

    def take_bytes(self, data: bytes) -> StoredPicture:
        """As `take`, of a picture that is in memory. Raises UnusablePicture."""
        self._check_size(len(data))
        sha256 = hashlib.sha256(data).hexdigest()
        for extension in sorted(set(_EXTENSIONS.values())):
            stored = StoredPicture(sha256, extension)
            if self.holds(stored):  # so it was checked before
                return stored
        stored = StoredPicture(sha256, _EXTENSIONS[_check(data, self._max_pixels)])
        self._keep(data, self.path(stored))
        return stored

    def find(self, url: str) -> StoredPicture | None:
        """The picture that is kept at a path on the gateway, as `StoredPicture.url` gives it."""
        stored = stored_picture(url)
        return stored if stored is not None and self.holds(stored) else None

    def holds(self, picture: StoredPicture) -> bool:
        """True if it is there; a sweep then takes it for new."""
        try:
            os.utime(self.path(picture))
        except PermissionError:
            return self.path(picture).is_file()
        except FileNotFoundError:
            return False
        return True

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise UnusablePicture(f"has {size} bytes; at most {self._max_bytes} are taken")

    def path(self, picture: StoredPicture) -> Path:
        return self.folder / picture.name

    def clear_drafts(self) -> None:
        """Remove what a run that was killed left half-written; for the only writer."""
        shutil.rmtree(self._drafts, ignore_errors=True)

    def _keep(self, data: bytes, path: Path) -> None:
        self._drafts.mkdir(parents=True, exist_ok=True)
        draft = self._drafts / uuid.uuid4().hex
        with draft.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        rename_durably(draft, path)


def _check(data: bytes, max_pixels: int) -> str:
    """Decode it. Returns Pillow's name of the format; raises UnusablePicture."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise UnusablePicture(
                    f"has {width}×{height} pixels; at most {max_pixels} are taken"
                )
            kind = str(picture.format)
            # A JPEG decoded at an eighth of its size still shows whether it is whole.
            picture.draft(None, _DRAFT)
            picture.load()
    except UnusablePicture:
        raise
    except (UnidentifiedImageError, RuntimeError) as error:
        # RuntimeError: AVIF's container with another codec, as in the HEIC of some phones.
        raise UnusablePicture("is not a JPEG, PNG, WebP or AVIF picture") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusablePicture(f"has too many pixels; at most {max_pixels} are taken") from error
    except Exception as error:  # Pillow's decoders raise many kinds on damaged files
        raise UnusablePicture("is damaged or cut short") from error
    return kind
