"""Moments of a catalogue: the mean and covariance of its rows, and how a query's scores spread.

The mean of a query's scores over the whole catalogue is ``q·μ`` and their variance ``qᵀΣq``, with
the mean and covariance of the catalogue's rows, computed once.

A *usual* query says what a product says. The variance of ``q = [w_t·u ; w_i·u]``, averaged over the
catalogue's own vectors ``u``, is ``Σ w_a·w_b·tr(Σ_ab E[u uᵀ])``, and ``E[u uᵀ] = Σ + μμᵀ``.
Derivation and measurements: docs/decisions/0017-usual-spread.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.retriever.index import AnyRows, Rows, Vector
from services.retriever.index.base import sampled

_LEAST_SPREAD = 1e-6

_MIXED = 8
"""Pairs of weights whose covariance stays in memory: 1 MB each for ViT-B/32."""

_COMPARED = 2_000
"""Rows that are compared with each other at most."""
_FEWEST_COMPARED = 50
_LEAST_DISTINCT = 0.1
"""Share of these rows that must differ, as in the pipeline's gate."""

TermKind = Literal["words", "picture", "product"]
"""Source of a query's term."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The scores of one query over the whole catalogue."""

    mean: float
    deviation: float
    products: int
    images: int = 0
    """Further images of the products, where images count: each may be the nearest one."""

    def standardised(self, score: float) -> float:
        """The score in standard deviations above the mean."""
        return (score - self.mean) / self.deviation

    def score_at(self, deviations: float) -> float:
        """The score that lies so many standard deviations above the mean."""
        return self.mean + deviations * self.deviation


Variances = tuple[float, float, float]
"""Variances of a usual query's scores: by text, by image, and their covariance."""


@dataclass(frozen=True)
class Moments:
    """Mean (2·d,) and covariance (2·d, 2·d) of a catalogue's fused rows, float32."""

    mean: Vector
    covariance: Rows
    products: int
    usual: Mapping[TermKind, Variances]
    blind: bool = False
    """True if the model distinguishes few of the products: then its similarities say nothing."""
    further: int = 0
    """Images of these products beside their first ones, which the mean and covariance are of."""
    mixed: dict[tuple[float, float], Rows] = field(default_factory=dict, compare=False, repr=False)
    """(d, d) covariances for queries of one vector, by weights of text and image; made when used
    first. A quarter of the bytes to read."""

    @classmethod
    def of(cls, rows: AnyRows) -> Moments:
        """rows: (n, 2·d)."""
        return cls.of_sample(sampled(rows), len(rows))

    @classmethod
    def of_sample(cls, sample: Rows, n: int) -> Moments:
        """sample: (m, 2·d) of n rows: 50,000 change the covariance by less than a thousandth."""
        exact = sample.mean(axis=0, dtype=np.float64) if n else np.zeros(sample.shape[1])
        mean: Vector = exact.astype(np.float32)
        centred = sample - mean
        covariance: Rows = (centred.T @ centred / max(1, len(sample))).astype(np.float32)
        return cls(mean, covariance, n, _usual(mean, covariance), _few_distinct(sample))

    def spread(self, query: Vector, weights: tuple[float, float] | None = None) -> Spread:
        """query: (2·d,) fused.

        weights: of text and image, if the query is ``[w_text·u ; w_image·u]`` of one vector u.
        """
        mixed = None if weights is None else self._mixed(*weights)
        if mixed is None or weights is None:
            variance = float(query @ (self.covariance @ query))
        else:
            d, (text, image) = len(query) // 2, weights
            one = query[:d] / np.float32(text) if text >= image else query[d:] / np.float32(image)
            variance = float(one @ (mixed @ one))
        deviation = max(math.sqrt(max(variance, 0.0)), _LEAST_SPREAD)
        images = self.further if self.further and query[len(query) // 2 :].any() else 0
        return Spread(float(self.mean @ query), deviation, self.products, images)

    def _mixed(self, text: float, image: float) -> Rows | None:
        """``Σ w_a·w_b·Σ_ab``, so that ``uᵀMu = qᵀΣq``; None for unusual weights."""
        known = self.mixed.get((text, image))
        if known is None and len(self.mixed) < _MIXED:
            d, c = len(self.mean) // 2, self.covariance
            both = c[:d, d:] + c[d:, :d]
            known = text**2 * c[:d, :d] + image**2 * c[d:, d:] + text * image * both
            self.mixed[text, image] = known = np.ascontiguousarray(known, np.float32)
        return known

    @cached_property
    def pictured(self) -> float:
        """Share of the products that have a picture: rows without one are zero, others unit."""
        image = slice(len(self.mean) // 2, None)
        mean = self.mean[image]
        share = float(np.trace(self.covariance[image, image]) + mean @ mean)
        return 0.0 if share <= _LEAST_SPREAD else share

    def image_by_text(self, query: Vector, by_text: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected part of images in the score of products with these parts of their texts.

        query: (2·d,) fused. The straight line of least squares through all products with an image.
        Zeros where no product has one.
        """
        if not self.pictured:
            return np.zeros_like(by_text)
        d = len(query) // 2
        text, image = query[:d], query[d:]
        # Rows without an image are zero; of the others, the mean is this much larger.
        mean = float(self.mean[d:] @ image) / self.pictured
        variance = float(text @ (self.covariance[:d, :d] @ text))
        covariance = float(text @ (self.covariance[:d, d:] @ image)) / self.pictured
        slope = covariance / variance if variance > _LEAST_SPREAD**2 else 0.0
        expected: NDArray[np.float64] = mean + slope * (by_text - float(self.mean[:d] @ text))
        return expected

    def centre(self, kind: TermKind) -> Vector | None:
        """(d,) mean of the products' vectors of their words, or of their pictures.

        None where no product has a picture, and for queries that are products.
        """
        d = len(self.mean) // 2
        if kind == "product":
            return None
        half = slice(None, d) if kind == "words" else slice(d, None)
        mean = self.mean[half]
        # Rows without a picture are zero and no part of its mean.
        share = float(np.trace(self.covariance[half, half]) + mean @ mean)
        return None if share <= _LEAST_SPREAD else mean / np.float32(share)

    def usual_deviation(self, kind: TermKind, text: float, image: float) -> float:
        """Standard deviation of a usual query's scores, with these weights of words and look."""
        by_text, by_image, both = self.usual[kind]
        variance = text**2 * by_text + image**2 * by_image + 2 * text * image * both
        return max(math.sqrt(max(variance, 0.0)), _LEAST_SPREAD)


def _few_distinct(rows: AnyRows) -> bool:
    compared = rows[:: max(1, math.ceil(len(rows) / _COMPARED))].astype(np.float32)
    distinct = len(np.unique(compared.round(4), axis=0))
    return len(compared) >= _FEWEST_COMPARED and distinct < _LEAST_DISTINCT * len(compared)


def _usual(mean: Vector, covariance: Rows) -> dict[TermKind, Variances]:
    d = len(mean) // 2
    text, image = slice(None, d), slice(d, None)
    second = covariance + np.outer(mean, mean)
    # Rows without a picture are zero, and no query is: this is the share of those that have one.
    pictured = float(np.trace(second[image, image]))

    def variances(words: slice, look: slice, share: float) -> Variances:
        return (
            float(np.sum(covariance[text, text] * second[words, words])) / share,
            float(np.sum(covariance[image, image] * second[look, look])) / share,
            float(np.sum(covariance[text, image] * second[words, look])) / share,
        )

    of_words = variances(text, text, 1.0)
    return {
        "words": of_words,
        "picture": variances(image, image, pictured) if pictured > _LEAST_SPREAD else of_words,
        "product": variances(text, image, 1.0),
    }
