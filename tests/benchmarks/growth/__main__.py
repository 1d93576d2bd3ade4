"""Size of the stores after many partial changes, beside that of a fresh load.

`python -m tests.benchmarks.growth --changes 100000`: 1,000 products, their prices and stock patched
over HTTP in a writer of its own; then the time that the writer needs to tidy up, and the sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis

from services.pipeline.feeds import open_feed
from services.pipeline.load import load
from services.pipeline.settings import PipelineSettings
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisProcess
from tests.support.service_process import ServiceProcess, listening_socket, url_of

PRODUCTS = 1_000
MOST = 1.5
PATIENCE_S = 240.0
_MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of the stores."""

    keys: int
    redis_mb: float
    files: int
    files_mb: float
    start_s: float
    """A retriever's reading of the catalogue, the best of three."""

    def times(self, fresh: Size) -> dict[str, float]:
        return {
            name: getattr(self, name) / getattr(fresh, name)
            for name in ("keys", "redis_mb", "files", "files_mb", "start_s")
        }


def measured(repo: Path, server: RedisProcess) -> Size:
    with redis.Redis(host=server.address.host, port=server.address.port) as client:
        client.execute_command("MEMORY", "PURGE")
        keys, memory = client.dbsize(), client.info("memory")["used_memory_dataset"]
    files = []
    for one in (repo / "offline").rglob("*.parquet"):
        with suppress(FileNotFoundError):  # it was merged since it was listed
            files.append(one.stat().st_size)
    starts = []
    for _ in range(3):
        reader = CatalogueReader(FeastFeatures(repo, timeout_s=5), batch=500)
        head = reader.head()  # opens Feast
        began = time.monotonic()
        reader.load(head)
        starts.append(time.monotonic() - began)
        reader.close()
    return Size(int(keys), memory / 1e6, len(files), sum(files) / 1e6, min(starts))


async def change(url: str, changes: int, clients: int) -> float:
    """Send the patches; returns the seconds. Raises RuntimeError when one is refused."""
    numbers = iter(range(changes))
    began = time.monotonic()

    async def send(http: httpx.AsyncClient) -> None:
        for number in numbers:
            # Every product in turn: in the end each has the price of the last turn.
            product, turn = number % PRODUCTS, number // PRODUCTS
            patch = {"price": turn + 1.25, "attributes": {"in_stock": str(number % 3)}}
            while True:
                with suppress(httpx.TransportError):  # sent again: it says the same
                    answer = await http.patch(
                        f"/products/p-{product:03}", content=json.dumps(patch), headers=_MERGE
                    )
                    if answer.status_code not in (503, 504):
                        break
                await asyncio.sleep(0.2)
            if answer.status_code != 200:
                raise RuntimeError(f"{answer.status_code}: {answer.text}")

    async with (
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(clients):
            group.create_task(send(http))
    return time.monotonic() - began


@contextmanager
def writer(folder: Path, settings: PipelineSettings) -> Iterator[tuple[ServiceProcess, str]]:
    listener = listening_socket()
    surroundings = {
        "PIPELINE_FEATURE_STORE": str(settings.feature_store),
        "PIPELINE_MEDIA_DIR": str(settings.media_dir),
        "PIPELINE_ENCODER_URL": settings.encoder_url,
        "WRITER_SWEEP_PAUSE_S": "10",
    }
    process = ServiceProcess(
        ["services.writer"], "WRITER", listener, folder / "writer.log", surroundings=surroundings
    )
    try:
        process.wait_until_ready(url_of(listener))
        yield process, url_of(listener)
    finally:
        process.stop()
        listener.close()


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1_000


def main(changes: int, clients: int) -> int:
    with tempfile.TemporaryDirectory() as name, EncoderDouble().running() as encoder:
        folder = Path(name)
        (folder / "redis").mkdir()
        server = RedisProcess(folder / "redis")
        server.start()
        try:
            repo = write_feature_repo(folder / "repo", server.address)
            settings = PipelineSettings(
                feature_store=repo, media_dir=folder / "media", encoder_url=encoder.url
            )
            feed = write_feed(folder / "feed.csv", product_rows(PRODUCTS, pictures=False))
            load(open_feed(feed), settings)
            fresh = measured(repo, server)
            with writer(folder, settings) as (process, url):
                print(f"the writer's log: {folder / 'writer.log'}", flush=True)
                asyncio.run(change(url, PRODUCTS, clients))
                warm = rss_mb(process.process.pid)
                seconds = asyncio.run(change(url, changes, clients))
                busy = measured(repo, server)
                began = time.monotonic()
                while max((after := measured(repo, server)).times(fresh).values()) > MOST:
                    if time.monotonic() - began > PATIENCE_S:
                        break
                    time.sleep(1)
                memory = rss_mb(process.process.pid)
            rested = time.monotonic() - began
        finally:
            server.stop()
    print(f"{changes} changes in {seconds:.0f} s, {changes / seconds:.0f} a second")
    print("| | keys | Redis MB | files | MB | start s |\n| --- | --- | --- | --- | --- | --- |")
    for label, size in (("fresh", fresh), ("last change", busy), (f"{rested:.0f} s later", after)):
        print(
            f"| {label} | {size.keys} | {size.redis_mb:.1f} | {size.files} | {size.files_mb:.2f} "
            f"| {size.start_s:.3f} |"
        )
    print(f"writer: {warm:.0f} MB after {PRODUCTS} changes, {memory:.0f} MB after all")
    worst = {name: round(times, 2) for name, times in after.times(fresh).items() if times > MOST}
    print(f"more than {MOST} times the fresh load: {worst or 'nothing'}")
    return 1 if worst else 0


if __name__ == "__main__":
    given = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth")
    given.add_argument("--changes", type=int, default=100_000)
    given.add_argument("--clients", type=int, default=100)
    chosen = given.parse_args()
    sys.exit(main(chosen.changes, chosen.clients))
