"""A small encoder behind the encoder's contract, on a real port: vectors from a hash of the input.

It counts what it encodes. A test can make it overloaded or broken, or make it refuse a picture, to
see how a caller reacts.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import uvicorn
from fastapi import APIRouter, FastAPI, File, Request, Response, UploadFile
from safetensors.numpy import save

from services.common.app import Dependencies, create_service_app
from services.common.metrics import Metrics
from services.common.problems import Overloaded, UnreadableImage
from services.common.settings import ServiceSettings
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


@dataclass(slots=True)
class EncoderDouble:
    """The double's settings, and the requests that it received."""

    model: str = "double@1"
    dimension: int = 16
    scale: float = 1.0
    """Length of its vectors; anything but 1 is an encoder that is broken."""
    says_the_same: bool = False
    """Whatever it is asked, the vector is one and the same."""
    overloaded: int = 0
    """This many of the next requests are answered with 429."""
    refused_pictures: set[str] = field(default_factory=set)
    """SHA-256 of pictures that it can't read."""
    before_each: Callable[[int], None] = lambda _: None
    """Called with the number of the request, from 1, before it is answered."""
    url: str = ""
    texts: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    """SHA-256 of each."""
    requests: int = 0
    priorities: set[str] = field(default_factory=set)
    """Under which it was asked."""

    @contextmanager
    def running(self) -> Iterator[EncoderDouble]:
        """Serve on a port of the system's choice for as long as the block lasts."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            server = uvicorn.Server(uvicorn.Config(self.app(), log_config=None, ws="none"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield self
            finally:
                server.should_exit = True
                thread.join()

    def app(self) -> FastAPI:
        """The double as one of our services."""

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            yield

        async def dependencies() -> Dependencies:
            return {}

        return create_service_app(
            name="encoder",
            description="A double of the encoder.",
            settings=ServiceSettings(),
            metrics=Metrics("encoder"),
            lifespan=lifespan,
            routers=[self._router()],
            dependencies=dependencies,
            max_body_bytes=64_000_000,
        )

    def _router(self) -> APIRouter:
        router = APIRouter()

        @router.get("/model")
        async def model() -> ModelInfo:
            return ModelInfo(
                model=self.model,
                dimension=self.dimension,
                image_size=32,
                context_length=77,
                precision="fp32",
            )

        @router.post("/embed/texts")
        async def embed_texts(body: EmbedTextsRequest, request: Request) -> Response:
            self._begin(request)
            self.texts.extend(body.texts)
            return self._response(request, [text.encode() for text in body.texts], {})

        @router.post("/embed/images")
        async def embed_images(
            images: Annotated[list[UploadFile], File()], request: Request
        ) -> Response:
            self._begin(request)
            data = [await image.read() for image in images]
            digests = [hashlib.sha256(one).hexdigest() for one in data]
            refused = {
                index: "This picture is not to the double's taste."
                for index, digest in enumerate(digests)
                if digest in self.refused_pictures
            }
            if len(refused) == len(data):
                raise UnreadableImage(refused[0])
            self.pictures.extend(digests)
            return self._response(request, data, refused)

        return router

    def _begin(self, request: Request) -> None:
        self.requests += 1
        self.priorities.add(request.headers.get(PRIORITY_HEADER, "interactive"))
        self.before_each(self.requests)
        if self.overloaded:
            self.overloaded -= 1
            raise Overloaded("The double has enough to do.", retry_after_s=0)

    def _response(self, request: Request, items: list[bytes], refused: dict[int, str]) -> Response:
        """In the binary form for the pipeline, in JSON for the gateway."""
        rows = np.array([self.vector(item) for item in items], np.float32)
        rows[list(refused)] = 0
        report = EmbeddingsResponse(
            model=self.model,
            dimension=self.dimension,
            embeddings=[],
            errors=[
                ItemProblem(index=index, type=UnreadableImage.type_path(), detail=detail)
                for index, detail in refused.items()
            ],
        )
        if request.headers.get("accept") != BINARY_MEDIA_TYPE:
            vectors = [None if index in refused else row for index, row in enumerate(rows.tolist())]
            answer = report.model_copy(update={"embeddings": vectors})
            return Response(answer.model_dump_json(), media_type="application/json")
        described = np.frombuffer(report.model_dump_json(exclude={"embeddings"}).encode(), np.uint8)
        content = save({EMBEDDINGS_TENSOR: rows, REPORT_TENSOR: described})
        return Response(content, media_type=BINARY_MEDIA_TYPE)

    def vector(self, item: bytes) -> list[float]:
        """The vector for these bytes: a picture, or a text in UTF-8."""
        if self.says_the_same:
            item = b""
        seed = int.from_bytes(hashlib.sha256(item).digest()[:8], "big")
        vector = np.random.default_rng(seed).standard_normal(self.dimension)
        unit: list[float] = (self.scale * vector / np.linalg.norm(vector)).tolist()
        return unit
