"""compose.yaml on a real engine, under a name and on ports of a test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ADMIN_KEY = "a-key-of-these-tests-alone"
UP_S = 900
STOP_S = 120


def missing() -> str | None:
    """Why compose cannot be tried here; None where it can."""
    if shutil.which("docker") is None:
        return "there is no docker client here"
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0:
        return "the docker client here has no compose plugin"
    if subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        return "no Docker engine answers here"
    return None


def docker(*words: str) -> str:
    """Output of a docker command. Raises RuntimeError, with its error output, when it fails."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=STOP_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(words)}: {done.stderr[-4000:]}")
    return done.stdout


@dataclass
class ComposeStack:
    """One project of compose; `variables` are those of .env."""

    project: str
    variables: Mapping[str, str]
    web: str = field(init=False)
    api: str = field(init=False)

    def __post_init__(self) -> None:
        self.web = f"http://127.0.0.1:{self.variables['WEB_PORT']}"
        self.api = f"http://127.0.0.1:{self.variables['API_PORT']}"

    def compose(self, *words: str, timeout_s: float = UP_S) -> str:
        """Output of `docker compose …`. Raises RuntimeError when it fails."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", self.project, *words],
            env={**os.environ, **self.variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"compose {' '.join(words)}: {done.stderr[-4000:]}{self.logs()}")
        return done.stdout

    def up(self, *words: str) -> None:
        """Start it, and return when it serves."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", str(UP_S), *words)

    def containers(self, service: str) -> list[str]:
        """Ids of a service's containers."""
        return self.compose("ps", "--quiet", service).split()

    def logs(self) -> str:
        """The last lines of every container."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", self.project, "logs", "--tail", "20"],
            env={**os.environ, **self.variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout[-8000:]


def inspect(kind: str, name: str) -> dict[str, Any]:
    """The engine's data of an `image` or a `container`."""
    found: list[dict[str, Any]] = json.loads(docker(kind, "inspect", name))
    return found[0]


@contextmanager
def running_stack(project: str, variables: Mapping[str, str]) -> Iterator[ComposeStack]:
    """The stack, built and serving; all of it is gone at the end, volumes too."""
    ports = {"WEB_PORT": str(free_port()), "API_PORT": str(free_port())}
    stack = ComposeStack(project, {**ports, **variables})
    try:
        stack.up("--build")
        yield stack
    finally:
        stack.compose("down", "--volumes", "--remove-orphans", timeout_s=STOP_S)
