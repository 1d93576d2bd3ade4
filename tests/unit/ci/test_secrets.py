"""The secret scanner finds what it is there to find, and nothing in what is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


def scan(*files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [REPOSITORY / ".ci" / "secrets", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (("gemini: AIza", "Sy" + "a1B2c3D4e5" * 3 + "f6g"), "Google API Key"),
        (("hf", "_" + "aBcDeFgHiJ" * 3 + "kLmN"), "Hugging Face Token"),
        (("ghp", "_" + "0123456789abcdefABCDEF0123456789abcd"), "GitHub Token"),
        (("AKIA", "QWERTYUIOPASDFGH"), "AWS Access Key"),
        (("-----BEGIN RSA ", "PRIVATE KEY-----"), "Private Key"),
        (("password = ", "'correcthorsebatterystaple'"), "Secret Keyword"),
        (("redis://user:", "hunter2hunter2@redis:6379"), "Basic Auth Credentials"),
    ],
)
def test_a_planted_secret_is_found(tmp_path: Path, parts: tuple[str, str], kind: str) -> None:
    # In two parts, so that this file holds none.
    planted = tmp_path / "settings.py"
    planted.write_text("".join(parts) + "\n", encoding="utf-8")
    found = scan(planted)
    assert found.returncode != 0
    assert kind in found.stdout


def test_a_file_without_one_passes(tmp_path: Path) -> None:
    harmless = tmp_path / "settings.py"
    harmless.write_text(f'api_key = None\ndigest = "{"0a" * 32}"\n', encoding="utf-8")
    assert scan(harmless).returncode == 0, scan(harmless).stdout
