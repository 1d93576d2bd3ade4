"""Columns read from Redis without Feast's objects hold what Feast's own read gives."""

from __future__ import annotations

import math
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from feast import FeatureStore
from feast.infra.provider import get_provider
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import FloatList, Value

from services.contracts.catalogue import (
    CONTENT_KEY,
    IMAGE_VECTOR,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    TEXT_VECTOR,
    VECTOR_VIEW,
)
from services.retriever.loading.store import FeastFeatures
from tests.integration.retriever.publishing import Publisher

D = 4
TEXTS = ["", "x", "Ж" * 63, "y" * 127, "y" * 128, "z" * 16_383, "ü" * 8_192, "a\0b", "字"]
WRITTEN = datetime(2026, 3, 1, 12, 30, 0, 123_456, UTC)


def test_columns_hold_what_feast_reads_by_the_row(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.apply()
    store = FeatureStore(repo_path=str(feature_repo_dir))
    provider = get_provider(store.config)
    # Names that sort in another order than they are given; ids that are not ASCII; one not there.
    ids = [f"№-{number}" for number in range(len(TEXTS))]
    keys = {PRODUCT_KEY: [*ids, "absent"], CONTENT_KEY: ["c", "é" * 200, *"c" * (len(ids) - 1)]}
    entities = [
        EntityKey(join_keys=[*keys], entity_values=[Value(string_val=one) for one in pair])
        for pair in zip(*keys.values(), strict=True)
    ]
    view = store.get_feature_view(METADATA_VIEW)
    rows = [
        {"title": Value(string_val=text), "price": Value(double_val=number / 4)}
        for number, text in enumerate(TEXTS)
    ]
    rows[0] = {"title": Value(), "price": Value(int64_val=3), "brand": Value(string_val="other")}
    provider.online_write_batch(
        store.config,
        view,
        [(key, row, WRITTEN, None) for key, row in zip(entities, rows, strict=False)],
        None,
    )
    by_row = provider.online_read(store.config, view, entities, ["title", "brand", "price"])
    with closing(FeastFeatures(feature_repo_dir, timeout_s=5)) as features:
        columns = features.read(METADATA_VIEW, ["title", "brand", "price"], keys)
    read = [row or {} for _, row in by_row]
    for name in ("title", "brand"):
        assert columns.texts(name) == [row[name].string_val for row in read]
    assert columns.texts("title")[1:-1] == TEXTS[1:]
    prices = columns.numbers("price")
    assert math.isnan(prices[0])
    assert math.isnan(prices[-1])
    assert prices[1:-1] == [row["price"].double_val for row in read[1:-1]]
    assert columns.timestamps_us() == [
        *[round(WRITTEN.timestamp() * 1_000_000)] * len(TEXTS),
        0,
    ]


def test_vectors_are_those_that_feast_reads(feature_repo_dir: Path, publisher: Publisher) -> None:
    publisher.apply()
    store = FeatureStore(repo_path=str(feature_repo_dir))
    provider = get_provider(store.config)
    generator = np.random.default_rng(0)
    texts = [generator.standard_normal(D).astype(np.float32) for _ in range(4)]
    images = [generator.standard_normal(size).astype(np.float32) for size in (D, 3 * D, 0, D + 1)]
    keys = {
        PRODUCT_KEY: ["a", "b", "c", "d"],
        MODEL_KEY: ["m@1"] * 4,
        CONTENT_KEY: ["1", "2", "3", "4"],
    }
    data: list[tuple[EntityKey, dict[str, Value], datetime, datetime | None]] = [
        (
            EntityKey(join_keys=[*keys], entity_values=[Value(string_val=one) for one in key]),
            {
                TEXT_VECTOR: Value(float_list_val=FloatList(val=text)),
                IMAGE_VECTOR: Value(float_list_val=FloatList(val=image)),
            },
            WRITTEN,
            None,
        )
        for key, text, image in zip(zip(*keys.values(), strict=True), texts, images, strict=True)
    ]
    provider.online_write_batch(store.config, store.get_feature_view(VECTOR_VIEW), data, None)
    with closing(FeastFeatures(feature_repo_dir, timeout_s=5)) as features:
        columns = features.read(VECTOR_VIEW, [TEXT_VECTOR, IMAGE_VECTOR], keys)
    text, image = np.empty((4, D), np.float32), np.empty((4, D), np.float32)
    assert columns.vectors(TEXT_VECTOR, text) == [D] * 4
    assert np.array_equal(text, np.stack(texts))
    lengths, further = columns.several_vectors(IMAGE_VECTOR, image, 16)
    assert lengths == [D, 3 * D, 0, D + 1]
    assert np.array_equal(image[:2], [images[0], images[1][:D]])
    assert not image[2:].any()
    ((number, rest),) = further
    assert number == 1
    assert np.array_equal(rest, images[1].reshape(3, D)[1:])
