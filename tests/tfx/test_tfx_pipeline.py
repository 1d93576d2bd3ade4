"""The pipeline under TFX, whole, in its own environment: `make test-tfx`."""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.contracts.ranking import Ranking
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.runs import EXPERIMENT, client
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.support.waiting import until

if TYPE_CHECKING:
    from mlflow.entities import Run  # takes a second

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
PYTHON = os.environ.get("TFX_PYTHON", "")
FEED_REFUSED, GATE_CLOSED = 2, 4

Row = dict[str, str]
Done = subprocess.CompletedProcess[str]

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="TFX has an environment of its own: `make test-tfx`"),
    pytest.mark.timeout(900),
    # MLflow's own use of SQLAlchemy and others.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def run(tmp_path: Path, feature_repo_dir: Path) -> Callable[[Path], Done]:
    """One run from a feed to the test's own store, beside an encoder with the bundled model."""

    def run_once(feed: Path) -> Done:
        surroundings = {
            **os.environ,
            "PIPELINE_FEATURE_STORE": str(feature_repo_dir),
            "STATE_DIR": str(tmp_path / "state"),
            "TFX_FEED": str(feed),
            "TFX_GOLDEN": str(SAMPLE / "golden"),
            "TFX_STATE_DIR": str(tmp_path / "tfx"),
            "TFX_SERVING_PYTHON": sys.executable,
            "PIPELINE_TRACKING": "true",
            "PIPELINE_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
            "PYTHONWARNINGS": "ignore",
        }
        launcher = (sys.executable, "-m", "services.launcher", "batch", "--")
        pipeline = (str(ROOT / PYTHON), "-m", "services.pipeline.tfx")
        return subprocess.run(
            [*launcher, *pipeline],
            cwd=ROOT,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )

    return run_once


async def test_what_is_blessed_is_served_by_the_swap_and_what_is_worse_is_not(
    run: Callable[[Path], Done], tmp_path: Path, feature_repo_dir: Path
) -> None:
    async with running_retriever(feature_repo_dir) as retriever:
        done = await asyncio.to_thread(run, _feed(tmp_path, lambda _: None))

        assert done.returncode == 0, done.stderr[-3000:]
        pushed = _pushed(tmp_path)
        whole, training = _recorded(tmp_path)
        assert (whole.data.tags["kind"], training.data.tags["kind"]) == ("tfx", "train")
        for one in (whole, training):
            assert one.info.status == "FINISHED"
            assert one.data.tags["ranking"] == pushed[0].name
            assert one.data.tags["data_version"].startswith("sha256:")
        assert whole.data.metrics["evaluation/ndcg"] > 0.8
        await until(lambda: _serves(retriever, pushed[0]))
        version = (await retriever.readiness())[1]

        # Words of other products: loaded without complaint, found by nobody.
        done = await asyncio.to_thread(run, _feed(tmp_path, _shuffle_words))

        assert done.returncode == GATE_CLOSED, done.stderr[-3000:]
        assert "NDCG" in done.stderr
        assert _pushed(tmp_path) == pushed
        assert (await retriever.readiness())[1] == version
        refused = [one for one in _recorded(tmp_path) if one.info.status == "FAILED"]
        assert ["NDCG" in one.data.tags["error"] for one in refused] == [True]


def test_a_broken_feed_is_stopped_by_column_and_row(
    run: Callable[[Path], Done], tmp_path: Path, feature_repo_dir: Path
) -> None:
    done = run(_feed(tmp_path, _break))

    assert done.returncode == FEED_REFUSED, done.stderr[-3000:]
    told = {line.split(":")[0]: line for line in done.stderr.splitlines()}
    assert "price 'ask us' is not one amount" in told["column price"]
    assert told["column price"].endswith("rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 10 more")
    assert "there is no title" in told["column title"]
    assert "rows 101, 102, 103" in told["column title"]
    assert not (feature_repo_dir / "offline").exists()
    (recorded,) = _recorded(tmp_path)
    assert (recorded.info.status, recorded.data.tags["kind"]) == ("FAILED", "tfx")
    assert "column price" in recorded.data.tags["error"]


def _pushed(folder: Path) -> list[Ranking]:
    return [
        Ranking.model_validate_json(path.read_bytes())
        for path in sorted((folder / "tfx").glob("*/pushed/*/ranking.json"))
    ]


def _recorded(folder: Path) -> list[Run]:
    """Runs in MLflow, in the order of their start."""
    mlflow = client(PipelineSettings(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}"))
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    return list(mlflow.search_runs([experiment.experiment_id], order_by=["start_time"]))


async def _serves(retriever: RetrieverClient, ranking: Ranking) -> bool:
    """True if the retriever searches the whole sample with this ranking."""
    response = await retriever.http.get("/ranking")
    return response.is_success and response.json()["name"] == ranking.name


def _feed(folder: Path, change: Callable[[list[Row]], None]) -> Path:
    """The sample with something changed, its pictures beside it; again, in the same place."""
    with (SAMPLE / "products.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    feed = folder / "feed" / "products.csv"
    feed.parent.mkdir(exist_ok=True)
    pictures = feed.parent / "images"
    if not pictures.exists():
        shutil.copytree(SAMPLE / "images", pictures)
    with feed.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return feed


def _shuffle_words(rows: list[Row]) -> None:
    words = [(row["title"], row["description"]) for row in rows]
    for row, (title, description) in zip(rows, words[100:] + words[:100], strict=True):
        row["title"], row["description"] = title, description
        row["image_path"] = ""


def _break(rows: list[Row]) -> None:
    for row in rows:
        row["image_path"] = ""
    for row in rows[:20]:
        row["price"] = "ask us"
    for row in rows[100:120]:
        row["title"] = ""
