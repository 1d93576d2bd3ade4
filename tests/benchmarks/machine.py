"""The machine and the versions that figures were measured with, in a line."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import httpx

from services.contracts.encoder import ModelInfo


def machine() -> str:
    """Processor, cores and Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line.startswith("model name")]
    processor = names[0].split(":")[1].strip() if names else platform.machine()
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}"


def bench_command(part: str, arguments: str = "") -> str:
    """The command that runs this part of the benchmarks, in Markdown."""
    rest = f" -- {arguments}" if arguments else ""
    return f'`make bench ARGS="--only {part}{rest}"`'


def measured_by(part: str, packages: Sequence[str]) -> str:
    """The command, the machine and its load, and the versions of the packages compared."""
    command = bench_command(part, " ".join(sys.argv[1:]))
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    busy = f"load {os.getloadavg()[2]:.1f} over the last 15 minutes"
    return f"{command}, {machine()}, {busy}; {versions}."


def precision_of(encoder_url: str) -> str:
    """Precision of a running encoder."""
    answer = httpx.get(f"{encoder_url}/model", trust_env=False).raise_for_status()
    return ModelInfo.model_validate_json(answer.content).precision
