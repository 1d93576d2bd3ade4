"""`make report`: top queries, empty results and trends, whether `make run` is running or not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from services.launcher.folders import Folders, InUse
from services.launcher.preflight import CannotRun
from services.launcher.processes import Say
from services.launcher.session import open_session, require, unset
from services.launcher.settings import LauncherSettings
from services.launcher.stack import QUERY_LOG_URL, redis_environment


async def report(settings: LauncherSettings, options: Sequence[str], say: Say) -> None:
    """Export the query log and report on it.

    options: for `python -m services.pipeline queries report`. Raises CannotRun; only what ran
    before is left running.
    """
    folders = Folders.of(settings)
    values = {
        "PIPELINE_FEATURE_STORE": str(folders.state),
        "PIPELINE_QUERIES_DIR": str(folders.state / "queries"),
    }
    if QUERY_LOG_URL in os.environ:
        await _export_and_report(unset(values), options)
        return
    if not folders.state.is_dir():
        raise CannotRun("nothing was served here yet: start GATEWAY_QUERY_LOG=… make run first")
    try:
        async with open_session(settings, folders, say) as session:
            await session.start_redis()
            work = _export_and_report(unset(session.values | values), options)
            await session.while_unbroken(work)
    except InUse:
        values |= redis_environment(folders.redis_port())
        await _export_and_report(unset(values), options)


async def _export_and_report(values: Mapping[str, str], options: Sequence[str]) -> None:
    await require(values, "services.pipeline", "queries", "export")
    await require(values, "services.pipeline", "queries", "report", *options)
