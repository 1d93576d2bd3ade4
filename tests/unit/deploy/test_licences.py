"""A licence that would bind ours is refused; one that leaves a choice, or is lesser, is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from deploy.operations.licences import page_licences, python_licences, refused, told_or_read


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "Apache-2.0",
        "BSD License",
        "MPL-2.0",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "LGPL-2.1-only",
        "GPL-2.0-only OR MIT",
        "(MIT OR CC0-1.0)",
        "Python Software Foundation License",
    ],
)
def test_these_will_do(text: str) -> None:
    assert refused({"package 1": text}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "UNKNOWN",
        "GPL-3.0-only",
        "GNU General Public License v3 (GPLv3)",
        "GNU Affero General Public License v3",
        "AGPL-3.0",
        "SSPL-1.0",
        "BUSL-1.1",
    ],
)
def test_these_will_not(text: str) -> None:
    assert refused({"package 1": text}) == {"package 1": text}


def test_a_licence_that_is_not_told_is_read_where_its_text_is_known() -> None:
    text = (
        "MIT License\n\nPermission is hereby granted, free of charge, to any person\nobtaining a "
    )
    text += "copy of this software and associated documentation"
    assert told_or_read("UNKNOWN", text) == "MIT"
    assert told_or_read("GPL-3.0-only", text) == "GPL-3.0-only"
    assert told_or_read("UNKNOWN", "All rights reserved.") == "UNKNOWN"


def test_an_environments_packages_are_told_with_their_versions() -> None:
    told = python_licences(sys.executable)
    assert told[f"pytest {pytest.__version__}"] == "MIT"


def test_the_pages_packages_are_read_from_its_lock(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    packages = {
        "": {"name": "ours"},
        "node_modules/a": {"version": "1.0.0", "license": "MIT"},
        "node_modules/a/node_modules/@b/c": {"version": "2.0.0"},
    }
    lock.write_text(json.dumps({"packages": packages}))
    assert page_licences(lock) == {"a 1.0.0": "MIT", "@b/c 2.0.0": ""}


def test_no_package_of_the_page_is_refused() -> None:
    assert refused(page_licences()) == {}
