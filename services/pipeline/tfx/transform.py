"""Transform: the caption that is embedded, by the function that `load` uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from services.pipeline.catalogue.caption import caption
from services.pipeline.tfx.feed_examples import FAULT, FAULT_COLUMNS, NO_FAULT, PICTURE

CAPTION = "caption"
FIT = "fit"
"""1 where the row is a product that may be loaded."""


def preprocessing_fn(inputs: Mapping[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Features of `feed_examples` to id, caption, picture and whether the row is fit to load."""
    product_id, title, description, picture = (
        _dense(inputs[name]) for name in ("product_id", "title", "description", PICTURE)
    )
    faults = [_dense(inputs[f"{FAULT}{column}"]) for column in FAULT_COLUMNS]
    fit = tf.reduce_all(tf.stack([tf.equal(fault, NO_FAULT) for fault in faults]), axis=0)
    # TensorFlow has none of Python's rules for letters: the one function is called from the graph.
    words = tft.apply_pyfunc(captions, tf.string, False, CAPTION, title, description)
    words.set_shape(title.shape)
    return {
        "product_id": product_id,
        CAPTION: words,
        PICTURE: picture,
        FIT: tf.cast(fit, tf.int64),
    }


def captions(titles: np.ndarray, descriptions: np.ndarray) -> np.ndarray:
    """(n,) of bytes from (n,) of bytes each."""
    pairs = zip(titles, descriptions, strict=True)
    made = [caption(title.decode(), description.decode()) for title, description in pairs]
    return np.array([one.encode() for one in made], dtype=object)


def _dense(feature: tf.SparseTensor) -> tf.Tensor:
    """(n,) of one value a row, empty where there is none."""
    rows = feature.dense_shape[0]
    one_a_row = tf.SparseTensor(feature.indices, feature.values, [rows, 1])
    return tf.squeeze(tf.sparse.to_dense(one_a_row, default_value=""), axis=1)
