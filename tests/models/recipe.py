"""Inputs of both sides of the comparison: texts, pictures, and values for any tensor.

`write_goldens.py` runs in an environment with torch, `test_models.py` in ours. This module needs
NumPy and Pillow only.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

ODD_TEXTS = [
    "",
    "   ",
    "a",
    "red running shoes",
    "Don't they're I'll WE'VE o'clock",
    "café naïve Ünïcödé İstanbul ſharp ﬁne ΟΔΟΣ",
    "cafe\u0301 in two code points",
    "红色的跑鞋 漢字かな 한국어 العربية עברית",
    "👟 👍🏽 👨‍👩‍👧 🇫🇷",
    "&lt;b&gt;sale&lt;/b&gt; &amp;amp; 50&nbsp;% &quot;off&quot;",
    "â€œmojibakeâ€\x9d Ã©tÃ©",
    "size 42 1/2, 12,99 € (-30%)!!! a_b-c/d",
    "<|endoftext|> in the middle <|startoftext|>",
    "<end_of_text> in the middle <start_of_text>",
    "tab\tnew\nline\u2028sep\u200bzero\x00nul\x1cfile\x85next",
    "  spaces   around  ",
    "one\u2581mark \u2581 of a word",
    "word " * 100,
    "x" * 500,
    "语" * 300,
]

PICTURE_SIZES = [(32, 32), (97, 61), (40, 121), (64, 63), (200, 33)]


def pictures() -> list[Image.Image]:
    """Smooth pictures of several shapes, wide, high and square."""
    drawn = []
    for number, (width, height) in enumerate(PICTURE_SIZES):
        random = np.random.default_rng(number)
        coarse = random.integers(0, 256, (5, 7, 3), np.uint8)
        drawn.append(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return drawn


def filled(shapes: Mapping[str, Sequence[int]]) -> dict[str, npt.NDArray[np.float32]]:
    """A value for each tensor, which depends only on its name and shape."""
    return {name: _values(name, tuple(shape)) for name, shape in shapes.items()}


def _values(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(zlib.crc32(name.encode()))
    drawn = random.standard_normal(shape, np.float32)
    if name.endswith("running_var"):
        return np.abs(drawn) * np.float32(0.1) + np.float32(1)
    if len(shape) <= 1:
        is_scale = "norm" in name or "ln_" in name or "bn" in name or ".downsample.1." in name
        base = 1.0 if is_scale and name.endswith("weight") else 0.0
        return np.asarray(base + drawn * 0.1, np.float32)
    if "embedding" in name and "patch" not in name:
        return drawn * np.float32(0.3)
    # Large enough for different inputs to have quite different vectors.
    return drawn * np.float32(1.6 / np.prod(shape[1:]) ** 0.5)
