"""Feeds of other shops, pictures by link, vectors ready made: from the file to what is served."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from services.contracts.base import ModalityWeights
from services.pipeline.catalogue.changes import delete
from services.pipeline.catalogue.store_work import verify_stores
from services.pipeline.errors import WrongModel
from services.pipeline.feeds import FeedOptions, open_feed
from services.pipeline.feeds.sqid import ESCI_PRODUCTS, FEATURES, IMAGE_FEATURES, TEXT_FEATURES
from services.pipeline.load import load as load_feed
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import fuse
from tests.integration.pipeline.conftest import load, titles
from tests.support.encoder_double import EncoderDouble
from tests.support.picture_server import Answer, PictureServer
from tests.support.product_feed import product_rows, write_feed

Serve = Callable[[], Catalogue]


def png(colour: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (colour, 0, 0)).save(out, "PNG")
    return out.getvalue()


def test_a_picture_by_link_is_embedded_and_served_from_here(
    online: PipelineSettings,
    encoder: EncoderDouble,
    server: PictureServer,
    tmp_path: Path,
    serve: Serve,
) -> None:
    rows = product_rows(3, pictures=False)
    links = [server.on(f"/{number}.png", Answer(png(number))) for number in range(3)]
    for row, link in zip(rows, links, strict=True):
        row["image_path"] = link
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, online)
    catalogue = serve()
    for number in range(3):
        product = catalogue.get(f"p-{number:03}")
        assert product is not None
        assert product.image_url is not None
        stored = online.media_dir / product.image_url.removeprefix("/images/")
        assert stored.read_bytes() == png(number)
        look = np.array(encoder.vector(png(number)), np.float32)
        best = catalogue.index.search(fuse(look, ModalityWeights(text=0, image=1)), 1)
        assert catalogue.index.id_of(int(best.rows[0])) == product.product_id
    asked = len(server.asked)
    assert load(feed, online).counts.unchanged == 3
    assert len(server.asked) == asked


def test_a_link_that_leads_nowhere_costs_its_product_the_picture_alone(
    online: PipelineSettings, server: PictureServer, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(2, pictures=False)
    rows[0]["image_path"] = f"{server.url}/gone.png"
    rows[1]["image_path"] = server.on("/1.png", Answer(png(1)))
    feed = write_feed(tmp_path / "feed.csv", rows)
    summary = load(feed, online, tmp_path / "bad.csv")
    assert (summary.counts.loaded, summary.rejected, summary.without_linked_picture) == (2, 0, 1)
    assert any("1 pictures could not be fetched" in line for line in summary.lines())
    with (tmp_path / "bad.csv").open(newline="") as file:
        (noted,) = csv.DictReader(file)
    assert noted["reject_reason"].startswith("loaded all the same: picture")
    assert noted["reject_reason"].endswith("is answered with 404")
    product = serve().get("p-000")
    assert product is not None
    assert product.image_url == rows[0]["image_path"]

    server.on("/gone.png", Answer(png(0)))
    again = load(feed, online)
    assert (again.counts.encoded, again.without_linked_picture) == (1, 0)


def test_products_are_counted_apart_from_their_pictures(
    online: PipelineSettings, server: PictureServer, tmp_path: Path
) -> None:
    rows = product_rows(2, pictures=False)
    links = [f"{server.url}/gone-{number}.png" for number in range(3)]
    rows[0]["image_path"] = " ".join(links)
    rows[1]["image_path"] = f"{server.on('/1.png', Answer(png(1)))} {links[0]}"
    summary = load(write_feed(tmp_path / "feed.csv", rows), online, tmp_path / "bad.csv")
    lines = [line.partition(",")[0] for line in summary.lines()]
    assert "4 pictures could not be fetched" in lines
    assert "1 are shown with a picture that could not be used" in lines
    assert not any("that they link to" in line for line in lines)


@pytest.mark.parametrize("model", ["double@1", "double@2"])
def test_a_picture_that_comes_later_undoes_no_live_change(
    online: PipelineSettings,
    encoder: EncoderDouble,
    server: PictureServer,
    tmp_path: Path,
    serve: Serve,
    model: str,
) -> None:
    rows = product_rows(6, pictures=False)
    rows[0]["image_path"] = server.on("/0.png", Answer(status=404), Answer(png(0)))
    feed = write_feed(tmp_path / "feed.csv", rows)
    load(feed, online)
    changed = write_feed(tmp_path / "changes.csv", [rows[3] | {"title": "Renamed"}])
    load_feed(open_feed(changed), online, live=True)
    delete(["p-004"], online)

    encoder.model = model
    encoded = len(encoder.texts)
    again = load(feed, online)
    assert again.publication.is_new
    assert "live changes to 2 products are kept" in list(again.lines())
    if model == "double@1":
        assert len(encoder.texts) <= encoded + 1
    catalogue = serve()
    assert catalogue.info.model == model
    assert titles(catalogue, "p-003", "p-004") == ["Renamed", None]
    product = catalogue.get("p-000")
    assert product is not None
    assert (product.image_url or "").startswith("/images/")
    assert verify_stores(online).faults == []

    # Another file does: a product that is renamed in it, or another link.
    server.on("/other.png", Answer(png(7)))
    load(write_feed(feed, [rows[0] | {"image_path": f"{server.url}/other.png"}, *rows[1:]]), online)
    assert titles(serve(), "p-003", "p-004") == ["Product 3", "Product 4"]


def test_shopify_becomes_products(settings: PipelineSettings, tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "products_export.csv").write_text(
        "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant Price,Image Src,Status\n"
        'mug,Mug,<p>Holds <b>tea</b></p>,Size,S,"1.299,00",,active\nmug,,,,M,9.90,,\n'
        "old,Old,,,,5,,archived\n"
    )
    feed = open_feed(tmp_path / "products_export.csv", FeedOptions(currency="EUR"))
    summary = load_feed(feed, settings)
    assert (summary.counts.loaded, summary.rejected) == (1, 1)
    mug = serve().get("mug")
    assert mug is not None
    assert (mug.description, mug.price, mug.currency) == ("Holds tea", 9.9, "EUR")
    assert mug.attributes == {"size": "S, M"}


@pytest.fixture
def sqid(tmp_path: Path) -> Path:
    folder = tmp_path / "sqid"
    folder.mkdir()
    ids = ["A", "B"]
    vectors = np.random.default_rng(7).standard_normal((4, 768)).astype(np.float32)
    esci = {"product_id": ids, "product_title": ["Mug", "Hat"], "product_locale": ["us", "us"]}
    links = {"product_id": ids, "image_url": ["https://cdn.invalid/a.jpg", None]}
    features = {
        "product_id": ids,
        TEXT_FEATURES: list(vectors[:2]),
        IMAGE_FEATURES: [vectors[2], None],
    }
    pq.write_table(pa.table(esci), folder / ESCI_PRODUCTS)
    pq.write_table(pa.table(links), folder / "product_image_urls.parquet")
    pq.write_table(pa.table(features), folder / FEATURES)
    return folder


def test_vectors_ready_made_are_taken_and_nothing_is_encoded(
    online: PipelineSettings, encoder: EncoderDouble, sqid: Path, serve: Serve
) -> None:
    encoder.model, encoder.dimension = "ViT-L-14@b8cca3fd41ae", 768
    summary = load(sqid, online)
    assert (summary.counts.loaded, summary.counts.ready, summary.counts.encoded) == (2, 2, 0)
    assert (encoder.texts, encoder.pictures) == ([], [])
    catalogue = serve()
    features = pq.read_table(sqid / FEATURES)
    for row, product_id in enumerate("AB"):
        words = np.array(features[TEXT_FEATURES][row].as_py(), np.float32)
        words /= np.linalg.norm(words)
        best = catalogue.index.search(fuse(words, ModalityWeights(text=1, image=0)), 1)
        assert catalogue.index.id_of(int(best.rows[0])) == product_id
        assert best.scores[0] == pytest.approx(1, abs=1e-2)
    mug = catalogue.get("A")
    assert mug is not None
    assert mug.image_url == "https://cdn.invalid/a.jpg"  # shown, and needed for nothing else
    assert load(sqid, online).counts.unchanged == 2


def test_vectors_of_another_model_are_refused_with_both_named(
    settings: PipelineSettings, encoder: EncoderDouble, sqid: Path
) -> None:
    for model, dimension in (("double@1", 768), ("ViT-L/14@b8cca3fd41ae", 16)):
        encoder.model, encoder.dimension = model, dimension
        with pytest.raises(WrongModel, match="'ViT-L/14@b8cca3fd41ae' with 768") as refused:
            load(sqid, settings)
        assert f"{model!r} with {dimension}" in str(refused.value)


def test_they_may_be_left_aside_for_another_model(
    settings: PipelineSettings, encoder: EncoderDouble, sqid: Path
) -> None:
    summary = load_feed(open_feed(sqid, FeedOptions(with_vectors=False)), settings)
    assert (summary.counts.encoded, encoder.texts) == (2, ["Mug", "Hat"])


def test_a_vector_without_a_direction_costs_no_product_and_its_words_are_encoded(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path
) -> None:
    columns = {
        "product_id": ["1", "2", "3"],
        "title": ["Mug", "Hat", "Rug"],
        "text_vector": [[3.0] * 16, [float("nan")] * 16, [1.0] * 15],
        "vector_model": ["double@1"] * 3,
    }
    pq.write_table(pa.table(columns), tmp_path / "feed.parquet")
    summary = load(tmp_path / "feed.parquet", settings, tmp_path / "bad.csv")
    assert (summary.counts.ready, summary.rejected, encoder.texts) == (1, 0, ["Hat", "Rug"])
    with (tmp_path / "bad.csv").open(newline="") as file:
        noted = [(row["reject_column"], row["reject_reason"]) for row in csv.DictReader(file)]
    assert [column for column, _ in noted] == ["text_vector", "text_vector"]
    assert "its text vector is of length nan, so it has no direction" in noted[0][1]
    assert "its text vector has 15 floats, not 16" in noted[1][1]
