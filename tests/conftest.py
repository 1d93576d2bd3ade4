"""Fixtures that several rooms share, and the order of their files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before any test imports Feast.
import tests.support.own_metrics  # noqa: F401

# isort: split
import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.support.feast_repository import write_feature_repo
from tests.support.redis_server import RedisAddress, RedisProcess, running_redis

# A busy machine is no failure: pytest's time-out is the one clock.
hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")


_ONE_STACK = ("tests/integration/gateway/agents",)
"""Folders whose files share a started stack: one process runs them, so it is started once."""
_LONGEST_NAME = 40
_LONG_FIRST = (
    *("tests/e2e", "tests/fuzz", "tests/chaos", "tests/security", "tests/integration"),
    *("tests/models", "tests/unit/encoder", "tests/unit/retriever"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long folders first, after `pytest-randomly` has shuffled them.

    Otherwise one process works on a long file at the end, and the others wait for it.
    """

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(config.rootpath).as_posix()
        longs = [at for at, long in enumerate(_LONG_FIRST) if folder.startswith(long)]
        return longs[0] if longs else len(_LONG_FIRST)

    items.sort(key=rank)


class _FilesOrFolders(LoadFileScheduling):  # type: ignore[misc]
    """A test file is the work of one process, and so is a folder of `_ONE_STACK`."""

    def _split_scope(self, nodeid: str) -> str:
        folders = (folder for folder in _ONE_STACK if nodeid.startswith(f"{folder}/"))
        return next(folders, nodeid.split("::", 1)[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    return _FilesOrFolders(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two cores, because many tests wait for another process."""
    cores = len(os.sched_getaffinity(0))
    return cores + (cores + 1) // 2


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes and long texts are named after their parameter, and numbered by pytest.

    Otherwise a name may differ between two processes, as that of a gzip file with its time.
    """
    is_long = isinstance(val, str) and len(val) > _LONGEST_NAME
    return argname if is_long or isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisAddress]:
    """A real Redis, one a session. Keep keys apart by unique names; never wipe it."""
    with running_redis(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisProcess]:
    """A running Redis of this test alone, which it may stop, start again or empty."""
    directory = tmp_path / "own_redis"
    directory.mkdir()
    server = RedisProcess(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def feature_repo_dir(tmp_path: Path, redis_address: RedisAddress) -> Path:
    """A folder with a `feature_store.yaml` of a project of this test's own; nothing applied yet."""
    return write_feature_repo(tmp_path / "feature_repo_dir", redis_address)
