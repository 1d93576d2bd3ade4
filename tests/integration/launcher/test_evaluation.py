"""`make eval` on a small catalogue: real encoder, store and retriever; nothing is left running."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from services.launcher.evaluation import evaluate
from services.launcher.preflight import CannotRun
from services.launcher.settings import LauncherSettings
from services.pipeline.judging.golden import Golden, GoldenQuery, write_golden
from tests.support.product_feed import write_feed

COLOURS = ("red", "blue", "green", "yellow", "black", "white")
THINGS = ("mug", "hat", "rug", "kite", "lamp", "scarf")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LauncherSettings:
    """A shop of 36 things, beside its golden queries; without tracking."""
    monkeypatch.setenv("PIPELINE_TRACKING", "false")
    names = [f"{colour} plain {thing}" for colour in COLOURS for thing in THINGS]
    rows = [
        {"product_id": name.replace(" ", "-"), "title": name, "category": "Things"}
        | dict.fromkeys(("description", "brand", "price", "currency", "color"), "")
        | dict.fromkeys(("image_path", "product_url"), "")
        for name in names
    ]
    feed = write_feed(tmp_path / "shop" / "products.csv", rows)
    golden = Golden(
        [GoldenQuery(f"q{n}", "text", text=f"any {name}, please") for n, name in enumerate(names)],
        {f"q{n}": {name.replace(" ", "-"): "E"} for n, name in enumerate(names)},
    )
    (feed.parent / "golden").mkdir()
    write_golden(golden, feed.parent / "golden")
    return LauncherSettings(state_dir=tmp_path / "state", catalog=str(feed))


@pytest.mark.long
def test_the_golden_queries_beside_a_catalogue_are_evaluated(
    settings: LauncherSettings, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    asyncio.run(evaluate(settings, ["--figures", str(figures)], lambda _: None))
    told = json.loads(figures.read_text())
    assert told["words/words_only/mrr"] > 0.9 > told["words/random/ndcg"]
    assert not (settings.state_dir / "mlflow").exists()


@pytest.mark.long
def test_a_refused_evaluation_ends_with_the_exit_code_of_the_pipeline(
    settings: LauncherSettings,
) -> None:
    os.remove(Path(settings.catalog).parent / "golden" / "queries.csv")
    with pytest.raises(CannotRun) as refused:
        asyncio.run(evaluate(settings, [], lambda _: None))
    assert refused.value.exit_code == 2
