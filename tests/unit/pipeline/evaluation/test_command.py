"""`evaluate` looks at its start whether its results have somewhere to go."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.cli import main
from services.pipeline.evaluation.page import BEGIN, END


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--report", "none.md"], "this is no page to write into: No such file or directory"),
        (["--report", "folder"], "this is no page to write into: Is a directory"),
        (["--report", "none/page.md"], "this is no page to write into: No such file or directory"),
        (["--report", "bytes.md"], "this is no page to write into: it is no text"),
        (["--report", "plain.md"], "there are no marks"),
        (["--report", "page.md", "--figures", "folder"], "name a file for the figures"),
        (["--report", "page.md", "--figures", "plain.md/figures.json"], "plain.md: "),
        (["--plots", "plain.md"], "plain.md: File exists"),
    ],
)
def test_a_place_that_takes_no_results_is_told_before_anybody_is_asked(
    options: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "plain.md").write_text("no marks")
    (tmp_path / "page.md").write_text(f"{BEGIN}\n{END}")
    # The golden queries are missing too; they are checked next.
    assert main(["evaluate", *options]) in {2, 3}
    assert reason in capsys.readouterr().err
