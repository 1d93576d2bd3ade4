"""The whole stack with a made-up catalogue and random weights in ViT-B/32's shape."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.benchmarks.loading.__main__ import publish
from tests.support.clip_reference import random_b32_weights
from tests.support.redis_server import RedisProcess
from tests.support.torch_archive import write_archive
from tests.support.whole_stack import NO_ANSWER_CACHE, NO_RATE_LIMIT, SERVICES, WholeStack

START_S = 900.0
SETTINGS = {
    **NO_RATE_LIMIT,
    **NO_ANSWER_CACHE,
    "GATEWAY_MAX_CONCURRENT": "1000",
    "GATEWAY_MAX_IN_FLIGHT": "1000",
    "ENCODER_MAX_WAIT_MS": "60000",
    # 128 clients with pictures wait for longer than shoppers would, on a slow machine.
    **{f"{name.upper()}_DEADLINE_MS": "60000" for name in SERVICES},
    "GATEWAY_ENCODER_TIMEOUT_MS": "60000",
    "GATEWAY_RETRIEVER_TIMEOUT_MS": "60000",
    # As it is where nobody sets it; tests look more often.
    "RETRIEVER_POLL_INTERVAL_MS": "500",
}
"""Limits are out of the way, and the other settings are those that are served."""


@contextmanager
def stack_of(folder: Path, products: int) -> Iterator[WholeStack]:
    """A stack with so many products in its store and nothing started; all is stopped at the end.

    Takes callers as they come: its limits are out of the way.
    """
    weights = folder / "vit-b-32.pt"
    if not weights.exists():
        write_archive(weights, random_b32_weights())
    here = folder / f"{products}-products"
    (here / "redis").mkdir(parents=True)
    redis = RedisProcess(here / "redis")
    redis.start()
    models = {"ENCODER_MODEL": str(weights), "ENCODER_MODEL_CACHE_DIR": str(folder / "models")}
    stack = WholeStack(here, redis, {**models, **SETTINGS})
    try:
        stack.start("encoder").wait_until_ready(stack.url_of("encoder"), START_S)
        model = httpx.get(f"{stack.url_of('encoder')}/model", trust_env=False).json()["model"]
        publish(Path(stack.environment()["RETRIEVER_FEATURE_STORE"]), products, model)
        stack.processes.pop("encoder").stop()
        yield stack
    finally:
        stack.stop()
        redis.stop()


def start(stack: WholeStack) -> float:
    """Start its services. Returns the seconds until it answers."""
    started = time.perf_counter()
    for name in SERVICES:
        stack.start(name)
    stack.processes["gateway"].wait_until_ready(stack.url, START_S)
    return time.perf_counter() - started


def resident_mib(pids: list[int]) -> float:
    """Shared pages are counted once: each process's proportional share."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(text.partition("\nPss:")[2].split()[0]) for text in rollups) / 1024
