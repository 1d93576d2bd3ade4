"""Translation of a service's refusal into an error for our own caller."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.problems import DependencyUnavailable, InvalidRequest, NotFound

logger = logging.getLogger(__name__)


@contextmanager
def refusals_are_faults(name: str) -> Iterator[None]:
    """Our caller's request was checked already; a service that refuses ours is at odds with us.

    Passed on, its problem would name fields that our caller never sent.
    """
    try:
        yield
    except (InvalidRequest, NotFound) as error:
        raise fault(name, error) from error


def fault(name: str, error: InvalidRequest | NotFound) -> DependencyUnavailable:
    """Error for our caller after a refusal, which is logged with its reason."""
    logger.error("refused by a service", extra={"service_asked": name, "reason": error.detail})
    return DependencyUnavailable(f"The {name} refused the gateway's request.")
