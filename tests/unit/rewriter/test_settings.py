"""Where the key comes from, and that it stays secret."""

from __future__ import annotations

import pytest

from services.rewriter.settings import RewriterSettings


@pytest.mark.parametrize("name", ["REWRITER_GEMINI_API_KEY", "GEMINI_API_KEY"])
def test_the_key_is_taken_from_either_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "secret-value")
    settings = RewriterSettings()
    assert settings.gemini_api_key is not None
    assert settings.gemini_api_key.get_secret_value() == "secret-value"
    assert "secret-value" not in repr(settings)


def test_an_empty_key_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "")
    assert RewriterSettings().gemini_api_key is None


def test_thinking_can_be_left_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWRITER_GEMINI_THINKING_LEVEL", "null")
    assert RewriterSettings().gemini_thinking_level is None
