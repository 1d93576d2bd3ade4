"""A catalogue that does not fit is refused before it is read, with the figures."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from services.retriever.errors import NotEnoughMemory
from services.retriever.loading.memory import (
    Free,
    check_fits,
    free_memory,
    give_back,
    needed_bytes,
    share_allocator,
)

MEMINFO = "MemTotal: 8000000 kB\nMemFree: 100 kB\nMemAvailable: 4000000 kB\n"


def machine(folder: Path, cgroup: str) -> Path:
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(MEMINFO)
    (proc / "self" / "cgroup").write_text(cgroup)
    return proc


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_without_a_limit_what_the_machine_has_counts(tmp_path: Path) -> None:
    proc = machine(tmp_path, "0::/\n")
    write(tmp_path / "cgroup", memory__max="max\n", memory__current="5\n", memory__stat="a 1\n")
    assert free_memory(tmp_path / "cgroup", proc) == Free(4_096_000_000, 8_192_000_000)


def test_the_limit_of_an_enclosing_cgroup_counts_and_the_page_cache_does_not(
    tmp_path: Path,
) -> None:
    proc = machine(tmp_path, "0::/pod/container\n")
    root = tmp_path / "cgroup"
    write(root / "pod" / "container", memory__max="max\n", memory__current="1\n", memory__stat="")
    write(
        root / "pod",
        memory__max="1000000000\n",
        memory__current="900000000\n",
        memory__stat="anon 1\ninactive_file 300000000\n",
    )
    assert free_memory(root, proc) == Free(400_000_000, 1_000_000_000)


def test_version_1_is_read_from_the_root_where_the_container_sees_no_other(tmp_path: Path) -> None:
    proc = machine(tmp_path, "9:name=systemd:/\n4:memory,cpu:/docker/abc\n")
    root = tmp_path / "cgroup"
    write(
        root / "memory",
        memory__limit_in_bytes="2000000000\n",
        memory__usage_in_bytes="1500000000\n",
        memory__stat="total_inactive_file 0\n",
    )
    assert free_memory(root, proc) == Free(500_000_000, 2_000_000_000)


def test_a_machine_that_says_nothing_refuses_nothing(tmp_path: Path) -> None:
    assert free_memory(tmp_path / "none", tmp_path / "no") is None
    check_fits("a catalogue", 10**15, lambda: None)


def test_the_message_has_the_figures() -> None:
    needed = needed_bytes(1_000_000, 512, half=True)
    assert 3_000_000_000 < needed < 4_000_000_000, "3 kB a product, as docs/scaling.md says"
    with pytest.raises(NotEnoughMemory, match=r"3,560 MB .* 1,000 MB of 4,000 MB are free"):
        check_fits("it", needed, lambda: Free(1_000_000_000, 4_000_000_000))


def test_memory_is_given_back_while_it_is_used() -> None:
    before = pa.array(["a text"] * 1_000)
    share_allocator()
    held = pa.array(["a text"] * 1_000)
    give_back()
    assert before.to_pylist() == held.to_pylist() == ["a text"] * 1_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep less")
def test_what_a_load_freed_goes_back_to_the_system() -> None:
    def resident() -> int:
        return int(psutil.Process().memory_info().rss)

    # Too small to be pages of their own, as most of what a load makes for a moment is.
    blocks = [b"x" * 50_000 for _ in range(2_000)]
    pinned = blocks[::50]
    full = resident()
    del blocks
    give_back()
    assert len(pinned) == 40
    assert full - resident() > 50_000_000
