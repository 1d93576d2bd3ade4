"""The clients and the loader of a crash loop; each notes what was acknowledged."""

from __future__ import annotations

import asyncio
import os
import random
import sys

import httpx

from tests.chaos.crash_state import ADMIN_KEY, NUMBERS, Crash
from tests.chaos.ledger import Known, Outcome

CLIENTS = 6
PRODUCTS_PER_CLIENT = 5
LOADED = 8
_MERGE = {"Content-Type": "application/merge-patch+json"}


def outcome_of(answer: httpx.Response) -> Outcome:
    """A refusal promises that the change is never made; an answer that never came, nothing."""
    if answer.status_code == 200:
        return "done"
    if answer.status_code == 504 or "cannot be reached" in answer.text:
        return "unknown"  # it was sent, and the writer's answer was lost
    return "refused"


async def client(crash: Crash, number: int) -> None:
    """Change a few products of its own, one after the other, without an end."""
    ids = [f"crash-{number}-{one}" for one in range(PRODUCTS_PER_CLIENT)]
    dice = crash.dice(f"client {number}")
    async with httpx.AsyncClient(
        base_url=crash.launcher.url, trust_env=False, timeout=30, headers={"X-API-Key": ADMIN_KEY}
    ) as http:
        while True:
            product_id = dice.choice(ids)
            known = crash.known.setdefault(product_id, Known())
            try:
                async with crash.turn():
                    outcome = await change(http, dice, product_id, known)
            except httpx.HTTPError:
                continue  # noted as unknown
            crash.outcomes[outcome] += 1
            await asyncio.sleep(crash.rest_s if outcome == "done" else 0.2)


async def change(
    http: httpx.AsyncClient, dice: random.Random, product_id: str, known: Known
) -> Outcome:
    kind = dice.choices(["put", "patch", "delete"], [4, 5, 1])[0]
    turn = next(NUMBERS)
    title, price = f"Something red, number {turn}", turn + 0.25
    path = f"/products/{product_id}"
    outcome: Outcome = "unknown"
    try:
        if kind == "put":
            body = {"title": title, "price": price, "currency": "EUR"}
            answer = await http.put(path, json=body)
        elif kind == "patch":
            answer = await http.patch(path, json={"price": price}, headers=_MERGE)
            if answer.status_code == 404:
                known.missing()
                return "refused"
        else:
            answer = await http.delete(path)
        outcome = outcome_of(answer)
    except httpx.ConnectError:
        outcome = "refused"
        raise
    finally:
        # Also when the loop ends in the middle of it.
        if kind == "put":
            known.put(title, price, outcome)
        elif kind == "patch":
            known.patched(price, outcome)
        else:
            known.deleted(outcome)
    return outcome


async def keep_loading(crash: Crash) -> None:
    """Upsert the same few products again and again, each time with another title."""
    dice = crash.dice("loader")
    while True:
        await asyncio.sleep(dice.uniform(0, 2))
        async with crash.turn():
            await load(crash)


async def load(crash: Crash) -> None:
    urls = [line for line in crash.launcher.said().splitlines() if line.startswith("encoder")]
    try:
        state, encoder = crash.state, urls[-1].split()[-1]
    except (StopIteration, IndexError, FileNotFoundError):
        return  # it has not started that far
    turn = next(NUMBERS)
    rows = [f"loaded-{n},Loaded in turn {turn},{turn}.5,EUR" for n in range(LOADED)]
    feed = crash.folder / "loaded.csv"
    feed.write_text("\n".join(["product_id,title,price,currency", *rows]) + "\n")
    values = {
        "PIPELINE_FEATURE_STORE": str(state),
        "PIPELINE_MEDIA_DIR": str(state / "media"),
        "PIPELINE_ENCODER_URL": encoder,
        "PIPELINE_ENCODER_WAIT_S": "5",
        "PIPELINE_REJECTS_PATH": str(crash.folder / "rejects.csv"),
    }
    crash.loader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.pipeline", "upsert", str(feed)),
        env={**os.environ, **values},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    outcome: Outcome = "unknown"
    try:
        code = await crash.loader.wait()
        outcome = "done" if code == 0 else "unknown"
    finally:
        if crash.loader.returncode is None:
            crash.loader.kill()
        crash.loads.put(f"Loaded in turn {turn}", turn + 0.5, outcome)
