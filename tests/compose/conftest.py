"""One stack for all tests here; without a container engine, all are skipped with the reason."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.compose_stack import ADMIN_KEY, ComposeStack, missing, running_stack
from tests.support.launcher import small_catalogue

IDS = [f"sample-{number:04d}" for number in range(9, 33)]


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A product file of 24 rows, which a test may lengthen."""
    folder = tmp_path_factory.mktemp("catalogue")
    path = small_catalogue(folder, IDS)
    for made in (folder, *folder.rglob("*")):  # read by the container's user
        made.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def stack(catalogue: Path) -> Iterator[ComposeStack]:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    project = f"multimodal-search-test-{uuid.uuid4().hex[:8]}"
    variables = {
        "CATALOG_DIR": str(catalogue.parent),
        "ADMIN_KEY_SHA256": hashlib.sha256(ADMIN_KEY.encode()).hexdigest(),
    }
    with running_stack(project, variables) as running:
        yield running
