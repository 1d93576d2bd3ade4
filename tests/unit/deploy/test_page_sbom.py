"""The list of what the page is made of has what is served, all of it and nothing else."""

from __future__ import annotations

import json
from typing import Any

from deploy.operations.licences import PAGE_LOCK
from deploy.operations.page_sbom import page_sbom


def listed() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(page_sbom(json.loads(PAGE_LOCK.read_text("utf-8"))))
    return parsed


def test_it_is_cyclonedx() -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # takes two seconds

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(listed())) is None


def test_it_has_what_the_page_depends_on_and_nothing_that_builds_or_tests_it() -> None:
    wanted = json.loads((PAGE_LOCK.parent / "package.json").read_text("utf-8"))
    names = {one["name"] for one in listed()["components"]}
    assert set(wanted["dependencies"]) <= names
    assert not set(wanted["devDependencies"]) & names


def test_each_part_has_its_licence_and_the_hash_that_npm_checks() -> None:
    digest = (
        "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
    )
    package = {"version": "1.0.0", "license": "MIT", "integrity": f"sha512-{digest}"}
    lock = {"name": "page", "version": "2.0.0", "packages": {"node_modules/@a/b": package}}
    (part,) = json.loads(page_sbom(lock))["components"]
    assert part["purl"] == "pkg:npm/%40a/b@1.0.0"
    assert part["licenses"] == [{"license": {"id": "MIT"}}]
    assert part["hashes"][0]["alg"] == "SHA-512"
    assert part["hashes"][0]["content"].startswith("cf83e1357eefb8bd")  # SHA-512 of nothing
