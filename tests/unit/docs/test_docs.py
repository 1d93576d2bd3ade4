"""The documentation says what is: its indexes, its links, its commands, its generated page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.generate_configuration import PAGE, page
from docs.openapi.publish import APPS
from services.pipeline.cli import main as pipeline
from tests.support.tracked_files import ROOT, tracked

_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)]*))?\)")
_TARGET = re.compile(r"`make ([a-z0-9-]+)|^make ([a-z0-9-]+)", re.MULTILINE)


PAGES = tracked("*.md")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    local = [
        link for link in _LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link[0]
    ]
    assert [link for link in local if not _leads_somewhere(path, *link)] == []


def _leads_somewhere(path: Path, file: str, heading: str) -> bool:
    target = path.parent / file if file else path
    return target.exists() and (not heading or heading in _anchors(target))


def _anchors(path: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("service", sorted(APPS))
def test_the_readme_of_a_service_names_every_endpoint(service: str) -> None:
    readme = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")
    paths = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())["paths"]
    # A parameter may have another name there.
    named = re.sub(r"\{[^}]*\}", "{}", readme)
    assert [path for path in paths if re.sub(r"\{[^}]*\}", "{}", path) not in named] == []


def test_the_readme_of_the_pipeline_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pipeline(["--help"])
    commands = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    readme = (ROOT / "services" / "pipeline" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^    python -m services\.pipeline (\w+)", readme, re.MULTILINE)
    assert set(named) == set(commands)


def test_the_figures_of_the_readme_are_those_of_the_benchmarks() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    benchmarks = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    encoder = re.search(r"times faster than clip\*\* \| \*\*([\d.]+)×", benchmarks)
    whole = re.search(r"answers a new query \*\*([\d.]+)×", benchmarks)
    assert encoder
    assert whole
    assert re.findall(r"([\d.]+) × as fast", readme) == [encoder[1], whole[1]]


@pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
def test_an_index_names_every_page_of_its_folder(folder: str) -> None:
    index = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"({name})" not in index} == set()


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        first or second
        for path in PAGES
        for first, second in _TARGET.findall(path.read_text(encoding="utf-8"))
    }
    assert named - targets == set()


def test_every_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z0-9-]+):(.*)$", makefile, re.MULTILINE)
    assert [name for name, rest in targets if "## " not in rest] == []


def test_the_configuration_page_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make configuration`"
