"""`make report`: past searches, also while `make run` is running."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack

import yaml  # type: ignore[import-untyped]

from services.launcher.preflight import CannotRun, held
from services.launcher.processes import Supervisor
from services.launcher.run import Say, require, start_redis, until_asked_to_stop, while_unbroken
from services.launcher.settings import LauncherSettings
from services.launcher.stack import QUERY_LOG_URL, Folders, redis_environment


async def report(settings: LauncherSettings, options: Sequence[str], say: Say) -> None:
    """Export the query log, and report it.

    options: for `python -m services.pipeline queries report`. Raises CannotRun, with nothing left
    running that was not before.
    """
    await until_asked_to_stop(_report(settings, options, say), say)


async def _report(settings: LauncherSettings, options: Sequence[str], say: Say) -> None:
    folders = Folders.of(settings)
    values = {
        "PIPELINE_FEATURE_STORE": str(folders.state),
        "PIPELINE_QUERIES_DIR": str(folders.state / "queries"),
    }
    async with AsyncExitStack() as running:
        supervisors: list[Supervisor] = []
        if QUERY_LOG_URL not in os.environ:
            if not folders.state.is_dir():
                raise CannotRun("nothing was served here yet: GATEWAY_QUERY_LOG=… make run")
            try:
                running.enter_context(held(folders.state))
            except CannotRun:
                values |= redis_environment(_redis_port(folders))
            else:
                redis, port = await start_redis(folders, running, say)
                values |= redis_environment(port)
                supervisors.append(redis)
        ours = {name: value for name, value in values.items() if name not in os.environ}
        await while_unbroken(supervisors, _tell(ours, options))


async def _tell(values: dict[str, str], options: Sequence[str]) -> None:
    await require(values, "services.pipeline", "queries", "export")
    await require(values, "services.pipeline", "queries", "report", *options)


def _redis_port(folders: Folders) -> int:
    """Port of the current run's Redis. Raises CannotRun."""
    path = folders.state / "feature_store.yaml"
    try:
        store = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CannotRun("the services are still starting; try again shortly") from error
    return int(str(store["online_store"]["connection_string"]).rpartition(":")[2])
