"""Feast is imported without its run-time type checks, wherever our code imports it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

LIGHT = "services.common.light_feast"


def test_feast_has_no_run_time_checks_and_other_packages_still_have() -> None:
    program = f"""
import typeguard
checked = typeguard.typechecked
import {LIGHT}, feast
assert typeguard.typechecked is checked
assert "TypeCheckMemo" not in feast.FeatureView.__init__.__code__.co_names
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def imported(path: Path) -> list[str]:
    """Modules that a file names, in the order of the file."""
    names: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append((node.lineno, node.module or ""))
    return [name for _, name in sorted(names)]


def test_every_module_that_imports_feast_imports_it_without_the_checks_first() -> None:
    found = 0
    for path in Path("services").rglob("*.py"):
        names = imported(path)
        if path.stem == "light_feast" or not any(name.split(".")[0] == "feast" for name in names):
            continue
        found += 1
        first = next(name for name in names if name == LIGHT or name.split(".")[0] == "feast")
        assert first == LIGHT, path
    assert found
