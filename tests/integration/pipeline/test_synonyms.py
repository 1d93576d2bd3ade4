"""Synonyms are published with the catalogue: from its file, and added beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.contracts.synonyms import Synonym
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.synonyms import (
    publish_synonyms,
    published_synonyms,
    read_synonyms,
)
from services.pipeline.cli import main
from services.pipeline.errors import FeedUnusable, NothingToLoad
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from tests.integration.pipeline.conftest import as_before_rankings, load
from tests.support.product_feed import product_rows, write_feed

Serve = Callable[[], Catalogue]

TWO_WAY = Synonym(words=["mug", "cup"])
ONE_WAY = Synonym(words=["sneaker"], finds=["running shoe", "trainer"])
ADDED = Synonym(words=["pot", "kettle"])


def test_a_load_publishes_the_file_beside_the_products_and_keeps_what_was_added(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    feed, file = tmp_path / "feed.csv", tmp_path / "synonyms.txt"
    file.write_text("# ours\nmug, cup\n\nsneaker => running shoe, trainer # one way\n", "utf-8")
    load(write_feed(feed, product_rows(4)), settings)
    assert published_synonyms(settings).file == [TWO_WAY, ONE_WAY]
    publish_synonyms([ADDED], settings)
    catalogue = serve()
    assert catalogue.published_synonyms.all() == [ADDED, TWO_WAY, ONE_WAY]
    assert catalogue.synonyms.at(["kettle"], 0) == (1, [("pot",)])
    file.write_text("mug, cup\n", "utf-8")
    load(write_feed(feed, product_rows(5)), settings)
    assert serve().published_synonyms.all() == [ADDED, TWO_WAY]
    file.unlink()
    load(write_feed(feed, product_rows(6)), settings)
    assert serve().published_synonyms.all() == [ADDED, TWO_WAY]


def test_a_rollback_and_a_change_keep_the_synonyms(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    load(write_feed(tmp_path / "feed.csv", product_rows(5)), settings)
    publish_synonyms([ADDED], settings)
    delete(["p-001"], settings)
    assert (serve().published_synonyms.added, serve().info.products) == ([ADDED], 4)
    roll_back(settings)
    assert (serve().published_synonyms.added, serve().info.products) == ([ADDED], 4)


def test_a_catalogue_registered_before_there_were_synonyms_is_read_and_can_get_some(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    as_before_rankings(settings.feature_store)
    assert serve().published_synonyms.all() == []
    publish_synonyms([ADDED], settings)
    assert serve().published_synonyms.all() == [ADDED]


def test_synonyms_need_a_catalogue(settings: PipelineSettings) -> None:
    with pytest.raises(NothingToLoad, match="load one first"):
        publish_synonyms([ADDED], settings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mug\n", "line 1: expected `a, b` or `a => b`"),
        ("mug, cup\n=> mug\n", "line 2"),
        ("mug =>\n", "line 1"),
        ("a, " + "x" * 65, "line 1"),
    ],
)
def test_a_line_that_says_nothing_is_named(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "synonyms.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(FeedUnusable, match=problem):
        read_synonyms(file)


def test_setting_and_showing_are_commands(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    file = tmp_path / "more.txt"
    file.write_text("pot, kettle\n", "utf-8")
    assert main(["synonyms", "set", str(file)]) == 0
    assert "1 synonyms added" in capsys.readouterr().out
    assert main(["synonyms", "show"]) == 0
    assert '"kettle"' in capsys.readouterr().out
