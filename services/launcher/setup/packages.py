"""Installed packages of an environment, compared with the lock, from outside of the environment."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from services.launcher.setup.steps import ROOT


def installed(venv: Path) -> dict[str, str]:
    """Version by name."""
    folders = [str(path) for path in venv.glob("lib/python3.*/site-packages")]
    return {_plain(one.name): one.version for one in distributions(path=folders)}


def missing(venv: Path, group: str) -> list[str]:
    """Packages of a dependency group that the environment lacks."""
    import tomllib  # new in Python 3.11; an older one is named by the doctor first

    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return sorted(_wanted(pyproject["dependency-groups"], group) - installed(venv).keys())


def other_versions(venv: Path) -> list[str]:
    """Packages in another version than the pinned one, each as a phrase."""
    pins = _pinned()
    return sorted(
        f"{name} {version} instead of {pins[name]}"
        for name, version in installed(venv).items()
        if name in pins and version != pins[name]
    )


def _pinned() -> dict[str, str]:
    """Version by name, of packages with one pin for every platform."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = (line.partition("==") for line in lines if "==" in line and ";" not in line)
    return {_plain(name): version.strip() for name, _, version in pins}


def _wanted(groups: dict[str, list[Any]], group: str) -> set[str]:
    names: set[str] = set()
    for entry in groups[group]:
        if isinstance(entry, str):
            names.add(_plain(re.split(r"[\[<>=!~; ]", entry, maxsplit=1)[0]))
        else:
            names |= _wanted(groups, entry["include-group"])
    return names


def _plain(name: str) -> str:
    """The name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
