"""State folders: where one catalogue with one model keeps its data between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

import yaml  # type: ignore[import-untyped]

from services.common.durable_files import sync_folder
from services.common.store_format import written_by_newer_release
from services.contracts.catalogue import CURRENT_FORMAT
from services.launcher.preflight import CannotRun
from services.launcher.settings import LauncherSettings

FEATURE_STORE = Path(__file__).resolve().parents[2] / "feature_repo" / "feature_store.yaml"
_NAME = "feature_store.yaml"
_FORMAT = "format"


class InUse(CannotRun):
    """Another process holds the folder."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The state folder and what lies in it."""

    state: Path

    @classmethod
    def of(cls, settings: LauncherSettings) -> Folders:
        """One folder for each pair of catalogue and model, so that switching back costs nothing."""
        if settings.catalog_is_remote:
            catalogue, name = settings.catalog, urlsplit(settings.catalog).hostname
        else:
            path = Path(settings.catalog).resolve()
            catalogue, name = str(path), path.parent.name
        digest = hashlib.sha256(f"{catalogue}\0{settings.model}".encode()).hexdigest()[:8]
        return cls((settings.state_dir / f"{name or 'catalogue'}-{digest}").resolve())

    @property
    def redis(self) -> Path:
        return self.state / "redis"

    @property
    def media(self) -> Path:
        return self.state / "media"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def loaded(self) -> Path:
        """Exists once a load has succeeded: the store has something to serve at once."""
        return self.state / "loaded"

    def write_feature_store(self, redis_address: str) -> None:
        """`feature_store.yaml`, which makes the state folder a Feast repository of its own.

        Its variables are filled in, so that `feast -c <folder>` needs none.
        """
        values = {
            "REDIS_ADDRESS": redis_address,
            "FEAST_REGISTRY": "registry.db",
            "FEAST_REGISTRY_TYPE": "file",
        }
        text = Template(FEATURE_STORE.read_text(encoding="utf-8")).substitute(values)
        (self.state / _NAME).write_text(text, encoding="utf-8")

    def write_format(self) -> None:
        """Let older releases refuse the state folder, if they would misread it."""
        (self.state / _FORMAT).write_text(f"{CURRENT_FORMAT}\n", encoding="utf-8")

    def need_known_format(self) -> None:
        """Raises CannotRun when a newer release wrote the state folder."""
        try:
            found = int((self.state / _FORMAT).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return  # of a release before there were numbers, or a write that was cut short
        newer = written_by_newer_release(str(self.state), found, CURRENT_FORMAT)
        if newer is not None:
            raise CannotRun(f"{newer}, or another STATE_DIR=…")

    def redis_port(self) -> int:
        """The port of the Redis that runs now. Raises CannotRun before it was started once."""
        try:
            store = yaml.safe_load((self.state / _NAME).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise CannotRun("the run is still starting; try again in a few seconds") from error
        return int(str(store["online_store"]["connection_string"]).rpartition(":")[2])


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone, and make it if it is missing.

    The folder itself is locked, so there is no lock file. A folder that was made here and is empty
    at the end is removed again. Raises InUse.
    """
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    descriptor = _lock(folder)
    try:
        for one in made:
            sync_folder(one.parent)
        yield
    finally:
        for one in made:
            # Stops at the first that is not empty.
            with suppress(OSError):
                one.rmdir()
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """A descriptor that holds the folder until it is closed. Makes the folder if it is missing."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another process may have removed it, empty, between our opening and our locking.
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError as error:
            os.close(descriptor)
            raise InUse(
                f"another run uses this catalogue and model already ({folder}); stop it, or set "
                "STATE_DIR=…"
            ) from error
        os.close(descriptor)
