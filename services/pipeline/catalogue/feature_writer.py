"""Brings both stores up to date with a batch of products, and touches only what is not.

Offline first, then online: a run that is killed between the two finds the rows in Parquet when it
runs again and pushes them, and encodes nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

import numpy as np
import pyarrow as pa

from services.contracts.catalogue import (
    CONTENT_KEY,
    FINGERPRINT,
    IMAGE_VECTOR,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    TEXT_VECTOR,
    VECTOR_VIEW,
)
from services.pipeline.catalogue.ledger import Entries
from services.pipeline.catalogue.offline_store import OfflineIndex, StoredRow
from services.pipeline.catalogue.online_store import OnlineRow
from services.pipeline.catalogue.product import CatalogueProduct, FloatVector, ProductVectors
from services.pipeline.catalogue.schemas import SCHEMAS, TIMESTAMP
from services.pipeline.catalogue.stores import Stores


@dataclass(slots=True)
class Survey:
    """Work for a batch of products."""

    encode: list[CatalogueProduct] = field(default_factory=list)
    """Their vectors are nowhere."""
    copy: list[tuple[CatalogueProduct, StoredRow]] = field(default_factory=list)
    """Their vectors are in Parquet, but in an older row or under another product."""
    push_vectors: list[tuple[CatalogueProduct, StoredRow]] = field(default_factory=list)
    """Their vectors are in Parquet as they should be online."""
    describe: list[CatalogueProduct] = field(default_factory=list)
    """Their metadata are to be written."""
    push_metadata: list[tuple[CatalogueProduct, StoredRow]] = field(default_factory=list)
    unchanged: int = 0
    """Products of which nothing is to be done."""


class FeatureWriter:
    """Writes `product_vectors` and `product_metadata`, of one model."""

    def __init__(
        self,
        stores: Stores,
        model_id: str,
        *,
        listed: Entries | None = None,
        search_parquet: bool = True,
    ) -> None:
        """listed: products of the served version. An online row counts only if it is one of theirs,
        or found in Parquet: Redis may come back with rows that were swept.

        search_parquet: search the parts for vectors that are not online, before encoding again.
        Reading what the parts hold takes longer the larger the catalogue is: not for a live change,
        which encodes its few products instead.
        """
        self._listed = listed or {}
        self._search_parquet = search_parquet
        self._trust_online = stores.trust_online
        self._online = stores.online
        self._offline = stores.offline
        self._clock = stores.clock
        self._model_id = model_id
        self._indexes: dict[str, OfflineIndex] = {}

    def survey(self, products: Sequence[CatalogueProduct], keeping: Collection[str] = ()) -> Survey:
        """Compare with what is stored. Raises DependencyAway.

        keeping: ids of products whose vectors stay as they are, so they are not looked for.
        """
        survey = Survey()
        ids = [product.product_id for product in products]
        vectors = self._online.vectors(
            ids, self._model_id, [product.vector_fingerprint for product in products]
        )
        metadata = self._online.metadata(
            ids, [product.metadata_fingerprint for product in products]
        )
        for product, vector_row, metadata_row in zip(products, vectors, metadata, strict=True):
            product_id = product.product_id
            listed = self._listed.get(product_id, ("", ""))
            vectors_stand = product_id in keeping or self._stands(
                vector_row, product.vector_fingerprint, listed[0]
            )
            metadata_stand = self._stands(metadata_row, product.metadata_fingerprint, listed[1])
            if not vectors_stand:
                vectors_stand = self._survey_vectors(product, vector_row, survey)
            if not metadata_stand:
                metadata_stand = self._survey_metadata(product, metadata_row, survey)
            survey.unchanged += vectors_stand and metadata_stand
        return survey

    def write(self, survey: Survey, encoded: Mapping[str, ProductVectors]) -> None:
        """encoded: by product id, of `survey.encode`; one left out is not stored at all."""
        left_out = {product.product_id for product in survey.encode} - encoded.keys()
        vectors = self._vector_table(survey, encoded)
        metadata = self._metadata_table(
            [product for product in survey.describe if product.product_id not in left_out]
        )
        for view, table in ((VECTOR_VIEW, vectors), (METADATA_VIEW, metadata)):
            if table.num_rows:
                self._offline.write(view, table)
        self._online.write(VECTOR_VIEW, vectors)
        self._push(VECTOR_VIEW, survey.push_vectors, left_out)
        self._online.write(METADATA_VIEW, metadata)
        self._push(METADATA_VIEW, survey.push_metadata, left_out)

    def _stands(self, online: OnlineRow, wanted: str, listed: str) -> bool:
        return self._trust_online and online.fingerprint == wanted == listed

    def _survey_vectors(self, product: CatalogueProduct, online: OnlineRow, survey: Survey) -> bool:
        """Note what is to be done for the vectors. Returns True if it is nothing."""
        index, wanted = self._index(VECTOR_VIEW), product.vector_fingerprint
        latest = index.latest.get(product.product_id)
        self._see(online, latest)
        if self._both_have(online, latest, wanted):
            return True
        if _is_ahead(latest, wanted, online):
            survey.push_vectors.append((product, latest))
            return False
        same = index.by_fingerprint.get(wanted)
        if same is not None:
            survey.copy.append((product, same))
        else:
            survey.encode.append(product)
        return False

    def _survey_metadata(
        self, product: CatalogueProduct, online: OnlineRow, survey: Survey
    ) -> bool:
        """Note what is to be done for the metadata. Returns True if it is nothing."""
        wanted = product.metadata_fingerprint
        latest = self._index(METADATA_VIEW).latest.get(product.product_id)
        self._see(online, latest)
        if self._both_have(online, latest, wanted):
            return True
        if _is_ahead(latest, wanted, online):
            survey.push_metadata.append((product, latest))
        else:
            survey.describe.append(product)
        return False

    def _index(self, view: str) -> OfflineIndex:
        """Read when first needed: a run that changes nothing never does."""
        if not self._search_parquet:
            return OfflineIndex()
        if view not in self._indexes:
            model = self._model_id if view == VECTOR_VIEW else None
            self._indexes[view] = self._offline.index(view, model)
        return self._indexes[view]

    def _both_have(self, online: OnlineRow, latest: StoredRow | None, wanted: str) -> bool:
        fingerprints = {online.fingerprint, "" if latest is None else latest.fingerprint}
        return self._trust_online and fingerprints == {wanted}

    def _see(self, online: OnlineRow, offline: StoredRow | None) -> None:
        self._clock.has_seen(online.timestamp)
        self._clock.has_seen(None if offline is None else offline.timestamp)

    def _push(
        self, view: str, rows: Sequence[tuple[CatalogueProduct, StoredRow]], left_out: set[str]
    ) -> None:
        wanted = [row for product, row in rows if product.product_id not in left_out]
        if wanted:
            self._online.write(view, self._offline.read(view, wanted))

    def _vector_table(self, survey: Survey, encoded: Mapping[str, ProductVectors]) -> pa.Table:
        written = [
            (product, encoded[product.product_id])
            for product in survey.encode
            if product.product_id in encoded
        ]
        if survey.copy:
            rows = self._offline.read(VECTOR_VIEW, [row for _, row in survey.copy])
            texts, images = (_vectors(rows, name) for name in (TEXT_VECTOR, IMAGE_VECTOR))
            for (product, _), text, image in zip(survey.copy, texts, images, strict=True):
                written.append((product, ProductVectors(text, image)))
        columns = {
            PRODUCT_KEY: [product.product_id for product, _ in written],
            MODEL_KEY: [self._model_id] * len(written),
            CONTENT_KEY: [product.vector_fingerprint for product, _ in written],
            TEXT_VECTOR: [vectors.text for _, vectors in written],
            IMAGE_VECTOR: [vectors.image for _, vectors in written],
            FINGERPRINT: [product.vector_fingerprint for product, _ in written],
            TIMESTAMP: [self._clock.tick()] * len(written),
        }
        return pa.table(columns, SCHEMAS[VECTOR_VIEW])

    def _metadata_table(self, products: Sequence[CatalogueProduct]) -> pa.Table:
        schema = SCHEMAS[METADATA_VIEW]
        apart = {CONTENT_KEY, FINGERPRINT, TIMESTAMP}
        columns: dict[str, list[object]] = {
            name: [getattr(product, name) for product in products]
            for name in schema.names
            if name not in apart
        }
        columns[CONTENT_KEY] = [product.metadata_fingerprint for product in products]
        columns[FINGERPRINT] = [product.metadata_fingerprint for product in products]
        columns[TIMESTAMP] = [self._clock.tick()] * len(products)
        return pa.table(columns, schema)


def _is_ahead(offline: StoredRow | None, wanted: str, online: OnlineRow) -> TypeGuard[StoredRow]:
    """True if the newest row in Parquet is the wanted one and is not online yet."""
    return (
        offline is not None
        and offline.fingerprint == wanted
        and (online.timestamp is None or online.timestamp < offline.timestamp)
    )


def _vectors(table: pa.Table, name: str) -> list[FloatVector]:
    return [np.asarray(value.values, np.float32) for value in table[name]]
