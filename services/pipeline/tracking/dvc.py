"""DVC with a Google Drive client that works: ``python -m services.pipeline.tracking.dvc pull``.

DVC's own client fails in two places. oauth2client signs with ``OpenSSL.crypto.sign``, which
pyOpenSSL 24.3 removed; google-auth signs here. PyDrive2 downloads without ``supportsAllDrives``,
so Drive answers 404 for a file in a shared drive; it is added here.  Derivation:
docs/decisions/0022-google-drive.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import cached_property

from dvc.cli import main as dvc_main  # type: ignore[import-untyped]
from dvc.fs import known_implementations  # type: ignore[import-untyped]
from dvc_gdrive import GDriveFileSystem  # type: ignore[import-untyped]
from google.auth.credentials import Credentials
from google.oauth2 import credentials as user
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
from googleapiclient.discovery import build  # type: ignore[import-untyped]
from httplib2 import Http, Response  # type: ignore[import-untyped]
from pydrive2.auth import GoogleAuth  # type: ignore[import-untyped]
from pydrive2.fs import GDriveFileSystem as PyDrive  # type: ignore[import-untyped]

SCOPES = ["https://www.googleapis.com/auth/drive"]
TIMEOUT_S = 60
_CREDENTIALS: dict[str, Callable[..., Credentials]] = {
    "service_account": service_account.Credentials.from_service_account_info,
    "authorized_user": user.Credentials.from_authorized_user_info,
}


def drive_credentials(key: str) -> Credentials:
    """Credentials from the JSON of a service account's key, or of an authorized user.

    Raises ValueError, which says what is wrong with the JSON.
    """
    try:
        fields = json.loads(key)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    kind = fields.get("type") if isinstance(fields, dict) else None
    if kind not in _CREDENTIALS:
        raise ValueError(f"its `type` is not {' or '.join(_CREDENTIALS)}")
    return _CREDENTIALS[kind](fields, scopes=SCOPES)


class DriveHttp(AuthorizedHttp):  # type: ignore[misc]
    """HTTP with credentials, for PyDrive2's calls."""

    def request(self, uri: str, *arguments: object, **named: object) -> tuple[Response, bytes]:
        if "alt=media" in uri and "supportsAllDrives" not in uri:
            uri += "&supportsAllDrives=true"
        answer: tuple[Response, bytes] = super().request(uri, *arguments, **named)
        return answer


class DriveAuth(GoogleAuth):  # type: ignore[misc]
    """PyDrive2's session, with google-auth in the place of oauth2client."""

    access_token_expired = False
    """DriveHttp renews its token itself."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(settings=self.DEFAULT_SETTINGS)
        self._google = credentials
        self.service = build("drive", "v2", http=self.Get_Http_Object(), cache_discovery=False)

    def Get_Http_Object(self) -> DriveHttp:  # noqa: N802 - its name there
        """One for each thread, as PyDrive2 asks."""
        http = Http(timeout=TIMEOUT_S)
        # Drive answers 308 to a part of an upload; it is no redirect.
        http.redirect_codes = http.redirect_codes - {308}
        return DriveHttp(self._google, http=http)


class DriveFileSystem(GDriveFileSystem):  # type: ignore[misc]
    """DVC's `gdrive://`, over that session."""

    @cached_property
    def fs(self) -> PyDrive:
        session = DriveAuth(drive_credentials(self._settings["client_json"]))
        return PyDrive(self._path, google_auth=session, trash_only=self._settings["trash_only"])


def main(arguments: Sequence[str]) -> int:
    """Run a DVC command. Returns its exit code."""
    known_implementations["gdrive"]["class"] = f"{__name__}.{DriveFileSystem.__name__}"
    return int(dvc_main(list(arguments)))


if __name__ == "__main__":
    # By its own name, so that DVC finds this module's class and not that of a second copy.
    from services.pipeline.tracking import dvc

    sys.exit(dvc.main(sys.argv[1:]))
