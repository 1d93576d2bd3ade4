"""The client of a Redis that may be unavailable, with a real one."""

from __future__ import annotations

import asyncio

import pytest
import redis
from pydantic import RedisDsn

from services.common.optional_redis import OptionalRedis, RedisUnavailable
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until


async def test_a_connection_that_redis_closes_while_idle_is_made_again(
    own_redis: RedisProcess,
) -> None:
    address = own_redis.address
    client = OptionalRedis(RedisDsn(address.url), timeout_ms=60_000)
    pool = client.client.connection_pool
    await client.ask(lambda: client.client.set("a", b"1"))
    # The one that was used.
    connection = await pool.get_connection()  # type: ignore[no-untyped-call]
    await pool.release(connection)
    with redis.Redis(host=address.host, port=address.port) as plain:
        plain.client_kill_filter(_type="normal", skipme=True)
    await until(lambda: connection._reader is None or connection._reader.at_eof())
    assert await client.ask(lambda: client.client.get("a")) == b"1"
    await client.aclose()


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancellation_that_a_command_loses_ends_its_task_all_the_same(
    own_redis: RedisProcess, *, fails: bool
) -> None:
    client = OptionalRedis(RedisDsn(own_redis.address.url), timeout_ms=60_000)
    sending = asyncio.Event()

    async def losing() -> int:
        sending.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as `asyncio.wait_for` does before Python 3.12
            if fails:
                raise redis.TimeoutError from None
        return 1

    async def endless() -> None:
        while True:
            try:
                await client.ask(losing)
            except RedisUnavailable:
                await asyncio.sleep(60)

    task = asyncio.create_task(endless())
    await sending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.aclose()
