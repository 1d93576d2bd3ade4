"""`make run`: all services and the catalogue, from the first process to the last."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from services.launcher.folders import Folders
from services.launcher.listening import Address
from services.launcher.preflight import CannotRun, need_catalogue
from services.launcher.processes import Say
from services.launcher.session import Session, open_session
from services.launcher.settings import LauncherSettings
from services.launcher.stack import WRITER, services_of

STORED_CATALOGUE_PATIENCE_S = 10.0


async def run(settings: LauncherSettings, say: Say, *, once: bool = False) -> None:
    """Start everything, load the catalogue, serve until cancelled, stop everything.

    once: stop when it is ready, so that the next run serves at once. Raises CannotRun, with nothing
    left running.
    """
    await _Run(settings, say, once).serve()


@dataclass
class _Run:
    settings: LauncherSettings
    say: Say
    once: bool

    async def serve(self) -> None:
        started = time.monotonic()
        need_catalogue(self.settings)
        address = Address.of(self.settings)
        if address.note is not None:
            self.say(address.note)
        folders, services = Folders.of(self.settings), services_of(self.settings)
        async with open_session(self.settings, folders, self.say, services, address) as session:
            is_readable = await self._is_readable(session)
            await session.require("services.encoder", "prepare")
            self.say(f"{'state':<10} {folders.state}")
            await session.start_redis()
            for name in services:
                await session.start(name)
                self.say(f"{name:<10} {session.listeners.url(name)}")
            await session.while_unbroken(self._load_and_serve(session, started, is_readable))

    async def _is_readable(self, session: Session) -> bool:
        """False, after a message, for a catalogue that cannot be read while one is stored.

        Raises CannotRun if none is stored.
        """
        try:
            await session.require("services.pipeline", "check", self.settings.catalog)
        except CannotRun:
            if not session.folders.loaded.exists():
                raise
            return False
        return True

    async def _load_and_serve(self, session: Session, started: float, is_readable: bool) -> None:
        """Load the catalogue and print the address; one that is stored already is served first."""
        loaded = session.folders.loaded
        stored = loaded.exists()
        if stored and await session.ready("gateway", STORED_CATALOGUE_PATIENCE_S) is None:
            self._announce(session, started)
        else:
            stored = False
        try:
            if is_readable:
                await session.require("services.pipeline", *self._load_arguments())
                loaded.touch()
        except CannotRun:
            if not stored:
                raise
            is_readable = False
        if not is_readable:
            self.say("the catalogue stays as it was stored")
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

    def _load_arguments(self) -> tuple[str, ...]:
        """A download that `check` has made is not repeated."""
        downloaded = ("--downloaded",) if self.settings.catalog_is_remote else ()
        return ("load", self.settings.catalog, *downloaded)

    def _announce(self, session: Session, started: float) -> None:
        url = session.listeners.url("gateway")
        self.say(f"\n  ready in {time.monotonic() - started:.1f} s:  {url}/\n")
