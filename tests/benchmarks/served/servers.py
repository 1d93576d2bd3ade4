"""The two servers, each a process of its own: how it is started and how it is asked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from tests.load.client import Post

START_S = 300.0
STOP_S = 20.0


@dataclass
class Server:
    """A server that embeds texts by HTTP; `listener` is handed down where it takes one."""

    name: str
    command: Sequence[str]
    path: str
    texts: str
    """The name of its list of texts in the body of a request."""
    environment: Mapping[str, str]
    port: int
    listener: socket.socket | None = None
    body: Mapping[str, str] = field(default_factory=dict)
    started_s: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    def start(self, log: Path) -> None:
        """Returns once it answers; `started_s` is then how long that took.

        Raises RuntimeError, with what it said, when it ends or takes too long.
        """
        began = time.perf_counter()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                pass_fds=[] if self.listener is None else [self.listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while True:
            try:
                self.vectors(["red shoes"])
            except httpx.HTTPError as error:
                late = time.perf_counter() - began > START_S
                if late or self._process.poll() is not None:
                    raise RuntimeError(f"{self.name}: {log.read_text()[-2000:]}") from error
                time.sleep(0.05)
            else:
                self.started_s = time.perf_counter() - began
                return

    def request(self, texts: Sequence[str]) -> Post:
        """The request for the vectors of these texts."""
        body = json.dumps({**self.body, self.texts: texts})
        return Post(self.path, "application/json", body.encode())

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n, d) unit vectors."""
        post = self.request(texts)
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}{post.path}",
            content=post.body,
            headers={"Content-Type": post.content_type},
            trust_env=False,
            timeout=START_S,
        ).raise_for_status()
        told = answer.json()
        rows = told.get("embeddings") or [item["embedding"] for item in told["data"]]
        return np.array(rows)

    def resident_mib(self) -> float:
        """Resident memory of its process and its children."""
        assert self._process is not None
        pids = [self._process.pid]
        for pid in pids:
            pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
        return sum(int(text.partition("\nPss:")[2].split()[0]) for text in rollups) / 1024

    def stop(self) -> None:
        """End it, if it was started."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self.listener is not None:
            self.listener.close()


def ours(weights: Path, cache: Path) -> Server:
    """The encoder as it is served, without Redis: nothing is cached."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    environment = {
        "ENCODER_MODEL": str(weights),
        "ENCODER_MODEL_CACHE_DIR": str(cache),
        "ENCODER_LISTEN_FD": str(listener.fileno()),
        "ENCODER_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "services.encoder"]
    # A deployment makes the graphs once, beforehand.
    subprocess.run([*command, "prepare"], env={**os.environ, **environment}, check=True)
    return Server(
        "encoder",
        command,
        "/embed/texts",
        "texts",
        environment,
        listener.getsockname()[1],
        listener,
    )


def infinity(environment_folder: Path, model: Path) -> Server:
    """infinity as its documentation starts it, by torch on the processor; it asks no network."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    program = str(environment_folder / "bin" / "infinity_emb")
    options = {"model-id": str(model), "served-model-name": "clip", "engine": "torch"}
    options |= {"device": "cpu", "host": "127.0.0.1", "port": str(port), "log-level": "warning"}
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    # Its own measurement of itself at its start takes longer than all of ours.
    return Server(
        "infinity",
        [program, "v2", *arguments, "--no-model-warmup"],
        "/embeddings",
        "input",
        # Passive: torch's threads that spin while they wait slow each other down where others run.
        {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        port,
        body={"model": "clip"},
    )
