"""Rows and queries distributed as CLIP's are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.contracts.base import ModalityWeights
from services.retriever.index import AnyRows, Rows, Vector, fuse

DIMENSION = 512
MIXES = ((0.5, 0.5), (0.2, 0.8), (1.0, 0.0), (0.0, 1.0))
_PART = 20_000


@dataclass(frozen=True, slots=True)
class Distribution:
    """Clusters of clusters in two cones apart, one of words and one of pictures.

    What a product's words and its picture have in common is its cluster; the spectrum falls as it
    does in trained models, where a few directions hold most of the variance.
    """

    seed: int = 0

    def rows(self, n: int, *, half: bool) -> AnyRows:
        """(n, 2·d): words and picture of n products, made in parts; half: of 16 bits."""
        out: AnyRows = (
            np.empty((n, 2 * DIMENSION), np.float16)
            if half
            else np.empty((n, 2 * DIMENSION), np.float32)
        )
        for start in range(0, n, _PART):
            size = min(_PART, n - start)
            text, image = self._products(size, start)
            out[start : start + size, :DIMENSION] = text
            out[start : start + size, DIMENSION:] = image
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
