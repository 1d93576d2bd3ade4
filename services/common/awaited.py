"""Read your writes: a request that names a change waits until the answer shows it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Header, Query

from services.common.context import CHANGE_HEADER, awaited_change
from services.common.problems import InvalidRequest
from services.contracts.catalogue import ChangeToken, published_us
from services.contracts.problems import FieldProblem

MAX_AHEAD_S = 86_400
"""A writer's clock may be wrong by hours. A change that is further ahead never comes."""

CHANGE_PARAMETER = "change"

ChangeHeader = Annotated[ChangeToken | None, Header(alias=CHANGE_HEADER)]


@contextmanager
def waiting_for(change: ChangeToken | None) -> Iterator[None]:
    """Calls to other services inside the block ask for answers that show this change."""
    token = awaited_change.set(change)
    try:
        yield
    finally:
        awaited_change.reset(token)


def check_change(change: ChangeToken, field: str) -> int:
    """The moment of a change, in microseconds since 1970. Raises InvalidRequest."""
    moment_us = published_us(change)
    if moment_us > (time.time() + MAX_AHEAD_S) * 1_000_000:
        message = "names a change from the future; it is not from this catalogue"
        raise InvalidRequest(
            f"`{field}` {message}.", errors=[FieldProblem(field=field, message=message)]
        )
    return moment_us


async def _await_change(
    header: ChangeHeader = None,
    parameter: Annotated[
        ChangeToken | None,
        Query(alias=CHANGE_PARAMETER, description=f"The same as the header `{CHANGE_HEADER}`."),
    ] = None,
) -> AsyncIterator[None]:
    """Raises InvalidRequest."""
    named = [(header, f"header.{CHANGE_HEADER}"), (parameter, f"query.{CHANGE_PARAMETER}")]
    moments = {one: check_change(one, field) for one, field in named if one is not None}
    with waiting_for(max(moments, key=moments.__getitem__, default=None)):
        yield


ReadYourWrites = Depends(_await_change)
"""For routes that read the catalogue through another service: they wait for the named change."""
