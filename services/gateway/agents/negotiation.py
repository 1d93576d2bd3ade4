"""Negotiation with a platform: who asks, in which version, with which capabilities.

UCP lets a shop read a platform's profile from the address in the request, or keep a registry of
platforms that it has approved. We do the second only: nothing is fetched from an address that a
caller names (docs/decisions/0050-agents.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from services.contracts.ucp_answers import Registry, UcpEntity, UcpEnvelope
from services.contracts.ucp_requests import UCP_VERSION
from services.gateway.agents.profile import offered
from services.gateway.agents.refusals import (
    InvalidProfileUrl,
    NoResource,
    ProfileUnreachable,
    VersionUnsupported,
)

AGENT_HEADER = "UCP-Agent"
_MAX_URL = 2_048

# A dictionary of RFC 8941, as far as its members are strings.
_MEMBER = re.compile(r'([a-z*][a-z0-9_.*-]*)\s*=\s*"((?:[^"\\\x00-\x1f\x7f]|\\["\\])*)"')
_UCP_OWN = "dev.ucp."


class _Entity(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: str


class _PlatformUcp(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: str
    capabilities: dict[str, list[_Entity]] = {}


class PlatformProfile(BaseModel):
    """A platform's profile, as far as negotiation reads it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    ucp: _PlatformUcp

    def versions(self, name: str) -> set[str]:
        """Versions of a capability. One of UCP's own counts only in the profile's version."""
        own = name.startswith(_UCP_OWN)
        return {
            entity.version
            for entity in self.ucp.capabilities.get(name, ())
            if not own or entity.version == self.ucp.version
        }


@dataclass(frozen=True, slots=True)
class Agent:
    """The platform that sends a request, by its own statement."""

    profile: str
    version: str | None = None


def agent_of_header(value: str | None) -> Agent:
    """The platform of a `UCP-Agent` header. Raises InvalidProfileUrl."""
    if not value:
        raise InvalidProfileUrl(
            f'Send `{AGENT_HEADER}: profile="https://…"` with the address of your profile.'
        )
    members = {
        name: text.replace('\\"', '"').replace("\\\\", "\\")
        for name, text in _MEMBER.findall(value)
    }
    return agent_of(members)


def agent_of(members: Mapping[str, Any]) -> Agent:
    """The platform of the members of a header, or of `meta["ucp-agent"]`."""
    profile, version = members.get("profile"), members.get("version")
    if not isinstance(profile, str) or not _is_address(profile):
        raise InvalidProfileUrl("`profile` must be the https address of your profile.")
    return Agent(profile, version if isinstance(version, str) else None)


def _is_address(text: str) -> bool:
    if len(text) > _MAX_URL or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and loopback)
    )


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The agreement with a platform for one answer."""

    envelope: UcpEnvelope
    ours: bool
    """True if the inputs of our extension are active. A platform that did not negotiate them may
    mean something else by their names."""


class Negotiation:
    """Finds the capabilities that are active for a platform."""

    def __init__(
        self, public_url: str, platforms: Mapping[str, PlatformProfile] | None = None
    ) -> None:
        """platforms: approved profiles by their addresses; None to serve every platform."""
        self._offered = offered(public_url)
        self._platforms = platforms

    def with_agent(self, agent: Agent | None, root: str) -> Negotiated:
        """The agreement for one answer of the capability `root`.

        agent: None for a caller that speaks MCP and not UCP.
        Raises VersionUnsupported, ProfileUnreachable, NoResource without common capabilities.
        """
        active = self._active(agent)
        if root not in active:
            raise NoResource("capabilities_incompatible", f"Your profile lacks `{root}`.")
        extensions = [
            name for name in active if any(one.extends == root for one in self._offered[name])
        ]
        chosen = {name: [UcpEntity(version=active[name])] for name in (root, *extensions)}
        return Negotiated(
            UcpEnvelope(version=UCP_VERSION, capabilities=chosen),
            ours=self._platforms is None or bool(extensions),
        )

    def _active(self, agent: Agent | None) -> dict[str, str]:
        if agent is not None and agent.version not in (None, UCP_VERSION):
            raise VersionUnsupported(_unsupported(str(agent.version)))
        if self._platforms is None:
            return {name: entities[0].version for name, entities in self._offered.items()}
        if agent is None:
            raise InvalidProfileUrl(
                "Send `meta.ucp-agent.profile`: this shop serves only platforms that it knows."
            )
        profile = self._platforms.get(agent.profile)
        if profile is None:
            raise ProfileUnreachable(
                "This shop does not read profiles from the network, and does not know yours. Ask "
                "its operator to register it."
            )
        if profile.ucp.version != UCP_VERSION:
            raise VersionUnsupported(_unsupported(profile.ucp.version))
        return _intersection(self._offered, profile)


def _unsupported(version: str) -> str:
    return f"Version {version[:32]} is not supported. This shop implements version {UCP_VERSION}."


def _intersection(offered: Registry, profile: PlatformProfile) -> dict[str, str]:
    """The latest common version of each capability; extensions without their parent are out."""
    common: dict[str, str] = {}
    for name, entities in offered.items():
        versions = {one.version for one in entities} & profile.versions(name)
        if versions:
            common[name] = max(versions)
    return {
        name: version
        for name, version in common.items()
        if all(one.extends is None or one.extends in common for one in offered[name])
    }


def read_platforms(path: Path) -> dict[str, PlatformProfile]:
    """The registry: a JSON object of profiles by their addresses. Raises ValueError."""
    try:
        given = json.loads(path.read_bytes())
        profiles = {
            address: PlatformProfile.model_validate(profile) for address, profile in given.items()
        }
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        raise ValueError(f"{path} is no JSON object of profiles by address: {error}") from error
    for address in profiles:
        if not _is_address(address):
            raise ValueError(f"{path}: {address!r} is no https address")
    return profiles
