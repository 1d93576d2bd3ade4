"""Time limits for the Redis behind Feast, which waits without an end where none are set."""

from __future__ import annotations


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
