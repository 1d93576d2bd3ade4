"""Starts the bare trio with the products and the vector of a real answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import numpy as np

from tests.benchmarks.floor.bare import RESULTS_FILE, VECTOR_FILE
from tests.support.service_process import ServiceProcess, listening_socket, url_of

ROLES = ("gateway", "encoder", "retriever")
_DIMENSION = 512


@contextmanager
def bare_trio(folder: Path, results: list[object]) -> Iterator[tuple[int, dict[str, int]]]:
    """Port of the bare gateway, and process ids by role. `results` is every answer's."""
    folder.mkdir()
    (folder / RESULTS_FILE).write_text(json.dumps(results, separators=(",", ":")))
    vector = np.full(_DIMENSION, _DIMENSION**-0.5, np.float32)
    (folder / VECTOR_FILE).write_bytes(vector.tobytes())
    with ExitStack() as at_end:
        listeners = {role: at_end.enter_context(listening_socket()) for role in ROLES}
        urls = {role: url_of(listener) for role, listener in listeners.items()}
        pids = {}
        for role, listener in listeners.items():
            asked = [urls["encoder"], urls["retriever"]] if role == "gateway" else []
            words = [role, str(listener.fileno()), str(folder), *asked]
            command = ["tests.benchmarks.floor.bare", *words]
            one = ServiceProcess(command, role.upper(), listener, folder / f"{role}.log")
            at_end.callback(one.stop)
            pids[role] = one.process.pid
        question = {"query": "a mug", "k": 20}
        answer = httpx.post(
            f"{urls['gateway']}/predict", json=question, timeout=30, trust_env=False
        )
        if answer.json()["results"] != results:
            raise RuntimeError("the bare trio gave another answer than it was given")
        yield listeners["gateway"].getsockname()[1], pids
