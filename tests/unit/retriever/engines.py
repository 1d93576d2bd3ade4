"""Where rows may be searched: in this process, in the embedded Milvus Lite, in a Milvus server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from services.contracts.retriever import CatalogueInfo
from services.retriever.catalogue.engine_fields import engine_fields, origin_of
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.index import NO_CHANGES, Changes, Index, IndexChoice, Rows
from tests.support.indexes import index_of
from tests.support.milvus_server import PYTHON, milvus_server


@contextmanager
def milvus_lite() -> Iterator[str]:
    """The address of a Milvus Lite."""
    from milvus_lite.server_manager import (  # type: ignore[import-untyped]
        server_manager_instance,
    )

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "milvus.db")
        try:
            yield path
        finally:
            # Otherwise it runs on, and writes its files once more when the process ends.
            server_manager_instance.release_server(path)


@contextmanager
def server() -> Iterator[str]:
    """The address of a Milvus server."""
    with milvus_server() as running:
        yield running.uri


MILVUS = [pytest.param(milvus_lite, id="lite")]
if PYTHON:  # its environment is there: `make test-milvus`
    MILVUS.append(pytest.param(server, id="server"))


@contextmanager
def choice_at(uri: str) -> Iterator[IndexChoice]:
    """Everything in the Milvus at an address."""
    from services.retriever.index.milvus import MilvusEngine

    with closing(MilvusEngine(uri, timeout_s=60)) as engine:
        yield IndexChoice(engine=engine)


@contextmanager
def memory() -> Iterator[None]:
    """No address: in this process."""
    yield None


ENGINES = [pytest.param(memory, id="memory"), *MILVUS]


@contextmanager
def choice_of(uri: str | None) -> Iterator[IndexChoice]:
    """Everything at an address of `ENGINES`."""
    if uri is None:
        yield IndexChoice("exact")
        return
    with choice_at(uri) as choice:
        yield choice


def indexed(
    choice: IndexChoice,
    info: CatalogueInfo,
    table: ProductTable,
    ids: Sequence[str],
    rows: Rows,
    changes: Changes = NO_CHANGES,
) -> Index:
    """The index of a version's rows with their fields after changes, as a reader makes it."""
    if choice.engine is None:
        return index_of(choice, rows)
    products, width = rows.shape
    origin = origin_of(info, changes, table.fields)
    with closing(choice.begin(products, width, origin)) as build:
        for start in range(0, len(rows), 50):
            part = slice(start, start + 50)
            taken = table.without([*ids[:start], *ids[start + 50 :]])
            build.put(part, rows[part], engine_fields(ids[part], taken.fields))
        return build.finish()
