"""The client of a Redis that may be unavailable, with a real one."""

from __future__ import annotations

import redis
from pydantic import RedisDsn

from services.common.optional_redis import OptionalRedis
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
