"""Pictures that people really send, and things that are none: built here, by name."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw


def drawing(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Something with edges, gradients and noise, so that a shifted crop would show."""
    across = np.linspace(0, 255, width)[None, :, None]
    down = np.linspace(0, 255, height)[:, None, None]
    noise = np.random.default_rng(3).normal(0, 10, (height, width, 3))
    pixels = np.concatenate([across + 0 * down, 0 * across + down, (across + down) / 2], 2)
    picture = Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))
    ImageDraw.Draw(picture).ellipse((width * 0.2, height * 0.3, width * 0.6, height * 0.7), "red")
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def sixteen_bit_png() -> bytes:
    values = np.linspace(0, 65_535, 64 * 64).astype(np.uint16).reshape(64, 64)
    return encoded(Image.fromarray(values), "PNG")


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("photo.jpg", b"not a photograph")
    return buffer.getvalue()


def huge_header() -> bytes:
    """A few bytes that claim 20,000 × 20,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    )


def jpeg_of_a_camera(width: int, height: int) -> bytes:
    """Lying, with an EXIF tag of another type than the standard's, which Pillow cannot write."""
    tags = [(0x0112, 3, 1, b"\0\6\0\0"), (0x011A, 2, 3, b"72\0\0")]  # orientation, resolution
    exif = b"MM\0*" + struct.pack(">LH", 8, len(tags))
    exif += b"".join(struct.pack(">HHL", *tag) + value for *tag, value in tags) + bytes(4)
    lying = drawing(width, height).transpose(Image.Transpose.ROTATE_90)
    return encoded(lying, "JPEG", quality=95, exif=b"Exif\0\0" + exif)


def heic_of_a_phone() -> bytes:
    """The container that AVIF has too, under its general name, with another codec."""
    return (
        encoded(drawing(40, 40), "AVIF").replace(b"ftypavif", b"ftypmif1").replace(b"av01", b"hvc1")
    )


READABLE: dict[str, Callable[[], bytes]] = {
    "one pixel": lambda: encoded(drawing(1, 1), "PNG"),
    "1 × 50,000": lambda: encoded(Image.new("RGB", (1, 50_000), "blue"), "PNG"),
    "50,000 × 1": lambda: encoded(Image.new("RGB", (50_000, 1), "blue"), "PNG"),
    "grey": lambda: encoded(drawing(50, 80, "L"), "PNG"),
    "grey with alpha": lambda: encoded(drawing(50, 80, "LA"), "PNG"),
    "palette": lambda: encoded(drawing(50, 80).quantize(16), "PNG"),
    "one bit": lambda: encoded(drawing(50, 80, "1"), "PNG"),
    "CMYK": lambda: encoded(drawing(50, 80, "CMYK"), "JPEG"),
    "16 bit": sixteen_bit_png,
    "JPEG with unusual EXIF": lambda: jpeg_of_a_camera(50, 80),
    "JPEG with broken EXIF": lambda: encoded(drawing(50, 80), "JPEG", exif=b"Exif\0\0nonsense"),
    "JPEG that is a ZIP too": lambda: encoded(drawing(50, 80), "JPEG") + _zip(),
    "animated WebP": lambda: encoded(
        drawing(40, 40), "WEBP", save_all=True, append_images=[drawing(40, 40)] * 3
    ),
    "AVIF": lambda: encoded(drawing(50, 80), "AVIF"),
    "AVIF with alpha": lambda: encoded(drawing(50, 80, "RGBA"), "AVIF"),
    "animated AVIF": lambda: encoded(
        drawing(40, 40), "AVIF", save_all=True, append_images=[drawing(40, 40)] * 3
    ),
}


BAD: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"not a picture",
    "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "ZIP": lambda: _zip(),
    "HEIC": lambda: b"\x00\x00\x00\x18ftypheic" + bytes(100),
    "HEIC under its general name": heic_of_a_phone,
    "GIF": lambda: encoded(drawing(40, 40), "GIF"),
    "animated GIF": lambda: encoded(
        drawing(40, 40), "GIF", save_all=True, append_images=[drawing(40, 40)] * 3
    ),
    "HTML before a JPEG": lambda: b"<script>" + encoded(drawing(40, 40), "JPEG"),
    "truncated JPEG": lambda: encoded(drawing(400, 400), "JPEG")[:3_000],
    "truncated PNG": lambda: encoded(drawing(400, 400), "PNG")[:3_000],
    "truncated AVIF": lambda: encoded(drawing(400, 400), "AVIF")[:500],
    "truncated WebP": lambda: encoded(drawing(400, 400), "WEBP")[:500],
    "damaged JPEG header": lambda: b"\xff\xd8\xff" + bytes(200),
    "20,000 × 20,000": huge_header,
}
