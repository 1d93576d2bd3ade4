"""`make doctor` on installations that are really broken: it names each problem and its fix."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from services.gateway.app import create_app as create_gateway
from services.gateway.searching import services as searching_services
from services.gateway.settings import GatewaySettings
from services.launcher import checkup
from services.launcher.folders import Folders
from services.launcher.settings import LauncherSettings
from tests.support.gateway_stack import PATIENT, Stack
from tests.support.gemini_server import written
from tests.support.launcher import SAMPLE
from tests.support.ports import free_port
from tests.support.running_rewriter import RunningRewriter, running_rewriter
from tests.support.waiting import until

MODEL = Path("data/models/mini-clip")


Check = Callable[..., subprocess.CompletedProcess[str]]


def given(folder: Path) -> dict[str, str]:
    """A published model that is not on this machine is not looked at: half of the time."""
    return {"PORT": str(free_port()), "STATE_DIR": str(folder / "state"), "MODEL": "ViT-B/32"}


def doctor(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.launcher.doctor", *arguments],
        env={**os.environ, **given(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """The doctor's checks inside the environment, in this process, which has the imports."""

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        for name, value in (given(tmp_path) | variables).items():
            monkeypatch.setenv(name, value)
        code = checkup.main()
        return subprocess.CompletedProcess([], code, *capsys.readouterr())

    return run


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The only fault, and how to fix it."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    bad = [number for number, line in enumerate(lines) if line.startswith("  BAD")]
    assert len(bad) == 1, done.stdout
    assert lines[bad[0] + 1].strip().startswith("→ ")
    return lines[bad[0]] + lines[bad[0] + 1]


def test_a_whole_installation_is_well_and_only_the_graphs_of_the_model_are_written(
    tmp_path: Path,
) -> None:
    done = doctor(tmp_path, MODEL=str(MODEL))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok    model {MODEL}" in done.stdout
    assert "no problems found" in done.stdout
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["models"]


def test_a_port_that_another_program_has(check: Check) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        said = complaint(check(PORT=port))
    assert port in said
    assert "PORT=" in said


@asynccontextmanager
async def running_gateway(rewriter: RunningRewriter) -> AsyncIterator[int]:
    """A gateway on a real port, in front of this rewriter."""
    transports = {**Stack().transports, "rewriter": httpx.ASGITransport(rewriter.app)}
    port = free_port()
    config = uvicorn.Config(
        create_gateway(GatewaySettings(**PATIENT), transports),
        port=port,
        log_config=None,
        ws="none",
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


async def test_the_state_of_gemini_is_shown(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine is no failure.
    monkeypatch.setattr(searching_services, "READY_TIMEOUT_S", 60)
    monkeypatch.setattr(checkup, "PATIENCE_S", 120)
    query = "I need something warm for my head"
    async with running_rewriter(written("warm hat"), gemini_api_version="v1") as rewriter:
        async with running_gateway(rewriter) as port:
            done = await asyncio.to_thread(check, PORT=str(port))
            assert "rewriter: gemini: Ready." in done.stdout
            await rewriter.rewrite(query)
        async with running_gateway(rewriter) as port:
            said = complaint(await asyncio.to_thread(check, PORT=str(port)))
    assert "rewriter is degraded: gemini: Failures in a row: 1." in said
    assert 'Unknown name "systemInstruction": Cannot find field.' in said
    assert "rewriter.log" in said


@pytest.mark.parametrize(("key", "state"), [("", "off"), ("a-key", "a key is set")])
def test_gemini_without_a_running_stack(check: Check, key: str, state: str) -> None:
    done = check(GEMINI_API_KEY=key)
    assert f"ok    Gemini: {state}" in done.stdout
    assert "a-key" not in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("utf16.csv", "id,title\n1,Café\n".encode("utf-16"), {}),
        ("latin.csv", "id,title\n1,Café\n".encode("cp1252"), {"FEED_ENCODING": "cp1252"}),
        ("feed.xml", b"<rss><channel><item/></channel></rss>", {}),
        ("feed.csv.gz", gzip.compress(b"id,title\n1,Mug\n"), {}),
    ],
)
def test_a_catalogue_of_another_kind_is_well(
    check: Check, tmp_path: Path, name: str, content: bytes, said: dict[str, str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = check(CATALOG=str(path), **said)
    assert done.returncode == 0, done.stdout + done.stderr


def _missing(folder: Path) -> dict[str, str]:
    return {"CATALOG": str(folder / "nowhere.csv")}


def _empty(folder: Path) -> dict[str, str]:
    (folder / "empty.csv").write_text("product_id,title\n")
    return {"CATALOG": str(folder / "empty.csv")}


def _wrong_suffix(folder: Path) -> dict[str, str]:
    (folder / "products.json").write_text("[]")
    return {"CATALOG": str(folder / "products.json")}


def _html(folder: Path) -> dict[str, str]:
    (folder / "feed.csv").write_text("<!DOCTYPE html>\n<html><body>Not found</body></html>\n")
    return {"CATALOG": str(folder / "feed.csv")}


def _unreachable(_: Path) -> dict[str, str]:
    address = f"http://127.0.0.1:{free_port()}/feed.csv"
    return {"CATALOG": address, "PIPELINE_DOWNLOAD_NETWORKS": "127.0.0.0/8"}


def _not_text(folder: Path) -> dict[str, str]:
    (folder / "latin.csv").write_bytes("product_id,title\n1,Café\n".encode("latin-1"))
    return {"CATALOG": str(folder / "latin.csv")}


def _cut_model(folder: Path) -> dict[str, str]:
    shutil.copytree(MODEL, folder / "model")
    weights = folder / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    return {"MODEL": str(folder / "model")}


def _no_model(folder: Path) -> dict[str, str]:
    (folder / "model").mkdir()
    return {"MODEL": str(folder / "model")}


def _state_is_a_file(folder: Path) -> dict[str, str]:
    (folder / "file").touch()
    return {"STATE_DIR": str(folder / "file")}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_missing, ("nowhere.csv", "CATALOG=")),
        (_wrong_suffix, ("products.json", "catalogue-format.md")),
        (_html, ("feed.csv", "catalogue-format.md")),
        (_unreachable, ("can't be fetched", "catalogue-format.md")),
        (_not_text, ("not all of it is utf-8", "FEED_ENCODING=")),
        (_empty, ("has no rows", "catalogue-format.md")),
        (_cut_model, ("model", "git restore")),
        (_no_model, ("not a model folder", "MODEL=")),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_what_is_broken_is_named_with_its_cure(
    check: Check, tmp_path: Path, broken: Callable[[Path], dict[str, str]], words: tuple[str, str]
) -> None:
    said = complaint(check(**broken(tmp_path)))
    assert all(word in said for word in words), said


def test_a_state_folder_that_is_a_file(check: Check, tmp_path: Path) -> None:
    done = check(**_state_is_a_file(tmp_path), MODEL="data/models/mini-clip")
    assert "git restore" not in done.stdout, "the model is whole"
    assert done.returncode == 1
    assert "STATE_DIR=" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_host_that_is_a_name_is_reported_as_the_launcher_treats_it(check: Check) -> None:
    done = check(HOST="x86_64-conda-linux-gnu")
    assert done.returncode == 0, done.stdout
    assert "listening on 127.0.0.1" in done.stdout
    assert "192.0.2.1" in complaint(check(HOST="192.0.2.1"))


def test_a_setting_that_makes_no_sense(check: Check) -> None:
    assert "PORT" in complaint(check(PORT="seven"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda registry: registry.unlink(), "is missing"),
        (lambda registry: registry.write_bytes(b"\xff\xff not a registry"), "is damaged"),
    ],
    ids=["gone", "damaged"],
)
def test_a_registry_that_is_gone_or_damaged(
    check: Check, tmp_path: Path, damage: Callable[[Path], object], words: str
) -> None:
    settings = LauncherSettings(
        state_dir=tmp_path / "state", catalog=str(SAMPLE / "products.csv"), model="ViT-B/32"
    )
    folders = Folders.of(settings)
    folders.state.mkdir(parents=True)
    folders.loaded.touch()
    registry = folders.state / "registry.db"
    registry.touch()
    damage(registry)
    said = complaint(check())
    assert words in said
    assert f"remove {folders.state}" in said


def test_an_environment_that_does_not_run_or_is_not_made(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    (broken / "bin").mkdir(parents=True)
    (broken / "bin" / "python").symlink_to(tmp_path / "no-such-python")
    assert "does not run" in complaint(doctor(tmp_path, str(broken)))
    assert "does not exist yet" in complaint(doctor(tmp_path, str(tmp_path / "none")))


def test_a_package_that_was_changed_or_taken_out_by_hand(tmp_path: Path) -> None:
    venv = _linked_environment(tmp_path / "changed")
    (packages,) = venv.glob("lib/python3.*/site-packages")
    (metadata,) = packages.glob("httpx-*.dist-info")
    metadata.unlink()
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: httpx\nVersion: 0.1\n")
    said = complaint(doctor(tmp_path, str(venv)))
    assert "httpx 0.1 instead of" in said
    assert f"remove {venv}" in said

    (metadata / "METADATA").unlink()
    metadata.rmdir()
    done = doctor(tmp_path, str(venv))
    assert "httpx is missing" in complaint(done)
    assert "fix this first" in done.stdout


def _linked_environment(venv: Path) -> Path:
    """This one, its packages linked and not copied, so that a test may break it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    own = Path(sys.prefix)
    (packages,) = own.glob("lib/python3.*/site-packages")
    (theirs,) = venv.glob("lib/python3.*/site-packages")
    for path in packages.iterdir():
        (theirs / path.name).symlink_to(path)
    for stamp in own.glob(".installed-*"):
        shutil.copy(stamp, venv)
    return venv


def test_a_redis_that_does_not_run(tmp_path: Path) -> None:
    server = tmp_path / "bin" / "redis-server"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 127\n")
    server.chmod(0o755)
    said = complaint(doctor(tmp_path, PATH=f"{server.parent}:{os.environ['PATH']}"))
    assert "no such library" in said
    assert "install redis-server" in said


def test_an_environment_that_the_lock_did_not_make(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    done = doctor(tmp_path, str(bare))
    assert done.returncode == 1
    assert "made from another requirements.lock" in done.stdout
    assert "`make run` updates it" in done.stdout
    assert "Traceback" not in done.stderr
