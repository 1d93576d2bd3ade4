"""The image of each product that is nearest to the query, where products have several."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic_core import from_json

from services.contracts.products import searched_pictures
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import Rows, Vector


def matched_images(catalogue: Catalogue, fused: Vector, rows: Numbers) -> Mapping[int, str]:
    """By position among these rows: the address of the matched picture, if not the first one."""
    if not catalogue.index.images:
        return {}
    places, _ = catalogue.index.nearest_images(fused, rows)
    positions = np.flatnonzero(places)
    if not len(positions):
        return {}
    products = catalogue.products
    firsts = products.texts("image_url", rows[positions])
    attributes = products.texts("attributes", rows[positions])
    matched: dict[int, str] = {}
    for position, first, text in zip(positions.tolist(), firsts, attributes, strict=True):
        pictures = searched_pictures(first, from_json(text) if text else {})
        if places[position] < len(pictures):
            matched[position] = pictures[places[position]]
    return matched


def nearest_rows(catalogue: Catalogue, fused: Vector, rows: Numbers) -> Rows:
    """(m, 2·d) these rows, each with its nearest image."""
    vectors = catalogue.index.rows(rows)
    if not catalogue.index.images:
        return vectors
    _, differences = catalogue.index.nearest_images(fused, rows)
    vectors = vectors.copy()
    vectors[:, len(fused) // 2 :] += differences
    return vectors
