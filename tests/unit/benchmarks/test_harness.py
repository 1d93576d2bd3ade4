"""`make bench` as a whole: parts that cannot be installed, parts that fail, what is written."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main, run_parts
from tests.benchmarks.parts import PARTS, Part

HERE = (sys.prefix, "here")
INSTALLS = (sys.executable, "-c", "")
_REFUSES = "import sys; 'gone' in sys.argv and sys.exit('pip said much\\nerror: no such package')"
REFUSES_GONE = (sys.executable, "-c", _REFUSES)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder in which modules `well` and `badly` are found; `well` leaves its arguments."""
    (tmp_path / "well.py").write_text(
        "import pathlib, sys\npathlib.Path('said').write_text(' '.join(sys.argv[1:]))\n"
    )
    (tmp_path / "badly.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_part_that_cannot_be_installed_is_told_of_in_a_line_and_the_next_runs(
    writes: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = [Part("peer", "well", (("x", "gone"), HERE)), Part("second", "well", (HERE,))]
    assert run_parts(parts, None, REFUSES_GONE) == 0
    lines = capfd.readouterr().out.splitlines()
    assert "peer: left out, cannot be installed here: no such package" in lines
    assert (writes / "said").read_text() == "--write"


def test_nothing_that_could_be_run_is_a_failure(writes: Path) -> None:
    assert run_parts([Part("peer", "well", (("x", "gone"),))], None, REFUSES_GONE) == 1
    assert not (writes / "said").exists()


def test_a_part_that_fails_is_named_at_the_end_and_the_next_runs(
    writes: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = [Part("first", "badly", (HERE,)), Part("second", "well", (HERE,))]
    assert run_parts(parts, None, INSTALLS) == 1
    assert "failed: first" in capfd.readouterr().err
    assert (writes / "said").exists()


def test_a_part_without_a_section_is_not_told_to_write_one(writes: Path) -> None:
    assert run_parts([Part("p", "well", (HERE,), has_section=False)], None, INSTALLS) == 0
    assert (writes / "said").read_text() == ""


def test_arguments_of_its_own_reach_a_part_as_they_are(writes: Path) -> None:
    assert run_parts([Part("p", "well", (HERE,))], ["--rounds", "1"], INSTALLS) == 0
    assert (writes / "said").read_text() == "--rounds 1"


def test_a_name_that_no_part_has_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "encodr"])
    said = capsys.readouterr().err
    assert "encodr" in said
    assert all(part.name in said for part in PARTS)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_is_there_and_its_section_names_the_command(part: Part) -> None:
    assert find_spec(part.module) is not None
    pages = [*Path("docs").rglob("*.md")]
    assert any(f'make bench ARGS="--only {part.name}' in page.read_text() for page in pages)
