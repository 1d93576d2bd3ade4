"""The secret scanner finds what it is there to find, and nothing in what is committed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def scan(*files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [REPOSITORY / ".ci" / "secrets", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )


# In two parts, so that this file holds none.
PLANTED = {
    "Google API Key": ("gemini: AIza", "Sy" + "a1B2c3D4e5" * 3 + "f6g"),
    "Hugging Face Token": ("hf", "_" + "aBcDeFgHiJ" * 3 + "kLmN"),
    "GitHub Token": ("ghp", "_" + "0123456789abcdefABCDEF0123456789abcd"),
    "AWS Access Key": ("AKIA", "QWERTYUIOPASDFGH"),
    "Private Key": ("-----BEGIN RSA ", "PRIVATE KEY-----"),
    "Secret Keyword": ("password = ", "'correcthorsebatterystaple'"),
    "Basic Auth Credentials": ("redis://user:", "hunter2hunter2@redis:6379"),
    "IBM Cloud IAM Key": ("cloud_iam_api_key = ", "a1B2c3D4e5F6_" * 3 + "a1B2c"),
}


def test_planted_secrets_are_found_each_in_its_file(tmp_path: Path) -> None:
    files = {}
    for number, (kind, parts) in enumerate(PLANTED.items()):
        files[kind] = tmp_path / f"settings-{number}.py"
        files[kind].write_text("a = 1\n" + "".join(parts) + "\nb = 2\n", encoding="utf-8")
    found = scan(*files.values())
    assert found.returncode != 0
    reports = found.stdout.split("Secret Type:")[1:]
    for kind, file in files.items():
        assert any(kind in one and f"{file}:2" in one for one in reports), found.stdout


def test_a_key_of_a_configuration_file_needs_no_quotes(tmp_path: Path) -> None:
    """detect-secrets adds the quotes that the pattern of such a key has."""
    planted = tmp_path / "credentials.cfg"
    planted.write_text("[default]\naws_secret_key = " + "a1B2c3D4e5" * 4 + "\n", encoding="utf-8")
    assert "AWS Access Key" in scan(planted).stdout


def test_a_file_without_one_passes(tmp_path: Path) -> None:
    harmless = tmp_path / "settings.py"
    harmless.write_text(f'api_key = None\ndigest = "{"0a" * 32}"\n', encoding="utf-8")
    assert scan(harmless).returncode == 0, scan(harmless).stdout


def test_a_downloaded_archive_passes_and_a_repository_that_git_refuses_does_not(
    tmp_path: Path,
) -> None:
    shutil.copytree(REPOSITORY / ".ci", tmp_path / ".ci")

    def scan_all() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tmp_path / ".ci" / "secrets"],
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
            capture_output=True,
            text=True,
            check=False,
        )

    scanned = scan_all()
    assert (scanned.returncode, scanned.stderr) == (0, "")
    assert "no Git repository" in scanned.stdout
    (tmp_path / ".git").mkdir()
    assert scan_all().returncode != 0
