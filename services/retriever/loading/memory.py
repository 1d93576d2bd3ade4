"""Memory that a catalogue needs, and what the machine or the container still has.

A process that goes over its limit is killed, and takes the served catalogue with it. So a catalogue
that would not fit beside the served one is refused before it is read.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from services.retriever.errors import NotEnoughMemory

OVERHEAD_BYTES = 60_000_000
"""Buffers of a load, whatever its size."""

FIELDS_BYTES = 1_000
"""Metadata, words and identifiers of a product, as docs/scaling.md has it."""

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Free:
    """Bytes that may still be used, and the limit that they are of."""

    bytes: int
    limit: int


Look = Callable[[], Free | None]


def needed_bytes(products: int, dimension: int, *, half: bool) -> int:
    """Estimate for a catalogue of that many products with two vectors each.

    half: rows are float16, with codes that take at most half a byte a float while they are made.
    """
    row = 2 * dimension
    vectors = row * 2 + row // 2 if half else row * 4
    return products * (vectors + FIELDS_BYTES)


def image_bytes(images: int, dimension: int, *, half: bool) -> int:
    """Estimate for so many further images of products: their codes are of rows with the text."""
    return images * (dimension * 2 + dimension // 4 if half else dimension * 4)


def check_fits(what: str, needed: int, look: Look) -> None:
    """Raises NotEnoughMemory, with the figures."""
    free = look()
    if free is not None and needed > free.bytes:
        raise NotEnoughMemory(
            f"{what} needs about {_megabytes(needed)} beside what is in memory now, and "
            f"{_megabytes(free.bytes)} of {_megabytes(free.limit)} are free. Give the retriever "
            "more memory, or publish a smaller catalogue"
        )


def share_allocator() -> None:
    """Let Arrow allocate as all else in this process does.

    Its own allocator holds on to what a load freed: 24 MB with 20,000 products.
    """
    pa.set_memory_pool(pa.system_memory_pool())


def free_memory(cgroups: Path = _CGROUPS, proc: Path = _PROC) -> Free | None:
    """The least of what the machine and each enclosing cgroup have left; None if neither says."""
    return min(
        [*_machine(proc), *_cgroups(cgroups, proc)], key=lambda free: free.bytes, default=None
    )


def give_back() -> None:
    """Return freed memory to the system: the C library holds on to it, and to Arrow's as well.

    That was up to 1.3 kB a product after a load. It takes milliseconds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
    if trim is not None:
        trim(0)


def _machine(proc: Path) -> Iterator[Free]:
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        values = {name: int(rest.split()[0]) * 1024 for name, _, rest in map(_split, lines)}
        yield Free(values["MemAvailable"], values["MemTotal"])
    except (OSError, ValueError, KeyError, IndexError):
        return


def _split(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _cgroups(root: Path, proc: Path) -> Iterator[Free]:
    """Limits of cgroup versions 2 and 1; a path hidden from the container counts as its root."""
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base = root / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        folder = base / path.lstrip("/")
        for one in (folder, *folder.parents):
            if one.is_relative_to(base):
                yield from _cgroup(one, *names)


def _cgroup(folder: Path, limit_name: str, used_name: str, cache_name: str) -> Iterator[Free]:
    try:
        limit = int((folder / limit_name).read_text())
        used = int((folder / used_name).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        # The kernel drops pages of files that nobody used lately before it kills.
        used -= int(stat.get(cache_name, 0))
    except (OSError, ValueError):  # no limit is the word `max`
        return
    yield Free(max(0, limit - used), limit)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
