"""`POST /products/batch`, from the gateway's door to the stores."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl

from services.contracts.batches import MAX_BATCHES, MAX_GROUPS, BatchResult
from services.contracts.products import product_etag
from services.gateway.admission.access import key_hash
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.pipeline.catalogue.backup import backup, restore
from services.pipeline.catalogue.changes import roll_back
from services.pipeline.settings import PipelineSettings
from services.writer.app import create_app as create_writer
from services.writer.batch_log import BatchLog, line_digest
from services.writer.settings import WriterSettings
from tests.integration.pipeline.conftest import Serve
from tests.support.encoder_double import EncoderDouble
from tests.support.gateway_stack import PATIENT, assert_problem
from tests.support.lifespan import LifespanManager

ADMIN, SEARCH = "admin-key-of-a-test", "search-key-of-a-test"
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
async def gateway(writer: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    app = create_gateway(
        GatewaySettings(
            admin_key_sha256=(key_hash(ADMIN),),
            search_key_sha256=(key_hash(SEARCH),),
            writer_url=HttpUrl("http://writer"),
            **PATIENT,
        ),
        {"writer": writer._transport},
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(LifespanManager(app))
        yield await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://gateway",
                headers={"X-API-Key": ADMIN, **NDJSON},
                timeout=150,
            )
        )


def body_of(lines: list[Any]) -> bytes:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return "\n".join(texts).encode()


def put(product_id: str, **product: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"op": "put", "product_id": product_id, "product": {"title": "A mug", **product}}


def patch(product_id: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"op": "patch", "product_id": product_id, "patch": fields}


def delete(product_id: str) -> dict[str, Any]:
    return {"op": "delete", "product_id": product_id}


async def send(
    client: httpx.AsyncClient, lines: list[Any], key: str | None = None, path: str = ""
) -> list[BatchResult]:
    headers = NDJSON | ({} if key is None else {"Idempotency-Key": key})
    response = await client.post(
        f"/products/batch{path}", content=body_of(lines), headers=headers, timeout=150
    )
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("application/x-ndjson")
    return [BatchResult.model_validate_json(line) for line in response.content.splitlines()]


async def test_a_byte_order_mark_belongs_to_no_line(
    gateway: httpx.AsyncClient, catalogue: Path
) -> None:
    mark = "\ufeff"
    first, second = await send(gateway, [mark + json.dumps(put("mug")), mark + "{}"])
    assert (first.line, first.status) == (1, "stored")
    assert (second.line, second.status) == (2, "refused")
    (only,) = await send(gateway, [mark, json.dumps(put("cup"))])
    assert (only.line, only.status) == (2, "stored")


async def test_puts_patches_and_deletes_are_made_in_order_and_a_bad_line_costs_itself_alone(
    gateway: httpx.AsyncClient, catalogue: Path, serve: Serve
) -> None:
    before = (await asyncio.to_thread(serve)).get("p-001")
    assert before is not None
    results = await send(
        gateway,
        [
            put("mug", price=4.5, currency="EUR"),
            patch("mug", price=5.5),
            "{no json",
            "",
            patch("p-000", price=1.25),
            delete("p-002"),
            patch("nowhere", price=1),
            put("bad", price=-1),
            {"op": "put", "product_id": "x"},
            {"op": "delete", "product_id": "x", "patch": {}},
            {"op": "merge", "product_id": "x"},
            "[]",
            {**patch("p-001", price=2.5), "if_match": '"another"'},
            {**patch("p-001", price=3.5), "if_match": f'"{product_etag(before)}"'},
            delete("p-003"),
            put("p-003", price=7),
        ],
    )
    assert [one.line for one in results] == [1, 2, 3, *range(5, 17)]
    by_line = {one.line: one for one in results}
    refused = {
        3: "invalid-request",
        7: "not-found",
        8: "invalid-request",
        9: "invalid-request",
        10: "invalid-request",
        11: "invalid-request",
        12: "invalid-request",
        13: "precondition-failed",
    }
    for number, one in by_line.items():
        if number in refused:
            assert one.status == "refused", one
            assert one.problem is not None
            assert one.problem.type == f"/problems/{refused[number]}"
        else:
            assert one.status == "stored", one
            assert one.change
    stored = await asyncio.to_thread(serve)
    prices = {name: getattr(stored.get(name), "price", None) for name in ("mug", "p-000", "p-001")}
    assert prices == {"mug": 5.5, "p-000": 1.25, "p-001": 3.5}
    assert stored.get("p-002") is None
    last = stored.get("p-003")
    assert last is not None
    assert last.price == 7


async def test_only_an_administrator_may_send_a_batch_and_only_ndjson(
    gateway: httpx.AsyncClient, catalogue: Path
) -> None:
    line = body_of([delete("p-000")])
    for headers, status, slug in (
        ({"X-API-Key": ""}, 401, "unauthorized"),
        ({"X-API-Key": SEARCH}, 403, "forbidden"),
        ({"Content-Type": "application/json"}, 415, "unsupported-media-type"),
        ({"Idempotency-Key": "x" * 201}, 422, "invalid-request"),
        ({"Content-Length": "32000001"}, 413, "payload-too-large"),
    ):
        response = await gateway.post("/products/batch", content=line, headers=headers)
        assert_problem(response, status, slug)
    assert await send(gateway, []) == []


async def test_a_batch_that_is_sent_again_with_its_key_makes_nothing_twice(
    gateway: httpx.AsyncClient, catalogue: Path, serve: Serve
) -> None:
    lines = [patch("p-000", price=1.0), patch("nowhere", price=1), delete("p-001")]
    first = await send(gateway, lines, "k1")
    assert [one.status for one in first] == ["stored", "refused", "stored"]
    # Somebody else changes the product meanwhile; repeating the batch must not undo it.
    await send(gateway, [patch("p-000", price=9.0)])
    again = await send(gateway, lines, "k1")
    assert [one.status for one in again] == ["stored", "refused", "stored"]
    assert [one.repeated for one in again] == [True, False, True]
    assert [one.change for one in again] == [one.change for one in first]
    product = (await asyncio.to_thread(serve)).get("p-000")
    assert product is not None
    assert product.price == 9.0
    # The rest of a longer batch is made; another line under a number that is stored is refused.
    longer = [patch("p-000", price=2.0), *lines[1:], patch("p-003", price=3.0)]
    resumed = await send(gateway, longer, "k1")
    assert [one.status for one in resumed] == ["refused", "refused", "stored", "stored"]
    other = await send(gateway, lines[:1], "k2")
    assert [one.repeated for one in other] == [False]


async def test_a_batch_is_resumed_after_a_restart_and_after_a_crash_around_the_commit(
    settings: PipelineSettings, catalogue: Path, serve: Serve
) -> None:
    lines = [patch("p-000", price=1.0), patch("p-001", price=1.0)]

    async def once(*, key: str = "k") -> list[BatchResult]:
        app = create_writer(WriterSettings(encoder_wait_s=60), settings)
        async with (
            LifespanManager(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://writer") as http,
        ):
            return await send(http, lines, key)

    first = await once()
    folder = settings.feature_store / "offline" / ".batches"
    (log,) = folder.glob("*.jsonl")
    whole = log.read_text()
    # Killed after the commit and before its record: Parquet has the head.
    log.write_text(whole[: whole.rindex('{"done"')])
    again = await once()
    assert [one.repeated for one in again] == [True, True]
    assert [one.change for one in again] == [one.change for one in first]
    assert [one.repeated for one in await once()] == [True, True]
    # Killed between the plan and the commit: the head never came. The plan's end is torn, too.
    planned = json.loads(whole.splitlines()[1])
    unborn = json.dumps({**planned, "planned": planned["planned"] + 1})
    log.write_text(f'\n{unborn}\n\n{{"do')
    assert [one.repeated for one in await once()] == [False, False]
    assert [one.repeated for one in await once()] == [True, True]


async def test_what_a_restored_backup_or_a_rollback_lacks_is_made_again(
    gateway: httpx.AsyncClient,
    settings: PipelineSettings,
    catalogue: Path,
    serve: Serve,
    tmp_path: Path,
) -> None:
    lines = [patch("p-000", price=1.0), delete("p-001")]
    await asyncio.to_thread(backup, settings, tmp_path / "backup")

    async def is_made(*, repeated: bool) -> bool:
        results = await send(gateway, lines, "k")
        stored = await asyncio.to_thread(serve)
        assert getattr(stored.get("p-000"), "price", None) == 1.0
        assert stored.get("p-001") is None
        return [one.repeated for one in results] == [repeated] * 2

    assert await is_made(repeated=False)
    assert await is_made(repeated=True)
    await asyncio.to_thread(restore, settings, tmp_path / "backup")
    assert await is_made(repeated=False)
    await asyncio.to_thread(roll_back, settings)
    await asyncio.to_thread(roll_back, settings)
    assert await is_made(repeated=False)


def test_old_batches_are_forgotten_and_torn_records_are_skipped(tmp_path: Path) -> None:
    log = BatchLog(tmp_path)
    assert log.stored("k") == {}
    log.forget_old()
    log.settle(set())
    digest = line_digest(b"x")
    record = {"planned": 5, "token": "5-v-1", "lines": [[1, digest]]}
    path = log._path("k")
    path.write_text(f'{json.dumps(record)}\n{{"done": 5}}\n{{"planned": 6, "li')
    assert log.stored("k")[1].digest == digest
    log.settle(set())
    assert log.stored("k")[1].token == "5-v-1"


async def test_a_thousand_price_changes_come_in_few_writes_and_need_no_encoder(
    gateway: httpx.AsyncClient, catalogue: Path, encoder: EncoderDouble, serve: Serve
) -> None:
    count = 200
    puts = [put(f"m-{number:04}", price=1.0) for number in range(count)]
    assert {one.status for one in await send(gateway, puts)} == {"stored"}
    asked = encoder.requests
    changes = [patch(f"m-{number % count:04}", price=float(number)) for number in range(1_000)]
    results = await send(gateway, changes, "prices")
    assert {one.status for one in results} == {"stored"}
    assert encoder.requests == asked
    assert len({one.change for one in results}) < 100
    stored = await asyncio.to_thread(serve)
    for number in range(count):
        product = stored.get(f"m-{number:04}")
        assert product is not None
        assert product.price == 800.0 + number


async def test_single_changes_do_not_wait_for_a_long_batch(
    gateway: httpx.AsyncClient, writer: httpx.AsyncClient, catalogue: Path
) -> None:
    puts = [put(f"m-{number:04}", title=f"Mug {number}") for number in range(600)]
    batch = asyncio.create_task(send(gateway, puts))
    for number in range(3):
        single = await writer.put("/products/p-000", json={"title": f"Single {number}"})
        assert single.status_code == 200, single.text
    assert not batch.done()
    assert {one.status for one in await batch} == {"stored"}


@pytest.mark.parametrize("service", ["gateway", "writer"])
async def test_so_many_batches_at_once_and_no_more(
    catalogue: Path, gateway: httpx.AsyncClient, writer: httpx.AsyncClient, service: str
) -> None:
    """Each may fill its share of memory, so the next one is refused before it is read."""
    client, most = {"gateway": (gateway, MAX_BATCHES), "writer": (writer, MAX_GROUPS)}[service]
    reading, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def body(number: int) -> AsyncIterator[bytes]:
        reading.release()
        await go_on.wait()
        yield body_of([patch("p-001", price=float(number))])

    held = [
        asyncio.create_task(client.post("/products/batch", content=body(number), headers=NDJSON))
        for number in range(most)
    ]
    for _ in held:
        await reading.acquire()
    refused = await client.post("/products/batch", content=b"{}", headers=NDJSON)
    assert_problem(refused, 429, "overloaded")
    assert refused.headers["Retry-After"]
    go_on.set()
    for answer in await asyncio.gather(*held):
        assert BatchResult.model_validate_json(answer.content).status == "stored"
    assert [one.status for one in await send(client, [patch("p-001", price=9.5)])] == ["stored"]
