"""Line above a table of figures: the command as typed, the machine, the versions."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from tests.benchmarks.machine import machine, measured_by


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], '`make bench ARGS="--only x"`'),
        (["--write"], '`make bench ARGS="--only x -- --write"`'),
        (["--rounds", "2", "--write"], '`make bench ARGS="--only x -- --rounds 2 --write"`'),
    ],
)
def test_a_section_names_the_command_that_wrote_it(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], command: str
) -> None:
    monkeypatch.setattr("sys.argv", ["program", *arguments])
    assert measured_by("x", ["numpy"]).startswith(f"{command}, {machine()}, load ")


def test_a_section_names_the_versions_of_what_it_compares() -> None:
    assert f"numpy {version('numpy')}" in measured_by("x", ["numpy"])
