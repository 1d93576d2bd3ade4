"""Weight against excluded words: products that do not say them, but whose picture looks like them.

A product that says another value of the same field ("red", where blue is excluded) is believed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from services.contracts.retriever import Exclusion
from services.contracts.search import BRAND, CATEGORY, IN_STOCK
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import Vector
from services.retriever.words.said import STRUCTURED, rows_saying

_MOST = 0.15
"""Relevance that a product loses, in units of cosine similarity."""
_FROM, _TO = 0.5, 2.5
"""Standard deviations above the mean look between which the loss grows to `_MOST`."""


class Against:
    """The excluded texts of one request over one catalogue."""

    def __init__(self, catalogue: Catalogue, exclusions: Sequence[Exclusion]) -> None:
        self._catalogue = catalogue
        d = catalogue.info.dimension
        self._looks = [
            (one.text, np.asarray(one.vector, np.float32), self._field(one.text))
            for one in exclusions
            if one.vector is not None and len(one.vector) == d
        ]

    def __bool__(self) -> bool:
        return bool(self._looks)

    def loss(self, rows: Numbers) -> NDArray[np.float64]:
        """(m,) what the relevance of these rows loses."""
        loss = np.zeros(len(rows))
        for _, lost in self._losses(rows):
            loss = np.maximum(loss, lost)
        return loss

    def resembled(self, rows: Numbers) -> list[list[str]]:
        """By row, the excluded texts that its picture looks like: those by which it loses."""
        found: list[list[str]] = [[] for _ in rows]
        for text, lost in self._losses(rows):
            for at in np.flatnonzero(lost).tolist():
                found[at].append(text)
        return found

    def _losses(self, rows: Numbers) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Each excluded text, and (m,) what these rows lose by it."""
        if not self._looks or not len(rows):
            return
        d = self._catalogue.info.dimension
        pictures = self._catalogue.index.rows(rows)[:, d:].astype(np.float32)
        for text, look, field in self._looks:
            mean, deviation = self._usual(look)
            excess = (pictures @ look - mean) / deviation
            lost = _MOST * np.clip((excess - _FROM) / (_TO - _FROM), 0, 1)
            # Without a picture nothing is seen.
            lost[~pictures.any(axis=1)] = 0
            if field is not None:
                lost[self._catalogue.products.has_value(field, rows)] = 0
            yield text, lost

    def _usual(self, look: Vector) -> tuple[float, float]:
        """Mean and standard deviation of the likeness of the catalogue's pictures."""
        moments, d = self._catalogue.moments, self._catalogue.info.dimension
        share = moments.pictured or 1.0
        mean = float(moments.mean[d:] @ look) / share
        square = (
            float(look @ moments.covariance[d:, d:] @ look) + float(moments.mean[d:] @ look) ** 2
        )
        return mean, max(math.sqrt(max(square / share - mean**2, 0.0)), 1e-6)

    def _field(self, text: str) -> str | None:
        """The field that has this value, as the first product says that has it."""
        products, words = self._catalogue.products, self._catalogue.words
        rows = rows_saying(words, text, STRUCTURED, self._catalogue.synonyms)
        for number in rows[:1].tolist():
            fields, row = products.place(number)
            for name in fields.names:
                if name in (BRAND, CATEGORY, IN_STOCK):
                    continue
                value = fields.column(name).of_row(row)
                stems = words.analyser.stems
                if value and set(stems(words.analyser.words(text))) & set(
                    stems(words.analyser.words(value))
                ):
                    return name
        return None
