"""Gemini through Google's own SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

import httpx

from services.rewriter.settings import RewriterSettings

if TYPE_CHECKING:
    from google.genai.client import AsyncClient
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

PROMPT_VERSION = "v1"

_MAX_OUTPUT_TOKENS = 100


class GeminiFailed(Exception):
    """No answer came: refused, broken, or not understood. The message holds nothing of a query."""


class GeminiUnusable(Exception):
    """An answer came that is none: blocked, cut short, or empty."""


class Writer(Protocol):
    """What writes a description for a query."""

    async def write(self, query: str) -> str:
        """The description. Raises GeminiFailed or GeminiUnusable; sets no time limit."""


@asynccontextmanager
async def open_gemini(settings: RewriterSettings) -> AsyncIterator[Writer | None]:
    """Gemini as long as the block runs; None where no key is set."""
    if settings.gemini_api_key is None:
        yield None
        return
    # Imported here, since it takes a quarter of a second and 27 MB that nobody without a key needs.
    from google import genai
    from google.genai import types

    # The rewriter sets the deadlines.
    http = httpx.AsyncClient(timeout=None, follow_redirects=True)  # noqa: S113
    client = genai.Client(
        # Said outright: the SDK would else look into the environment for each of them.
        api_key=settings.gemini_api_key.get_secret_value(),
        enterprise=False,
        http_options=types.HttpOptions(
            base_url=str(settings.gemini_url),
            api_version="v1",  # the stable one
            # No `timeout`: it is passed on to Google, which answers 500 to short ones
            # (googleapis/python-genai#1330). No second attempt either: a shopper is waiting.
            retry_options=types.HttpRetryOptions(attempts=1),
            # Said outright: it would take aiohttp wherever another package has brought that.
            httpx_async_client=http,
        ),
    )
    config = types.GenerateContentConfig(
        system_instruction=_prompt(),
        temperature=0,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_config=None
        if settings.gemini_thinking_level is None
        else types.ThinkingConfig(
            thinking_level=types.ThinkingLevel(settings.gemini_thinking_level)
        ),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    try:
        yield _Gemini(client.aio, settings.gemini_model, config)
    finally:
        await client.aio.aclose()
        client.close()
        await http.aclose()


class _Gemini:
    def __init__(self, client: AsyncClient, model: str, config: GenerateContentConfig) -> None:
        self._client = client
        self._model = model
        self._config = config

    async def write(self, query: str) -> str:
        try:
            response = await self._client.models.generate_content(
                model=self._model,
                contents=json.dumps({"query": query}, ensure_ascii=False),
                config=self._config,
            )
        except Exception as error:
            # The SDK's own errors, its HTTP client's, its JSON parser's, its models': whatever it
            # is, the caller gets the query as it came. The text may hold the query, so no text.
            code = getattr(error, "code", None)
            raise GeminiFailed(f"{type(error).__name__}{f' {code}' if code else ''}") from error
        return _text(response)


def _text(response: GenerateContentResponse) -> str:
    """The text of an answer that came to its own end."""
    if not response.candidates:
        raise GeminiUnusable("no candidates")
    reason = response.candidates[0].finish_reason
    if reason != "STOP":
        raise GeminiUnusable(f"finished by {reason}")
    text = response.text
    if not text:
        raise GeminiUnusable("no text")
    return text


def _prompt() -> str:
    return (files("services.rewriter") / "prompts" / f"{PROMPT_VERSION}.txt").read_text("utf-8")
