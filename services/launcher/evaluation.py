"""`make eval`: encoder, feature store and retriever with the catalogue, asked, then stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.launcher.preflight import CannotRun, held, need_catalogue, need_disk_space
from services.launcher.processes import Supervisor
from services.launcher.run import (
    READY_PATIENCE_S,
    Say,
    foreground,
    ready,
    require,
    start_redis,
    until_asked_to_stop,
    while_unbroken,
)
from services.launcher.settings import LauncherSettings
from services.launcher.stack import (
    Folders,
    Listeners,
    environment,
    redis_environment,
    service_program,
    tracking_environment,
)

_SERVICES = ("encoder", "retriever")


async def evaluate(settings: LauncherSettings, options: Sequence[str], say: Say) -> None:
    """Load the catalogue and measure search quality on it.

    options: for `python -m services.pipeline evaluate`; the golden queries are those beside the
    catalogue unless they say otherwise. Raises CannotRun, with nothing left running.
    """
    await until_asked_to_stop(_evaluate(settings, options, say), say)


async def _evaluate(settings: LauncherSettings, options: Sequence[str], say: Say) -> None:
    need_catalogue(settings.catalog)
    # Its own folders, so the served catalogue does not change.
    apart = settings.model_copy(update={"state_dir": settings.state_dir / "evaluation"})
    folders = Folders.of(apart)
    async with AsyncExitStack() as running:
        running.enter_context(held(folders.state))
        need_disk_space(folders.state)
        listeners = Listeners.bind("127.0.0.1", 0)
        running.callback(listeners.close)
        values = environment(settings, folders, listeners)
        # Unless the environment says otherwise.
        values |= {
            name: value
            for name, value in tracking_environment(settings).items()
            if name not in os.environ
        }
        await require(values, "services.encoder", "prepare")
        redis, port = await start_redis(folders, running, say)
        values |= redis_environment(port)
        supervisors = [redis]
        for name in _SERVICES:
            supervisor = Supervisor(service_program(name, values, listeners, folders.logs), say)
            await supervisor.start()
            running.push_async_callback(supervisor.stop)
            supervisors.append(supervisor)
        retriever = listeners.url("retriever")
        await while_unbroken(
            supervisors, _ask(settings.catalog, retriever, values, options, folders)
        )


async def _ask(
    catalogue: Path,
    retriever: str,
    values: Mapping[str, str],
    options: Sequence[str],
    folders: Folders,
) -> None:
    await require(values, "services.pipeline", "load", str(catalogue))
    reason = await ready(retriever, READY_PATIENCE_S)
    if reason is not None:
        raise CannotRun(f"the retriever is not ready: {reason} (logs: {folders.logs})")
    if not {"--golden", "--esci"} & set(options):
        options = ["--golden", str(catalogue.parent / "golden"), *options]
    command = (sys.executable, "-m", "services.pipeline", "evaluate", *options)
    code = await foreground(values, *command)
    if code != 0:
        raise CannotRun(None, exit_code=code)
