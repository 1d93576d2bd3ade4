"""`make eval`: the catalogue in an encoder, a feature store and a retriever, evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.launcher.folders import Folders
from services.launcher.preflight import CannotRun, need_catalogue
from services.launcher.processes import Say
from services.launcher.session import Session, open_session, unset
from services.launcher.settings import LauncherSettings
from services.launcher.stack import tracking_environment

_SERVICES = ("encoder", "retriever")


async def evaluate(settings: LauncherSettings, options: Sequence[str], say: Say) -> None:
    """Load the catalogue and evaluate the search on it.

    options: for `python -m services.pipeline evaluate`; the golden queries are those beside the
    catalogue unless the options name others. Raises CannotRun, with nothing left running.
    """
    need_catalogue(settings)
    # Its own folders, so that a running `make run` is not disturbed.
    apart = settings.model_copy(update={"state_dir": settings.state_dir / "evaluation"})
    async with open_session(settings, Folders.of(apart), say, _SERVICES) as session:
        session.values |= unset(tracking_environment(settings))
        await session.require("services.pipeline", "check", settings.catalog)
        await session.require("services.encoder", "prepare")
        await session.start_redis()
        for name in _SERVICES:
            await session.start(name)
        await session.while_unbroken(_load_and_evaluate(session, settings, options))


async def _load_and_evaluate(
    session: Session, settings: LauncherSettings, options: Sequence[str]
) -> None:
    await session.require("services.pipeline", "load", settings.catalog)
    reason = await session.ready("retriever")
    if reason is not None:
        raise CannotRun(f"the retriever is not ready: {reason} (logs: {session.folders.logs})")
    if not {"--golden", "--esci"} & set(options):
        if settings.catalog_is_remote:
            raise CannotRun("name the golden queries with ARGS='--golden FOLDER'", exit_code=2)
        options = ["--golden", str(Path(settings.catalog).parent / "golden"), *options]
    await session.require("services.pipeline", "evaluate", *options)
