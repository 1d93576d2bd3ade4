"""The drawings that the bundled CLIP learns from: all combinations not held out, many times.

Drawn once, then read at random; each epoch cuts and turns them a little differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from demo.drawing.render import picture, svg
from demo.taxonomy import Combination, combinations, held_out

Pixels = npt.NDArray[np.uint8]

MARGIN = 8
"""Pixels drawn beyond the model's side, so that a random cut never shows an edge."""

_DRAWN_AT = (160, 224, 320)
_FIRST_SEED = 10_000  # the sample's drawings and the evaluation's have others


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """`pixels`: (combinations, drawings, side, side, 3) uint8."""

    combinations: Sequence[Combination]
    pixels: Pixels


def learned_combinations() -> list[Combination]:
    """Combinations for training: all that are not held out."""
    return [combination for combination in combinations() if not held_out(combination)]


def draw_training_set(drawings: int, side: int, workers: int, cache: Path) -> TrainingSet:
    """`drawings` of each combination, `side` + MARGIN pixels wide; kept in `cache` (an .npy file).

    Beside it stands what it was drawn from: a set drawn by an earlier rule of what is held out may
    have the same shape, and would teach the wrong labels, or what is to be kept from training.
    """
    learned = learned_combinations()
    wanted = (len(learned), drawings, side + MARGIN, side + MARGIN, 3)
    note, source = cache.with_suffix(".sha256"), fingerprint(learned)
    if cache.is_file() and note.is_file() and note.read_text() == source:
        pixels = np.load(cache)
        if pixels.shape == wanted:
            return TrainingSet(learned, pixels)
    pixels = np.empty(wanted, np.uint8)
    with ProcessPoolExecutor(workers) as pool:
        drawn = pool.map(_draw, learned, repeat(drawings), repeat(side + MARGIN), chunksize=16)
        for place, images in enumerate(drawn):
            pixels[place] = images
            if place % 200 == 0:
                print(f"drawing {place}/{len(learned)} combinations", flush=True)
    cache.parent.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)  # killed while saving, it is drawn again
    np.save(cache, pixels)
    note.write_text(source)
    return TrainingSet(learned, pixels)


def fingerprint(learned: Sequence[Combination]) -> str:
    """A digest of what is drawn: which combinations, in which order, and how each looks."""
    digest = sha256()
    for combination in learned:
        digest.update(f"{combination}{svg(combination, _FIRST_SEED)}".encode())
    return digest.hexdigest()


def _draw(combination: Combination, drawings: int, side: int) -> Pixels:
    """Drawn larger, at several sizes, and scaled down as the encoder does with pictures."""
    images = []
    for number in range(drawings):
        large = picture(combination, _FIRST_SEED + number, _DRAWN_AT[number % len(_DRAWN_AT)])
        images.append(np.asarray(large.resize((side, side), Image.Resampling.BICUBIC)))
    return np.stack(images)
