from __future__ import annotations

from pathlib import Path

import pytest

from services.launcher.setup.steps import reason as reason_of


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("$ pip\nCollecting x\nERROR: no x\nERROR: because of y\n", "ERROR: because of y"),
        (
            "$ npm\nnpm warn a\nnpm error code E404\nnpm error 404 not here\nnpm error log",
            "npm error 404 not here",
        ),
        (
            "$ pip\nERROR: Could not install\nOSError: No space left on device\nmore",
            "OSError: No space left on device",
        ),
        ("$ vite\nsrc/a.ts: wrong type\n\n", "src/a.ts: wrong type"),
        ("$ quiet\n", "no output"),
    ],
    ids=["pip", "npm", "full disk", "another tool", "silence"],
)
def test_a_failed_step_is_told_in_the_line_that_says_most(
    tmp_path: Path, said: str, reason: str
) -> None:
    log = tmp_path / "setup.log"
    earlier = "ERROR: of another step\n"
    log.write_text(earlier + said)
    assert reason_of(log, len(earlier)) == reason
