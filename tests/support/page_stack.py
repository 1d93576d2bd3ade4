"""The stack that the page's browser tests use, started as a person starts it.

`python -m tests.support.page_stack` runs the launcher on a free port, over the sample catalogue and
some awkward products, with a Gemini of our own behind the rewriter. It says where the page is and
which process launches, and stops all of it on SIGTERM or SIGINT. With the path of another product
file it serves that.
"""

from __future__ import annotations

import asyncio
import csv
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.gemini_server import GeminiRequest, Reply, gemini_server, written
from tests.support.launcher import SAMPLE, Launcher

API_KEY = "a-key-of-nobody"

REWRITTEN = {"I need something purple with zigzags for my cold head": "purple zigzag woolly hat"}
"""Gemini's rewrites; any other query stays unchanged."""

_AWKWARD = {
    "title": "Uncommon thing",
    "description": "Nothing here is as a page expects it.",
    "category": "Oddities",
    "brand": "Odd & Sons",
}
AWKWARD_PRODUCTS: tuple[Mapping[str, str], ...] = (
    {"product_id": "odd-plain", "title": "Oddity without a picture", "price": "0"},
    {"product_id": "odd-long", "title": f"Oddity {'of an endless name ' * 12}{'x' * 80}"},
    {"product_id": "odd-html", "title": 'Oddity <img src="x" onerror="document.title=1"> in HTML'},
    {"product_id": "odd-arabic", "title": "كوب أحمر مخطط", "price": "12.5", "currency": "AED"},
    {"product_id": "odd/slash?and#more", "title": "Oddity with an awkward id", "price": "1e6"},
    {"product_id": "odd-gone", "image_path": "https://picture.invalid/gone.jpg", "price": "3"},
)


def awkward_catalogue(folder: Path) -> Path:
    """The sample with its pictures, and the products that no page expects."""
    shutil.copytree(SAMPLE / "images", folder / "images")
    path = folder / "products.csv"
    with (SAMPLE / "products.csv").open(newline="", encoding="utf-8") as file:
        rows: list[Mapping[str, str]] = list(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows([*rows, *({**_AWKWARD, **product} for product in AWKWARD_PRODUCTS)])
    return path


def rewrite(request: GeminiRequest) -> Reply:
    return written(REWRITTEN.get(request.query, request.query))


async def serve(folder: Path, catalogue: Path | None) -> None:
    """Until SIGTERM or SIGINT. Raises AssertionError when the launcher does not come up.

    catalogue: product file; None for the sample with the awkward products.
    """
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    async with gemini_server(rewrite) as gemini:
        launcher = Launcher(
            folder,
            CATALOG=str(catalogue or awkward_catalogue(folder)),
            GEMINI_API_KEY=API_KEY,
            REWRITER_GEMINI_URL=gemini.url,
            # Generous: the browser beside it may keep this machine busy, and nobody measures here.
            REWRITER_REWRITE_DEADLINE_MS="4000",
            GATEWAY_REWRITER_TIMEOUT_MS="5000",
        )
        try:
            await asyncio.to_thread(launcher.until_said, "ready in")
            print(f"page at {launcher.url}/ launched by {launcher.pid}", flush=True)  # noqa: T201
            await asked_to_stop.wait()
        finally:
            await asyncio.to_thread(launcher.stop)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="page-stack-") as folder:
        asyncio.run(serve(Path(folder), Path(sys.argv[1]) if sys.argv[1:] else None))


if __name__ == "__main__":
    main()
