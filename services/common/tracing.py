"""OpenTelemetry traces across the services.

Without an OTLP endpoint, OpenTelemetry is not imported and `current_span` stays None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

TRACEPARENT_HEADER = "traceparent"

Attribute = str | int | float | bool


class Span:
    """One span, which can start spans below it."""

    def __init__(self, tracer: trace.Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def traceparent(self) -> str:
        """The header that carries the trace to another service (W3C Trace Context)."""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: Attribute) -> None:
        """Set attributes; `__` in a name stands for the dot of OpenTelemetry's names."""
        for name, value in attributes.items():
            self._span.set_attribute(name.replace("__", "."), value)

    @contextmanager
    def call(self, name: str, **attributes: Attribute) -> Iterator[Span]:
        """A span for a call to another service, open while the block runs."""
        from opentelemetry import trace

        parent = trace.set_span_in_context(self._span)
        with self._tracer.start_as_current_span(
            name, parent, kind=trace.SpanKind.CLIENT, record_exception=False
        ) as span:
            child = Span(self._tracer, span)
            child.note(**attributes)
            yield child


current_span: ContextVar[Span | None] = ContextVar("current_span", default=None)


class Tracing:
    """Makes a span for each request. A thread exports the spans in batches."""

    def __init__(self, service: str, endpoint: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        # A provider of its own, not the global one: two services may run in one process.
        self._provider: TracerProvider = TracerProvider(
            resource=Resource.create({"service.name": f"multimodal-search-{service}"}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("services.common.tracing")

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """The span of one request, below the caller's span if the headers name one."""
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {TRACEPARENT_HEADER: headers.get(TRACEPARENT_HEADER, "")}
        parent = TraceContextTextMapPropagator().extract(carrier)
        with self._tracer.start_as_current_span(
            method, parent, kind=trace.SpanKind.SERVER
        ) as started:
            span = Span(self._tracer, started)
            token = current_span.set(span)
            try:
                yield span
            finally:
                current_span.reset(token)

    def close(self) -> None:
        """Export the remaining spans. Blocks."""
        self._provider.shutdown()
