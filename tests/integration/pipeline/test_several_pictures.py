"""Products with several pictures: from a feed or a change to what is served, swept and restored."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.contracts.base import ModalityWeights
from services.contracts.batches import BATCH_MEDIA_TYPE
from services.contracts.products import MORE_IMAGES, Product
from services.pipeline.catalogue.backup import backup, restore
from services.pipeline.catalogue.store_work import rebuild, sweep, verify_stores
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import fuse
from tests.integration.pipeline.conftest import Serve, load, writing
from tests.support.encoder_double import EncoderDouble
from tests.support.gateway_stack import assert_problem
from tests.support.picture_server import Answer, PictureServer
from tests.support.product_feed import product_rows, write_feed

MERGE = {"Content-Type": "application/merge-patch+json"}
MUG: dict[str, Any] = {"title": "A mug", "price": 4.0}


def png(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (9, 9), (0, number, 200)).save(out, "PNG")
    return out.getvalue()


def feed_of(folder: Path, sources: list[str | bytes], products: int = 2) -> Path:
    """Products of one picture each; `p-000` has those of the sources: links, or files to write."""
    rows = product_rows(products)
    names: list[str] = []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number, source in enumerate(sources):
        if isinstance(source, str):
            names.append(source)
            continue
        names.append(f"images/extra-{number}.png")
        (folder / names[-1]).write_bytes(source)
    rows[0]["image_path"] = json.dumps(names)
    return write_feed(folder / "feed.csv", rows)


def product(catalogue: Catalogue, product_id: str = "p-000") -> Product:
    found = catalogue.get(product_id)
    assert found is not None
    return found


def pictures_of(one: Product) -> list[str]:
    return [str(one.image_url), *one.attributes.get(MORE_IMAGES, "").split()]


def contents(settings: PipelineSettings, one: Product) -> list[bytes]:
    """Bytes of the stored pictures."""
    stored = [url for url in pictures_of(one) if url.startswith("/images/")]
    return [(settings.media_dir / url.removeprefix("/images/")).read_bytes() for url in stored]


def is_found_by(catalogue: Catalogue, encoder: EncoderDouble, picture: bytes) -> tuple[str, int]:
    """The product that has this very picture, and the place of the picture in it."""
    look = np.array(encoder.vector(picture), np.float32)
    fused = fuse(look, ModalityWeights(text=0, image=1))
    hits = catalogue.index.search(fused, 1, 0.999)
    if not len(hits.rows):
        return "", 0
    places, _ = catalogue.index.nearest_images(fused, hits.rows)
    return catalogue.index.id_of(int(hits.rows[0])), int(places[0])


def test_each_picture_of_a_feed_finds_its_product(
    online: PipelineSettings,
    encoder: EncoderDouble,
    server: PictureServer,
    tmp_path: Path,
    serve: Serve,
) -> None:
    link = server.on("/2.png", Answer(png(2)))
    feed = feed_of(tmp_path, [png(0), png(1), link])
    summary = load(feed, online)
    assert (summary.counts.encoded, summary.counts.without_picture) == (2, 0)
    catalogue = serve()
    assert contents(online, product(catalogue)) == [png(0), png(1), png(2)]
    for number in range(3):
        assert is_found_by(catalogue, encoder, png(number)) == ("p-000", number)
    asked = encoder.requests
    assert load(feed, online).counts.unchanged == 2
    assert encoder.requests <= asked + 1
    # Another order is another first picture.
    again = load(feed_of(tmp_path, [link, png(0), png(1)]), online)
    assert (again.counts.encoded, again.counts.unchanged) == (1, 1)
    assert contents(online, product(serve()))[0] == png(2)


def test_pictures_beyond_the_limit_are_only_shown(
    online: PipelineSettings,
    encoder: EncoderDouble,
    server: PictureServer,
    tmp_path: Path,
    serve: Serve,
) -> None:
    links = [server.on(f"/{number}.png", Answer(png(number))) for number in range(3)]
    load(feed_of(tmp_path, [*links]), online.model_copy(update={"pictures": 2}))
    catalogue = serve()
    assert pictures_of(product(catalogue))[2] == links[2]
    assert is_found_by(catalogue, encoder, png(1)) == ("p-000", 1)
    assert is_found_by(catalogue, encoder, png(2)) == ("", 0)


def test_a_picture_that_is_there_twice_is_stored_and_encoded_once(
    online: PipelineSettings,
    server: PictureServer,
    encoder: EncoderDouble,
    tmp_path: Path,
    serve: Serve,
) -> None:
    link = server.on("/same.png", Answer(png(0)))
    load(feed_of(tmp_path, [png(0), link, png(1)]), online)
    catalogue = serve()
    assert contents(online, product(catalogue)) == [png(0), png(1)]
    assert is_found_by(catalogue, encoder, png(1)) == ("p-000", 1)


def test_an_unusable_picture_costs_only_itself(
    online: PipelineSettings,
    server: PictureServer,
    encoder: EncoderDouble,
    tmp_path: Path,
    serve: Serve,
) -> None:
    gone = f"{server.url}/gone.png"
    summary = load(feed_of(tmp_path, [gone, png(1), b"no picture", png(2)]), online)
    assert (summary.counts.loaded, summary.rejected) == (2, 0)
    catalogue = serve()
    # The first one that can be had is the product's picture; a link is still shown.
    shown = pictures_of(product(catalogue))
    assert contents(online, product(catalogue)) == [png(1), png(2)]
    assert shown[-1] == gone
    for place, number in enumerate((1, 2)):
        assert is_found_by(catalogue, encoder, png(number)) == ("p-000", place)


def test_without_pictures_and_with_one_nothing_changes(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    rows = product_rows(3)
    rows[2]["image_path"] = ""
    load(write_feed(tmp_path / "feed.csv", rows), settings)
    catalogue = serve()
    assert MORE_IMAGES not in product(catalogue).attributes
    assert product(catalogue, "p-002").image_url is None
    assert len(catalogue.index.further(np.arange(3))) == 0


async def test_changes_bring_several_pictures_and_take_them_away(
    online: PipelineSettings,
    encoder: EncoderDouble,
    server: PictureServer,
    catalogue: Path,
    serve: Serve,
) -> None:
    link = server.on("/3.png", Answer(png(3)))
    images = [base64.b64encode(png(number)).decode() for number in range(3)]

    async def served() -> Catalogue:
        return await asyncio.to_thread(serve)

    async with writing(online) as writer:
        assert (await writer.put("/products/mug", json=MUG | {"images": images})).status_code == 200
        now = await served()
        assert contents(online, product(now, "mug")) == [png(0), png(1), png(2)]
        assert is_found_by(now, encoder, png(2)) == ("mug", 2)

        # The answer of GET is put back: nothing is encoded.
        asked = encoder.requests
        same = product(now, "mug").model_dump() | {"price": 5.0}
        assert (await writer.put("/products/mug", json=same)).status_code == 200
        assert is_found_by(await served(), encoder, png(2)) == ("mug", 2)
        assert encoder.requests <= asked + 1

        # A price: vectors and pictures stay.
        patch: dict[str, Any] = {"price": 6.0}
        assert (await writer.patch("/products/mug", json=patch, headers=MERGE)).status_code == 200
        now = await served()
        assert product(now, "mug").price == 6.0
        assert contents(online, product(now, "mug")) == [png(0), png(1), png(2)]
        assert is_found_by(now, encoder, png(2)) == ("mug", 2)

        # Stored paths and a link, in another order.
        stored = pictures_of(product(now, "mug"))
        patch = {"image_urls": [stored[2], link, stored[0]]}
        assert (await writer.patch("/products/mug", json=patch, headers=MERGE)).status_code == 200
        now = await served()
        assert contents(online, product(now, "mug")) == [png(2), png(3), png(0)]
        assert is_found_by(now, encoder, png(3)) == ("mug", 1)
        assert is_found_by(now, encoder, png(1)) == ("", 0)

        # Without its further pictures.
        patch = {"attributes": {MORE_IMAGES: None}}
        assert (await writer.patch("/products/mug", json=patch, headers=MERGE)).status_code == 200
        now = await served()
        assert contents(online, product(now, "mug")) == [png(2)]
        assert is_found_by(now, encoder, png(3)) == ("", 0)

        refused_bodies: list[dict[str, Any]] = [
            {"images": images, "image_url": link},
            {"image_urls": [link, "/etc/passwd"]},
            {"image_urls": []},
        ]
        for body in refused_bodies:
            refused = await writer.put("/products/cup", json=MUG | body)
            assert_problem(refused, 422, "invalid-request")
        refused = await writer.put("/products/cup", json=MUG | {"images": [images[0], "bm8="]})
        assert_problem(refused, 422, "unreadable-image")

        assert (await writer.delete("/products/mug")).status_code == 200
        assert (await served()).get("mug") is None


async def test_a_link_that_does_not_answer_costs_only_its_picture(
    online: PipelineSettings,
    server: PictureServer,
    encoder: EncoderDouble,
    catalogue: Path,
    serve: Serve,
) -> None:
    good = server.on("/good.png", Answer(png(4)))
    gone = f"{server.url}/gone.png"
    async with writing(online) as writer:
        body = MUG | {"image_urls": [gone, good]}
        assert (await writer.put("/products/mug", json=body)).status_code == 200
    now = await asyncio.to_thread(serve)
    assert contents(online, product(now, "mug")) == [png(4)]
    assert pictures_of(product(now, "mug"))[1] == gone
    assert is_found_by(now, encoder, png(4)) == ("mug", 0)


async def test_lines_of_a_batch_bring_several_pictures(
    settings: PipelineSettings, encoder: EncoderDouble, catalogue: Path, serve: Serve
) -> None:
    images = [base64.b64encode(png(number)).decode() for number in range(2)]
    lines = [
        {"op": "put", "product_id": "mug", "product": MUG | {"images": images}},
        {"op": "patch", "product_id": "p-001", "patch": {"images": images[::-1]}},
    ]
    async with writing(settings) as writer:
        answer = await writer.post(
            "/products/batch",
            content="\n".join(map(json.dumps, lines)),
            headers={"Content-Type": BATCH_MEDIA_TYPE},
        )
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == ["stored"] * 2
    now = await asyncio.to_thread(serve)
    assert contents(settings, product(now, "mug")) == [png(0), png(1)]
    assert contents(settings, product(now, "p-001")) == [png(1), png(0)]
    places = np.array([now.index.number_of(one) for one in ("mug", "p-001")], np.intp)
    assert now.index.further(places).rows.tolist() == [0, 1]


def test_a_sweep_keeps_every_picture_that_a_version_names(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    load(feed_of(tmp_path, [png(0), png(1)]), settings)
    sweep(settings, grace_s=0)
    assert contents(settings, product(serve())) == [png(0), png(1)]
    # Two versions later nobody names them.
    for title in ("One", "Another"):
        rows = product_rows(2)
        rows[1]["title"] = title
        load(write_feed(tmp_path / "feed.csv", rows), settings)
    sweep(settings, grace_s=0)
    left = {file.read_bytes() for file in settings.media_dir.glob("??/*")}
    assert png(1) not in left
    assert len(left) == 2


def test_a_rebuilt_store_and_a_restored_backup_have_every_picture(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    load(feed_of(tmp_path, [png(0), png(1), png(2)]), settings)
    backup(settings, tmp_path / "backup")
    rebuild(settings, lambda _: None)
    assert verify_stores(settings).faults == []
    assert is_found_by(serve(), encoder, png(2)) == ("p-000", 2)
    load(feed_of(tmp_path, [png(5)]), settings)
    assert is_found_by(serve(), encoder, png(2)) == ("", 0)
    shutil.rmtree(settings.media_dir)
    restore(settings, tmp_path / "backup")
    assert is_found_by(serve(), encoder, png(2)) == ("p-000", 2)
    assert contents(settings, product(serve())) == [png(0), png(1), png(2)]


@pytest.mark.parametrize("limit", [1, 4])
async def test_changes_stay_when_the_same_file_brings_a_picture_more(
    online: PipelineSettings, server: PictureServer, tmp_path: Path, serve: Serve, limit: int
) -> None:
    """limit: of the pictures at first, as before a product could have several."""
    link = server.on("/2.png", Answer(png(2)))
    feed = feed_of(tmp_path, [png(0), f"{server.url}/late.png", link])
    await asyncio.to_thread(load, feed, online.model_copy(update={"pictures": limit}))
    async with writing(online) as writer:
        assert (await writer.put("/products/mug", json=MUG)).status_code == 200
    server.on("/late.png", Answer(png(1)))
    await asyncio.to_thread(load, feed, online)
    now = await asyncio.to_thread(serve)
    assert now.get("mug") is not None
    assert sorted(contents(online, product(now))) == sorted(png(number) for number in range(3))
    await asyncio.to_thread(load, feed_of(tmp_path, [png(0), png(3)]), online)
    assert (await asyncio.to_thread(serve)).get("mug") is None


async def test_changes_that_another_model_takes_over_keep_their_pictures(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    feed = feed_of(tmp_path, [png(0), png(1)])
    await asyncio.to_thread(load, feed, settings)
    images = [base64.b64encode(png(number)).decode() for number in (7, 8)]
    async with writing(settings) as writer:
        assert (await writer.put("/products/mug", json=MUG | {"images": images})).status_code == 200
    encoder.model = "double@2"
    await asyncio.to_thread(load, feed, settings)
    now = await asyncio.to_thread(serve)
    assert is_found_by(now, encoder, png(8)) == ("mug", 1)
    assert is_found_by(now, encoder, png(1)) == ("p-000", 1)
