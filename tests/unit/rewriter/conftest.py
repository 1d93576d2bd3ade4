"""The fixture that starts a rewriter."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.support.running_rewriter import RunningRewriter, running_rewriter

RunRewriter = Callable[..., AbstractAsyncContextManager[RunningRewriter]]


@pytest.fixture
def run_rewriter() -> RunRewriter:
    """Start a rewriter whose Gemini gives this reply; keywords are settings."""
    return running_rewriter
