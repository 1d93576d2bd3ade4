"""The stand-in for an OpenTelemetry collector refuses what OTLP does not have."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.otlp_collector import PROTOBUF, checked

NAME = KeyValue(key="service.name", value=AnyValue(string_value="shop"))


def request(**changed: object) -> ExportTraceServiceRequest:
    fields: dict[str, object] = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "name": "GET /",
        "start_time_unix_nano": 1,
        "end_time_unix_nano": 2,
        **changed,
    }
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    resource.resource.attributes.append(NAME)
    resource.scope_spans.add().spans.append(Span(**fields))  # type: ignore[arg-type]
    return made


def test_a_request_as_the_specification_has_it_is_taken() -> None:
    made = request()
    assert checked("/v1/traces", PROTOBUF, made.SerializeToString()) == made


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/", PROTOBUF, request().SerializeToString()),
        ("/v1/traces", "application/json", request().SerializeToString()),
        ("/v1/traces", PROTOBUF, b"\xff\xff"),
        ("/v1/traces", PROTOBUF, request().SerializeToString() + b"\xf8\x01\x01"),  # field 31
    ],
)
def test_any_other_request_is_refused(path: str, content_type: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        checked(path, content_type, body)


@pytest.mark.parametrize(
    "changed",
    [
        {"trace_id": b"short"},
        {"trace_id": bytes(16)},
        {"span_id": bytes(8)},
        {"parent_span_id": b"p"},
        {"name": ""},
        {"end_time_unix_nano": 0},
        {"attributes": [NAME, NAME]},
    ],
)
def test_a_span_that_is_not_well_formed_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        checked("/v1/traces", PROTOBUF, request(**changed).SerializeToString())
