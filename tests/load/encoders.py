"""Speed of a load with one encoder and with two: `python -m tests.load.encoders`.

Each encoder has one thread on a core of its own, or with `--cores 0.15` so much of one: on a
machine that does other work too, both then have as much as one alone. They have random weights in
ViT-B/32's shape, which take the time of trained ones. Rounds with one and with two alternate, each
into a new store. The encoders count what they encoded: every text and every picture once.

`--by beam` embeds the same products on Beam, as the TFX pipeline does, with a worker process for
each core (`TFX_PYTHON`: the interpreter of TFX's environment).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.pipeline.feeds import open_feed
from services.pipeline.load import load
from services.pipeline.settings import PipelineSettings
from tests.fleet.processor import Group
from tests.support.clip_reference import random_b32_weights
from tests.support.feast_repository import write_feature_repo
from tests.support.launcher import small_catalogue
from tests.support.printing import say, table
from tests.support.redis_server import RedisProcess
from tests.support.service_process import ServiceProcess, listening_socket, url_of
from tests.support.torch_archive import write_archive

_BEAM = (
    "--runner=DirectRunner",
    "--direct_running_mode=multi_processing",
    "--direct_num_workers=0",
)
_LOOK_S = 0.1


@contextmanager
def encoder(model: Path, core: int, folder: Path, cores: float | None) -> Iterator[str]:
    """The URL of one on that core. cores: how much of it, once it is ready."""
    group = Group(f"encoder-{os.getpid()}-{core}")
    with listening_socket() as listener:
        log = folder / f"encoder-{core}.log"
        cache = str(folder / "models")
        process = ServiceProcess(
            ["services.encoder"],
            "ENCODER",
            listener,
            log,
            model=str(model),
            model_cache_dir=cache,
            threads="1",
            deadline_ms="60000",
        )
        # Before it has threads, which inherit this.
        os.sched_setaffinity(process.process.pid, {core})
        try:
            process.wait_until_ready(url_of(listener), within_s=600)
            group.take(process.process.pid)
            group.limit(cores)
            yield url_of(listener)
        finally:
            process.stop()
            group.remove()


def encoded(url: str) -> int:
    """Texts and pictures that it has encoded so far."""
    text = httpx.get(f"{url}/metrics", trust_env=False).raise_for_status().text
    return sum(
        int(sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "encoder_batch_size_sum"
    )


def load_s(
    catalogue: Path, redis: RedisProcess, folder: Path, urls: Sequence[str]
) -> tuple[float, int]:
    """Seconds of a load into a new store, and its products."""
    settings = PipelineSettings(
        encoder_urls=tuple(urls),
        encoder_wait_s=120,
        image_batch=8,  # one core takes a second for them
        feature_store=write_feature_repo(folder, redis.address),
        media_dir=folder / "media",
    )
    summary = load(open_feed(catalogue), settings)
    return summary.seconds, summary.counts.loaded


def beam_s(catalogue: Path, folder: Path, urls: Sequence[str]) -> tuple[float, int]:
    """Seconds from the first vector to the last one of a run on Beam with a worker for each core,
    and its products. Its workers take a minute and more to start, so their start is left out.
    """
    words = (str(catalogue), str(folder), *_BEAM)
    settings = {
        "PIPELINE_ENCODER_URLS": ",".join(urls),
        "PIPELINE_ENCODER_WAIT_S": "120",
        "PIPELINE_IMAGE_BATCH": "8",
        "PIPELINE_MEDIA_DIR": str(folder / "media"),
        "PYTHONWARNINGS": "ignore",
    }
    process = subprocess.Popen(
        [os.environ["TFX_PYTHON"], "-m", "tests.load.beam_embedding", *words],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
    )
    before = count = sum(map(encoded, urls))
    started = last = 0.0
    while process.poll() is None:
        now, total = time.monotonic(), sum(map(encoded, urls))
        if total > count:
            count, last = total, now
            started = started or now
        time.sleep(_LOOK_S)
    said, _ = process.communicate()
    if process.returncode or count == before:
        raise RuntimeError(f"Beam ended with {process.returncode}")
    return last - started, int(said)


def main(rounds: int, products: int, cores: float | None, ways: Sequence[str]) -> int:
    """Print a row for each round. Returns 1 where something was not encoded exactly once."""
    wrong = 0
    with tempfile.TemporaryDirectory() as made, ExitStack() as at_end:
        folder = Path(made)
        write_archive(folder / "vit-b-32.pt", random_b32_weights())
        (folder / "redis").mkdir()
        redis = RedisProcess(folder / "redis")
        redis.start()
        at_end.callback(redis.stop)
        urls = [
            at_end.enter_context(encoder(folder / "vit-b-32.pt", core, folder, cores))
            for core in (0, 1)
        ]
        catalogue = small_catalogue(folder, [f"sample-{n:04d}" for n in range(1, products + 1)])
        load_s(catalogue, redis, folder / "warm", urls)
        for way in ways:
            run = partial(beam_s, catalogue)
            if way == "load":
                run = partial(load_s, catalogue, redis)
            wrong += _measured(way, run, folder, urls, rounds)
    return min(wrong, 1)


def _measured(
    way: str,
    run: Callable[[Path, Sequence[str]], tuple[float, int]],
    folder: Path,
    urls: Sequence[str],
    rounds: int,
) -> int:
    """Print a row for each round. Returns how many did not encode everything once."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    say(f"\n{way}")
    table("encoders", "products/s", "encoded by each", "processor of the load, s")
    amounts = []
    for number in range(2 * rounds):
        count = 1 + number % 2
        before, own = [encoded(url) for url in urls], _own_processor_s()
        taken_s, loaded = run(folder / f"{way}-{number}", urls[:count])
        by_each = [encoded(url) - one for url, one in zip(urls, before, strict=True)]
        seconds[count].append(taken_s)
        amounts.append(sum(by_each))
        own = _own_processor_s() - own
        say(f"| {count} | {loaded / taken_s:.1f} | {by_each[:count]} | {own:.0f} |")
    ratio = statistics.median(seconds[1]) / statistics.median(seconds[2])
    say(f"\nTwo encoders: {ratio:.2f} times as fast as one. Encoded in each round: {amounts[0]}.")
    return sum(one != amounts[0] for one in amounts)


def _own_processor_s() -> float:
    """Processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m tests.load.encoders", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--products", type=int, default=600)
    arguments.add_argument("--cores", type=float, help="of each encoder; a core of its own without")
    arguments.add_argument("--by", nargs="+", choices=("load", "beam"), default=("load",))
    given = arguments.parse_args()
    sys.exit(main(given.rounds, given.products, given.cores, given.by))
