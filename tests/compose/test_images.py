"""The images are small, run as nobody in particular, and hold only what serves."""

from __future__ import annotations

import pytest

from tests.support.compose_stack import ComposeStack, docker, inspect

pytestmark = pytest.mark.timeout(1800)  # whichever test is first waits for every image

BASE = "python:3.11-slim"
MEGABYTE = 1_000_000
LIMITS_MB = {"gateway": 150, "rewriter": 150, "retriever": 450, "encoder": 450}
"""Over the base image, model weights included where there are any."""
SERVICES = [*LIMITS_MB, "pipeline"]


@pytest.mark.parametrize(("service", "limit"), LIMITS_MB.items())
def test_an_image_is_no_larger_than_promised(stack: ComposeStack, service: str, limit: int) -> None:
    size = inspect("image", f"multimodal-search/{service}")["Size"] - inspect("image", BASE)["Size"]
    assert size <= limit * MEGABYTE


@pytest.mark.parametrize("service", [*SERVICES, "web"])
def test_an_image_says_what_it_is_and_runs_as_an_ordinary_user(
    stack: ComposeStack, service: str
) -> None:
    config = inspect("image", f"multimodal-search/{service}")["Config"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == f"multimodal-search {service}"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert {"org.opencontainers.image.version", "org.opencontainers.image.revision"} <= set(labels)
    assert config["User"].split(":")[0] == "1000"
    assert config["Healthcheck"]["Test"][0] != "NONE"


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_that_builds_or_trains_is_in_an_image(stack: ComposeStack, service: str) -> None:
    script = (
        "import importlib.util, shutil;"
        "print([n for n in ('torch', 'onnx', 'pip', 'setuptools', 'mypy', 'pytest')"
        " if importlib.util.find_spec(n)]"
        " + [c for c in ('gcc', 'cc', 'make', 'git', 'npm') if shutil.which(c)])"
    )
    image = f"multimodal-search/{service}"
    said = docker("run", "--rm", "--entrypoint", "/opt/venv/bin/python", image, "-Ic", script)
    assert said.strip() == "[]"


@pytest.mark.parametrize("service", ["encoder", "rewriter", "retriever", "gateway", "web"])
def test_the_root_of_a_running_container_cannot_be_written(
    stack: ComposeStack, service: str
) -> None:
    container = stack.containers(service)[0]
    assert inspect("container", container)["HostConfig"]["ReadonlyRootfs"] is True
    with pytest.raises(RuntimeError, match="Read-only file system"):
        docker("exec", "--user", "0", container, "touch", "/etc/written")
