"""`tf.train.Example`s of products and queries with their vectors, and back to matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from services.pipeline.catalogue.product import ProductVectors
from services.pipeline.judging.metrics import Grade, Judgements
from services.pipeline.training.embedded import (
    EmbeddedProducts,
    EmbeddedQueries,
    QueryKind,
    rows_of,
)

GRADES: tuple[Grade, ...] = ("E", "S", "C")
_GRADE = "grade_"


def product_example(product_id: str, vectors: ProductVectors, model: str) -> bytes:
    """Serialized."""
    return _serialized(
        {"product_id": [product_id], "model": [model]},
        {"text_vector": vectors.text, "image_vector": vectors.image},
    )


def query_examples(queries: EmbeddedQueries, judgements: Judgements) -> Iterator[bytes]:
    """Serialized, each with the products of each grade."""
    for query_id, kind, vector in zip(queries.ids, queries.kinds, queries.vectors, strict=True):
        grades = judgements.get(query_id, {})
        texts: dict[str, list[str]] = {
            "query_id": [query_id],
            "kind": [kind],
            "model": [queries.model],
        }
        for grade in GRADES:
            texts[f"{_GRADE}{grade}"] = [one for one, given in grades.items() if given == grade]
        yield _serialized(texts, {"vector": vector})


def read_products(patterns: Sequence[str]) -> EmbeddedProducts:
    """In order of id, whatever order the workers wrote them in."""
    rows = sorted(
        (
            (_text(one, "product_id"), _floats(one, "text_vector"), _floats(one, "image_vector"))
            for one in _examples(patterns)
        ),
        key=lambda row: row[0],
    )
    dimension = len(rows[0][1])
    return EmbeddedProducts(
        ids=[product_id for product_id, _, _ in rows],
        text=rows_of([text for _, text, _ in rows], dimension),
        image=rows_of([image for _, _, image in rows], dimension),
        model=_text(next(_examples(patterns)), "model"),
    )


def read_queries(patterns: Sequence[str]) -> tuple[EmbeddedQueries, Judgements]:
    """The queries, and the grades of those that have an answer."""
    examples = list(_examples(patterns))
    kinds: list[QueryKind] = [
        "words" if _text(one, "kind") == "words" else "picture" for one in examples
    ]
    queries = EmbeddedQueries(
        ids=[_text(one, "query_id") for one in examples],
        kinds=kinds,
        vectors=np.array([_floats(one, "vector") for one in examples], np.float32),
        model=_text(examples[0], "model"),
    )
    judged: dict[str, dict[str, Grade]] = {}
    for query_id, example in zip(queries.ids, examples, strict=True):
        grades: dict[str, Grade] = {
            product.decode(): grade
            for grade in GRADES
            for product in example.features.feature[f"{_GRADE}{grade}"].bytes_list.value
        }
        if grades:
            judged[query_id] = grades
    return queries, judged


def write_records(path: str, records: Iterable[bytes]) -> None:
    """Gzipped TFRecords, as TFX keeps its examples."""
    with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type="GZIP")) as out:
        for record in records:
            out.write(record)


def _examples(patterns: Sequence[str]) -> Iterator[tf.train.Example]:
    files = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        yield tf.train.Example.FromString(record)


def _serialized(texts: Mapping[str, Sequence[str]], floats: Mapping[str, np.ndarray]) -> bytes:
    feature = {
        name: tf.train.Feature(
            bytes_list=tf.train.BytesList(value=[value.encode() for value in values])
        )
        for name, values in texts.items()
    } | {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=values))
        for name, values in floats.items()
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    serialized: bytes = example.SerializeToString()
    return serialized


def _text(example: tf.train.Example, name: str) -> str:
    text: str = example.features.feature[name].bytes_list.value[0].decode()
    return text


def _floats(example: tf.train.Example, name: str) -> Sequence[float]:
    values: Sequence[float] = example.features.feature[name].float_list.value
    return values
