"""The media store: only whole pictures, each once, under the digest of its content."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from services.pipeline.pictures.media import MediaStore, UnusablePicture
from tests.support.pictures import heic_of_a_phone

MAX_PIXELS = 10_000


def picture(kind: str, colour: str = "red", size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media", max_bytes=20_000, max_pixels=MAX_PIXELS)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "picture"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif")]
)
def test_a_picture_is_kept_under_its_digest(
    store: MediaStore, tmp_path: Path, kind: str, extension: str
) -> None:
    data = picture(kind)
    taken = store.take(put(tmp_path, data))
    digest = hashlib.sha256(data).hexdigest()
    assert taken.url == f"/images/{digest[:2]}/{digest}.{extension}"
    assert (tmp_path / "media" / digest[:2] / f"{digest}.{extension}").read_bytes() == data


def test_the_same_picture_is_kept_once(store: MediaStore, tmp_path: Path) -> None:
    first = store.take(put(tmp_path, picture("PNG")))
    written = store.path(first).stat().st_ino
    assert store.take(put(tmp_path, picture("PNG"))) == first
    assert store.path(first).stat().st_ino == written
    assert [path.name for path in (tmp_path / "media").rglob("*.*") if path.is_file()] == [
        f"{first.sha256}.png"
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a JPEG, PNG, WebP or AVIF picture"),
        (b"<svg/>", "is not a JPEG, PNG, WebP or AVIF picture"),
        (heic_of_a_phone(), "is not a JPEG, PNG, WebP or AVIF picture"),
        (picture("GIF"), "is not a JPEG, PNG, WebP or AVIF picture"),
        (picture("JPEG")[:-100], "is damaged or cut short"),
        (picture("PNG")[:-30], "is damaged or cut short"),
        (picture("WEBP")[:-20], "is damaged or cut short"),
        (picture("AVIF")[:-20], "is damaged or cut short"),
        (picture("PNG", size=(101, 100)), "has 101×100 pixels; at most 10000 are taken"),
        (b"x" * 20_001, "has 20001 bytes; at most 20000 are taken"),
    ],
)
def test_anything_else_is_refused_and_nothing_is_kept(
    store: MediaStore, tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(UnusablePicture, match=reason):
        store.take(put(tmp_path, data))
    assert not (tmp_path / "media").exists()


def test_a_bomb_is_refused(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    with pytest.raises(UnusablePicture, match="pixels"):
        store.take(put(tmp_path, picture("PNG")))


def test_half_written_drafts_are_cleared(store: MediaStore, tmp_path: Path) -> None:
    (tmp_path / "media" / ".incoming").mkdir(parents=True)
    (tmp_path / "media" / ".incoming" / "left").write_bytes(b"half")
    store.clear_drafts()
    assert not (tmp_path / "media" / ".incoming").exists()
