"""Products put in and taken out over HTTP, from the gateway's door to two retrievers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from contextlib import AsyncExitStack
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import HttpUrl

from services.contracts.products import product_etag
from services.contracts.writer import ProductChange
from services.gateway.admission.access import key_hash
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.settings import PipelineSettings
from services.writer.app import create_app as create_writer
from services.writer.settings import WriterSettings
from tests.integration.pipeline.conftest import Serve, load
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.support.encoder_double import EncoderDouble
from tests.support.gateway_stack import PATIENT, assert_problem
from tests.support.lifespan import LifespanManager
from tests.support.picture_server import Answer, PictureServer
from tests.support.pictures import drawing, encoded
from tests.support.product_feed import product_rows, write_feed
from tests.support.waiting import until, within

PICTURE = encoded(drawing(40, 30), "JPEG")
ADMIN = "admin-key-of-a-test"
MUG = {"title": "A new mug", "price": 4.5, "currency": "eur", "attributes": {"color": "red"}}


def change(response: httpx.Response) -> ProductChange:
    assert response.status_code == 200, response.text
    return ProductChange.model_validate_json(response.content)


async def is_ready(writer: httpx.AsyncClient) -> bool:
    return (await writer.get("/ready")).status_code == 200


async def finds(retriever: RetrieverClient, product_id: str, title: str | None) -> bool:
    quoted = quote(product_id, safe="").replace(".", "%2E")
    response = await retriever.http.get(f"/products/{quoted}")
    return (response.json()["title"] if response.status_code == 200 else None) == title


async def test_what_an_administrator_puts_is_there_within_a_second_on_every_replica(
    settings: PipelineSettings, writer: httpx.AsyncClient, catalogue: Path
) -> None:
    store = settings.feature_store
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(running_retriever(store, poll_interval_ms=500))
            for _ in range(2)
        ]
        for replica in replicas:
            await until(replica.is_current)
        gateway = create_gateway(
            GatewaySettings(
                admin_key_sha256=(key_hash(ADMIN),),
                writer_url=HttpUrl("http://writer"),
                **PATIENT,
            ),
            {"writer": writer._transport},
        )
        await stack.enter_async_context(LifespanManager(gateway))
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(gateway),
                base_url="http://gateway",
                headers={"X-API-Key": ADMIN},
            )
        )
        # Slashes and dots are part of an id like any other character.
        path = "/products/shop%2F..%2Fmug"
        await http.put(path, json=MUG)  # the first opens Feast
        sequence = 1

        async def renamed(number: int) -> float:
            nonlocal sequence
            started = time.monotonic()
            sequence += 1
            title = f"Renamed {number}"
            assert change(await http.put(path, json=MUG | {"title": title})).sequence == sequence
            for replica in replicas:
                await until(partial(finds, replica, "shop/../mug", title))
            return time.monotonic() - started

        assert await within(1, renamed)
        merge = {"Content-Type": "application/merge-patch+json"}
        patched = await http.patch(path, content=b'{"title": "Patched"}', headers=merge)
        assert change(patched).sequence == sequence + 1
        for replica in replicas:
            await until(partial(finds, replica, "shop/../mug", "Patched"))
        stale = await http.delete(path, headers={"If-Match": '"0"'})
        assert_problem(stale, 412, "precondition-failed")
        assert change(await http.delete(path)).sequence == sequence + 2
        for replica in replicas:
            await until(partial(finds, replica, "shop/../mug", None))


async def test_a_picture_comes_along_and_stays_when_what_get_gave_is_put_back(
    writer: httpx.AsyncClient, catalogue: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    picture = base64.b64encode(PICTURE).decode()
    change(await writer.put("/products/mug", json=MUG | {"image": picture}))
    stored = await asyncio.to_thread(serve)
    product = stored.get("mug")
    assert product is not None
    assert product.currency == "EUR"
    asked = encoder.requests
    body: dict[str, Any] = product.model_dump() | {"price": 5.0}
    change(await writer.put("/products/mug", json=body))
    changed = (await asyncio.to_thread(serve)).get("mug")
    assert changed is not None
    assert (changed.price, changed.image_url) == (5.0, product.image_url)
    # Its model was asked for, and nothing encoded: words and picture are the same.
    assert encoder.requests <= asked + 1


async def test_a_patched_price_touches_no_vector_and_needs_no_encoder(
    writer: httpx.AsyncClient, catalogue: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    before = await asyncio.to_thread(serve)
    product = before.get("p-001")
    assert product is not None
    assert product.image_url
    asked, encoder.overloaded = encoder.requests, 1_000
    patch = {"price": 1.25, "attributes": {"in_stock": "no", "color": None}}
    change(await writer.patch("/products/p-001", json=patch))
    after = await asyncio.to_thread(serve)
    patched = after.get("p-001")
    assert patched is not None
    attributes = {name: value for name, value in product.attributes.items() if name != "color"}
    assert patched == product.model_copy(
        update={"price": 1.25, "attributes": attributes | {"in_stock": "no"}}
    )
    assert encoder.requests == asked
    assert_problem(await writer.patch("/products/nowhere", json=patch), 404, "not-found")
    assert_problem(
        await writer.patch("/products/p-001", json={"price": -1}), 422, "invalid-request"
    )
    assert_problem(
        await writer.patch("/products/p-001", json={"title": None}), 422, "invalid-request"
    )


async def test_if_match_refuses_a_lost_update(
    writer: httpx.AsyncClient, catalogue: Path, serve: Serve
) -> None:
    product = (await asyncio.to_thread(serve)).get("p-002")
    assert product is not None
    seen = {"If-Match": f'"{product_etag(product)}"'}
    change(await writer.patch("/products/p-002", json={"price": 2.0}, headers=seen))
    for lost in (
        writer.patch("/products/p-002", json={"price": 3.0}, headers=seen),
        writer.put("/products/p-002", json=MUG, headers=seen),
        writer.delete("/products/p-002", headers=seen),
    ):
        assert_problem(await lost, 412, "precondition-failed")
    kept = (await asyncio.to_thread(serve)).get("p-002")
    assert kept is not None
    assert kept.price == 2.0


async def test_if_none_match_adds_a_product_and_replaces_none(
    writer: httpx.AsyncClient, catalogue: Path, serve: Serve
) -> None:
    new = {"If-None-Match": "*"}
    refused = await writer.put("/products/p-002", json=MUG, headers=new)
    assert_problem(refused, 412, "precondition-failed")
    # One of two at once is the first.
    both = [writer.put("/products/mug-9", json=MUG, headers=new) for _ in range(2)]
    statuses = sorted(response.status_code for response in await asyncio.gather(*both))
    assert statuses == [200, 412]
    tag = {"If-None-Match": '"abc"'}
    unknown = await writer.put("/products/mug-10", json=MUG, headers=tag)
    assert_problem(unknown, 422, "invalid-request")
    change(await writer.delete("/products/mug-9"))
    change(await writer.put("/products/mug-9", json=MUG, headers=new))
    stored = await asyncio.to_thread(serve)
    kept, added = stored.get("p-002"), stored.get("mug-9")
    assert kept is not None
    assert kept.title == "Product 2"
    assert added is not None
    assert stored.get("mug-10") is None


async def test_changes_at_once_are_written_together_and_each_in_its_turn(
    writer: httpx.AsyncClient, catalogue: Path, serve: Serve
) -> None:
    puts = [
        writer.put(f"/products/p-{number % 10:03}", json=MUG | {"title": f"Title {number}"})
        for number in range(30)
    ]
    changes = [change(response) for response in await asyncio.gather(*puts)]
    # The first alone, and then in as few writes as three changes to each product need.
    assert max(one.sequence for one in changes) <= 5
    stored = await asyncio.to_thread(serve)
    titles = [product.title for n in range(10) if (product := stored.get(f"p-{n:03}"))]
    assert titles == [f"Title {20 + number}" for number in range(10)]


BAD_PRODUCTS: list[tuple[dict[str, Any], str | None]] = [
    ({"description": "no title"}, "body.title"),
    (MUG | {"colour": "red"}, "body.colour"),
    (MUG | {"price": -1}, "body.price"),
    (MUG | {"product_id": "another"}, "body.product_id"),
    (MUG | {"image_url": "images/../../etc/passwd"}, None),
    (MUG | {"image_url": "file:///etc/passwd"}, None),
    (MUG | {"product_url": "javascript:alert(1)"}, None),
    (MUG | {"currency": "$"}, None),
]
"""Body, and the field that the refusal names."""


async def test_a_bad_product_is_refused_by_name_and_costs_no_other(
    writer: httpx.AsyncClient, catalogue: Path, serve: Serve
) -> None:
    for number, (body, field) in enumerate(BAD_PRODUCTS):
        bad, good = await asyncio.gather(
            writer.put("/products/bad", json=body),
            writer.put(f"/products/good{number}", json=MUG),
        )
        problem = assert_problem(bad, 422, "invalid-request")
        if field is not None:
            assert [error["field"] for error in problem["errors"]] == [field]
        change(good)
        stored = await asyncio.to_thread(serve)
        assert stored.get("bad") is None, body
        assert stored.get(f"good{number}") is not None, body


async def test_a_bad_picture_is_refused_whoever_finds_it(
    writer: httpx.AsyncClient, catalogue: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    encoder.refused_pictures.add(hashlib.sha256(PICTURE).hexdigest())
    for picture in (b"no picture", PICTURE):
        body = MUG | {"image": base64.b64encode(picture).decode()}
        assert_problem(await writer.put("/products/bad", json=body), 422, "unreadable-image")
    change(await writer.put("/products/good", json=MUG))
    assert (await asyncio.to_thread(serve)).get("bad") is None


async def test_while_a_file_is_loaded_changes_are_asked_to_come_again(
    writer: httpx.AsyncClient, catalogue: Path, settings: PipelineSettings
) -> None:
    with only_writer(settings.feature_store / "offline"):
        response = await writer.put("/products/mug", json=MUG)
        problem = assert_problem(response, 503, "not-ready")
        assert "A load" in problem["detail"]
        assert str(settings.feature_store) not in problem["detail"]
        assert response.headers["retry-after"] == "1"
    change(await writer.put("/products/mug", json=MUG))


async def test_without_a_catalogue_or_with_another_model_it_says_so(
    writer: httpx.AsyncClient,
    settings: PipelineSettings,
    encoder: EncoderDouble,
    tmp_path: Path,
) -> None:
    assert_problem(await writer.put("/products/mug", json=MUG), 503, "not-ready")
    assert (await writer.get("/ready")).status_code == 503
    feed = write_feed(tmp_path / "feed.csv", product_rows(2))
    await asyncio.to_thread(load, feed, settings)
    await until(partial(is_ready, writer))
    encoder.model, encoder.dimension = "double@2", 8
    problem = assert_problem(await writer.put("/products/mug", json=MUG), 409, "model-mismatch")
    assert "double@1" in problem["detail"]
    assert "double@2" in problem["detail"]


async def test_more_changes_than_may_wait_are_refused_and_the_others_are_made(
    writer: httpx.AsyncClient, catalogue: Path
) -> None:
    responses = await asyncio.gather(
        *(writer.put("/products/mug", json=MUG | {"title": f"{n}"}) for n in range(60))
    )
    by_status = [response.status_code for response in responses]
    assert by_status.count(429) >= 15
    assert set(by_status) == {200, 429}


async def test_html_put_live_becomes_the_text_that_a_file_gives(
    settings: PipelineSettings,
    writer: httpx.AsyncClient,
    catalogue: Path,
    serve: Serve,
) -> None:
    put = {
        "title": " Salt &amp; pepper mill",
        "description": "<p>Nice</p><style>.a{color:red}</style>",
        "category": "Kitchen &gt; Mills",
        "brand": "Lumo\x0b ",
        "price": 9.5,
        "list_price": 12.0,
        "currency": "EUR",
        "attributes": {"color": "r\x1bed", "empty": " "},
    }
    change(await writer.put("/products/mill", json=put))
    mill = (await asyncio.to_thread(serve)).get("mill")
    assert mill is not None
    assert (mill.title, mill.description) == ("Salt & pepper mill", "Nice")
    assert (mill.category, mill.brand) == ("Kitchen > Mills", "Lumo")
    assert (mill.price, mill.list_price, mill.attributes) == (9.5, 12, {"color": "r ed"})
    again = {**mill.model_dump(exclude={"product_id"}), "title": "Mill"}
    change(await writer.put("/products/mill", json=again))
    changed = (await asyncio.to_thread(serve)).get("mill")
    assert changed == mill.model_copy(update={"title": "Mill"})


async def test_an_id_that_a_file_would_change_is_refused(
    writer: httpx.AsyncClient, catalogue: Path
) -> None:
    for product_id in ("%20", "%20%0B", "%20sku", "sku%0D", "s%0Bku"):
        refused = await writer.put(f"/products/{product_id}", json=MUG)
        assert_problem(refused, 422, "invalid-request")


async def test_a_picture_given_by_link_is_fetched_as_a_feeds_is(
    settings: PipelineSettings, catalogue: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    online = settings.model_copy(
        update={"download_pictures": True, "download_networks": (ip_network("127.0.0.0/8"),)}
    )
    app = create_writer(WriterSettings(encoder_wait_s=60), online)
    with PictureServer().running() as server:
        async with (
            LifespanManager(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://writer"
            ) as client,
        ):
            link = server.on("/mug.jpg", Answer(PICTURE, headers={"Content-Type": "image/jpeg"}))
            change(await client.put("/products/mug", json=MUG | {"image_url": link}))
            gone = f"{server.url}/gone.jpg"
            change(await client.put("/products/cup", json=MUG | {"image_url": gone}))
    stored = await asyncio.to_thread(serve)
    mug, cup = stored.get("mug"), stored.get("cup")
    assert mug is not None
    assert cup is not None
    kept = settings.media_dir / str(mug.image_url).removeprefix("/images/")
    assert kept.read_bytes() == PICTURE
    assert cup.image_url == gone  # shown, and asked for again by the next load
