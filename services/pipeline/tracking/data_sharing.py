"""Data versions to and from where they are shared: DVC's `push` and `pull`, with the remote given.

Where that is comes from the environment and is written to `.dvc/config.local`, which git ignores.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.pipeline.errors import DataAway

Direction = Literal["pull", "push"]

REMOTE = "shared"
_DRIVE = "gdrive://"
_SAMPLE_WORKS = "the sample in data/sample needs none of it"


class DataSettings(BaseSettings):
    """Where data versions are shared; for `make data-pull` and `make data-push`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    remote: str | None = Field(
        default=None,
        validation_alias="DATA_REMOTE",
        description="DVC remote: `gdrive://` and the id of a Drive folder, or any other address "
        "that DVC knows.",
    )
    credentials: SecretStr | None = Field(
        default=None,
        validation_alias="GDRIVE_CREDENTIALS_DATA",
        description="JSON key of a service account that may use the Drive folder; DVC reads it "
        "from here.",
    )


def share(direction: Direction, settings: DataSettings, root: Path) -> None:
    """Bring the data of this version here, or there.

    root: of the repository. Raises DataAway, which says in one line what lacks.
    """
    if settings.remote is None:
        raise DataAway(
            "DATA_REMOTE does not say where data versions are shared "
            f"({_DRIVE}FOLDER_ID, see docs/data.md); {_SAMPLE_WORKS}"
        )
    drive = settings.remote.startswith(_DRIVE)
    if drive and settings.credentials is None:
        raise DataAway(
            "GDRIVE_CREDENTIALS_DATA does not hold the key of a service account for the Drive "
            f"folder (docs/data.md); {_SAMPLE_WORKS}"
        )
    _dvc(root, "remote", "add", "--local", "--force", "--default", REMOTE, settings.remote)
    if drive:
        _dvc(root, "remote", "modify", "--local", REMOTE, "gdrive_use_service_account", "true")
    _dvc(root, direction)


def _dvc(root: Path, *arguments: str) -> None:
    """Run DVC; what it says while it works goes to the terminal. Raises DataAway."""
    quiet = ["--quiet"] if arguments[0] == "remote" else []
    command = [sys.executable, "-m", "dvc", *arguments, *quiet]
    done = subprocess.run(  # noqa: S603 - no shell, and our own words
        command, cwd=root, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = reasons[0].removeprefix("ERROR: ") if reasons else "DVC says nothing more"
        raise DataAway(f"data versions: {reason}; {_SAMPLE_WORKS}")
