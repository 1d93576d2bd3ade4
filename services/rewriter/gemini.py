"""Gemini through Google's own SDK."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import httpx

from services.common.environment_proxy import UnusableProxy, environment_proxy
from services.rewriter.answer_schema import response_schema
from services.rewriter.prompt import prompt
from services.rewriter.redaction import redacted
from services.rewriter.settings import RewriterSettings

if TYPE_CHECKING:
    from google.genai.client import AsyncClient
    from google.genai.types import GenerateContentConfig, GenerateContentResponse

logger = logging.getLogger(__name__)

_MAX_OUTPUT_TOKENS = 500


class GeminiFailed(Exception):
    """No answer: refused, broken, or not understood. The message holds neither key nor query."""


class GeminiUnusable(Exception):
    """The answer is blocked, cut short or empty."""


class Writer(Protocol):
    """Writes a description of what a query seeks, and its limits."""

    async def write(self, query: str) -> str:
        """The model's answer. Raises GeminiFailed or GeminiUnusable; sets no time limit."""


@asynccontextmanager
async def open_gemini(settings: RewriterSettings) -> AsyncIterator[Writer | None]:
    """Gemini while the block runs; None if no key is set."""
    if settings.gemini_api_key is None:
        yield None
        return
    # Imported here: it takes a quarter of a second and 27 MB, which nobody without a key needs.
    from google import genai
    from google.genai import types

    key = settings.gemini_api_key.get_secret_value()
    try:
        proxy = environment_proxy(str(settings.gemini_url))
    except UnusableProxy as error:
        logger.error("gemini is out of reach", extra={"reason": str(error)})
        yield _OutOfReach(str(error))
        return
    http = httpx.AsyncClient(
        timeout=None,  # noqa: S113 - the rewriter sets the deadlines
        proxy=proxy,
        trust_env=False,
        verify=httpx.create_ssl_context(),  # this alone reads the environment: SSL_CERT_FILE
        follow_redirects=False,  # its key would go along to any other host
    )
    client = genai.Client(
        # Each is given explicitly, or the SDK reads it from the environment.
        api_key=key,
        enterprise=False,
        http_options=types.HttpOptions(
            base_url=str(settings.gemini_url),
            api_version=settings.gemini_api_version,
            # No `timeout`: it is passed on to Google, which answers 500 to short ones
            # (googleapis/python-genai#1330). No second attempt either: a shopper is waiting.
            retry_options=types.HttpRetryOptions(attempts=1),
            # Explicit, or the SDK uses aiohttp wherever another package has installed it.
            httpx_async_client=http,
            # For the SDK's other client, which nothing here uses.
            client_args={"trust_env": False},
        ),
    )
    try:
        yield _Gemini(client.aio, settings.gemini_model, _config(settings), key)
    finally:
        await client.aio.aclose()
        client.close()
        await http.aclose()


def _config(settings: RewriterSettings) -> GenerateContentConfig:
    from google.genai import types

    level = settings.gemini_thinking_level
    return types.GenerateContentConfig(
        system_instruction=prompt(),
        temperature=0,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        response_mime_type="application/json",
        response_schema=response_schema(),
        thinking_config=None
        if level is None
        else types.ThinkingConfig(thinking_level=types.ThinkingLevel(level)),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )


class _OutOfReach:
    """In the place of a Gemini that no request can reach."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def write(self, query: str) -> str:
        raise GeminiFailed(self._reason)


class _Gemini:
    def __init__(
        self, client: AsyncClient, model: str, config: GenerateContentConfig, key: str
    ) -> None:
        self._client = client
        self._model = model
        self._config = config
        self._key = key

    async def write(self, query: str) -> str:
        try:
            response = await self._client.models.generate_content(
                model=self._model,
                contents=json.dumps({"query": query}, ensure_ascii=False),
                config=self._config,
            )
        except Exception as error:
            # Errors of the SDK, of its HTTP client, of its JSON parser, of its models: the caller
            # gets the original query for each of them.
            raise GeminiFailed(self._reason(error, query)) from error
        return _text(response)

    def _reason(self, error: Exception, query: str) -> str:
        """The kind of error, and the service's own message without the key and the query."""
        from google.genai.errors import APIError

        if isinstance(error, APIError):
            kind, text = f"{error.code} {error.status or ''}".strip(), error.message
        elif isinstance(error, httpx.HTTPError):
            kind, text = type(error).__name__, str(error)
        else:
            # A parser's error quotes the answer, which says the query in other words.
            kind, text = type(error).__name__, None
        reason = f"{kind}: {text}" if isinstance(text, str) and text else kind
        return redacted(reason, (self._key, query, json.dumps(query)[1:-1]))


def _text(response: GenerateContentResponse) -> str:
    """The text of an answer that the model finished."""
    if not response.candidates:
        raise GeminiUnusable("no candidates")
    reason = response.candidates[0].finish_reason
    if reason == "MAX_TOKENS":
        raise GeminiUnusable(
            f"cut off after {_MAX_OUTPUT_TOKENS} tokens. A model that thinks needs "
            "REWRITER_GEMINI_THINKING_LEVEL=minimal"
        )
    if reason != "STOP":
        raise GeminiUnusable(f"finished by {reason}")
    text = response.text
    if not text:
        raise GeminiUnusable("no text")
    return text
