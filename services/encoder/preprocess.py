"""Picture bytes to what the image tower takes, the way each model does it.

CLIP scales the shorter side to the tower's size (bicubic) and cuts the centre. Here both are one
resampling of just the part that is kept, with the same filter positions, so an absurdly long
picture costs no more than a square one. Other models scale each side by itself.
JPEGs are first decoded at a reduced scale, never below twice the size needed. How near this stays
to `torchvision`'s way (a mean below 0.3 of 255 levels, below 1.5 for a reduced JPEG) is held by
`tests/unit/encoder/test_preprocess.py`.

Unlike CLIP's own code: pictures are turned upright by their EXIF orientation, palettes become
colours before scaling, and what is transparent becomes white (as on a shop's page), not black.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from services.common.upright import eight_bits, upright
from services.contracts.encoder import Crop
from services.encoder.architecture import Preprocessing

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
VERSION = 1
"""Increase it when the same bytes give different pixels. It is part of the cache's keys."""

_OPENAI = Preprocessing()
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
_WHITE = (255, 255, 255)
_REDUCED = 2  # a JPEG is decoded at this multiple of the needed size, or larger
_MAX_SIDE = 65_535  # longest side of a JPEG

Pixels = npt.NDArray[np.uint8]


class UnusablePicture(Exception):
    """The bytes are not a usable picture; the message gives the reason."""


def read_picture(
    data: bytes,
    size: int,
    max_pixels: int,
    crop: Crop | None = None,
    how: Preprocessing = _OPENAI,
) -> Pixels:
    """Decode, turn upright, crop, and make square: bytes → (size, size, 3) uint8, RGB.

    Only the first frame of an animation is used. Raises UnusablePicture.
    """
    # The crop, too, must keep twice the needed size in every orientation.
    part = 1.0 if crop is None else min(crop.width, crop.height)
    with _reading(max_pixels):
        picture = _decoded(data, max_pixels, math.ceil(_REDUCED * size / part))
        return _cut(_opaque(_part(picture, crop)), size, how)


def read_whole(data: bytes, least_side: int, max_pixels: int) -> Image.Image:
    """Decode and turn upright: an RGB picture.

    least_side: a JPEG may be decoded at a reduced scale, with no side below it. Raises
    UnusablePicture.
    """
    with _reading(max_pixels):
        return _opaque(_decoded(data, max_pixels, least_side))


@contextmanager
def _reading(max_pixels: int) -> Iterator[None]:
    """Turns what Pillow raises into UnusablePicture."""
    try:
        yield
    except UnusablePicture:
        raise
    except Image.DecompressionBombError as error:
        raise UnusablePicture(
            f"The picture has too many pixels; the limit is {max_pixels} in total."
        ) from error
    except (UnidentifiedImageError, RuntimeError) as error:
        # RuntimeError: AVIF's container with another codec, as in the HEIC of some phones.
        raise UnusablePicture("This is not a JPEG, PNG, WebP or AVIF picture.") from error
    except Exception as error:  # Pillow's decoders raise many kinds on damaged files
        raise UnusablePicture("The picture is damaged or cut short.") from error


def _decoded(data: bytes, max_pixels: int, least_side: int) -> Image.Image:
    with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        warnings.simplefilter("ignore")  # Pillow's size warning; we raise an error below
        width, height = picture.size
        if width * height > max_pixels:
            raise UnusablePicture(
                f"The picture has {width}×{height} pixels; the limit is {max_pixels} in total."
            )
        side = min(least_side, _MAX_SIDE)
        picture.draft(None, (side, side))  # other formats ignore it
        picture.load()
        return eight_bits(upright(picture))


def _part(picture: Image.Image, crop: Crop | None) -> Image.Image:
    """The crop in whole pixels, at least one."""
    if crop is None:
        return picture
    width, height = picture.size
    left, top = min(int(crop.x * width), width - 1), min(int(crop.y * height), height - 1)
    right = min(max(left + 1, round((crop.x + crop.width) * width)), width)
    bottom = min(max(top + 1, round((crop.y + crop.height) * height)), height)
    return picture.crop((left, top, right, bottom))


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        ground = Image.new("RGBA", coloured.size, (*_WHITE, 255))
        return Image.alpha_composite(ground, coloured).convert("RGB")
    return picture.convert("RGB")


def _cut(picture: Image.Image, size: int, how: Preprocessing) -> Pixels:
    box = _centre(picture.size, size, how) if how.fit == "crop" else None
    scaled = picture.resize((size, size), _FILTERS[how.filter], box=box)
    return np.asarray(scaled, np.uint8)


def _centre(
    whole: tuple[int, int], size: int, how: Preprocessing
) -> tuple[float, float, float, float]:
    """The part of a picture that is kept, in its own pixels: left, top, right, bottom.

    The margins are whole pixels of the scaled picture, as in torchvision's Resize and CenterCrop.
    """
    width, height = whole
    if width <= height:
        scaled_width, scaled_height = size, int(size * height / width)
    else:
        scaled_width, scaled_height = int(size * width / height), size
    margins = (scaled_width - size, scaled_height - size)
    left, top = (
        round(margin / 2) if how.odd_margin == "round" else margin // 2 for margin in margins
    )
    across, down = width / scaled_width, height / scaled_height
    box = (left * across, top * down, (left + size) * across, (top + size) * down)
    return (box[0], box[1], min(box[2], width), min(box[3], height))


def to_patches(pictures: Pixels, patch: int) -> Pixels:
    """(batch, size, size, 3) → (batch, places, patch·patch·3): the image tower's input.

    Pixels beyond the last whole patch are left out, as a convolution does.
    """
    batch, size, _, channels = pictures.shape
    side = size // patch
    whole = pictures[:, : side * patch, : side * patch]
    grid = whole.reshape(batch, side, patch, side, patch, channels)
    return np.ascontiguousarray(grid.transpose(0, 1, 3, 2, 4, 5)).reshape(batch, side * side, -1)
