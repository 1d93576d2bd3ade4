"""Cuts a collage into its photographs, along straight seams from edge to edge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float32]
"""(height, width, 3), 0..255."""

_STEP = 10.0
"""Difference of two neighbouring pixels, in the channel that differs most, that is an edge."""
_SEAM = 0.72
"""Share of a line of pixels that must be an edge for the line to be a seam."""
_ABOVE = 1.6
"""A seam has this many times the edges of the lines beside it."""
_LEAST = 0.18
"""Smallest side of a photograph, as a share of the whole picture's side."""
_MOST_CELLS = 12
_DETAIL = 16.0
_BUSY = 0.15
"""Share of steps along a frame that differ by `_DETAIL`, from which it shows a photograph and not
a plain background. Photographs in shops have .22 to .43; walls, floors, boards and paper .11 at
most, products that touch the frame included (decision 0053)."""
_INSIDE = 2
"""Pixels between the edge and the frame that is checked."""


class Cell(NamedTuple):
    """A rectangle in whole pixels; `right` and `bottom` are just outside."""

    left: int
    top: int
    right: int
    bottom: int


def photographs(picture: Colours) -> list[Cell] | None:
    """The photographs and the plain parts of a collage; None if the picture is no collage."""
    height, width = picture.shape[:2]
    whole = Cell(0, 0, width, height)
    if not is_photograph(picture, whole):
        return None
    cells = _cells(picture, whole)
    return cells if len(cells) > 1 else None


def is_photograph(picture: Colours, cell: Cell) -> bool:
    """True if the frame of a cell is full of detail."""
    inside = picture[
        cell.top + _INSIDE : cell.bottom - _INSIDE, cell.left + _INSIDE : cell.right - _INSIDE
    ]
    if min(inside.shape[:2]) < 2:
        return False
    sides = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
    busy = [(np.abs(np.diff(side, axis=0)).max(axis=-1) > _DETAIL).mean() for side in sides]
    return float(np.mean(busy)) > _BUSY


def _cells(picture: Colours, whole: Cell) -> list[Cell]:
    done: list[Cell] = []
    todo = [whole]
    while todo and len(todo) + len(done) < _MOST_CELLS:
        cell = todo.pop()
        parts = _cut(picture, cell)
        if parts is None:
            done.append(cell)
        else:
            todo.extend(parts)
    return done + todo


def _cut(picture: Colours, cell: Cell) -> tuple[Cell, Cell] | None:
    """The two parts beside the clearest seam of a cell."""
    part = picture[cell.top : cell.bottom, cell.left : cell.right]
    height, width = picture.shape[:2]
    down = _seam(part.transpose(1, 0, 2), int(_LEAST * width))
    across = _seam(part, int(_LEAST * height))
    if down is None and across is None:
        return None
    if across is None or (down is not None and down[0] >= across[0]):
        assert down is not None  # noqa: S101 - one of the two is there
        at = cell.left + down[1]
        return cell._replace(right=at), cell._replace(left=at)
    at = cell.top + across[1]
    return cell._replace(bottom=at), cell._replace(top=at)


def _seam(lines: Colours, least: int) -> tuple[float, int] | None:
    """The clearest seam between two lines of pixels: its share of edges, and its place.

    least: lines on each side of it.
    """
    steps = np.abs(np.diff(lines, axis=0)).max(axis=-1)
    edges = (steps > _STEP).mean(axis=1)
    best: tuple[float, int] | None = None
    for at in range(max(least - 1, 0), len(lines) - max(least, 1)):
        if edges[at] < _SEAM or (best is not None and edges[at] <= best[0]):
            continue
        # The lines next to it may be the other edge of a gap.
        near = np.concatenate([edges[max(0, at - 8) : max(0, at - 3)], edges[at + 4 : at + 9]])
        if near.size == 0 or edges[at] >= _ABOVE * float(np.median(near)):
            best = float(edges[at]), at + 1
    return best
