"""A sweep never removes what another process published between its steps."""

from __future__ import annotations

from pathlib import Path

from services.pipeline.catalogue.store_work import verify_stores
from services.pipeline.settings import PipelineSettings
from services.writer.housekeeping import Housekeeper
from services.writer.keeper import StoreKeeper
from tests.integration.pipeline.conftest import Serve, load
from tests.integration.pipeline.test_changes import titles, upsert
from tests.support.product_feed import product_rows, write_feed


def test_a_load_between_two_steps_survives_though_the_writer_wrote_after_it(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(6)
    for title in ("Before", "Now"):
        feed = [row | {"title": title} for row in rows[:4]]
        load(write_feed(tmp_path / "feed.csv", feed), settings)
    keeper = StoreKeeper(settings.feature_store, timeout_s=5)
    housekeeper = Housekeeper(keeper, settings, pause_s=0.0)
    with keeper.writing() as stores:
        for _ in range(3):
            housekeeper.step(stores)
    assert housekeeper.is_sweeping
    upsert(tmp_path, rows[4:], settings)
    with keeper.writing() as stores:
        housekeeper.look()
        entry = ("p-001", *keeper.entries()["p-001"])
        published = stores.publisher_of(keeper.head().head).change([entry])
        keeper.wrote(published, [entry])
        housekeeper.wrote(published, [entry])
        for _ in range(200):
            housekeeper.step(stores)
    assert not verify_stores(settings).faults
    assert titles(serve(), "p-001", "p-004", "p-005") == ["Now", "Product 4", "Product 5"]
