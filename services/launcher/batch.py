"""A batch command with what it needs beside it: an encoder and, where asked for, a feature store.

What the environment already names (`PIPELINE_ENCODER_URL`, `PIPELINE_FEATURE_STORE`) is used as it
is; the rest is started for as long as the command runs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.launcher.preflight import CannotRun, held, need_disk_space
from services.launcher.processes import Supervisor
from services.launcher.run import (
    Say,
    foreground,
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


async def batch(
    settings: LauncherSettings,
    store: Path | None,
    command: Sequence[str],
    say: Say,
    *,
    tracked: bool = False,
) -> None:
    """Run a command with an encoder, and with a feature store kept in `store` where one is given.

    tracked: what it loads, trains or evaluates becomes an MLflow run. Raises CannotRun, with the
    command's own exit code, and with nothing left running.
    """
    await until_asked_to_stop(_batch(settings, store, command, say, tracked=tracked), say)


async def _batch(
    settings: LauncherSettings,
    store: Path | None,
    command: Sequence[str],
    say: Say,
    *,
    tracked: bool,
) -> None:
    folders = Folders((store or settings.state_dir / "batch").resolve())
    async with AsyncExitStack() as running:
        running.enter_context(held(folders.state))
        need_disk_space(folders.state)
        listeners = Listeners.bind("127.0.0.1", 0)
        running.callback(listeners.close)
        values = environment(settings, folders, listeners)
        if tracked:
            values |= tracking_environment(settings)
        supervisors: list[Supervisor] = []
        if store is not None and "PIPELINE_FEATURE_STORE" not in os.environ:
            redis, port = await start_redis(folders, running, say)
            values |= redis_environment(port)
            supervisors.append(redis)
        if "PIPELINE_ENCODER_URL" not in os.environ:
            await require(values, "services.encoder", "prepare")
            encoder = Supervisor(service_program("encoder", values, listeners, folders.logs), say)
            await encoder.start()
            running.push_async_callback(encoder.stop)
            supervisors.append(encoder)
        ours = {name: value for name, value in values.items() if name not in os.environ}
        await while_unbroken(supervisors, _command(ours, command))


async def _command(values: dict[str, str], command: Sequence[str]) -> None:
    code = await foreground(values, *command)
    if code != 0:
        raise CannotRun(None, exit_code=code)
