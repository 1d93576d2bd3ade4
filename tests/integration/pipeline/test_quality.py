"""Search quality, measured on a real retriever, and the gate that refuses worse versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from services.contracts.base import ModalityWeights
from services.contracts.catalogue import CONTENT_KEY, MODEL_KEY, PRODUCT_KEY
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.cli import main
from services.pipeline.encoding.batches import embed_texts
from services.pipeline.errors import FeedUnusable, GateClosed, StoreIncomplete
from services.pipeline.evaluation.comparison import FUSED, LEARNED, LEARNED_SERVED, compare
from services.pipeline.evaluation.page import BEGIN, END
from services.pipeline.evaluation.searching import Asked, Retriever, Setup
from services.pipeline.evaluation.tables import as_figures, as_markdown
from services.pipeline.feeds import open_feed
from services.pipeline.judging.gate import Gate, rankings
from services.pipeline.judging.golden import Golden, GoldenQuery, Half, Variant, write_golden
from services.pipeline.judging.metrics import METRICS, NDCG, Grade
from services.pipeline.judging.stored_rows import entries_of, product_rows
from services.pipeline.load import load as load_feed
from services.pipeline.settings import PipelineSettings
from services.pipeline.summary import LoadSummary
from tests.integration.pipeline.conftest import Serve, settings_of
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.product_feed import product_rows as feed_rows
from tests.support.product_feed import write_feed
from tests.support.redis_server import RedisAddress
from tests.support.service_process import ServiceProcess, listening_socket, url_of

PRODUCTS = 60


def caption(number: int) -> str:
    """Embedded text of a product, so that a search for it finds the product first."""
    return f"Product {number}. The description of number {number}."


def golden(numbers: Sequence[int] = range(0, 40, 2)) -> Golden:
    queries = [GoldenQuery(f"t{n:02}", "text", "caption", text=caption(n)) for n in numbers]
    judgements: dict[str, dict[str, Grade]] = {
        f"t{n:02}": {f"p-{n:03}": "E", f"p-{n + 1:03}": "S"} for n in numbers
    }
    return Golden(queries, judgements)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return write_feed(tmp_path / "feed.csv", feed_rows(PRODUCTS))


@pytest.fixture(scope="module")
def served(
    redis_address: RedisAddress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PipelineSettings]:
    """Settings that name a real retriever, which serves the feed. Tests only read from it."""
    folder = tmp_path_factory.mktemp("served")
    with EncoderDouble().running() as encoder, listening_socket() as listener:
        repository = write_feature_repo(folder / "feast", redis_address)
        settings = settings_of(encoder, repository, folder / "media")
        load_feed(open_feed(write_feed(folder / "feed.csv", feed_rows(PRODUCTS))), settings)
        retriever = ServiceProcess(
            ["services.retriever"],
            "RETRIEVER",
            listener,
            folder / "retriever.log",
            feature_store=str(settings.feature_store),
        )
        try:
            retriever.wait_until_ready(url_of(listener))
            yield settings.model_copy(update={"retriever_url": url_of(listener)})
        finally:
            retriever.stop()


def test_every_way_to_search_is_measured_on_what_is_served(
    served: PipelineSettings, feed: Path
) -> None:
    pictures = [
        GoldenQuery(f"p{n:02}", "picture", picture=f"images/{n}.png") for n in range(0, 20, 2)
    ]
    asked = golden()
    whole = Golden(
        queries=[
            *asked.queries,
            *pictures,
            GoldenQuery("w1", "name", "a synonym", text="number 3"),
            GoldenQuery("n1", "nonsense", "bare", text="xzx"),
            GoldenQuery("o1", "off_catalogue", "bare", text="a bicycle", half="tune"),
        ],
        judgements=asked.judgements
        | {one.query_id: {f"p-0{one.query_id[1:]}": "E"} for one in pictures}
        | {"w1": {"p-003": "E"}},
        variants=[Variant("t04", "case", caption(4).upper()), Variant("t06", "same", caption(6))],
        folder=feed.parent,
    )
    comparison = compare(whole, served)
    assert comparison.catalogue.products == PRODUCTS
    assert comparison.arm("words", "words only").scores.values["mrr"].mean() == 1
    assert comparison.arm("picture", "look only").scores.values["mrr"].mean() == 1
    # Words put to pictures are chance here: the double knows nothing of either.
    look = comparison.arm("words", "look only").scores.values[NDCG].mean()
    assert comparison.floor["words"] - 0.15 < look < comparison.floor["words"] + 0.15
    by_variant = {one.variant: one.scores.values["mrr"].mean() for one in comparison.robustness}
    # The double's vectors depend on the letter case, and words do not.
    assert by_variant["same"] == by_variant["case"] == 1
    assert {(one.what, one.half, one.asked) for one in comparison.cut_off} == {
        ("words", "report", 20),
        ("picture", "report", 10),
        ("name, a synonym", "report", 1),
        ("nonsense", "report", 1),
        ("not sold, bare", "tune", 1),
    }
    figures = as_figures(comparison)
    assert figures["words/words_only/mrr"] == 1
    assert figures["words/random/ndcg"] == comparison.floor["words"]
    tables = as_markdown(comparison)
    for heading in ("random order", "Robustness", "Results by group", "The cut-off"):
        assert heading in tables


def test_each_half_of_the_queries_is_searched_by_what_the_other_half_taught(
    served: PipelineSettings,
) -> None:
    halves: tuple[Half, Half] = ("tune", "report")
    asked = golden(range(50))
    queries = [replace(query, half=halves[n % 2]) for n, query in enumerate(asked.queries)]
    nothing = [
        GoldenQuery(f"n{n}", "nonsense", "bare", text=f"xz{n}", half=halves[n % 2])
        for n in range(40)
    ]
    comparison = compare(replace(asked, queries=[*queries, *nothing]), served)
    learned = comparison.arm("words", LEARNED)
    # To this encoder's double the look of a product says nothing of its words.
    assert learned.scores.values["mrr"].mean() > 0.95
    assert learned.scores.queries == comparison.arm("words", FUSED.name).scores.queries
    # Words find almost everything here: what was learned changes the order and costs nothing.
    fused = comparison.arm("words", FUSED.name).scores.values[NDCG]
    assert (learned.scores.values[NDCG] != fused).any()
    assert learned.scores.values[NDCG].mean() > fused.mean() - 0.01
    cut = comparison.arm("words", LEARNED_SERVED)
    assert cut.scores.values["mrr"].mean() > 0.9
    # Scores no better than chance are omitted: the second best here, a neighbour's words.
    assert cut.scores.values[NDCG].mean() < learned.scores.values[NDCG].mean()


def test_from_too_few_queries_nothing_is_learned(served: PipelineSettings) -> None:
    comparison = compare(golden(), served)
    assert LEARNED not in [arm.name for arm in comparison.arms]


def test_the_gates_own_ranking_is_the_retrievers(served: PipelineSettings) -> None:
    queries = [f"question {number}" for number in range(30)]
    vectors = embed_texts(queries, served)
    online = OnlineStore(served.feature_store)
    head, _ = online.head()
    assert head is not None
    rows = product_rows(online, head.model_id, entries_of(online, head))
    retriever = Retriever(served)
    for weights in (ModalityWeights(text=0.3, image=0.7), ModalityWeights(text=1, image=0)):
        answers = retriever.search(Asked(vectors), "words", Setup("", weights, mode="vectors"))
        ours = rankings(queries, vectors, rows, weights)
        assert [answer.products for answer in answers] == [ours[query] for query in queries]
    assert len(retriever.facts) == PRODUCTS


def test_a_catalogue_that_is_worse_is_not_published_unless_forced(
    settings: PipelineSettings, feed: Path, serve: Serve
) -> None:
    first = gated(feed, settings)
    assert first.verdict is not None
    assert first.verdict.change is None
    assert any("with nothing to compare it with" in line for line in first.lines())

    same = feed_rows(PRODUCTS)
    same[59]["price"] = "1"
    second = gated(write_feed(feed, same), settings)
    assert second.verdict is not None
    assert second.verdict.change is not None
    assert second.verdict.change.mean == 0

    worse = [row | {"title": f"A {row['title']}"} for row in same[:24]] + same[24:]
    with pytest.raises(GateClosed, match=r"NDCG .* -0\.\d+ .*from the served version.*--force"):
        gated(write_feed(feed, worse), settings)
    assert serve().info.version == second.publication.head.version
    forced = gated(feed, settings, force=True)
    assert forced.verdict is not None
    assert forced.verdict.worse
    assert serve().info.version == forced.publication.head.version


def test_a_new_model_is_compared_with_what_the_old_one_had_reached(
    settings: PipelineSettings, encoder: EncoderDouble, feed: Path, serve: Serve
) -> None:
    gated(feed, settings)
    encoder.model = "double@2"
    summary = gated(feed, settings)
    assert summary.verdict is not None
    assert summary.verdict.change is not None
    assert summary.verdict.change.mean == 0
    # Other golden queries than those that the old model was asked cannot be compared.
    encoder.model = "double@3"
    another = gated(feed, settings, asked=golden(range(1, 20)))
    assert another.verdict is not None
    assert another.verdict.change is None


def test_vectors_that_all_say_the_same_are_not_published(
    settings: PipelineSettings, encoder: EncoderDouble, feed: Path, serve: Serve
) -> None:
    load_feed(open_feed(feed), settings)
    version = serve().info.version
    encoder.says_the_same = True
    rows = [row | {"title": f"New {row['title']}"} for row in feed_rows(PRODUCTS)]
    for row in rows:
        row["image_path"] = ""
    with pytest.raises(GateClosed, match="60 products of different content have only 1"):
        load_feed(open_feed(write_feed(feed, rows)), settings)
    assert serve().info.version == version


def test_vectors_that_redis_evicted_meanwhile_are_no_broken_ones(
    settings: PipelineSettings, feed: Path
) -> None:
    load_feed(open_feed(feed), settings)
    online = OnlineStore(settings.feature_store)
    head, _ = online.head()
    assert head is not None
    entries = entries_of(online, head)
    gate = Gate(online, settings, golden=None, force=False)
    gate.approve(head, entries, None)
    product, vectors, _ = entries[0]
    lost = {PRODUCT_KEY: [product], MODEL_KEY: [head.model_id], CONTENT_KEY: [vectors]}
    online.keys.delete(online.keys.of(lost))
    with pytest.raises(StoreIncomplete, match=r"1 × vectors\).*maxmemory-policy noeviction"):
        gate.approve(head, entries, None)


def test_products_that_the_model_cannot_tell_apart_are_published_at_first_with_a_warning(
    settings: PipelineSettings, encoder: EncoderDouble, feed: Path, serve: Serve
) -> None:
    encoder.says_the_same = True
    rows = [row | {"image_path": ""} for row in feed_rows(PRODUCTS)]
    summary = load_feed(open_feed(write_feed(feed, rows)), settings)
    assert summary.warning is not None
    assert "tells few of these products apart" in summary.warning
    assert "MODEL=ViT-B/32" in "\n".join(summary.lines())
    # The next version of the same shop is no worse.
    more = [row | {"title": f"New {row['title']}"} for row in rows]
    assert load_feed(open_feed(write_feed(feed, more)), settings).warning is not None
    assert serve().info.products == len(more)
    encoder.says_the_same = False
    # One that the model can tell apart is better.
    seen = [row | {"title": f"Newer {row['title']}"} for row in rows]
    summary = load_feed(open_feed(write_feed(feed, seen)), settings)
    assert (summary.publication.is_new, summary.warning) == (True, None)


def test_the_command_prints_and_writes_what_it_measured(
    served: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_ENCODER_URL", served.encoder_url)
    monkeypatch.setenv("PIPELINE_RETRIEVER_URL", served.retriever_url)
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(served.feature_store))
    (tmp_path / "golden").mkdir()
    write_golden(golden(), tmp_path / "golden")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    options = ["--golden", str(tmp_path / "golden"), "--report", str(page)]
    assert main(["evaluate", *options, "--figures", str(tmp_path / "f" / "figures.json")]) == 0
    printed = capsys.readouterr().out
    assert f"| words | {FUSED.name} |" in printed
    assert page.read_text() == f"before\n{BEGIN}\n{printed.strip()}\n{END}\nafter\n"
    assert set(pd.read_json(tmp_path / "f" / "figures.json", typ="series").index) >= {
        f"words/words_only/{metric.replace('@', '_at_')}" for metric in METRICS
    }
    page.write_text("no marks")
    assert main(["evaluate", *options]) == 2
    assert "there are no marks" in capsys.readouterr().err


def test_escis_queries_are_told_with_both_mappings_of_gains(
    served: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_ENCODER_URL", served.encoder_url)
    monkeypatch.setenv("PIPELINE_RETRIEVER_URL", served.retriever_url)
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(served.feature_store))
    examples = tmp_path / "examples.parquet"
    pd.DataFrame(
        [
            (1, caption(3), "p-003", "us", "E"),
            (1, caption(3), "p-004", "us", "S"),
            (1, caption(3), "gone", "us", "C"),
            (2, "not there", "gone", "us", "E"),
            (3, caption(5), "p-005", "es", "E"),
        ],
        columns=["query_id", "query", "product_id", "product_locale", "esci_label"],
    ).to_parquet(examples)
    assert main(["evaluate", "--esci", str(examples)]) == 0
    printed = capsys.readouterr().out
    assert "1 of 2 queries; the catalogue has 2 of their 4 judged products" in printed
    assert "| E 1, S .1, C .01: ESCI's definition | 1.000" in printed
    assert "| E 1, S .01, C .1: the public scorer | 1.000" in printed
    assert main(["evaluate", "--esci", str(examples), "--locale", "jp"]) == 2
    assert "no product that fits a query of locale 'jp' exactly" in capsys.readouterr().err
    (tmp_path / "text.parquet").write_text("no parquet")
    assert main(["evaluate", "--esci", str(tmp_path / "text.parquet")]) == 2


def gated(
    feed: Path, settings: PipelineSettings, *, force: bool = False, asked: Golden | None = None
) -> LoadSummary:
    return load_feed(open_feed(feed), settings, golden=asked or golden(), force=force)


def test_golden_queries_that_are_not_there_end_a_load_before_it_begins(
    settings: PipelineSettings, feed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    assert main(["load", str(feed), "--golden", str(tmp_path)]) == FeedUnusable.exit_code
    assert not np.any([(settings.feature_store / "offline").exists()])
