"""Regions of a picture: the things on it that are worth a search of their own.

A thing is what cannot be reached from the picture's frame without a step in colour: its minimum
barrier distance to the frame is large (Zhang and others, "Minimum Barrier Salient Object Detection
at 80 FPS", ICCV 2015). A collage is cut into its photographs first. No model is asked, so the
regions are the same for every model (docs/decisions/0053-regions.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from services.contracts.encoder import MAX_REGIONS, Crop
from services.encoder.collage import Cell, Colours, is_photograph, photographs

SIDE = 256
"""Longest side, in pixels, of the picture in which seams are sought."""

_COARSE_SIDE = 112
"""Longest side, in pixels, of the picture in which things are sought."""
_BLUR = 0.7
_ROUNDS = 2
_LEAST_STEP = 12.0
"""Barriers below this, of 3 · 255, are noise."""
_LEAST_AREA = 0.004
_MARGIN = 0.1
"""Room around a thing, as pictures of products have it, in its longer sides."""

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Box:
    """A rectangle in whole pixels; `right` and `bottom` are just outside. area: of the thing."""

    left: int
    top: int
    right: int
    bottom: int
    area: int

    def touches(self, other: _Box) -> bool:
        return max(self.left, other.left) <= min(self.right, other.right) and max(
            self.top, other.top
        ) <= min(self.bottom, other.bottom)

    def take(self, other: _Box) -> None:
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        self.area += other.area


def find_regions(picture: Image.Image) -> list[Crop]:
    """The largest things first, `MAX_REGIONS` at most. picture: upright, RGB."""
    fine = _scaled(picture, SIDE)
    colours = np.asarray(fine, np.float32)
    cells = photographs(colours)
    if cells is None:
        found = _things(fine)
    else:
        found = [one for cell in cells for one in _of_cell(fine, colours, cell)]
    found.sort(key=lambda one: -one[0])
    return [crop for _, crop in found[:MAX_REGIONS]]


def _of_cell(picture: Image.Image, colours: Colours, cell: Cell) -> list[tuple[float, Crop]]:
    """A photograph of a collage, or the things on a plain part of it."""
    width, height = picture.size
    x, y = cell.left / width, cell.top / height
    across, down = (cell.right - cell.left) / width, (cell.bottom - cell.top) / height
    if is_photograph(colours, cell):
        return [(across * down, Crop(x=x, y=y, width=across, height=down))]
    return [
        (
            area * across * down,
            Crop(
                x=x + one.x * across,
                y=y + one.y * down,
                width=one.width * across,
                height=one.height * down,
            ),
        )
        for area, one in _things(picture.crop(cell))
    ]


def _things(picture: Image.Image) -> list[tuple[float, Crop]]:
    """Each thing with its share of the picture's area."""
    small = _scaled(picture, _COARSE_SIDE).filter(ImageFilter.GaussianBlur(_BLUR))
    barriers = _barriers(np.asarray(small, np.float32))
    if float(barriers.max(initial=0)) <= _LEAST_STEP:
        return []
    # Half of the highest barriers, if the usual threshold would lose paler things.
    threshold = min(_otsu(barriers), 0.5 * float(np.percentile(barriers, 99)))
    mask = barriers > max(_LEAST_STEP, threshold)
    boxes = [one for one in _components(mask) if one.area >= _LEAST_AREA * mask.size]
    height, width = mask.shape
    return [(one.area / mask.size, _with_margin(one, width, height)) for one in _joined(boxes)]


def _scaled(picture: Image.Image, longest: int) -> Image.Image:
    share = min(1.0, longest / max(picture.size))
    width, height = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)


def _barriers(picture: Colours) -> Floats:
    """(h, w, 3) → (h, w): the least difference of colours on any path from the frame.

    Sums over the channels. Each sweep carries the paths one way, all lines of pixels at once.
    """
    cost = np.full(picture.shape, np.inf, np.float32)
    cost[[0, -1]] = 0
    cost[:, [0, -1]] = 0
    state = (picture, picture.copy(), picture.copy(), cost)
    turned = tuple(one.transpose(1, 0, 2) for one in state)
    for _ in range(_ROUNDS):
        for arrays in (state, turned):
            _sweep(*arrays)
            _sweep(*(one[::-1] for one in arrays))
    total: Floats = cost.sum(axis=-1)
    return total


def _sweep(values: Floats, lowest: Floats, highest: Floats, cost: Floats) -> None:
    """From each line to the next. lowest, highest: colours on the best path so far."""
    for at in range(1, len(values)):
        low = np.minimum(lowest[at - 1], values[at])
        high = np.maximum(highest[at - 1], values[at])
        barrier = high - low
        better = barrier < cost[at]
        np.copyto(cost[at], barrier, where=better)
        np.copyto(lowest[at], low, where=better)
        np.copyto(highest[at], high, where=better)


def _otsu(values: Floats) -> float:
    """The threshold that parts the values best in two (Otsu, 1979)."""
    counts, edges = np.histogram(values, 64)
    share = counts / counts.sum()
    below = np.cumsum(share)
    mean = np.cumsum(share * (edges[:-1] + edges[1:]) / 2)
    inside = (below > 0) & (below < 1)
    between = np.zeros(len(share))
    between[inside] = (mean[-1] * below - mean)[inside] ** 2 / (below * (1 - below))[inside]
    return float(edges[int(np.argmax(between)) + 1])


def _components(mask: Mask) -> list[_Box]:
    """Connected parts, by runs of each row that lie above one another."""
    boxes: list[_Box] = []
    above: list[tuple[int, int, _Box]] = []
    merged: dict[int, _Box] = {}

    def alive(box: _Box) -> _Box:
        while id(box) in merged:
            box = merged[id(box)]
        return box

    for y, row in enumerate(mask):
        turns = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0)).tolist()
        runs: list[tuple[int, int, _Box]] = []
        for start, end in zip(turns[::2], turns[1::2], strict=True):
            box = _Box(start, y, end, y + 1, end - start)
            boxes.append(box)
            for left, right, other in above:
                if left < end and start < right and (found := alive(other)) is not alive(box):
                    found.take(alive(box))
                    merged[id(alive(box))] = found
            runs.append((start, end, box))
        above = runs
    return [box for box in boxes if id(box) not in merged]


def _joined(boxes: Sequence[_Box]) -> list[_Box]:
    """Boxes that touch become one, until none do."""
    todo, done = list(boxes), list[_Box]()
    while todo:
        box = todo.pop()
        touched = next((one for one in done if one.touches(box)), None)
        if touched is None:
            done.append(box)
        else:
            done.remove(touched)
            touched.take(box)
            todo.append(touched)
    return done


def _with_margin(box: _Box, width: int, height: int) -> Crop:
    margin = _MARGIN * max(box.right - box.left, box.bottom - box.top)
    left, top = max(0.0, box.left - margin), max(0.0, box.top - margin)
    right, bottom = min(width, box.right + margin), min(height, box.bottom + margin)
    return Crop(
        x=left / width,
        y=top / height,
        width=(right - left) / width,
        height=(bottom - top) / height,
    )
