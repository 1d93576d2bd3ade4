"""A server of pictures on a real port, with every habit that such servers have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came."""

    path: str
    headers: Mapping[str, str]
    at: float
    """On the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; after `cut_after` bytes of the body the connection breaks off.

    A header with an empty value is not sent.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None


class PictureServer:
    """Sends the configured response for each path, and records the requests."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self._answers: dict[str, Callable[[Asked], Answer]] = {}
        self._lock = threading.Lock()

    def on(self, path: str, *answers: Answer | Callable[[Asked], Answer]) -> str:
        """Give these answers in turn, the last one for ever. Returns the link."""
        left = list(answers)

        def answer(asked: Asked) -> Answer:
            with self._lock:
                one = left.pop(0) if len(left) > 1 else left[0]
            return one(asked) if callable(one) else one

        self._answers[path] = answer
        return self.url + path

    def times(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)

    @contextmanager
    def running(self, host: str = "127.0.0.1") -> Iterator[PictureServer]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.path, dict(self.headers.items()), time.monotonic())
                with outer._lock:
                    outer.asked.append(asked)
                    answer = outer._answers.get(self.path)
                self._send(Answer(status=404) if answer is None else answer(asked))

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                headers = {"Content-Length": str(len(answer.body))} | dict(answer.headers)
                for name, value in headers.items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                cut = len(answer.body) if answer.cut_after is None else answer.cut_after
                self.wfile.write(answer.body[:cut])
                if answer.cut_after is not None:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Not on standard error."""

        with _Server((host, 0), Handler) as server:
            self.url = f"http://{host}:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A caller that hangs up is what some tests want."""
