"""Keys: open routes, protected routes, and the answer to a wrong key."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.common.problems import Forbidden, Unauthorized
from services.gateway.admission.access import check_access, key_hash
from services.gateway.settings import GatewaySettings
from tests.unit.gateway.conftest import RunStack

SEARCH, ADMIN = "search-key-of-a-test", "admin-key-of-a-test"


def keyed(*, search: bool = True, admin: bool = True) -> GatewaySettings:
    return GatewaySettings(
        search_key_sha256=(key_hash(SEARCH),) if search else (),
        admin_key_sha256=(key_hash(ADMIN),) if admin else (),
    )


def test_searching_is_open_without_a_search_key() -> None:
    check_access(keyed(search=False), None, "search")


@pytest.mark.parametrize("key", [None, "", SEARCH, ADMIN])
def test_admin_is_never_open_without_an_admin_key(key: str | None) -> None:
    with pytest.raises(Forbidden):
        check_access(keyed(admin=False), key, "admin")


@pytest.mark.parametrize("scope", ["search", "admin"])
@pytest.mark.parametrize("key", [None, "", "guess", ADMIN[:-1], ADMIN + " ", key_hash(ADMIN), "é"])
def test_an_unknown_key_is_refused(key: str | None, scope: str) -> None:
    with pytest.raises(Unauthorized):
        check_access(keyed(), key, "admin" if scope == "admin" else "search")


def test_a_search_key_may_search_and_no_more() -> None:
    check_access(keyed(), SEARCH, "search")
    with pytest.raises(Forbidden):
        check_access(keyed(), SEARCH, "admin")


def test_an_admin_key_may_search_too() -> None:
    check_access(keyed(), ADMIN, "search")
    check_access(keyed(), ADMIN, "admin")


def test_a_key_in_place_of_its_hash_is_refused_at_start() -> None:
    with pytest.raises(ValidationError) as refused:
        GatewaySettings(admin_key_sha256=(ADMIN,))

    assert ADMIN not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("guess", 401), (SEARCH, 403), (ADMIN, 503)]
)
async def test_a_key_without_the_scope_is_a_problem_document(
    run_stack: RunStack, key: str | None, status: int
) -> None:
    keys = {"search_key_sha256": (key_hash(SEARCH),), "admin_key_sha256": (key_hash(ADMIN),)}
    async with run_stack(**keys) as stack:
        headers = {} if key is None else {"X-API-Key": key}
        answer = await stack.http.delete("/products/p-1", headers=headers)

    # 503: the key is right, and this gateway has no writer.
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("www-authenticate" in answer.headers) == (status == 401)
