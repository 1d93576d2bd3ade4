"""`load` against a real Redis: what is read back is what was in the file, and only changes cost."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.contracts.base import ModalityWeights
from services.pipeline.errors import (
    DependencyAway,
    EncoderBroken,
    FeedUnusable,
    GateClosed,
    NothingToLoad,
)
from services.pipeline.feeds.prices import EXPECTED
from services.pipeline.settings import PipelineSettings
from services.pipeline.summary import LoadReport
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import fuse
from tests.integration.pipeline.conftest import load
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed

Serve = Callable[[], Catalogue]
GROCERY = Path(__file__).parents[3].parent / "shared" / "catalogs" / "grocery" / "products.csv"


def parts(settings: PipelineSettings, view: str = "*") -> set[Path]:
    return set((settings.feature_store / "offline").glob(f"{view}/*.parquet"))


def test_a_file_becomes_the_catalogue_that_is_served(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(25))
    summary = load(feed, settings)
    assert (summary.counts.loaded, summary.counts.encoded, summary.rejected) == (25, 25, 0)
    assert (len(encoder.texts), len(encoder.pictures)) == (25, 25)

    catalogue = serve()
    assert catalogue.info.version == summary.publication.head.version
    assert (catalogue.info.model, catalogue.info.products) == ("double@1", 25)
    product = catalogue.get("p-003")
    assert product is not None
    assert (product.title, product.description) == ("Product 3", "The description\nof number 3.")
    assert (product.price, product.currency, product.brand) == (3.5, "EUR", None)
    assert product.attributes == {"color": "red"}
    assert product.image_url is not None
    stored = settings.media_dir / product.image_url.removeprefix("/images/")
    assert stored.read_bytes() == (tmp_path / "images" / "3.png").read_bytes()
    without_price = catalogue.get("p-004")
    assert without_price is not None
    assert without_price.price is None


def test_each_product_has_its_own_vectors(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(25)), settings)
    catalogue = serve()
    for number in (0, 11, 24):
        words = encoder.vector(f"Product {number}. The description of number {number}.".encode())
        look = encoder.vector((tmp_path / "images" / f"{number}.png").read_bytes())
        for vector, weights in (
            (words, ModalityWeights(text=1, image=0)),
            (look, ModalityWeights(text=0, image=1)),
        ):
            best = catalogue.index.search(fuse(np.array(vector, np.float32), weights), 1)
            assert catalogue.index.id_of(int(best.rows[0])) == f"p-{number:03}"
            assert best.scores[0] == pytest.approx(1, abs=1e-2)


def test_a_second_run_writes_and_encodes_nothing(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(25))
    first = load(feed, settings)
    registry = settings.feature_store / "registry.db"
    before, registered, asked = parts(settings), registry.stat().st_mtime_ns, encoder.requests
    second = load(feed, settings)
    assert (second.counts.unchanged, second.counts.encoded) == (25, 0)
    assert second.publication.head == first.publication.head
    assert (first.publication.is_new, second.publication.is_new) == (True, False)
    assert parts(settings) == before
    assert registry.stat().st_mtime_ns == registered
    assert encoder.requests == asked


def test_only_what_changed_is_encoded(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(25)
    first = load(write_feed(tmp_path / "feed.csv", rows), settings)
    encoder.texts.clear()
    rows[3]["price"] = "99"
    rows[7]["title"] = "Something else"
    second = load(write_feed(tmp_path / "feed.csv", rows), settings)
    assert encoder.texts == ["Something else. The description of number 7."]
    assert second.counts.unchanged == 23
    assert second.publication.head.version != first.publication.head.version
    catalogue = serve()
    product = catalogue.get("p-003")
    assert product is not None
    assert product.price == 99


def test_products_that_the_file_no_longer_has_are_no_longer_served(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(12)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    load(write_feed(tmp_path / "feed.csv", rows[1:]), settings)
    catalogue = serve()
    assert catalogue.info.products == 11
    assert catalogue.get("p-000") is None


def test_there_and_back_within_a_second_loses_no_write(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    old = product_rows(5)
    new = [row | {"title": "New " + row["title"], "price": "1"} for row in old]
    for rows in (old, new, old, new, old):
        load(write_feed(tmp_path / "feed.csv", rows), settings)
        product = serve().get("p-002")
        assert product is not None
        assert product.title == rows[2]["title"]
    assert len(encoder.texts) == 10  # what is in Parquet is never encoded again


def test_another_model_is_written_beside_the_old_one(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(5))
    load(feed, settings)
    encoder.model, encoder.dimension = "double@2", 8
    load(feed, settings)
    assert (serve().info.model, serve().info.dimension) == ("double@2", 8)
    encoder.model, encoder.dimension = "double@1", 16
    back = load(feed, settings)
    assert back.counts.encoded == 0
    assert serve().info.model == "double@1"


def test_bad_rows_go_to_the_rejects_file_and_a_bad_detail_costs_no_product(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(12)
    rows[1]["title"] = ""
    rows[2]["image_path"] = "none.png"
    rows[3]["image_path"] = "https://example.com/3.jpg"
    rows[4]["image_path"] = ""
    rows[5]["product_id"] = "p-000"
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "6.png").write_bytes(b"no picture")
    rows[8] |= {"price": "ask us", "product_url": "/8", "color": "x" * 10_001}
    feed = write_feed(tmp_path / "feed.csv", rows)
    tasteless = (tmp_path / "images" / "7.png").read_bytes()
    encoder.refused_pictures.add(hashlib.sha256(tasteless).hexdigest())
    summary = load(feed, settings, tmp_path / "bad.csv", force=True)
    assert (summary.counts.loaded, summary.rejected, summary.details) == (10, 2, 6)
    assert (summary.counts.by_link, summary.counts.without_picture) == (1, 4)
    with (tmp_path / "bad.csv").open(newline="") as file:
        rejects = list(csv.DictReader(file))
    told = [(row["reject_row"], row["reject_column"], row["reject_reason"]) for row in rejects]
    kept = "loaded all the same: "
    assert sorted(told) == sorted(
        [
            ("2", "title", "there is no title"),
            ("3", "image_path", f"{kept}picture 'none.png' does not exist"),
            ("6", "product_id", "product_id 'p-000' is already that of row 1"),
            (
                "7",
                "image_path",
                f"{kept}picture 'images/6.png': is not a JPEG, PNG, WebP or AVIF picture",
            ),
            (
                "8",
                "image_path",
                f"{kept}picture 'images/7.png': This picture is not to the double's taste.",
            ),
            ("9", "price", f"{kept}price 'ask us' is not one amount; {EXPECTED}"),
            ("9", "product_url", f"{kept}product_url '/8' is not an http(s) link"),
            (
                "9",
                "color",
                f"{kept}'color' has 10001 characters; attributes above 10000 are left out",
            ),
        ]
    )
    catalogue = serve()
    link, words_only, plain = (catalogue.get(f"p-00{number}") for number in (3, 7, 8))
    assert link is not None
    assert words_only is not None
    assert plain is not None
    assert (link.image_url, words_only.image_url) == ("https://example.com/3.jpg", None)
    assert (plain.price, plain.product_url, plain.attributes) == (None, None, {})
    lines = "\n".join(summary.lines())
    assert "2 rejected, see" in lines
    assert "1 no usable title" in lines
    assert "3 unusable picture" in lines


@pytest.fixture
def served(settings: PipelineSettings, tmp_path: Path) -> str:
    """Version of 20 products."""
    feed = write_feed(tmp_path / "feed.csv", product_rows(20, pictures=False))
    return load(feed, settings).publication.head.version


def test_a_catalogue_that_shrinks_sharply_is_not_published(
    settings: PipelineSettings, tmp_path: Path, serve: Serve, served: str
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(9, pictures=False))
    with pytest.raises(GateClosed, match=r"has 9 products, the served one 20; .*--force"):
        load(feed, settings, report_path=tmp_path / "report.json")
    report = LoadReport.model_validate_json((tmp_path / "report.json").read_bytes())
    assert (report.published, report.rows, report.loaded) == (False, 9, 9)
    assert report.error is not None
    assert "--force" in report.error
    assert serve().info.version == served
    assert load(feed, settings, force=True).publication.head.products == 9
    half = write_feed(tmp_path / "feed.csv", product_rows(5, pictures=False))
    assert load(half, settings).publication.head.products == 5


def test_a_file_of_many_bad_rows_is_not_published(
    settings: PipelineSettings, tmp_path: Path, serve: Serve, served: str
) -> None:
    rows = product_rows(30, pictures=False)
    for row in rows[:4]:
        row["title"] = ""
    feed = write_feed(tmp_path / "feed.csv", rows)
    with pytest.raises(GateClosed, match=r"4 of 30 rows were rejected \(4 no usable title\)"):
        load(feed, settings)
    assert serve().info.version == served
    patient = settings.model_copy(update={"max_rejected_share": 0.2})
    assert load(feed, patient).publication.head.products == 26


def test_a_report_for_programs_counts_by_reason(settings: PipelineSettings, tmp_path: Path) -> None:
    rows = product_rows(20, pictures=False)
    rows[0]["title"] = ""
    rows[1]["price"] = "ask us"
    rows[2]["currency"] = "USD"
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, settings, report_path=tmp_path / "out" / "report.json")
    report = LoadReport.model_validate_json((tmp_path / "out" / "report.json").read_bytes())
    assert (report.published, report.error, report.format) == (True, None, "own")
    assert (report.rows, report.loaded, report.unchanged, report.encoded) == (20, 19, 0, 19)
    assert (report.rejected, report.rejected_by_reason) == (1, {"no usable title": 1})
    assert (report.details, report.details_by_reason) == (1, {"unusable price": 1})
    assert report.currencies == {"EUR": 13, "USD": 1}
    assert report.attribute_columns == ["color"]
    again = load(feed, settings, report_path=tmp_path / "report.json")
    assert again.counts.unchanged == 19


def test_pictures_inside_a_parquet_file_are_stored_and_embedded(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    write_feed(tmp_path / "feed.csv", product_rows(3))
    pictures = [(tmp_path / "images" / f"{number}.png").read_bytes() for number in range(3)]
    columns = {
        "product_id": [1.0, 2.0, 3.0],
        "title": ["Mug", "Cup", "Pot"],
        "image": [{"bytes": one, "path": None} for one in pictures],
    }
    pq.write_table(pa.table(columns), tmp_path / "feed.parquet")
    load(tmp_path / "feed.parquet", settings)
    assert len(encoder.pictures) == 3
    cup = serve().get("2")
    assert cup is not None
    stored = settings.media_dir / str(cup.image_url).removeprefix("/images/")
    assert stored.read_bytes() == pictures[1]


def test_bytes_that_are_no_utf8_cost_one_row(settings: PipelineSettings, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes(b"id,title\n1,Caf\xe9\n2,Caf\xc3\xa9\n")
    summary = load(feed, settings, force=True)
    assert (summary.counts.loaded, summary.rejected) == (1, 1)
    assert b"Caf\xe9" in summary.rejects_path.read_bytes()


def test_parquet_loads_as_csv_does(
    settings: PipelineSettings, tmp_path: Path, encoder: EncoderDouble
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(8))
    from_csv = load(feed, settings)
    pd.read_csv(feed, dtype=str).to_parquet(tmp_path / "feed.parquet")
    from_parquet = load(tmp_path / "feed.parquet", settings)
    assert from_parquet.publication.head == from_csv.publication.head
    assert from_parquet.counts.unchanged == 8


def test_nothing_to_load_publishes_nothing(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(2)), settings)
    version = serve().info.version
    for content in ("id,title\n", "id,title\n1,\n"):
        (tmp_path / "feed.csv").write_text(content)
        with pytest.raises(NothingToLoad):
            load(tmp_path / "feed.csv", settings)
    with pytest.raises(FeedUnusable, match="over the feed itself"):
        load(tmp_path / "feed.csv", settings, tmp_path / "feed.csv")
    assert serve().info.version == version


def test_a_broken_encoder_publishes_nothing(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(5)
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    version = serve().info.version
    encoder.scale = 0.0
    rows[0]["title"] = "New"
    with pytest.raises(EncoderBroken, match="length 0"):
        load(write_feed(tmp_path / "feed.csv", rows), settings)
    assert serve().info.version == version


def test_an_encoder_that_stays_away_is_told_in_one_line(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(1))
    changed = settings.model_copy(
        update={"encoder_url": "http://127.0.0.1:9", "encoder_wait_s": 0.3}
    )
    with pytest.raises(DependencyAway, match="The encoder cannot be reached"):
        load(feed, changed)


def test_every_part_says_when_in_utc(settings: PipelineSettings, tmp_path: Path) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    for view in ("product_vectors", "product_metadata", "catalogue_shard", "catalogue_head"):
        (part,) = parts(settings, view)
        times = pq.read_table(part, partitioning=None)["event_timestamp"]
        assert str(times.type) == "timestamp[us, tz=UTC]"


@pytest.mark.skipif(not GROCERY.exists(), reason="the grocery catalogue is not beside this copy")
def test_the_grocery_catalogue_loads_81_of_81(settings: PipelineSettings, serve: Serve) -> None:
    summary = load(GROCERY, settings)
    assert (summary.counts.rows, summary.counts.loaded, summary.rejected) == (81, 81, 0)
    catalogue = serve()
    assert catalogue.info.products == 81
    with GROCERY.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            product = catalogue.get(row["product_id"])
            assert product is not None
            assert (product.title, product.product_url) == (row["title"], row["url"] or None)
            assert product.attributes.get("origin", "") == row["origin"].strip()
            stored = settings.media_dir / str(product.image_url).removeprefix("/images/")
            picture = GROCERY.parent / row["image_path"]
            assert stored.read_bytes() == picture.read_bytes()
