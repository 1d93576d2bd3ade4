"""The retriever as a service: rows published through Feast, queries sent over HTTP."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import numpy as np

from services.contracts.retriever import QueryTerm, RetrievalRequest
from tests.benchmarks.loading.__main__ import MODEL, publish
from tests.benchmarks.peers.contenders import Built, K, Query, anonymous_mib
from tests.support.feast_repository import write_feature_repo
from tests.support.redis_server import RedisProcess
from tests.support.service_process import ServiceProcess, listening_socket, url_of

START_S = 900.0
JSON = {"content-type": "application/json"}


@contextmanager
def retriever_over_http(path: Path) -> Iterator[Built]:
    """From its start until it is ready, with all of the catalogue read from the store."""
    folder = path.parent / f"{path.stem}-service"
    (folder / "redis").mkdir(parents=True)
    with ExitStack() as at_end:
        redis = RedisProcess(folder / "redis")
        at_end.callback(redis.stop)
        redis.start()
        repo = write_feature_repo(folder / "feast", redis.address)
        rows = np.load(path, mmap_mode="r")
        publish(repo, len(rows), vectors=rows.reshape(2 * len(rows), -1))
        listener = at_end.enter_context(listening_socket())
        started = time.perf_counter()
        service = ServiceProcess(
            ["services.retriever"],
            "RETRIEVER",
            listener,
            folder / "retriever.log",
            feature_store=str(repo),
            log_level="warning",
        )
        at_end.callback(service.stop)
        service.wait_until_ready(url_of(listener), START_S)
        seconds = time.perf_counter() - started
        client = at_end.enter_context(httpx.Client(base_url=url_of(listener), trust_env=False))

        def search(query: Query) -> Sequence[int]:
            term = QueryTerm(vector=array("f", query.vector), weights=query.weights)
            # The others give their best however far they are.
            asked = RetrievalRequest(model=MODEL, terms=[term], k=K, cutoff="off").model_dump_json()
            answer = client.post("/search", content=asked, headers=JSON).raise_for_status()
            return [int(found["product_id"][2:]) for found in answer.json()["results"]]

        yield Built(search, seconds, anonymous_mib(service.process.pid))
