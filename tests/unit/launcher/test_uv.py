"""uv follows the settings of pip, as networks with a mirror have them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from services.launcher.setup.uv import pip_settings


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name == "SSL_CERT_FILE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def test_without_settings_of_pip_uv_keeps_its_own() -> None:
    assert pip_settings(Path(sys.executable)) == {}


def test_a_configuration_file_and_variables_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://mirror.example/simple\n"
        f"find-links = {wheels} {tmp_path}/nowhere https://links.example/torch\n"
        "extra-index-url = https://extra.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_CERT", "/etc/ssl/mirror.pem")
    expected = {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://extra.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        # A folder that does not exist stops uv, and does not stop pip.
        "UV_FIND_LINKS": f"{wheels},https://links.example/torch",
        "SSL_CERT_FILE": "/etc/ssl/mirror.pem",
    }
    # The file of the whole machine is read too.
    assert pip_settings(Path(sys.executable)).items() >= expected.items()


def test_a_variable_wins_over_the_file_and_one_of_uv_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://file.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    found = pip_settings(Path(sys.executable))
    assert found["UV_DEFAULT_INDEX"] == "https://variable.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert "UV_DEFAULT_INDEX" not in pip_settings(Path(sys.executable))
