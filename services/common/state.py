"""The state of an app: one typed object that lives as long as the app runs.

Each service uses it in the same three steps:

1. A frozen dataclass holds everything that the routes need, and one `Annotated` dependency gives it
   to them::

       @dataclass(frozen=True, slots=True)
       class EncoderState:
           encoder: Encoder

       State = Annotated[EncoderState, Depends(state_dependency(EncoderState))]

2. The lifespan makes the object and holds it while the app runs::

       with hold_state(app, EncoderState(encoder)):
           yield

3. A route takes ``state: State``. Code that has an app but no request (a middleware, `/ready`)
   calls `get_state(app, EncoderState)`, or `find_state` if the app may not run yet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from fastapi import Request
from starlette.applications import Starlette

from services.common.problems import NotReady

State = TypeVar("State")


@contextmanager
def hold_state(app: Starlette, state: object) -> Iterator[None]:
    """Make `state` the app's state inside the block."""
    app.state.own = state
    try:
        yield
    finally:
        app.state.own = None


def find_state(app: Starlette, kind: type[State]) -> State | None:
    """The app's state, or None outside of its lifespan. Raises TypeError for the wrong kind."""
    state = getattr(app.state, "own", None)
    if state is None or isinstance(state, kind):
        return state
    raise TypeError(f"The app's state is a {type(state).__name__}, not a {kind.__name__}.")


def get_state(app: Starlette, kind: type[State]) -> State:
    """The app's state. Raises NotReady outside of the app's lifespan."""
    state = find_state(app, kind)
    if state is None:
        raise NotReady("The service is starting or stopping. Try again shortly.")
    return state


def state_dependency(kind: type[State]) -> Callable[[Request], Awaitable[State]]:
    """For `Depends`: the state of the app that handles the request."""

    async def dependency(request: Request) -> State:
        return get_state(request.app, kind)

    return dependency
