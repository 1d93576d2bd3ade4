"""Negotiation: versions, capabilities, and platforms that are not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.contracts.ucp_requests import UCP_VERSION
from services.gateway.agents.negotiation import (
    Agent,
    Negotiation,
    PlatformProfile,
    agent_of_header,
    read_platforms,
)
from services.gateway.agents.profile import (
    EXTENSION_VERSION,
    LOOKUP,
    SEARCH,
    extension_name,
    offered,
)
from services.gateway.agents.refusals import (
    InvalidProfileUrl,
    NoResource,
    ProfileUnreachable,
    VersionUnsupported,
)

URL = "https://shop.example"
EXTENSION = "example.shop.shopping.visual_search"
PROFILE = "https://agent.example/profile.json"


def profile(version: str = UCP_VERSION, **capabilities: str) -> PlatformProfile:
    entries = {name: [{"version": one}] for name, one in capabilities.items()}
    return PlatformProfile.model_validate({"ucp": {"version": version, "capabilities": entries}})


def agreed(known: PlatformProfile, root: str = SEARCH) -> dict[str, Any]:
    negotiated = Negotiation(URL, {PROFILE: known}).with_agent(Agent(PROFILE), root)
    return dict(negotiated.envelope.capabilities or {})


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (f'profile="{PROFILE}"', PROFILE),
        (f'  profile = "{PROFILE}" ; a=1, version="{UCP_VERSION}"', PROFILE),
        (f'version="{UCP_VERSION}", profile="{PROFILE}"', PROFILE),
        ('profile="http://localhost:9/p"', "http://localhost:9/p"),
    ],
)
def test_the_header_is_a_dictionary(header: str, address: str) -> None:
    assert agent_of_header(header).profile == address


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "profile",
        f"profile={PROFILE}",
        'profile=""',
        'profile="agent"',
        'profile="http://agent.example/p"',
        'profile="ftp://agent.example/p"',
        'profile="https://"',
        'profile="https://[x"',
        f'profile="https://agent.example/{"x" * 3000}"',
        'profile="https://agent.example/ü"',
        'profile="https://agent.example/a b"',
    ],
)
def test_a_header_without_an_address_is_refused(header: str | None) -> None:
    with pytest.raises(InvalidProfileUrl):
        agent_of_header(header)


def test_without_a_registry_every_platform_gets_everything() -> None:
    negotiated = Negotiation(URL).with_agent(Agent(PROFILE), SEARCH)
    assert set(negotiated.envelope.capabilities or {}) == {SEARCH, EXTENSION}
    assert negotiated.ours


def test_a_caller_of_mcp_alone_is_served_without_a_registry_only() -> None:
    assert Negotiation(URL).with_agent(None, LOOKUP).envelope.capabilities
    with pytest.raises(InvalidProfileUrl):
        Negotiation(URL, {}).with_agent(None, LOOKUP)


def test_a_platform_that_is_not_registered_is_refused_and_nothing_is_fetched() -> None:
    with pytest.raises(ProfileUnreachable):
        Negotiation(URL, {}).with_agent(Agent(PROFILE), SEARCH)


@pytest.mark.parametrize("stated", ["2026-01-11", "draft", "9999-12-31"])
def test_another_version_is_refused(stated: str) -> None:
    with pytest.raises(VersionUnsupported):
        Negotiation(URL).with_agent(Agent(PROFILE, stated), SEARCH)
    with pytest.raises(VersionUnsupported):
        agreed(profile(stated, **{SEARCH: stated}))


def test_only_common_capabilities_that_matter_here_are_active() -> None:
    both = {SEARCH: UCP_VERSION, LOOKUP: UCP_VERSION, "dev.ucp.shopping.cart": UCP_VERSION}
    assert set(agreed(profile(**both))) == {SEARCH}
    assert set(agreed(profile(**both), LOOKUP)) == {LOOKUP}


def test_an_extension_needs_its_own_version_and_its_parent() -> None:
    assert set(agreed(profile(**{SEARCH: UCP_VERSION, EXTENSION: EXTENSION_VERSION}))) == {
        SEARCH,
        EXTENSION,
    }
    assert set(agreed(profile(**{SEARCH: UCP_VERSION, EXTENSION: "2020-01-01"}))) == {SEARCH}
    with pytest.raises(NoResource):
        agreed(profile(**{EXTENSION: EXTENSION_VERSION}))


def test_our_inputs_are_off_for_a_platform_without_the_extension() -> None:
    known = {PROFILE: profile(**{SEARCH: UCP_VERSION})}
    assert not Negotiation(URL, known).with_agent(Agent(PROFILE), SEARCH).ours


def test_no_common_capability_is_an_outcome() -> None:
    with pytest.raises(NoResource) as outcome:
        agreed(profile(**{LOOKUP: UCP_VERSION}))
    assert outcome.value.message.code == "capabilities_incompatible"


def test_a_capability_of_ucp_in_another_version_than_the_profile_does_not_count() -> None:
    with pytest.raises(NoResource):
        agreed(profile(**{SEARCH: "2026-01-11"}))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://shop.example", EXTENSION),
        ("https://Search.Shop.Example:8443/find", "example.shop.search.shopping.visual_search"),
        ("https://localhost", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_the_extension_needs_a_domain(url: str, name: str | None) -> None:
    assert extension_name(url) == name
    assert (name in offered(url)) == (name is not None)


def test_a_registry_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "platforms.json"
    path.write_text(json.dumps({PROFILE: {"ucp": {"version": UCP_VERSION}, "keys": []}}))
    assert read_platforms(path)[PROFILE].ucp.version == UCP_VERSION


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"https://a.example/p": {}}', '{"a": {"ucp": {"version": "x"}}}']
)
def test_a_registry_that_cannot_be_read_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "platforms.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="platforms"):
        read_platforms(path)
