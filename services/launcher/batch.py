"""A batch command with an encoder and, if asked for, a feature store beside it.

What the environment already names (`PIPELINE_ENCODER_URL`, `PIPELINE_FEATURE_STORE`) is used as it
is; the rest is started for as long as the command runs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from services.launcher.folders import Folders
from services.launcher.processes import Say
from services.launcher.session import foreground, open_session, unset
from services.launcher.settings import LauncherSettings
from services.launcher.stack import tracking_environment


async def batch(
    settings: LauncherSettings,
    store: Path | None,
    command: Sequence[str],
    say: Say,
    *,
    tracked: bool = False,
) -> None:
    """Run a command with an encoder, and with a feature store in the folder `store` if it is given.

    tracked: what it loads, trains or evaluates becomes an MLflow run. Raises CannotRun, with the
    command's own exit code, and with nothing left running.
    """
    folders = Folders((store or settings.state_dir / "batch").resolve())
    async with open_session(settings, folders, say, ["encoder"]) as session:
        if tracked:
            session.values |= tracking_environment(settings)
        if store is not None and "PIPELINE_FEATURE_STORE" not in os.environ:
            await session.start_redis()
        if "PIPELINE_ENCODER_URL" not in os.environ:
            await session.require("services.encoder", "prepare")
            await session.start("encoder")
        await session.while_unbroken(foreground(unset(session.values), *command))
