"""A retriever in a real cgroup keeps the version that it has when another would not fit."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.retriever.publishing import Publisher, Version
from tests.support.service_process import ServiceProcess, listening_socket, url_of
from tests.support.waiting import until

CGROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A memory cgroup of the test's own, of version 1 or 2."""
    root = CGROUPS / "memory" if (CGROUPS / "memory").is_dir() else CGROUPS
    folder = root / f"test-{os.getpid()}-{time.monotonic_ns()}"
    try:
        folder.mkdir()
        if not (folder / "cgroup.procs").exists() or not _limit_file(folder).exists():
            raise OSError("no memory controller")
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    yield folder
    subprocess.run(["rmdir", str(folder)], check=False)


def _limit_file(cgroup: Path) -> Path:
    old = cgroup / "memory.limit_in_bytes"
    return old if old.exists() else cgroup / "memory.max"


def used_bytes(cgroup: Path) -> int:
    old = cgroup / "memory.usage_in_bytes"
    return int((old if old.exists() else cgroup / "memory.current").read_text())


async def test_a_version_that_would_go_over_the_limit_is_refused_and_the_old_one_serves(
    cgroup: Path, feature_repo_dir: Path, tmp_path: Path
) -> None:
    publisher = Publisher(feature_repo_dir)
    publisher.publish(Version.of("small", 20))
    listener = listening_socket()
    process = ServiceProcess(
        ["services.retriever"],
        "RETRIEVER",
        listener,
        tmp_path / "log",
        feature_store=str(feature_repo_dir),
        poll_interval_ms="100",
    )
    url = url_of(listener)
    try:
        (cgroup / "cgroup.procs").write_text(str(process.process.pid))
        process.wait_until_ready(url)
        # Room for changes, and not for another catalogue beside this one.
        _limit_file(cgroup).write_text(str(used_bytes(cgroup) + 40_000_000))
        publisher.publish(Version.of("large", 60))
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:

            async def is_refused() -> bool:
                return "MB are free" in (await http.get("/ready")).text

            await until(is_refused)
            ready = (await http.get("/ready")).json()["dependencies"]["catalogue"]
            assert ready["status"] == "degraded"
            assert "serving version small" in ready["detail"]
            assert (await http.get("/catalogue")).json()["version"] == "small"
            metrics = (await http.get("/metrics")).text
            assert 'retriever_catalogue_loads_total{result="no_memory"}' in metrics
            assert "retriever_catalogue_stale 1.0" in metrics
            _limit_file(cgroup).write_text(str(4_000_000_000))

            async def serves_it() -> bool:
                return bool((await http.get("/catalogue")).json()["version"] == "large")

            await until(serves_it)
    finally:
        process.stop()
        listener.close()
