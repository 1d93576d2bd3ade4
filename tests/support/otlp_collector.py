"""A strict collector of OpenTelemetry traces: OTLP over HTTP, on a port of the system's choice.

It refuses with 400 what OTLP's specification and its published protobuf definitions do not have.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Received:
    """One span as it was sent."""

    service: str
    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    attributes: dict[str, str | int]


@dataclass
class Collector:
    url: str
    spans: list[Received] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def checked(path: str, content_type: str | None, body: bytes) -> ExportTraceServiceRequest:
    """The request, when the specification allows it. Raises ValueError."""
    if path != "/v1/traces":
        raise ValueError(f"traces go to /v1/traces, not to {path}")
    if content_type != PROTOBUF:
        raise ValueError(f"Content-Type {content_type} is not {PROTOBUF}")
    try:
        request: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError(f"not an ExportTraceServiceRequest: {error}") from error
    _no_unknown_fields(request)
    for resource in request.resource_spans:
        if "service.name" not in {one.key for one in resource.resource.attributes}:
            raise ValueError("a resource without service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                _check_span(span)
    return request


def _no_unknown_fields(message: Message) -> None:
    if len(UnknownFieldSet(message)):
        raise ValueError(f"{message.DESCRIPTOR.name} has fields that its definition does not have")
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            for one in [value] if isinstance(value, Message) else value:
                _no_unknown_fields(one)


def _check_span(span: Span) -> None:
    if len(span.trace_id) != 16 or not any(span.trace_id):
        raise ValueError("trace_id is not 16 bytes, or is zero")
    if len(span.span_id) != 8 or not any(span.span_id) or len(span.parent_span_id) not in (0, 8):
        raise ValueError("span_id is not 8 bytes, or is zero")
    if not span.name or not 0 < span.start_time_unix_nano <= span.end_time_unix_nano:
        raise ValueError("a span without a name or without its times")
    keys = [one.key for one in span.attributes]
    if len(set(keys)) != len(keys) or not all(keys):
        raise ValueError(f"attribute keys are not unique: {sorted(keys)}")


@contextmanager
def otlp_collector() -> Iterator[Collector]:
    """A collector as long as the block runs."""
    collector = Collector("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            try:
                request = checked(self.path, self.headers.get("Content-Type"), body)
            except ValueError as error:
                collector.refused.append(str(error))
                self.send_error(400)
                return
            collector.spans.extend(_spans(request))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", PROTOBUF)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Received]:
    for resource in request.resource_spans:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Received(
                    names["service.name"],
                    span.name,
                    span.trace_id,
                    span.span_id,
                    span.parent_span_id,
                    {
                        one.key: one.value.string_value or one.value.int_value
                        for one in span.attributes
                    },
                )
