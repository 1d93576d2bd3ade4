"""The encoder over HTTP, asked with patience: it may be starting, busy, or gone for a moment."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError

from services.common.client import ServiceClient
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    NotReady,
    Overloaded,
    ServiceError,
)
from services.contracts.encoder import EmbeddingsResponse, EmbedTextsRequest, ModelInfo
from services.pipeline.errors import DependencyAway, EncoderBroken

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

Answer = TypeVar("Answer")


class EncoderClient:
    """Waits and asks again while the encoder is away or overloaded, up to `wait_s` a call.

    Every call raises DependencyAway when patience ends, EncoderBroken when an answer is not what
    the contract says, and the encoder's own problem when it is about the request.
    """

    def __init__(self, service: ServiceClient, *, wait_s: float) -> None:
        self._service = service
        self._wait_s = wait_s

    async def model(self) -> ModelInfo:
        return await self._patiently(lambda: self._service.get("/model", ModelInfo))

    async def embed_texts(self, texts: list[str]) -> EmbeddingsResponse:
        body = EmbedTextsRequest(texts=texts)
        return await self._patiently(
            lambda: self._service.post("/embed/texts", body, EmbeddingsResponse)
        )

    async def embed_images(self, pictures: list[bytes]) -> EmbeddingsResponse:
        return await self._patiently(
            lambda: self._service.post_files(
                "/embed/images", "images", pictures, EmbeddingsResponse
            )
        )

    async def _patiently(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        give_up_at = time.monotonic() + self._wait_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await call()
            except (Overloaded, NotReady, DependencyUnavailable, DeadlineExceeded) as error:
                if isinstance(error.__cause__, ValidationError):
                    # It will not get better by asking again: a NaN in a vector, say.
                    raise EncoderBroken(error.detail) from error
                wait_s = _pause(error, pause_s)
                if time.monotonic() + wait_s > give_up_at:
                    raise DependencyAway(
                        f"{error.detail} Given up after {self._wait_s:g} seconds; what is stored "
                        "so far is kept, so run this again when the encoder is there."
                    ) from error
                if pause_s == _LONGEST_PAUSE_S:
                    logger.warning("still waiting for the encoder: %s", error.detail)
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _pause(error: ServiceError, own_s: float) -> float:
    """What the encoder asks for, else our own growing pause."""
    return own_s if error.retry_after_s is None else float(error.retry_after_s)
