"""The whole stack, with the bundled model, real Redis and real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.gateway_stack import PATIENT
from tests.support.launcher import (
    PATIENCE_S,
    Launcher,
    launched,
    processes,
    small_catalogue,
)
from tests.support.ports import free_port
from tests.support.waiting import until
from tests.support.whole_stack import PATIENT_GATEWAY

pytestmark = pytest.mark.e2e

IDS = [f"sample-{number:04d}" for number in range(9, 33)]
MUGS = {"sample-0017", "sample-0018", "sample-0019"}  # the red striped ones
GROCERY = Path("../shared/catalogs/grocery/products.csv")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_catalogue(tmp_path_factory.mktemp("catalogue"), IDS)


def results(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["product_id"] for one in answer.json()["results"]]


def assert_searches(launcher: Launcher) -> None:
    with httpx.Client(base_url=launcher.url, trust_env=False, timeout=60) as client:
        asked = client.post("/predict", json={"query": "red striped mug", "k": 3})
        assert set(results(asked)) == MUGS


def assert_refuses_at_once(launcher: Launcher) -> None:
    """503 for a query that needs a service that is down: well before the gateway's time-out."""
    started = time.monotonic()
    query = {"query": f"unseen words {uuid4()}"}
    answer = httpx.post(f"{launcher.url}/predict", json=query, trust_env=False, timeout=150)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True), answer.text
    assert time.monotonic() - started < PATIENT["encoder_timeout_ms"] / 1000 / 2


def is_ready(launcher: Launcher) -> bool:
    return httpx.get(f"{launcher.url}/ready", trust_env=False, timeout=30).is_success


def assert_gone(pids: set[int]) -> None:
    asyncio.run(until(lambda: not pids & processes().keys()))


def test_from_a_file_to_answers_and_to_nothing_left(tmp_path: Path, catalogue: Path) -> None:
    with launched(tmp_path, CATALOG=str(catalogue), **PATIENT_GATEWAY) as first:
        said = first.until_said("ready in").splitlines()
        (store,) = [line.split()[1] for line in said if line.startswith("state ")]
        assert (Path(store) / "feature_store.yaml").is_file()
        started = set(first.children())
        assert len(started) == 5
        with httpx.Client(base_url=first.url, trust_env=False, timeout=30) as client:
            assert_searches(first)
            picture = (catalogue.parent / "images" / "sample-0018.webp").read_bytes()
            found = client.post("/predict-image", files={"image": picture}, data={"k": "3"})
            assert results(found)[0] == "sample-0018"
            assert set(results(found)) == MUGS
            product = client.get("/products/sample-0018").json()
            assert product["attributes"]["pattern"] == "striped"
            assert client.get(product["image_url"]).content == picture
            none = client.post("/predict", json={"query": "mug", "threshold": 0.99})
            assert results(none) == []
            lost = client.get("/nowhere")
            assert lost.status_code == 404
            assert lost.headers["content-type"] == "application/problem+json"
            assert lost.json()["instance"] == lost.headers["x-request-id"]
            for path in ("/", "/docs", "/metrics", "/health", "/ready"):
                assert client.get(path).status_code == 200, path
        assert first.stop(signal.SIGINT) == 0
        assert_gone(started)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", first.port))

    with launched(tmp_path, CATALOG=str(catalogue), **PATIENT_GATEWAY) as second:
        second.until_said("ready in")
        assert_searches(second)
        # The comparison with the file runs beside the searches, so it may end before or after.
        second.until_said("unchanged")
        with launched(tmp_path, CATALOG=str(catalogue)) as third:
            assert third.process.wait(PATIENCE_S) == 1
            assert "another run uses this catalogue" in third.said()
        victim = next(pid for pid, line in second.children().items() if "encoder" in line)
        os.kill(victim, signal.SIGKILL)
        second.until_said("encoder ended with code")
        assert_refuses_at_once(second)
        assert_gone({victim})
        asyncio.run(until(lambda: is_ready(second), deadline_s=PATIENCE_S))
        assert_searches(second)
        left = set(second.children())
        assert second.stop(signal.SIGKILL) == -signal.SIGKILL
        assert_gone(left)


@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        (lambda _: {"CATALOG": "none.csv"}, 2, "there is no catalogue at none.csv"),
        (lambda _: {"MODEL": "ViT-Z/99"}, 2, "There is no model 'ViT-Z/99'"),
        (lambda _: {"PORT": "many"}, 2, "PORT"),
    ],
    ids=["no catalogue", "no model", "no port"],
)
def test_what_cannot_run_says_so_in_one_line(
    tmp_path: Path, variables: Callable[[Path], dict[str, str]], code: int, words: str
) -> None:
    settings = {"PORT": str(free_port()), "STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-m", "services.launcher"],
        env={**os.environ, **settings, **variables(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == code
    lines = (done.stdout + done.stderr).strip().splitlines()
    # A catalogue that was read before the fault is named first.
    faults = [line for line in lines if not line.startswith("catalogue ")]
    assert len(faults) == 1
    assert words in faults[0]
    assert not (tmp_path / "state").exists()


def test_a_taken_port_is_named_and_nothing_is_started(tmp_path: Path, catalogue: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with launched(tmp_path, CATALOG=str(catalogue), PORT=port) as launcher:
            assert launcher.process.wait(PATIENCE_S) == 1
            said = launcher.said().strip()
    assert len(said.splitlines()) == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in said


@pytest.mark.long
@pytest.mark.skipif(not GROCERY.is_file(), reason="the grocery catalogue is not beside the project")
def test_a_real_catalogue_loads_whole_with_its_pictures(tmp_path: Path) -> None:
    with launched(tmp_path, CATALOG=str(GROCERY)) as launcher:
        assert "loaded 81 of 81 products" in launcher.until_said("ready in")
        with httpx.Client(base_url=launcher.url, trust_env=False, timeout=30) as client:
            picture = (GROCERY.parent / "images" / "groc-017.jpg").read_bytes()
            found = client.post("/predict-image", files={"image": picture}, data={"k": "1"})
            assert results(found) == ["groc-017"]
            product = client.get("/products/groc-017").json()
            assert client.get(product["image_url"]).content == picture
