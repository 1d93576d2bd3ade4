"""A process that loads a catalogue for another one: the same catalogue, and nothing left behind."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from threading import Event, Thread, Timer

import numpy as np
import pytest

from services.contracts.catalogue import CatalogueHead
from services.retriever.errors import BrokenPublication, LoadStopped, StoreUnavailable
from services.retriever.index import IndexChoice
from services.retriever.loading.aside import Aside
from services.retriever.loading.loaded import Loaded
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from tests.integration.retriever.publishing import Publisher, Version
from tests.support.milvus_server import PYTHON, milvus_server

VERSION = Version.of("v1", 25)
LARGE = np.arange(10_000_000, dtype=np.float32)


def reader_of(folder: Path, uri: str | None = None, aside: Aside | None = None) -> CatalogueReader:
    """A reader of a store, with the rows here or in a Milvus."""
    features, choice = FeastFeatures(folder, timeout_s=60), IndexChoice()
    if uri is not None:
        from services.retriever.index.milvus import MilvusEngine

        choice = IndexChoice(engine=MilvusEngine(uri, timeout_s=60))
    return CatalogueReader(features, batch=10, choice=choice, aside=aside)


def dying_reader() -> CatalogueReader:
    """The process ends before it has a reader."""
    os._exit(1)


def slow_reader() -> CatalogueReader:
    """The process never has a reader."""
    Event().wait()
    raise AssertionError


def faulty_reader() -> CatalogueReader:
    """A fault in the program."""
    raise KeyError("brand")


class Talking(CatalogueReader):
    """Threads of its process log without end while a large array is sent."""

    def read(self, head: CatalogueHead, *, serving: bool = False) -> Loaded:
        """That catalogue, with moments that take 40 MB."""
        for _ in range(4):
            Thread(target=self._talk, daemon=True).start()
        loaded = super().read(head, serving=serving)
        return replace(loaded, moments=replace(loaded.moments, covariance=LARGE))

    def _talk(self) -> None:
        while True:
            logging.getLogger(__name__).info("a word " * 500)


def reader_among_talk(folder: Path) -> CatalogueReader:
    """See `Talking`."""
    return Talking(FeastFeatures(folder, timeout_s=60), batch=10)


def talking_reader(folder: Path) -> CatalogueReader:
    """A reader whose process says something."""
    logging.getLogger("services.retriever").warning("read by %s", "another process")
    return reader_of(folder)


def loaded_aside(
    make: Callable[[Path], CatalogueReader], folder: Path, publisher: Publisher
) -> Loaded:
    """The version, published and loaded by a process of its own."""
    publisher.publish(VERSION)
    with closing(reader_of(folder)) as reader:
        return Aside(partial(make, folder)).load(reader.head(), Event(), serving=False)


def test_the_catalogue_is_the_one_that_a_load_here_gives(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(VERSION)
    with closing(reader_of(feature_repo_dir)) as reader:
        head = reader.head()
        here = reader.read(head)
        there = Aside(partial(reader_of, feature_repo_dir)).load(head, Event(), serving=True)
    rows = np.arange(len(VERSION.product_ids))
    assert there.products.ids == here.products.ids == [*VERSION.product_ids]
    assert there.products.values(rows.tolist()) == here.products.values(rows.tolist())
    assert there.products.words.words.texts() == here.products.words.words.texts()
    for word in ("v1", VERSION.product_ids[3]):
        found = there.products.words.words.find(word)
        assert found == here.products.words.words.find(word)
    assert there.products.completions.phrases.words() == here.products.completions.phrases.words()
    assert np.array_equal(there.index.rows(rows), here.index.rows(rows))
    assert np.array_equal(there.moments.covariance, here.moments.covariance)
    assert not active_children()


def test_what_shares_memory_there_shares_it_here(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    products = loaded_aside(reader_of, feature_repo_dir, publisher).products
    prices = products._table.column("price").to_numpy()
    assert np.shares_memory(prices, products.fields.prices)


def test_the_log_of_the_process_is_that_of_the_service(
    feature_repo_dir: Path, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    loaded_aside(talking_reader, feature_repo_dir, publisher)
    assert "read by another process" in caplog.messages


def test_records_of_other_threads_stay_out_of_the_catalogue(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    loaded = loaded_aside(reader_among_talk, feature_repo_dir, publisher)
    assert np.array_equal(loaded.moments.covariance, LARGE)


def test_a_fault_of_the_program_is_raised_here_with_its_cause(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(VERSION)
    with closing(reader_of(feature_repo_dir)) as reader:
        head = reader.head()
    with pytest.raises(RuntimeError, match=r"(?s)in faulty_reader.*KeyError: 'brand'"):
        Aside(faulty_reader).load(head, Event(), serving=False)


def test_a_fault_of_the_version_is_reported_here(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(VERSION)
    with closing(reader_of(feature_repo_dir)) as reader:
        head = reader.head().model_copy(update={"products": 26})
        with pytest.raises(BrokenPublication, match="26 products"):
            Aside(partial(reader_of, feature_repo_dir)).load(head, Event(), serving=False)


@pytest.mark.parametrize(
    ("make", "raised"), [(dying_reader, StoreUnavailable), (slow_reader, LoadStopped)]
)
def test_a_process_that_dies_or_is_no_longer_wanted_fails_the_load_and_is_gone(
    feature_repo_dir: Path,
    publisher: Publisher,
    make: Callable[[], CatalogueReader],
    raised: type[Exception],
) -> None:
    publisher.publish(VERSION)
    stopping = Event()
    with closing(reader_of(feature_repo_dir)) as reader:
        head = reader.head()
    timer = Timer(1, stopping.set)
    if raised is LoadStopped:
        timer.start()
    with pytest.raises(raised):
        Aside(make).load(head, stopping, serving=False)
    assert not active_children()


@pytest.mark.skipif(not PYTHON, reason="the server has an environment of its own: make test-milvus")
def test_rows_that_it_put_into_milvus_are_searched_here(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(VERSION)
    with milvus_server() as server:
        aside = Aside(partial(reader_of, feature_repo_dir, server.uri), worth_from=0)
        with (
            closing(reader_of(feature_repo_dir)) as one,
            closing(reader_of(feature_repo_dir, server.uri, aside)) as other,
        ):
            here, there = one.load(one.head()), other.load(other.head())
            assert there.info == here.info
            query = here.index.rows(np.array([7]))[0]
            found, expected = there.index.search(query, 5), here.index.search(query, 5)
    assert found.rows.tolist() == expected.rows.tolist()
    assert found.scores == pytest.approx(expected.scores, abs=2e-6)
