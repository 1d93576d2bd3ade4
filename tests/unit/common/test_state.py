"""The typed state of an app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.common.problems import NotReady, install_problem_handlers
from services.common.state import find_state, get_state, hold_state, state_dependency


@dataclass(frozen=True, slots=True)
class Shelf:
    books: int


@dataclass(frozen=True, slots=True)
class Drawer:
    spoons: int


ShelfState = Annotated[Shelf, Depends(state_dependency(Shelf))]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/books")
    async def books(state: ShelfState) -> int:
        return state.books

    return app


async def answer(app: FastAPI) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shelf") as http:
        return await http.get("/books")


async def test_a_route_gets_the_state_of_its_own_app(app: FastAPI) -> None:
    other = FastAPI()
    with hold_state(app, Shelf(3)), hold_state(other, Shelf(4)):
        assert (await answer(app)).json() == 3
        assert get_state(other, Shelf) == Shelf(4)


async def test_outside_of_the_lifespan_the_service_is_not_ready(app: FastAPI) -> None:
    with hold_state(app, Shelf(3)):
        pass
    refused = await answer(app)
    assert refused.status_code == NotReady.status
    assert refused.json()["type"] == NotReady.type_path()
    assert find_state(app, Shelf) is None
    assert find_state(FastAPI(), Shelf) is None


def test_the_wrong_kind_of_state_is_a_type_error(app: FastAPI) -> None:
    with hold_state(app, Drawer(3)), pytest.raises(TypeError, match="Drawer, not a Shelf"):
        get_state(app, Shelf)
