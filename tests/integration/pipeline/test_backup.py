"""Backups are consistent while changes arrive, and restoring them loses nothing that is served."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from pathlib import Path

import pytest

from services.contracts.ranking import Ranking
from services.pipeline.catalogue.backup import MANIFEST, backup, restore
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.ranking import publish_ranking
from services.pipeline.catalogue.store_work import rebuild, sweep, verify_stores
from services.pipeline.cli import main
from services.pipeline.errors import BackupUnusable
from services.pipeline.settings import PipelineSettings
from tests.integration.pipeline.conftest import Serve, load, titles, writing
from tests.integration.pipeline.test_changes import upsert
from tests.integration.pipeline.test_sweeping import MERGE
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until

PAGE = Path("docs/backup.md")


@pytest.fixture
def feature_repo_dir(tmp_path: Path, own_redis: RedisProcess) -> Path:
    """With a Redis that the test may empty."""
    from tests.support.feast_repository import write_feature_repo

    return write_feature_repo(tmp_path / "feature_repo_dir", own_redis.address)


def test_what_was_changed_since_is_undone_and_rolling_back_undoes_that(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(6)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    upsert(tmp_path, [rows[1] | {"title": "Before"}], settings)
    publish_ranking(Ranking(name="learned"), settings)
    done = backup(settings, tmp_path / "backup")
    assert done.products == 6
    assert sum(file.path.startswith("media/") for file in done.files) == 6
    upsert(tmp_path, [rows[1] | {"title": "After"}], settings)
    delete(["p-002"], settings)
    restore(settings, tmp_path / "backup")
    catalogue = serve()
    assert titles(catalogue, "p-001", "p-002") == ["Before", "Product 2"]
    assert catalogue.ranking.name == "learned"
    assert not verify_stores(settings).faults
    roll_back(settings)
    assert titles(serve(), "p-001", "p-002") == ["After", None]
    roll_back(settings)
    upsert(tmp_path, [rows[3] | {"title": "Goes on"}], settings)
    sweep(settings, grace_s=0)
    assert titles(serve(), "p-001", "p-002", "p-003") == ["Before", "Product 2", "Goes on"]


def test_a_machine_that_lost_everything_has_it_again(
    settings: PipelineSettings, own_redis: RedisProcess, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(5)
    for version in ("First", "Second"):
        load(write_feed(tmp_path / "f.csv", [row | {"title": version} for row in rows]), settings)
    delete(["p-004"], settings)
    before = serve()
    backup(settings, tmp_path / "backup")
    own_redis.empty()
    shutil.rmtree(settings.feature_store / "offline")
    shutil.rmtree(settings.media_dir)
    restore(settings, tmp_path / "backup")
    catalogue = serve()
    assert catalogue.info == before.info
    for row in rows:
        product = catalogue.get(row["product_id"])
        assert product == before.get(row["product_id"])
        assert product is None or product.image_url is not None
    assert len(list(settings.media_dir.glob("??/*"))) == 5
    rebuild(settings, lambda _: None, everything=True)
    assert not verify_stores(settings).faults
    roll_back(settings)
    assert titles(serve(), "p-000", "p-004") == ["First", "First"]


async def test_a_backup_under_changes_is_a_state_that_was_acknowledged(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    """Two prices of one round are always equal: a backup must never have one without the other."""
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    acknowledged = [0.0]
    async with writing(settings, sweep_pause_s=0.2) as writer:

        async def change() -> None:
            for number in range(1, 1_000):
                answer = await writer.patch(
                    "/products/p-001", json={"price": float(number)}, headers=MERGE
                )
                assert answer.status_code == 200, answer.text
                acknowledged.append(float(number))
                await asyncio.sleep(0.02)

        changing = asyncio.create_task(change())
        taken = []
        for number in range(2):
            seen = len(acknowledged)
            await until(lambda: len(acknowledged) >= seen + 3)  # noqa: B023
            at_least = acknowledged[-1]
            target = tmp_path / f"backup-{number}"
            await asyncio.to_thread(backup, settings, target)
            taken.append((target, at_least, acknowledged[-1] + 1))
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)
    for target, at_least, at_most in taken:
        await asyncio.to_thread(restore, settings, target)
        product = (await asyncio.to_thread(serve)).get("p-001")
        assert product is not None
        assert product.price is not None
        assert at_least <= product.price <= at_most


@pytest.mark.parametrize("fault", ["no manifest", "a file cut short", "a newer format"])
def test_a_backup_that_is_not_whole_is_refused(
    settings: PipelineSettings, tmp_path: Path, serve: Serve, fault: str
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    target = tmp_path / "backup"
    backup(settings, target)
    with pytest.raises(BackupUnusable, match="not empty"):
        backup(settings, target)
    if fault == "no manifest":
        (target / MANIFEST).unlink()
    elif fault == "a file cut short":
        part = next((target / "offline" / "product_metadata").iterdir())
        part.write_bytes(part.read_bytes()[:-9])
    else:
        text = (target / MANIFEST).read_text()
        (target / MANIFEST).write_text(re.sub(r'"format": \d+', '"format": 99', text))
    with pytest.raises(BackupUnusable):
        restore(settings, target)
    assert serve().info.products == 3


def test_the_page_works_as_printed(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = PAGE.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    commands = [
        line for block in blocks for line in block.splitlines() if "services.pipeline" in line
    ]
    assert len(commands) >= 4
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    monkeypatch.setenv("PIPELINE_MEDIA_DIR", str(settings.media_dir))
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    for command in commands:
        words = shlex.split(command.replace("/backups/", f"{tmp_path}/"), comments=True)
        assert words[:3] == ["python", "-m", "services.pipeline"]
        assert main(words[3:]) == 0, (command, capsys.readouterr())
