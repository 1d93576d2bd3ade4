"""Addresses of Redis: of one server or a cluster, and time limits for the one behind Feast."""

from __future__ import annotations

import re
from typing import Protocol

_CLUSTER = "cluster=true"
_NODE = re.compile(r"[^:/\s]+:\d+")
_SERVER_TYPE = "redis"
_CLUSTER_TYPE = "redis_cluster"


def cluster_address(url: str) -> tuple[str, bool]:
    """A URL as redis-py takes it, and whether `?cluster=true` at its end names a cluster."""
    address, _, query = url.partition("?")
    options = [one for one in query.split("&") if one]
    others = [one for one in options if one.lower() != _CLUSTER]
    return "?".join([address, *(["&".join(others)] if others else [])]), others != options


class OnlineStoreConfig(Protocol):
    """Feast's, of a Redis."""

    type: str
    redis_type: str
    connection_string: str


class BadAddress(ValueError):
    """The address of the online store cannot be read."""


def prepare(online_store: OnlineStoreConfig, timeout_s: float) -> None:
    """Feast's settings of a Redis, made ready: time limits; several addresses are a cluster's.

    Raises BadAddress, of which Feast would say no more than a KeyError or a ValueError.
    """
    if getattr(online_store, "type", "") != "redis":
        return
    nodes = [part for part in online_store.connection_string.split(",") if "=" not in part]
    if not nodes or not all(_NODE.fullmatch(node) for node in nodes):
        # Without the value: a part of it may be a part of a password.
        raise BadAddress(
            "the address of the online store (REDIS_ADDRESS) must be HOST:PORT, with options "
            "after commas: `redis:6379`, or `redis:6380,ssl=true,password=…`. It is no URL, and "
            "a password in it has no comma"
        )
    # Several addresses of sentinels say so themselves.
    if len(nodes) > 1 and online_store.redis_type == _SERVER_TYPE:
        online_store.redis_type = _CLUSTER_TYPE
    online_store.connection_string = with_limits(online_store.connection_string, timeout_s)


def with_limits(connection_string: str, timeout_s: float) -> str:
    """Feast's connection string with time-outs and without retries, unless it names its own.

    Without them a connection that died silently blocks its reader for ever, and redis-py takes
    seven seconds to report that nobody listens. The caller repeats what is worth repeating.
    """
    given = {part.split("=", 1)[0] for part in connection_string.split(",") if "=" in part}
    limits = {
        "socket_timeout": str(timeout_s),
        "socket_connect_timeout": str(timeout_s),
        "retry": "null",
    }
    added = [f"{name}={value}" for name, value in limits.items() if name not in given]
    return ",".join([connection_string, *added])
