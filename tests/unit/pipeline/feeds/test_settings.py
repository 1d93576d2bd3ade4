"""Facts that a feed does not state can come from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.cli import main
from services.pipeline.feeds import FeedOptions, FeedSettings


def test_nothing_said_is_what_a_feed_is_read_with_otherwise() -> None:
    assert FeedSettings().options() == FeedOptions()


def test_what_is_said_reaches_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"FORMAT": "own", "ENCODING": "Latin1", "CURRENCY": "eur", "LOCALE": "es"}
    for name, value in (said | {"VECTORS": "false"}).items():
        monkeypatch.setenv(f"FEED_{name}", value)
    assert FeedSettings().options() == FeedOptions("own", "iso8859-1", "es", "EUR", False)


@pytest.mark.parametrize(
    ("name", "value"), [("FORMAT", "excel"), ("ENCODING", "utf-9"), ("CURRENCY", "€")]
)
def test_what_cannot_be_is_named(
    name: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv(f"FEED_{name}", value)
    assert main(["load", str(tmp_path / "feed.csv")]) == 3
    assert f"the setting FEED_{name} can't be used" in capsys.readouterr().err
