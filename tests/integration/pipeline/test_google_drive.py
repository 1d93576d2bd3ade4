"""DVC's `push` and `pull` against a strict Google Drive, under its own name and in TLS."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.pipeline.errors import DataAway
from services.pipeline.tracking.data_sharing import DataSettings, share
from tests.support.google_drive.discovery import Refused
from tests.support.google_drive.server import Google, google
from tests.support.google_drive.tokens import USER, ServiceAccount

ROOT = Path(__file__).resolve().parents[3]

Digests = dict[str, str]


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """A folder in a shared drive, of which a service account is a member."""
    with google(tmp_path) as it:
        for name, value in it.environment().items():
            monkeypatch.setenv(name, value)
        yield it


@pytest.fixture
def own_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """A folder in a person's own drive, shared with a service account."""
    with google(tmp_path, shared_drive=False) as it:
        for name, value in it.environment().items():
            monkeypatch.setenv(name, value)
        yield it


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data repository with a tracked catalogue: several folders, an empty file, a large one."""
    folder = tmp_path_factory.mktemp("tracked")
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc")
    shop = folder / "shop"
    (shop / "images").mkdir(parents=True)
    (shop / "products.csv").write_text("product_id,title\na,It's an Ünusual mug\n")
    (shop / "empty.csv").touch()
    for number in range(4):
        (shop / "images" / f"{number}.png").write_bytes(bytes([number]) * 1000)
    (shop / "vectors.bin").write_bytes(bytes(range(256)) * 8192)
    for arguments in (["config", "core.no_scm", "true"], ["add", "--quiet", "shop"]):
        command = [sys.executable, "-m", "dvc", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
    return folder


@pytest.fixture
def repository(tracked: Path, tmp_path: Path) -> Path:
    """A copy of the tracked repository, which a test may change."""
    return shutil.copytree(tracked, tmp_path / "repository", symlinks=True)


def _digests(folder: Path) -> Digests:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _settings(drive: Google, key: dict[str, str]) -> DataSettings:
    return DataSettings(
        remote=f"gdrive://{drive.drive.shared.id}", credentials=SecretStr(json.dumps(key))
    )


def _pushed_wiped_pulled(repository: Path, settings: DataSettings) -> tuple[Digests, Digests]:
    before = _digests(repository / "shop")
    share("push", settings, repository)
    shutil.rmtree(repository / "shop")
    shutil.rmtree(repository / ".dvc" / "cache")
    share("pull", settings, repository)
    return before, _digests(repository / "shop")


def test_data_come_back_the_same_and_nothing_is_uploaded_twice(
    repository: Path, drive: Google
) -> None:
    settings = _settings(drive, drive.account.key_file())

    before, after = _pushed_wiped_pulled(repository, settings)
    uploads = drive.calls["upload"]
    share("push", settings, repository)

    assert len(before) == 7
    assert drive.calls["upload"] == uploads == 8  # and the list of the folder's files
    assert after == before
    assert drive.refused == []
    assert {name for name, count in drive.calls.items() if count} == {
        "token",
        "drive.files.list",
        "drive.files.insert",
        "upload",
        "drive.files.get",
    }


def test_rate_limits_server_errors_and_expired_tokens_only_take_time(
    repository: Path, drive: Google
) -> None:
    limit = Refused(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
    broken = Refused(503, "backendError", "Backend Error")
    expired = Refused(401, "authError", "Invalid Credentials")
    drive.failures = {
        "drive.files.list": [limit, expired],
        "drive.files.insert": [broken, expired, limit],
        "upload": [broken],
        "drive.files.get": [expired, broken],
    }

    before, after = _pushed_wiped_pulled(repository, _settings(drive, drive.account.key_file()))

    assert after == before
    assert not any(drive.failures.values())
    assert drive.calls["token"] > 2
    assert drive.refused == []


@pytest.mark.long
def test_a_person_may_keep_data_in_their_own_drive(repository: Path, own_drive: Google) -> None:
    settings = _settings(own_drive, {"type": "authorized_user", **USER})

    before, after = _pushed_wiped_pulled(repository, settings)

    assert after == before
    assert own_drive.refused == []


def test_a_service_account_has_no_storage_in_a_persons_drive(
    repository: Path, own_drive: Google
) -> None:
    settings = _settings(own_drive, own_drive.account.key_file())

    with pytest.raises(DataAway, match="Service Accounts do not have storage quota") as told:
        share("push", settings, repository)

    assert "\n" not in str(told.value)


def test_a_key_that_google_does_not_know_is_told_in_one_line(
    repository: Path, drive: Google
) -> None:
    settings = _settings(drive, ServiceAccount().key_file())

    with pytest.raises(DataAway, match="Invalid JWT Signature") as told:
        share("pull", settings, repository)

    assert "\n" not in str(told.value)


def test_a_folder_that_is_not_shared_with_the_account_is_told_in_one_line(
    repository: Path, drive: Google
) -> None:
    key = SecretStr(json.dumps(drive.account.key_file()))

    with pytest.raises(DataAway) as told:
        share("push", DataSettings(remote="gdrive://1another", credentials=key), repository)

    assert "1another" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("-----BEGIN PRIVATE KEY-----", "not JSON"),  # pragma: allowlist secret
        ('{"type": "external_account"}', "service_account or authorized_user"),
        ('{"type": "service_account", "client_email": "a@b"}', "missing fields"),
        (
            json.dumps({**ServiceAccount().key_file(), "private_key": "-----BEGIN KEY-----"}),
            "deserialize|PEM",
        ),
        ('{"type": "authorized_user", "client_id": "a"}', "missing fields"),
    ],
)
def test_a_key_that_is_none_is_refused_before_anything_is_asked(
    key: str, reason: str, repository: Path
) -> None:
    settings = DataSettings(remote="gdrive://1folder", credentials=SecretStr(key))

    with pytest.raises(DataAway, match=reason) as told:
        share("pull", settings, repository)

    assert "\n" not in str(told.value)
    assert not (repository / ".dvc" / "config.local").exists()
