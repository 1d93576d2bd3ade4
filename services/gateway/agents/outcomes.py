"""Answers without a resource."""

from __future__ import annotations

from services.contracts.ucp_answers import UcpEntity, UcpEnvelope, UcpErrorAnswer
from services.contracts.ucp_requests import UCP_VERSION
from services.gateway.agents.refusals import NoResource


def no_resource(outcome: NoResource, capability: str) -> UcpErrorAnswer:
    """The request was processed by `capability`, and there is nothing to return."""
    common = outcome.message.code != "capabilities_incompatible"
    return UcpErrorAnswer(
        ucp=UcpEnvelope(
            version=UCP_VERSION,
            status="error",
            capabilities={capability: [UcpEntity(version=UCP_VERSION)]} if common else {},
        ),
        messages=[outcome.message],
    )
