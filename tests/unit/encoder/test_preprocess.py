"""Our one resampling against CLIP's Resize and CenterCrop; and what people really send."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image

from services.contracts.encoder import Crop
from services.encoder.preprocess import Pixels, UnusablePicture, read_picture, to_patches
from tests.support.pictures import (
    BAD,
    READABLE,
    drawing,
    encoded,
    jpeg_of_a_camera,
    sixteen_bit_png,
)

SIZE = 112
MAX_PIXELS = 50_000_000


def read(data: bytes) -> Pixels:
    return read_picture(data, SIZE, MAX_PIXELS)


def clip_preprocess(picture: Image.Image, size: int) -> Pixels:
    """torchvision's `Resize(size, BICUBIC)` and `CenterCrop(size)`, as in `clip._transform`."""
    width, height = picture.size
    if width <= height:
        scaled = picture.resize((size, int(size * height / width)), Image.Resampling.BICUBIC)
    else:
        scaled = picture.resize((int(size * width / height), size), Image.Resampling.BICUBIC)
    left = round((scaled.width - size) / 2)
    top = round((scaled.height - size) / 2)
    return np.asarray(scaled.crop((left, top, left + size, top + size)).convert("RGB"))


@pytest.mark.parametrize(
    ("width", "height"), [(112, 112), (300, 200), (201, 333), (640, 113), (90, 60), (5, 400)]
)
def test_pixels_are_those_of_clips_own_preprocessing(width: int, height: int) -> None:
    picture = drawing(width, height)
    ours = read(encoded(picture, "PNG")).astype(int)
    difference = np.abs(ours - clip_preprocess(picture, SIZE).astype(int))
    # Levels of 255. Pillow rounds between its two passes and takes the cheaper one first,
    # which need not be the same one when it resamples a part: single pixels on sharp edges differ.
    assert difference.mean() < 0.3
    assert difference.max() <= 8


def test_a_large_jpeg_read_at_reduced_scale_stays_near_clips_own() -> None:
    data = encoded(drawing(1500, 1200), "JPEG", quality=90)
    reference = clip_preprocess(Image.open(io.BytesIO(data)), SIZE).astype(int)
    assert np.abs(read(data).astype(int) - reference).mean() < 1.5  # of 255


def test_a_jpeg_with_more_pictures_behind_the_first_is_read_at_reduced_scale_too() -> None:
    picture = drawing(2000, 1600)
    behind = {"save_all": True, "append_images": [drawing(40, 30)]}
    phone = encoded(picture, "MPO", quality=95, **behind)
    assert Image.open(io.BytesIO(phone)).format == "MPO"
    assert np.array_equal(read(phone), read(encoded(picture, "JPEG", quality=95)))


def test_an_avif_gives_nearly_the_pixels_of_the_picture_that_it_was_made_of() -> None:
    picture = drawing(300, 200)
    data = encoded(picture, "AVIF", quality=95)
    difference = np.abs(read(data).astype(int) - read(encoded(picture, "PNG")).astype(int))
    assert difference.mean() < 3  # of 255


# The stored picture by EXIF orientation: the inverse of the turn that displays it.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_turns_the_picture_upright(orientation: int) -> None:
    upright = drawing(200, 160)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = encoded(upright.transpose(STORED[orientation]), "PNG", exif=exif)
    np.testing.assert_array_equal(read(lying), read(encoded(upright, "PNG")))


def test_exif_that_cannot_be_written_again_turns_the_picture_upright_all_the_same() -> None:
    difference = read(jpeg_of_a_camera(120, 160)) - read(encoded(drawing(120, 160), "PNG")).astype(
        int
    )
    assert np.abs(difference).mean() < 6  # of 255


def test_what_is_transparent_becomes_white() -> None:
    picture = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert (read(encoded(picture, "PNG")) == 255).all()


def test_sixteen_bits_a_channel_keep_their_brightness() -> None:
    assert read(sixteen_bit_png()).mean() == pytest.approx(127.5, abs=3)


@pytest.mark.parametrize("name", READABLE)
def test_an_unusual_picture_is_read(name: str) -> None:
    pixels = read(READABLE[name]())
    assert pixels.shape == (SIZE, SIZE, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_refused_at_once_with_a_reason(name: str) -> None:
    data = BAD[name]()
    seconds = []
    for _ in range(5):  # the garbage collector may run meanwhile, hardly each time
        started = time.process_time()
        with pytest.raises(UnusablePicture) as refusal:
            read(data)
        seconds.append(time.process_time() - started)
        assert str(refusal.value).endswith(".")
    assert min(seconds) < 1


def test_a_bomb_is_refused_for_its_size() -> None:
    with pytest.raises(UnusablePicture, match="pixels; the limit is 50000000"):
        read(BAD["20,000 × 20,000"]())


def test_patches_are_rows_of_squares_from_the_top_left() -> None:
    pixels = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(1, 4, 4, 3)
    patches = to_patches(pixels, 2)
    assert patches.shape == (1, 4, 12)
    np.testing.assert_array_equal(patches[0, 1], pixels[0, :2, 2:].reshape(-1))


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_crop_is_cut_from_the_upright_picture(orientation: int) -> None:
    picture = drawing(400, 300)
    crop = Crop(x=0.25, y=0.1, width=0.5, height=0.6)
    expected = read(encoded(picture.crop((100, 30, 300, 210)), "PNG"))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = {1: picture, 6: picture.rotate(90, expand=True), 8: picture.rotate(-90, expand=True)}
    data = encoded(turned[orientation], "PNG", exif=exif)
    assert np.array_equal(read_picture(data, SIZE, MAX_PIXELS, crop), expected)


def test_a_small_crop_of_a_large_jpeg_keeps_its_detail() -> None:
    data = encoded(drawing(2000, 1600), "JPEG", quality=95)
    whole = Image.open(io.BytesIO(data))
    ours = read_picture(data, SIZE, MAX_PIXELS, Crop(x=0.5, y=0.5, width=0.1, height=0.125))
    reference = clip_preprocess(whole.crop((1000, 800, 1200, 1000)), SIZE)
    assert np.abs(ours.astype(int) - reference.astype(int)).mean() < 1.5  # of 255


def test_a_crop_thinner_than_a_pixel_is_one_pixel() -> None:
    crop = Crop(x=0.9999, y=0.9999, width=0.0001, height=0.0001)
    assert read_picture(encoded(drawing(30, 20), "PNG"), SIZE, MAX_PIXELS, crop).shape == (
        SIZE,
        SIZE,
        3,
    )
