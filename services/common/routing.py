"""All routes of an app; FastAPI keeps those of an included router inside of it."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import Route, Router


def all_routes(router: Router) -> Iterator[Route]:
    """The routes of a router and of the routers in it, in the order in which they match."""
    for route in router.routes:
        if isinstance(route, Route):
            yield route
        elif isinstance(included := getattr(route, "original_router", None), Router):
            yield from all_routes(included)
