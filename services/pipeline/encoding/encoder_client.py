"""The encoder over HTTP, asked with patience: it may be starting, busy, or gone for a moment."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from services.common.client import ServiceClient
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    NotReady,
    Overloaded,
    ServiceError,
)
from services.common.transport import Form
from services.contracts.encoder import (
    BINARY_MEDIA_TYPE,
    EMBEDDINGS_TENSOR,
    PRIORITY_HEADER,
    REPORT_TENSOR,
    EmbeddingsResponse,
    EmbedTextsRequest,
    ItemProblem,
    ModelInfo,
)
from services.pipeline.errors import DependencyAway, EncoderBroken
from services.pipeline.settings import PipelineSettings

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

_HEADERS = {"Accept": BINARY_MEDIA_TYPE, PRIORITY_HEADER: "bulk"}
"""Shoppers go first, and what a catalogue asks once must not push their queries out of a cache."""

Answer = TypeVar("Answer")

FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """`EmbeddingsResponse` with its vectors as arrays, lengths and values unchecked."""

    model: str
    dimension: int
    embeddings: Sequence[FloatVector | None]
    """In the order of the request; None where `errors` names the item."""
    errors: Sequence[ItemProblem]


class EncoderClient:
    """Waits and asks again while the encoder is away or overloaded, up to `wait_s` a call.

    Each request goes to one of several encoders: to the one with the fewest requests under way. One
    that is away or overloaded is left out for a while, and what it was asked goes to another.

    Every call raises DependencyAway when patience ends, EncoderBroken when an answer is not what
    the contract says, and the encoder's own problem when it is about the request.
    """

    def __init__(self, *services: ServiceClient, wait_s: float) -> None:
        self._encoders = [_Encoder(service) for service in services]
        self._wait_s = wait_s

    @classmethod
    def of(cls, settings: PipelineSettings) -> Self:
        """A client of all encoders that the settings name; close it."""
        services = [
            ServiceClient("encoder", url, timeout_s=settings.encoder_timeout_s)
            for url in settings.encoders
        ]
        return cls(*services, wait_s=settings.encoder_wait_s)

    async def aclose(self) -> None:
        """Close the clients of the encoders."""
        for encoder in self._encoders:
            await encoder.service.aclose()

    def __len__(self) -> int:
        """Number of encoders."""
        return len(self._encoders)

    async def model(self) -> ModelInfo:
        """The model of all encoders. Raises EncoderBroken if they serve different ones."""
        first, *others = [
            await self._patiently(lambda one: one.get("/model", ModelInfo), [encoder])
            for encoder in self._encoders
        ]
        for other in others:
            if (other.model, other.dimension) != (first.model, first.dimension):
                raise EncoderBroken(
                    f"the encoders serve different models, {first.model!r} and {other.model!r}; "
                    "start all of them with the same one"
                )
        return first

    async def embed_texts(self, texts: list[str]) -> Embeddings:
        body = EmbedTextsRequest(texts=texts)
        return await self._patiently(
            lambda one: one.post_and_read("/embed/texts", body, _read, _HEADERS), self._encoders
        )

    async def embed_images(self, pictures: list[bytes]) -> Embeddings:
        form = Form("images", pictures, {})
        return await self._patiently(
            lambda one: one.post_and_read("/embed/images", form, _read, _HEADERS),
            self._encoders,
        )

    async def _patiently(
        self, call: Callable[[ServiceClient], Awaitable[Answer]], encoders: Sequence[_Encoder]
    ) -> Answer:
        give_up_at = time.monotonic() + self._wait_s
        pause_s = _FIRST_PAUSE_S
        refused: _Encoder | None = None
        while True:
            now = time.monotonic()
            encoder = min(encoders, key=lambda one: (one.left_out_s(now), one is refused, one.load))
            await asyncio.sleep(encoder.left_out_s(now))
            try:
                with encoder.one_more():
                    return await call(encoder.service)
            except (Overloaded, NotReady, DependencyUnavailable, DeadlineExceeded) as error:
                if isinstance(error.__cause__, ValueError):
                    # It will not get better by asking again.
                    raise EncoderBroken(error.detail) from error
                refused = encoder
                encoder.left_out_until = time.monotonic() + _pause(error, pause_s)
                if min(one.left_out_until for one in encoders) > give_up_at:
                    raise DependencyAway(
                        f"{error.detail} Given up on {encoder.service.base_url} after "
                        f"{self._wait_s:g} seconds; what is stored so far is kept, so run this "
                        "again when the encoder is there (PIPELINE_ENCODER_URL)."
                    ) from error
                if pause_s == _LONGEST_PAUSE_S:
                    logger.warning(
                        "still waiting for the encoder at %s: %s",
                        encoder.service.base_url,
                        error.detail,
                    )
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


@dataclass(slots=True)
class _Encoder:
    """One encoder as its caller sees it."""

    service: ServiceClient
    under_way: int = 0
    asked: int = 0
    left_out_until: float = 0.0
    """By the monotonic clock."""

    @property
    def load(self) -> tuple[int, int]:
        """Less for the one to ask next: requests under way, then all so far."""
        return self.under_way, self.asked

    def left_out_s(self, now: float) -> float:
        """Seconds for which it is left out yet."""
        return max(0.0, self.left_out_until - now)

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """A request to it, as long as the block lasts."""
        self.under_way += 1
        self.asked += 1
        try:
            yield
        finally:
            self.under_way -= 1


def _pause(error: ServiceError, own_s: float) -> float:
    """The encoder's `Retry-After` in seconds, else our own growing pause."""
    return own_s if error.retry_after_s is None else float(error.retry_after_s)


def _read(data: bytes) -> Embeddings:
    """Parse the binary form. Raises ValueError if it breaks the contract."""
    try:
        tensors = load(data)
        rows, described = tensors[EMBEDDINGS_TENSOR], tensors[REPORT_TENSOR]
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"no safetensors file of vectors: {error}") from error
    if rows.ndim != 2 or rows.dtype != np.float32:
        raise ValueError(f"vectors of shape {rows.shape} and type {rows.dtype}")
    report = EmbeddingsResponse.model_validate(
        {**json.loads(described.tobytes()), "embeddings": []}
    )
    failed = {problem.index for problem in report.errors}
    return Embeddings(
        report.model,
        report.dimension,
        [None if index in failed else row for index, row in enumerate(rows)],
        report.errors,
    )
