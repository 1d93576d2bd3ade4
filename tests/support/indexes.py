"""Indexes of rows that are all there, made as a load makes them."""

from __future__ import annotations

import hashlib
from contextlib import closing

import numpy as np

from services.retriever.index import AnyRows, Index, IndexChoice, Origin, scattered

_AT_ONCE = 4_096


def index_of(choice: IndexChoice, rows: AnyRows) -> Index:
    """rows: (n, 2·d)."""
    digest = hashlib.blake2b(np.ascontiguousarray(rows).data, digest_size=8)
    origin = Origin(f"{digest.hexdigest()} {rows.shape} {rows.dtype}")
    with closing(choice.begin(len(rows), rows.shape[1], origin)) as build:
        for part in scattered(len(rows), _AT_ONCE):
            build.put(part, rows[part])
        return build.finish()
