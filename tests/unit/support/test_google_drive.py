"""The stand-in for Google refuses what Google's published documents do not have."""

from __future__ import annotations

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt
from google.auth.crypt import RSASigner

from tests.support.google_drive.discovery import Discovery, Refused
from tests.support.google_drive.queries import condition
from tests.support.google_drive.tokens import (
    ENDPOINT,
    GRANT,
    InvalidGrant,
    ServiceAccount,
    TokenEndpoint,
)

SCOPE = "https://www.googleapis.com/auth/drive"


@pytest.fixture(scope="module")
def drive() -> Discovery:
    return Discovery("drive", "v2")


@pytest.fixture(scope="module")
def account() -> ServiceAccount:
    return ServiceAccount()


@pytest.mark.parametrize(
    ("verb", "path", "query"),
    [
        ("GET", "/drive/v2/files", {"pageSize": ["10"]}),  # of v3
        ("GET", "/drive/v2/files", {"maxResults": ["ten"]}),
        ("GET", "/drive/v2/files", {"maxResults": ["-1"]}),
        ("GET", "/drive/v2/files", {"supportsAllDrives": ["yes"]}),
        ("GET", "/drive/v2/files", {"q": ["a", "b"]}),
        ("GET", "/drive/v2/files", {"uploadType": ["resumable"]}),
        ("GET", "/drive/v2/files", {"corpus": ["drive"]}),
        ("GET", "/drive/v2/file", {}),
        ("PUT", "/drive/v2/files", {}),
        ("POST", "/upload/drive/v2/files", {"uploadType": ["chunked"]}),
        ("POST", "/upload/drive/v2/files", {}),
        ("POST", "/upload/drive/v2/about", {"uploadType": ["media"]}),
    ],
)
def test_a_request_that_the_document_does_not_have_is_refused(
    verb: str, path: str, query: dict[str, list[str]], drive: Discovery
) -> None:
    with pytest.raises(Refused):
        drive.call(verb, path, query)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a"},  # of v3
        {"title": 7},
        {"parents": "folder"},
        {"parents": [{"parent": "folder"}]},
        {"labels": {"lost": True}},
        {"md5Checksum": "0" * 32},  # output only
    ],
)
def test_a_field_that_the_document_does_not_have_is_refused(
    body: dict[str, object], drive: Discovery
) -> None:
    drive.check("File", {"title": "a", "parents": [{"id": "folder"}]}, written=True)
    with pytest.raises(Refused):
        drive.check("File", body, written=True)


@pytest.mark.parametrize(
    "query",
    ["", "name='a'", "title=a", "title='a", "(trashed=false", "trashed=no", "'a' in title", "a b"],
)
def test_a_search_outside_the_language_is_refused(query: str) -> None:
    with pytest.raises(Refused, match="Invalid Value"):
        condition(query)


def _claims() -> dict[str, object]:
    now = int(time.time())
    return {"scope": SCOPE, "aud": ENDPOINT, "iat": now, "exp": now + 3600}


def _assertion(account: ServiceAccount, **changed: object) -> str:
    claims = {"iss": account.email, **_claims(), **changed}
    signer = RSASigner.from_string(  # type: ignore[no-untyped-call]
        account.key_file()["private_key"], account.key_id
    )
    return _signed(signer, claims)


def _signed(signer: RSASigner, claims: dict[str, object]) -> str:
    return bytes(jwt.encode(signer, claims)).decode()  # type: ignore[no-untyped-call]


def _granted(account: ServiceAccount, assertion: str) -> dict[str, object]:
    endpoint = TokenEndpoint(account, {SCOPE})
    return endpoint.grant({"grant_type": [GRANT], "assertion": [assertion]})


def test_a_well_made_assertion_gets_a_token_that_ends(account: ServiceAccount) -> None:
    endpoint = TokenEndpoint(account, {SCOPE})
    answer = endpoint.grant({"grant_type": [GRANT], "assertion": [_assertion(account)]})

    assert endpoint.bearer(f"Bearer {answer['access_token']}") is not None
    assert endpoint.bearer(str(answer["access_token"])) is None
    endpoint.expire()
    assert endpoint.bearer(f"Bearer {answer['access_token']}") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "another@shop.iam.gserviceaccount.com"},
        {"aud": "https://www.googleapis.com/drive/v2/"},
        {"scope": ""},
        {"scope": "https://www.googleapis.com/auth/calendar"},
        {"admin": True},
    ],
)
def test_a_claim_that_is_wrong_is_refused(
    changed: dict[str, object], account: ServiceAccount
) -> None:
    with pytest.raises(InvalidGrant):
        _granted(account, _assertion(account, **changed))


@pytest.mark.parametrize(("claim", "from_now_s"), [("exp", 7200), ("exp", -10), ("iat", 1000)])
def test_a_time_that_is_wrong_is_refused(
    claim: str, from_now_s: int, account: ServiceAccount
) -> None:
    changed = {claim: int(time.time()) + from_now_s}
    with pytest.raises(InvalidGrant):
        _granted(account, _assertion(account, **changed))


def test_a_signature_by_another_key_or_none_is_refused(account: ServiceAccount) -> None:
    header, claims, signature = _assertion(account).split(".")
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = RSASigner(another, account.key_id)  # type: ignore[no-untyped-call]
    forged = _signed(signer, {"iss": account.email, **_claims()})
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    nothing = f"{unsigned.decode().rstrip('=')}.{claims}."

    for assertion in (
        forged,
        nothing,
        f"{header}.{claims}",
        f"{header}.{claims}.{signature}==",
    ):
        with pytest.raises(InvalidGrant):
            _granted(account, assertion)


def test_a_token_request_with_anything_else_in_it_is_refused(account: ServiceAccount) -> None:
    form = {"grant_type": [GRANT], "assertion": [_assertion(account)], "audience": ["drive"]}

    with pytest.raises(InvalidGrant, match="Unexpected parameters"):
        TokenEndpoint(account, {SCOPE}).grant(form)
