"""The check of a crash loop: acknowledged changes, Parquet, Redis and the retriever agree."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from services.contracts.catalogue import METADATA_VIEW
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.needed_rows import find_rows, needed_rows
from services.pipeline.catalogue.offline_store import whole_rows
from services.pipeline.catalogue.snapshots import snapshot
from tests.chaos.crash_changes import LOADED
from tests.chaos.crash_state import Crash


async def check(crash: Crash) -> None:
    """Every product is as acknowledged; both stores and the retriever agree."""
    async with httpx.AsyncClient(base_url=crash.launcher.url, trust_env=False, timeout=10) as http:
        give_up = time.monotonic() + 20
        while wrong := [one async for one in _wrong(crash, http)]:
            if time.monotonic() > give_up:
                crash.faults += wrong
                return
            await asyncio.sleep(0.2)
        stored = await asyncio.to_thread(_stored, crash.state)
        for product_id, row in stored.items():
            product = await _product(http, product_id)
            if product is None or any(
                (product[name] or None) != (row[name] or None)
                for name in ("title", "description", "brand", "category", "currency", "image_url")
            ):
                crash.faults.append(f"{product_id}: stored {row}, served {product}")
    await verify(crash)


async def _wrong(crash: Crash, http: httpx.AsyncClient) -> AsyncIterator[str]:
    for product_id, known in crash.known.items():
        product = await _product(http, product_id)
        if not known.allows(product):
            yield f"{product_id} is {product}, not {known.states}"
    loaded = [await _product(http, f"loaded-{number}") for number in range(LOADED)]
    if not all(crash.loads.allows(one) for one in loaded):
        yield f"loaded products are {loaded[0]}, not {crash.loads.states}"
    if len({one and one["title"] for one in loaded}) > 1:
        yield f"a load was made in part: {[one and one['title'] for one in loaded]}"


async def _product(http: httpx.AsyncClient, product_id: str) -> dict[str, Any] | None:
    for _ in range(50):
        with contextlib.suppress(httpx.HTTPError):
            answer = await http.get(f"/products/{product_id}")
            if answer.status_code == 404:
                return None
            if answer.status_code == 200:
                product: dict[str, Any] = answer.json()
                return product
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{product_id} cannot be read")


def _stored(state: Path) -> dict[str, dict[str, Any]]:
    """The metadata of every product, as the Parquet parts have them."""
    rows: dict[str, dict[str, Any]] = {}
    # The writer tidies up meanwhile.
    with snapshot(state / "offline") as offline:
        ledger = Ledger(offline)
        ledger.refresh()
        published = ledger.head()
        assert published is not None
        every = needed_rows(ledger, [published.head])
        needed = next(one for one in every if one.view == METADATA_VIEW)
        for part, _, places in find_rows(offline, needed):
            for row in whole_rows(part, METADATA_VIEW, places).to_pylist():
                rows[row["product_id"]] = row
    return rows


async def verify(crash: Crash) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.pipeline", "verify"),
        env={**os.environ, "PIPELINE_FEATURE_STORE": str(crash.state)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await process.communicate()
    if process.returncode != 0:
        crash.faults.append(f"verify: {said.decode()[-800:]}{errors.decode()[-800:]}")
