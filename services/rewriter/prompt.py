"""The prompt: Gemini's instructions, one file a version."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

PROMPT_VERSION = "v3"


@cache
def prompt() -> str:
    """The whole text, with its examples."""
    return (files("services.rewriter") / "prompts" / f"{PROMPT_VERSION}.txt").read_text("utf-8")


def instructions() -> str:
    """The text without its examples, which hold answers that are good."""
    return prompt().partition('\n{"query"')[0]
