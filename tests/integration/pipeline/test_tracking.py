"""Runs and rankings in MLflow, on SQLite: what ran is found again, and a champion can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.contracts.base import ModalityWeights
from services.contracts.ranking import BUILT_IN, Ranking
from services.pipeline.catalogue.ranking import publish_ranking, published_ranking, read_ranking
from services.pipeline.cli import main
from services.pipeline.errors import DependencyAway, GateClosed, NothingToLoad
from services.pipeline.judging.golden import Golden, GoldenQuery, write_golden
from services.pipeline.judging.metrics import Grade
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.data_version import data_version
from services.pipeline.tracking.registry import REGISTERED, Registry, register
from services.pipeline.tracking.runs import EXPERIMENT, client, tracked
from services.pipeline.training.published import published_products
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed

if TYPE_CHECKING:
    from mlflow.entities import Run  # not at run time: its import takes half a second

# MLflow's own use of SQLAlchemy and others.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Made once: MLflow takes seconds for it."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture
def on(
    settings: PipelineSettings, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PipelineSettings]:
    """Tracking settings, in the environment too."""
    tracking = settings.model_copy(update={"tracking": True, "tracking_uri": database})
    for name in ("encoder_url", "feature_store", "media_dir", "tracking", "tracking_uri"):
        monkeypatch.setenv(f"PIPELINE_{name.upper()}", str(getattr(tracking, name)))
    yield tracking
    for run in runs(tracking):
        client(tracking).delete_run(run.info.run_id)
    if client(tracking).search_registered_models(f"name = '{REGISTERED}'"):
        client(tracking).delete_registered_model(REGISTERED)


def runs(settings: PipelineSettings) -> list[Run]:
    """The newest first."""
    mlflow = client(settings)
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    return list(mlflow.search_runs([experiment.experiment_id])) if experiment else []


def test_a_load_is_a_run_with_its_data_its_counts_and_its_rejects(
    on: PipelineSettings, tmp_path: Path
) -> None:
    rows = product_rows(10)
    rows[2]["title"] = ""
    feed = write_feed(tmp_path / "feed.csv", rows)
    assert main(["load", str(feed)]) == 0
    (run,) = runs(on)
    assert run.info.status == "FINISHED"
    assert run.data.tags["kind"] == "load"
    assert run.data.tags["model"] == "double@1"
    assert run.data.tags["data_version"] == data_version(feed)
    assert (run.data.metrics["loaded"], run.data.metrics["rejected"]) == (9, 1)
    kept = {one.path for one in client(on).list_artifacts(run.info.run_id)}
    assert kept == {"summary.txt", "catalogue.json", "rejects.csv"}
    assert run.data.params["file"] == "feed.csv"


def test_a_run_that_failed_is_recorded_with_its_reason(
    on: PipelineSettings, encoder: EncoderDouble, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(60, pictures=False))
    assert main(["load", str(feed)]) == 0
    encoder.says_the_same = True
    others = [row | {"title": f"New {row['title']}"} for row in product_rows(60, pictures=False)]
    assert main(["load", str(write_feed(feed, others))]) == GateClosed.exit_code
    (run,) = (run for run in runs(on) if run.info.status != "FINISHED")
    assert run.info.status == "FAILED"
    assert "different vectors" in run.data.tags["error"]


def test_a_training_is_a_run_with_what_it_learned_and_may_be_registered(
    on: PipelineSettings, tmp_path: Path
) -> None:
    assert main(["load", str(write_feed(tmp_path / "feed.csv", product_rows(60)))]) == 0
    asked = [
        GoldenQuery(
            f"t{n}", "text", text=f"Product {n}. The description of number {n}.", half="tune"
        )
        for n in range(40)
    ]
    nothing = [GoldenQuery(f"n{n}", "nonsense", text=f"xz{n}", half="tune") for n in range(40)]
    (tmp_path / "golden").mkdir()
    judged: dict[str, dict[str, Grade]] = {f"t{n}": {f"p-{n:03}": "E"} for n in range(40)}
    write_golden(Golden([*asked, *nothing], judged), tmp_path / "golden")
    output = tmp_path / "ranking.json"
    learn = ["train", "--golden", str(tmp_path / "golden"), "--output", str(output)]
    assert main([*learn, "--register"]) == 0
    run = next(one for one in runs(on) if one.data.tags["kind"] == "train")
    assert (run.data.metrics["queries"], run.data.tags["model"]) == (80, "double@1")
    assert "weights/words/change/mean" in run.data.metrics
    assert run.data.tags["catalogue"] == published_products(on.feature_store / "offline").catalogue
    assert run.data.tags["data_version"] == data_version(tmp_path / "golden" / "queries.csv")
    assert run.data.params["half"] == "tune"
    kept = {one.path for one in client(on).list_artifacts(run.info.run_id)}
    assert kept == {
        *("training.txt", "training.json", "ranking.json"),
        *("fusion_weights.csv", "exact_by_score.csv", "fusion-weights.png", "exact-by-score.png"),
    }
    (entry,) = Registry(on).entries()
    assert entry.ranking == read_ranking(output)
    assert (entry.run_id, list(entry.aliases)) == (run.info.run_id, ["challenger"])
    assert entry.catalogue == run.data.tags["catalogue"]


def test_a_judgement_is_a_run_also_where_it_refuses_the_ranking(
    on: PipelineSettings, tmp_path: Path
) -> None:
    assert main(["load", str(write_feed(tmp_path / "feed.csv", product_rows(60)))]) == 0
    asked = [
        GoldenQuery(f"t{n}", "text", text=f"Product {n}. The description of number {n}.")
        for n in range(40)
    ]
    judged: dict[str, dict[str, Grade]] = {f"t{n}": {f"p-{n:03}": "E"} for n in range(40)}
    (tmp_path / "golden").mkdir()
    write_golden(Golden(asked, judged), tmp_path / "golden")
    codes = []
    for name, text in (("by words", 1.0), ("by look", 0.0)):
        path = tmp_path / f"{name}.json"
        ranking = Ranking(name=name, words=ModalityWeights(text=text, image=1 - text))
        path.write_text(ranking.model_dump_json())
        judge = ["judge", "--golden", str(tmp_path / "golden"), "--ranking", str(path)]
        codes.append(main(judge))
    assert codes == [0, GateClosed.exit_code]
    refused, passed, _ = runs(on)
    assert {refused.data.tags["kind"], passed.data.tags["kind"]} == {"evaluate"}
    assert (passed.data.tags["ranking"], passed.info.status) == ("by words", "FINISHED")
    assert (refused.data.tags["ranking"], refused.info.status) == ("by look", "FAILED")
    assert "NDCG falls" in refused.data.tags["error"]
    assert refused.data.metrics["ndcg/mean"] < refused.data.metrics["ndcg_built_in/mean"]
    kept = {one.path for one in client(on).list_artifacts(refused.info.run_id)}
    assert kept == {"by look.json", "evaluation.txt", "evaluation.json", "ndcg-change.png"}


def test_without_tracking_nothing_is_recorded_and_a_server_that_is_away_costs_only_the_record(
    on: PipelineSettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tracked("train", on.model_copy(update={"tracking": False})) as record:
        record.metrics["ndcg"] = 1
    assert record.run_id is None
    assert runs(on) == []
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = on.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})
    with tracked("train", away) as record:
        record.metrics["ndcg"] = 1
    assert record.run_id is None
    assert "the run is not recorded" in caplog.text


def test_a_challenger_is_promoted_and_the_champion_before_comes_back(
    on: PipelineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", str(write_feed(tmp_path / "feed.csv", product_rows(6)))]) == 0
    registry = Registry(on)
    with pytest.raises(NothingToLoad, match="there is no challenger"):
        registry.challenger()
    learned = Ranking(name="learned", words=ModalityWeights(text=0.8, image=0.2))
    made = {}
    for ranking in (BUILT_IN, learned):
        with tracked("train", on) as record:
            record.texts["ranking.json"] = ranking.model_dump_json()
            record.tags = {"model": "double@1", "catalogue": "v1"}
        made[ranking.name] = register(ranking, record, on)
    assert list(made["built-in"].aliases) == ["champion"]  # it is in force
    assert list(made["learned"].aliases) == ["challenger"]

    assert main(["registry", "promote"]) == 0
    assert published_ranking(on) == learned
    assert main(["registry", "rollback"]) == 0
    assert published_ranking(on) == BUILT_IN
    assert _shown(capsys) == [["challenger", "learned"], ["champion", "built-in"]]
    assert main(["registry", "rollback"]) == NothingToLoad.exit_code


def test_the_first_registered_ranking_is_no_champion_until_it_is_in_force(
    on: PipelineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", str(write_feed(tmp_path / "feed.csv", product_rows(6)))]) == 0
    learned = Ranking(name="learned", words=ModalityWeights(text=0.8, image=0.2))
    with tracked("train", on) as record:
        record.tags = {"model": "double@1", "catalogue": "v1"}
    assert list(register(learned, record, on).aliases) == ["challenger"]

    assert main(["registry", "promote"]) == 0

    assert published_ranking(on) == learned
    assert _shown(capsys) == [["champion", "learned"]]


def test_the_champion_is_the_ranking_in_force_however_it_came_there(
    on: PipelineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", str(write_feed(tmp_path / "feed.csv", product_rows(6)))]) == 0
    learned = Ranking(name="learned", words=ModalityWeights(text=0.8, image=0.2))
    with tracked("train", on) as record:
        record.tags = {"model": "double@1", "catalogue": "v1"}
    register(learned, record, on)
    file = tmp_path / "ranking.json"

    file.write_text(learned.model_dump_json())
    assert main(["ranking", "set", str(file)]) == 0
    assert dict(client(on).get_registered_model(REGISTERED).aliases)["champion"] == 1

    file.write_text(Ranking(name="unknown to the registry").model_dump_json())
    assert main(["ranking", "set", str(file)]) == 0
    assert "champion" not in client(on).get_registered_model(REGISTERED).aliases

    publish_ranking(learned, on.model_copy(update={"tracking": False}))  # without a word to MLflow
    assert _shown(capsys) == [["champion", "learned"]]


def _shown(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Aliases and names as `registry show` prints them, newest first."""
    capsys.readouterr()
    assert main(["registry", "show"]) == 0
    return [line.split("\t")[1:3] for line in capsys.readouterr().out.splitlines()]


def test_a_ranking_of_another_model_is_not_put_in_force(
    on: PipelineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", str(write_feed(tmp_path / "feed.csv", product_rows(6)))]) == 0
    kept = Ranking(name="kept")
    publish_ranking(kept, on)
    with tracked("train", on) as record:
        pass
    assert record.run_id is not None
    Registry(on).register(
        Ranking(name="foreign"), model="other@1", catalogue="v1", run_id=record.run_id
    )
    assert main(["registry", "promote"]) == DependencyAway.exit_code
    assert "was learned for model 'other@1'" in capsys.readouterr().err
    assert published_ranking(on) == kept
