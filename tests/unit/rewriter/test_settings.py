"""Where the key comes from, and that it stays secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from services.rewriter.settings import RewriterSettings

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["REWRITER_GEMINI_API_KEY", "GEMINI_API_KEY"])
def test_the_key_is_taken_from_either_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "secret-value")
    settings = RewriterSettings()
    assert settings.gemini_api_key is not None
    assert settings.gemini_api_key.get_secret_value() == "secret-value"
    assert "secret-value" not in repr(settings)


def test_thinking_can_be_left_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWRITER_GEMINI_THINKING_LEVEL", "null")
    assert RewriterSettings().gemini_thinking_level is None


def test_the_sdk_is_not_even_imported_without_a_key() -> None:
    program = (
        "import asyncio, sys\n"
        "from asgi_lifespan import LifespanManager\n"
        "from services.rewriter.app import create_app\n"
        "from services.rewriter.settings import RewriterSettings\n"
        "async def main():\n"
        "    async with LifespanManager(create_app(RewriterSettings(gemini_api_key=None))):\n"
        "        assert 'google.genai' not in sys.modules\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True, timeout=60)
