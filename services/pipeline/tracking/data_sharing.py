"""Sharing of data versions: DVC's `pull` and `push`, with the remote of the environment.

The remote's address goes to `.dvc/config.local`, which git ignores. The key stays in the
environment.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.pipeline.errors import DataAway

Direction = Literal["pull", "push"]

REMOTE = "shared"
CODE = Path(__file__).resolve().parents[3]
_DRIVE = "gdrive://"
_DVC = "services.pipeline.tracking.dvc"
_KEY = "GDRIVE_CREDENTIALS_DATA"
_MOST_LISTED = 3
_SAMPLE_WORKS = "The sample in data/sample needs no remote."


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
        validation_alias=_KEY,
        description="JSON key for the Drive folder: of a service account (a folder in a shared "
        "drive), or of an authorized user (a folder of their own).",
    )


def share(direction: Direction, settings: DataSettings, root: Path) -> None:
    """Pull or push the data of this version.

    root: of the repository. Raises DataAway; its message is one line.
    """
    if settings.remote is None:
        raise DataAway(
            f"DATA_REMOTE is not set. Set it to {_DRIVE}FOLDER_ID (docs/data.md). {_SAMPLE_WORKS}"
        )
    if "//drive.google.com/" in settings.remote:
        raise DataAway(
            f"DATA_REMOTE is the address of a web page. Set it to {_DRIVE}FOLDER_ID, with the last "
            f"part of that address (docs/data.md). {_SAMPLE_WORKS}"
        )
    if "/" not in settings.remote:
        # DVC would take it for a folder beside its configuration, and share nothing.
        raise DataAway(
            f"DATA_REMOTE is neither an address nor a path. Set it to {_DRIVE}{settings.remote} if "
            f"it is the id of a Drive folder, or to a whole path (docs/data.md). {_SAMPLE_WORKS}"
        )
    wanted = _wanted(root) if direction == "pull" else []
    environment: dict[str, str] = {}
    if settings.remote.startswith(_DRIVE):
        environment[_KEY] = _checked_key(settings.credentials)
    _dvc(root, "remote", "add", "--local", "--force", "--default", REMOTE, settings.remote)
    _dvc(root, direction, *wanted, **environment)


def _wanted(root: Path) -> list[str]:
    """Targets of a pull; none means all. Raises DataAway if there is nothing to pull.

    Without dvc.lock no stage has a result to fetch, and DVC would call each of them missing.
    """
    if (root / "dvc.lock").is_file() or not (root / "dvc.yaml").is_file():
        return []
    tracked = [*root.glob("*.dvc"), *root.glob("data/**/*.dvc")]
    wanted = sorted(str(path.relative_to(root)) for path in tracked if path.is_file())
    if not wanted:
        raise DataAway(
            "data pull: this version has no data to fetch, since it has neither dvc.lock nor a "
            f".dvc file (docs/data.md). {_SAMPLE_WORKS}"
        )
    return wanted


def _checked_key(key: SecretStr | None) -> str:
    """The key for Drive. Raises DataAway when it is missing or is no key."""
    from services.pipeline.tracking.dvc import drive_credentials

    if key is None:
        raise DataAway(
            f"{_KEY} is not set. Set it to the JSON key of an account that may use the Drive "
            f"folder (docs/data.md). {_SAMPLE_WORKS}"
        )
    try:
        drive_credentials(key.get_secret_value())
    except ValueError as error:
        raise DataAway(
            f"{_KEY} is not a JSON key of Google's: {error}. Set it to the content of the key "
            f"file (docs/data.md). {_SAMPLE_WORKS}"
        ) from error
    return key.get_secret_value()


def _dvc(root: Path, *arguments: str, **environment: str) -> None:
    """Run DVC; its progress goes to the terminal. Raises DataAway."""
    quiet = ["--quiet"] if arguments[0] == "remote" else []
    command = [sys.executable, "-m", _DVC, "--cd", str(root), *arguments, *quiet]
    done = subprocess.run(  # noqa: S603 - no shell, and our own words
        command,
        cwd=CODE,
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DataAway(f"data {arguments[0]}: {_reason(done.stderr)}. {_SAMPLE_WORKS}")


def _reason(output: str) -> str:
    """DVC's first error on one line, with the first of the files that it lists."""
    _, found, text = f"\n{output}".partition("\nERROR: ")
    error, *others = text.splitlines() or [""]
    if not found:
        return "DVC gives no reason"
    if not error.endswith(":"):
        return error.rstrip(".")
    listed = list(itertools.takewhile(lambda line: not line.endswith("?"), others))
    more = f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
    return f"{error} {', '.join(listed[:_MOST_LISTED])}{more}" if listed else error.rstrip(":")
