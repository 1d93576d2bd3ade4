"""The shortest of the page's own tests, in a real browser; `make test-e2e` runs all of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.long]

WEB = Path("services/web")
LONGEST_S = 240
"""Playwright ends by itself then, and stops what it started."""


@pytest.fixture(scope="module")
def chromium() -> str:
    """Path of a browser. Without one the page's tests are left out, and the summary says so."""
    looked = subprocess.run(
        ["node", "e2e/support/chromium.mjs"], cwd=WEB, capture_output=True, text=True, check=False
    )
    if looked.returncode != 0:
        pytest.skip(looked.stderr.strip())
    return looked.stdout.strip()


@pytest.mark.timeout(LONGEST_S + 40)
def test_the_page_works_in_a_browser(chromium: str) -> None:
    done = subprocess.run(
        [
            "npm",
            "run",
            "--silent",
            "e2e",
            "--",
            "--grep=@short",
            f"--global-timeout={LONGEST_S}000",
        ],
        cwd=WEB,
        env={**os.environ, "CHROMIUM": chromium},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_S + 30,
        check=False,
    )
    assert done.returncode == 0, done.stdout
