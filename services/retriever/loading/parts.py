"""One part of a catalogue, read from the feature store and checked, wherever that is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from services.contracts.catalogue import (
    CONTENT_KEY,
    FINGERPRINT,
    IMAGE_VECTOR,
    METADATA_VIEW,
    MODEL_KEY,
    MOST_IMAGES,
    PRODUCT_KEY,
    TEXT_VECTOR,
    VECTOR_VIEW,
)
from services.contracts.search import PRICE
from services.retriever.catalogue.product_table import TEXT_COLUMNS, product_batch
from services.retriever.index import AnyRows, FurtherImages, Rows
from services.retriever.loading.faults import Faults, check_vectors

if TYPE_CHECKING:
    from services.retriever.loading.columns import Columns


class Features(Protocol):
    """The online store, as far as a load needs it; `FeastFeatures` is one."""

    def read(
        self, view: str, features: Sequence[str], keys: Mapping[str, Sequence[str]]
    ) -> Columns:
        """See `FeastFeatures.read`."""
        ...

    def refresh(self) -> None:
        """See `FeastFeatures.refresh`."""
        ...

    def has(self, view: str, feature: str) -> bool:
        """See `FeastFeatures.has`."""
        ...

    def close(self) -> None:
        """See `FeastFeatures.close`."""
        ...


@dataclass(frozen=True, slots=True)
class Keys:
    """Products of a version, and the fingerprints that their rows carry."""

    product_ids: list[str]
    fingerprints: list[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Some products' vectors, and as many others' metadata.

    Vectors come from all over the catalogue, as an index that learns from the first of them needs,
    or are those of the same products, as an engine needs; metadata in order, as the table has them.
    """

    rows: slice
    """Where the vectors go among those of the version."""
    vectors: Keys
    metadata: Keys


@dataclass(frozen=True, slots=True)
class Vectors:
    """Format of all vectors of a version."""

    model_id: str
    dimension: int
    half: bool
    """True for 16-bit floats instead of 32-bit ones, as the index holds them."""


@dataclass(frozen=True, slots=True)
class PartRead:
    """Contents of a part: (m, 2·d) fused vectors, metadata, and the faults in them."""

    vectors: AnyRows
    further: FurtherImages
    """Further images of the products of these vectors."""
    products: pa.RecordBatch
    faults: Faults


def read_part(features: Features, of: Vectors, part: Part) -> PartRead:
    """Raises StoreUnavailable."""
    faults = Faults()
    vectors, further = _vectors(features, of, part.vectors, faults)
    products = _products(features, part.metadata, faults)
    if of.half:
        return PartRead(vectors.astype(np.float16), further.halved(), products, faults)
    return PartRead(vectors, further, products, faults)


def _vectors(
    features: Features, of: Vectors, keys: Keys, faults: Faults
) -> tuple[Rows, FurtherImages]:
    ids = keys.product_ids
    columns = features.read(
        VECTOR_VIEW,
        [TEXT_VECTOR, IMAGE_VECTOR, FINGERPRINT],
        {PRODUCT_KEY: ids, MODEL_KEY: [of.model_id] * len(ids), CONTENT_KEY: keys.fingerprints},
    )
    present = faults.compare("vectors", ids, keys.fingerprints, columns.texts(FINGERPRINT))
    rows = np.zeros((len(ids), 2 * of.dimension), np.float32)
    text, image = rows[:, : of.dimension], rows[:, of.dimension :]
    check_vectors("text", text, columns.vectors(TEXT_VECTOR, text), ids, present, faults)
    lengths, several = columns.several_vectors(IMAGE_VECTOR, image, MOST_IMAGES)
    further = _further(rows, several)
    for number, _ in several:
        lengths[number] = of.dimension
    check_vectors("image", image, lengths, ids, present, faults, may_be_empty=True)
    owners = [ids[row] for row in further.rows.tolist()]
    check_vectors(
        "further image",
        further.differences + image[further.rows],
        [of.dimension] * len(owners),
        owners,
        [True] * len(owners),
        faults,
    )
    return rows, further


def _further(rows: Rows, several: Sequence[tuple[int, Rows]]) -> FurtherImages:
    """several: by row, its images after the first; zeros where one has no vector of its own."""
    numbers, places, images = [], [], []
    for number, vectors in several:
        for place, vector in enumerate(vectors, 1):
            if vector.any():
                numbers.append(number)
                places.append(place)
                images.append(vector)
    if not images:
        return FurtherImages.none(rows.shape[1])
    owners = np.array(numbers, np.intp)
    return FurtherImages.of(rows, owners, np.array(places, np.uint8), np.stack(images))


def _products(features: Features, keys: Keys, faults: Faults) -> pa.RecordBatch:
    ids = keys.product_ids
    columns = features.read(
        METADATA_VIEW,
        [*TEXT_COLUMNS, PRICE, FINGERPRINT],
        {PRODUCT_KEY: ids, CONTENT_KEY: keys.fingerprints},
    )
    present = faults.compare("metadata", ids, keys.fingerprints, columns.texts(FINGERPRINT))
    texts = {name: columns.texts(name) for name in TEXT_COLUMNS}
    batch, refused = product_batch(ids, texts, columns.numbers(PRICE))
    there = dict(zip(ids, present, strict=True))
    for product_id, reason in refused:
        if there[product_id]:
            faults.add(f"metadata that make no product ({reason})", product_id)
    return batch
