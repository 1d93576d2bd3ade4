"""Rows and queries distributed as CLIP's are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.contracts.base import ModalityWeights
from services.retriever.index import AnyRows, Rows, Vector, fuse

DIMENSION = 512
Mix = tuple[float, float]
"""Weights of words and look."""

MIXES: tuple[Mix, ...] = ((0.5, 0.5), (0.2, 0.8), (1.0, 0.0), (0.0, 1.0))
_PART = 20_000


@dataclass(frozen=True, slots=True)
class Distribution:
    """Clusters of clusters in two cones apart, one of words and one of pictures.

    What a product's words and its picture have in common is its cluster; the spectrum falls as it
    does in trained models, where a few directions hold most of the variance.
    """

    seed: int = 0

    def parts(self, n: int) -> Iterator[tuple[int, Rows]]:
        """n rows in parts: the number of the first, and (m, 2·d), words beside picture."""
        for start in range(0, n, _PART):
            yield start, np.concatenate(self._products(min(_PART, n - start), start), axis=1)

    def rows(self, n: int, *, half: bool) -> AnyRows:
        """(n, 2·d): words and picture of n products; half: of 16 bits."""
        shape = (n, 2 * DIMENSION)
        out: AnyRows = np.empty(shape, np.float16) if half else np.empty(shape, np.float32)
        for start, part in self.parts(n):
            out[start : start + len(part)] = part
        return out

    def queries(self, count: int, weights: ModalityWeights) -> list[Vector]:
        """Fused, by turns in words and in pictures, of products that the catalogue lacks."""
        text, image = self._products(count, 1_000_000_007)
        return [
            fuse(text[number] if number % 2 else image[number], weights) for number in range(count)
        ]

    def _products(self, n: int, part: int) -> tuple[Rows, Rows]:
        shared = np.random.default_rng(self.seed)
        spectrum = (1 / np.sqrt(1 + np.arange(DIMENSION) / 64)).astype(np.float32)
        turn = np.linalg.qr(shared.standard_normal((DIMENSION, DIMENSION)))[0].astype(np.float32)
        kinds = spectrum * shared.standard_normal((500, DIMENSION), np.float32)
        cones = 2 * spectrum * shared.standard_normal((2, DIMENSION), np.float32)
        own = np.random.default_rng((self.seed, part))
        product = kinds[own.integers(0, len(kinds), n)]
        product = product + 0.8 * spectrum * own.standard_normal((n, DIMENSION), np.float32)
        text, image = (
            _unit((product + cone + 0.5 * spectrum * _noise(own, n)) @ turn) for cone in cones
        )
        return text, image


def _noise(generator: np.random.Generator, n: int) -> Rows:
    return generator.standard_normal((n, DIMENSION), np.float32)


def _unit(rows: Rows) -> Rows:
    unit: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
