"""Direct routes: requests with a JSON body that reach their function without FastAPI.

FastAPI resolves dependencies, parses and validates for every request in Python, which costs more
than most of our functions. A direct route is also declared with FastAPI, which documents it and
serves every request that is unusual: with query parameters, with another type of body, with a body
that is not valid. So answers, errors and the published schema are the same on both ways.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.context import CHANGE_HEADER

_JSON = "application/json"
_CHANGE = CHANGE_HEADER.lower().encode()


@dataclass(frozen=True, slots=True)
class DirectRoute:
    """`POST path` with a JSON body of the type `body`.

    function: gets the validated body and the request, and checks by itself what the declared route
    checks in its dependencies. It raises ServiceError as every route does.
    unusual: names of headers, in lower case, with which FastAPI serves the request. One that names
    a change to wait for is always among them, because dependencies do the waiting.
    """

    path: str
    body: type[BaseModel]
    function: Callable[[Any, Request], Awaitable[Response | BaseModel]]
    unusual: Collection[bytes] = ()
    method: ClassVar[str] = "POST"

    def serves(self, scope: Scope, headers: dict[bytes, str]) -> bool:
        """True if this request differs from others in its body only."""
        return (
            not scope["query_string"]
            and headers.get(b"content-type") == _JSON
            and _CHANGE not in headers
            and not any(name in headers for name in self.unusual)
        )

    async def answer(self, otherwise: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; `otherwise` serves it if the body is not valid."""
        request = Request(scope, receive)
        content = await request.body()
        try:
            body = self.body.model_validate_json(content)
        except ValidationError:
            await otherwise(scope, _again(content, receive), send)
            return
        scope["route"] = self
        answer = await self.function(body, request)
        if isinstance(answer, BaseModel):
            answer = Response(answer.model_dump_json(), media_type=_JSON)
        await answer(scope, receive, send)


def _again(content: bytes, receive: Receive) -> Receive:
    """`receive` of a request whose body was read already."""
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
