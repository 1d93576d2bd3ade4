"""Workflows run the commands of a person, with the fewest permissions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.tracked_files import ROOT, tracked

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    parsed: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return parsed


def checked(*command: str) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_checkers_find_nothing() -> None:
    checked("actionlint", "-no-color", *map(str, WORKFLOWS))
    checked("zizmor", "--offline", "--quiet", ".github")


@pytest.mark.long
def test_the_files_follow_the_published_schemas() -> None:
    schema = "--builtin-schema"
    checked("check-jsonschema", schema, "vendor.github-workflows", *map(str, WORKFLOWS))
    checked("check-jsonschema", schema, "vendor.dependabot", ".github/dependabot.yml")
    checked("check-jsonschema", schema, "vendor.compose-spec", "compose.yaml")


def test_dependabot_renews_every_kind_of_pin() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    kinds = {one["package-ecosystem"] for one in updates}
    assert kinds == {"pip", "npm", "docker", "docker-compose", "github-actions"}
    folders = {
        folder
        for one in updates
        if one["package-ecosystem"] == "docker"
        for folder in one["directories"]
    }
    files = [one.relative_to(ROOT) for one in tracked("Dockerfile", "*/Dockerfile")]
    assert folders == {f"/{path.parent}".removesuffix(".") for path in files}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_make_target_that_is_called_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    called = set(re.findall(r"run: make (?:--silent )?([a-z0-9-]+)", text))
    assert called - targets == set()


def test_the_page_is_built_with_an_address_that_it_reads() -> None:
    workflow = (ROOT / ".github" / "workflows" / "deploy-frontend.yml").read_text(encoding="utf-8")
    page = (ROOT / "services" / "web" / "src" / "api" / "client.ts").read_text(encoding="utf-8")
    read = set(re.findall(r"import\.meta\.env\['(VITE_[A-Z_]+)'\]", page))
    given = set(re.findall(r"\bVITE_[A-Z_]+", workflow))
    told = set(re.findall(r"\bVITE_[A-Z_]+", (ROOT / "docs" / "deployment.md").read_text("utf-8")))
    assert read == given == told


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (\S+.*)", path.read_text(encoding="utf-8"))
    strange = [
        line
        for line in used
        if not line.startswith("$/")
        and not re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    ]
    assert strange == []


def test_one_action_has_one_commit_everywhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = set(re.findall(r"uses: (\S+)@([0-9a-f]{40})", text))
    assert len(pins) == len({name for name, _ in pins})


def test_the_checks_of_a_pull_request_have_limits_and_only_read() -> None:
    path = ROOT / ".github" / "workflows" / "ci.yml"
    checks = {name: job for name, job in jobs(path).items() if "uses" not in job}
    assert set(checks) == {"test", "rules", "environments", "browser", "compose"}
    assert all(job["timeout-minutes"] <= 60 for job in checks.values())
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    assert not [name for name, job in checks.items() if "permissions" in job]


def test_nothing_is_deployed_before_every_check_passes() -> None:
    ci = jobs(ROOT / ".github" / "workflows" / "ci.yml")
    checks = {name for name, job in ci.items() if "uses" not in job}
    for name in ("space", "page"):
        assert checks <= set(ci[name]["needs"])
        assert "github.event_name == 'push'" in ci[name]["if"]
