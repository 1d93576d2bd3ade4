"""`make run`: all services and the catalogue, from the first process to the last."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from services.launcher.folders import Folders
from services.launcher.listening import Address
from services.launcher.preflight import CannotRun, need_catalogue
from services.launcher.processes import Say
from services.launcher.session import Session, open_session, until_asked_to_stop
from services.launcher.settings import LauncherSettings
from services.launcher.stack import WRITER, services_of

STORED_CATALOGUE_PATIENCE_S = 10.0


async def run(settings: LauncherSettings, say: Say) -> None:
    """Start everything, serve until SIGINT or SIGTERM, stop everything.

    Raises CannotRun, with nothing left running.
    """
    await until_asked_to_stop(Run(settings, say).serve(), say)


async def prepare(settings: LauncherSettings, say: Say) -> None:
    """Start everything, load the catalogue, stop everything: the next run serves at once.

    Raises CannotRun, with nothing left running.
    """
    await until_asked_to_stop(Run(settings, say, once=True).serve(), say)


@dataclass
class Run:
    """One run. `serve` ends by failing, by being cancelled, or, if `once`, when it is ready."""

    settings: LauncherSettings
    say: Say
    once: bool = False

    async def serve(self) -> None:
        started = time.monotonic()
        need_catalogue(self.settings.catalog)
        address = Address.of(self.settings)
        if address.note is not None:
            self.say(address.note)
        folders, services = Folders.of(self.settings), services_of(self.settings)
        async with open_session(self.settings, folders, self.say, services, address) as session:
            await session.require("services.pipeline", "check", str(self.settings.catalog))
            await session.require("services.encoder", "prepare")
            await session.start_redis()
            for name in services:
                await session.start(name)
                self.say(f"{name:<10} {session.listeners.url(name)}")
            await session.while_unbroken(self._load_and_serve(session, started))

    async def _load_and_serve(self, session: Session, started: float) -> None:
        """Load the catalogue and print the address; one that is stored already is served first."""
        loaded = session.folders.loaded
        stored = loaded.exists()
        if stored and await session.ready("gateway", STORED_CATALOGUE_PATIENCE_S) is None:
            self._announce(session, started)
        else:
            stored = False
        try:
            await session.require("services.pipeline", "load", str(self.settings.catalog))
        except CannotRun:
            if not stored:
                raise
            self.say("the catalogue stays as it was stored")
        else:
            loaded.touch()
        if not stored:
            reason = await session.ready("gateway")
            if reason is not None:
                raise CannotRun(f"not ready: {reason} (logs: {session.folders.logs})")
            self._announce(session, started)
        if self.once:
            return
        if WRITER in session.listeners.by_service:
            await asyncio.Event().wait()
        await session.keep_filled()

    def _announce(self, session: Session, started: float) -> None:
        url = session.listeners.url("gateway")
        self.say(f"\n  ready in {time.monotonic() - started:.1f} s:  {url}/\n")
