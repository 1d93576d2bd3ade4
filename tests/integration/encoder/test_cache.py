"""The cache of embeddings against a real Redis, which may be there, stop, or hold rubbish."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from typing import cast

import numpy as np
import pytest_asyncio
import redis
from pydantic import RedisDsn

from services.common.metrics import Metrics
from services.encoder.cache import EmbeddingCache
from tests.support.redis_server import RedisAddress, RedisProcess
from tests.support.waiting import until

DIMENSION = 16
Open = Callable[..., EmbeddingCache]


def vector(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


@pytest_asyncio.fixture
async def opened() -> AsyncIterator[Open]:
    """Caches of a namespace of this test's own, closed at its end."""
    namespace = uuid.uuid4().hex
    async with AsyncExitStack() as stack:

        def open_cache(
            address: RedisAddress,
            *,
            model: str = "clip",
            max_entries: int = 100,
            ttl_s: int = 60,
            timeout_ms: int = 60_000,
            metrics: Metrics | None = None,
        ) -> EmbeddingCache:
            cache = EmbeddingCache(
                RedisDsn(address.url),
                namespace=f"{namespace}:{model}",
                dimension=DIMENSION,
                ttl_s=ttl_s,
                max_entries=max_entries,
                timeout_ms=timeout_ms,
                metrics=metrics or Metrics("encoder"),
            )
            stack.push_async_callback(cache.close)
            return cache

        yield open_cache


async def held(cache: EmbeddingCache, *keys: str) -> list[bool]:
    return [one is not None for one in await cache.get(keys)]


async def test_what_one_replica_keeps_another_finds_to_the_bit(
    opened: Open, redis_address: RedisAddress
) -> None:
    await opened(redis_address).put({"a": vector(1)})
    found = await opened(redis_address).get(["b", "a"])
    assert found[0] is None
    np.testing.assert_array_equal(found[1], vector(1))


async def test_another_models_vectors_are_not_its_own(
    opened: Open, redis_address: RedisAddress
) -> None:
    await opened(redis_address, model="one").put({"a": vector(1)})
    assert await held(opened(redis_address, model="other"), "a") == [False]


async def test_the_oldest_go_beyond_the_bound(opened: Open, redis_address: RedisAddress) -> None:
    cache = opened(redis_address, max_entries=3)
    for number in range(5):
        await cache.put({str(number): vector(number)})
        await asyncio.sleep(0.002)  # the index orders by milliseconds
    assert await held(cache, *"01234") == [False, False, True, True, True]


async def test_entries_of_a_clock_that_was_ahead_do_not_push_new_ones_out(
    opened: Open, redis_address: RedisAddress
) -> None:
    cache = opened(redis_address, max_entries=3)
    await cache.put({one: vector(1) for one in "abc"})
    with closing(redis.Redis.from_url(redis_address.url)) as client:
        for one in "abc":
            client.zincrby(f"{cache.prefix}index", 30 * 86_400_000, cache.prefix + one)
    await cache.put({"new": vector(2)})
    assert await held(cache, "new") == [True]


async def test_a_vector_is_kept_no_longer_than_its_time(
    opened: Open, redis_address: RedisAddress
) -> None:
    cache = opened(redis_address, ttl_s=1)
    await cache.put({"a": vector(1)})
    assert await held(cache, "a") == [True]

    async def gone() -> bool:
        return await held(cache, "a") == [False]

    await until(gone)


async def test_a_value_of_another_size_is_not_used(
    opened: Open, redis_address: RedisAddress
) -> None:
    cache = opened(redis_address)
    await cache.put({"a": vector(1)})
    with redis.Redis(host=redis_address.host, port=redis_address.port) as plain:
        (key,) = [
            name for name in plain.scan_iter("embedding:*:a") if cache.prefix in name.decode()
        ]
        plain.set(key, b"short")
    assert await held(cache, "a") == [False]


async def test_without_redis_it_finds_nothing_quickly_and_recovers(
    opened: Open, own_redis: RedisProcess
) -> None:
    metrics = Metrics("encoder")
    cache = opened(own_redis.address, metrics=metrics, timeout_ms=1_000)
    await cache.put({"a": vector(1)})
    own_redis.stop()
    started = time.monotonic()
    for _ in range(50):
        assert await held(cache, "a") == [False]
        await cache.put({"b": vector(2)})
    assert time.monotonic() - started < 60  # not a hundred time-outs
    own_redis.start()

    async def works_again() -> bool:
        await cache.put({"c": vector(3)})
        return await held(cache, "c") == [True]

    await until(works_again)
    lookups = metrics.registry.get_sample_value
    assert (lookups("encoder_cache_lookups_total", {"outcome": "unavailable"}) or 0) >= 50
    assert lookups("encoder_cache_lookups_total", {"outcome": "hit"}) == 1


async def test_vectors_kept_at_the_same_time_share_a_command(
    opened: Open, own_redis: RedisProcess
) -> None:
    cache, other = opened(own_redis.address), opened(own_redis.address)
    names = [str(number) for number in range(20)]
    with redis.Redis(host=own_redis.address.host, port=own_redis.address.port) as plain:
        for number, name in enumerate(names):
            cache.keep({name: vector(number)})

        async def stored() -> bool:
            return all(await held(other, *names))

        await until(stored)
        assert calls(plain)["evalsha"] <= 2  # Redis does not know the script at first
    np.testing.assert_array_equal((await cache.get(["7"]))[0], vector(7))


def calls(plain: redis.Redis) -> Counter[str]:
    """The number of calls of each command that Redis answered."""
    stats = cast("dict[str, dict[str, int]]", plain.info("commandstats"))
    return Counter({name.removeprefix("cmdstat_"): one["calls"] for name, one in stats.items()})
