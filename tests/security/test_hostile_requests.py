"""Attacks on the public API, over real sockets, against the real stack.

The catalogue is hostile as well: SQL, HTML and worse in every field that a feed has.
"""

from __future__ import annotations

import csv
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.gateway.admission.access import key_hash
from tests.support.whole_stack import PATIENT_GATEWAY, WholeStack, whole_stack

pytestmark = pytest.mark.e2e

KEY = "the-key-of-a-partner"
SHOP = "https://shop.example"
HTML = 'Mug <img src=x onerror="alert(1)"><script>alert(2)</script>'
SQL = "'; DROP TABLE products; --"
TEMPLATE = "{{7*7}} ${7*7} %s %n \\x00 ../../etc/passwd"
ATTACKS = (HTML, SQL, TEMPLATE)
TOLD = {HTML: "Mug", SQL: SQL, TEMPLATE: TEMPLATE}
"""Expected text fields: only the text of HTML remains. Attributes stay unchanged."""
TEXT_FIELDS = ("title", "description", "brand", "category", "color", "pattern", "material")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    folder = tmp_path_factory.mktemp("security")
    settings = {
        "GATEWAY_SEARCH_KEY_SHA256": key_hash(KEY),
        "GATEWAY_CORS_ORIGINS": SHOP,
        "GATEWAY_RATE_PER_MINUTE": "60",
        "GATEWAY_RATE_BURST": "200",
        **PATIENT_GATEWAY,
        # Without Redis, which may be slow on a busy machine, the gateway starts its counts again.
        "GATEWAY_REDIS_TIMEOUT_MS": "20000",
    }
    with whole_stack(folder / "stack", hostile_catalogue(folder), settings) as one:
        (one.folder / "secret.txt").write_text("nobody may read this")
        yield one


@pytest.fixture
def client(stack: WholeStack) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=stack.url, headers={"X-API-Key": KEY}, trust_env=False, timeout=30
    ) as one:
        yield one


def hostile_catalogue(folder: Path) -> Path:
    """A product a kind of attack, with it in every field."""
    path = folder / "products.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, ["product_id", *TEXT_FIELDS, "price", "currency", "product_url", "image_path"]
        )
        writer.writeheader()
        for number, attack in enumerate(ATTACKS):
            writer.writerow(
                dict.fromkeys(TEXT_FIELDS, attack)
                | {
                    "product_id": f"{number} {attack}",
                    "price": "9.90",
                    "currency": "EUR",
                    "product_url": "https://shop.example/p/1",
                    "image_path": "",
                }
            )
        writer.writerow({"product_id": "link", "title": "a", "product_url": "javascript:alert(1)"})
        writer.writerow({"product_id": "path", "title": "a", "image_path": "../../../etc/passwd"})
        writer.writerow({"product_id": "root", "title": "a", "image_path": "/etc/passwd"})
        writer.writerow({"product_id": "plain", "title": "a red mug"})
    return path


def say(stack: WholeStack, request: bytes) -> bytes:
    """Send bytes that no HTTP library would send; return the answer until the server closes."""
    with socket.create_connection(stack.listeners["gateway"].getsockname()[:2], 10) as raw:
        raw.sendall(request)
        received = b""
        try:
            while part := raw.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
    return received


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("number", "attack"), list(enumerate(ATTACKS)))
def test_what_a_catalogue_holds_comes_back_as_text_and_does_nothing(
    client: httpx.Client, number: int, attack: str
) -> None:
    found = client.post("/predict", json={"query": attack, "k": 10})
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/json"
    assert found.headers["x-content-type-options"] == "nosniff"
    product_id = f"{number} {attack}"
    (product,) = [one for one in found.json()["results"] if one["product_id"] == product_id]
    for field in ("title", "description", "brand"):
        assert product[field] == TOLD[attack]
    assert product["attributes"]["pattern"] == attack
    quoted = httpx.URL(path=f"/products/{product_id}").raw_path.decode()
    alone = client.get(quoted.replace("?", "%3F").replace("..", "%2E%2E"))
    assert alone.json()["title"] == TOLD[attack]
    # All of them are there still, whatever the fields said.
    assert client.get("/products/plain").json()["title"] == "a red mug"


def test_a_link_that_is_a_script_reaches_nobody(client: httpx.Client) -> None:
    answer = client.get("/products/link")
    assert "javascript" not in answer.text
    assert answer.status_code == 404 or answer.json()["product_url"] is None


@pytest.mark.parametrize("product_id", ["path", "root"])
def test_a_catalogue_cannot_publish_the_machines_files(
    client: httpx.Client, stack: WholeStack, product_id: str
) -> None:
    answer = client.get(f"/products/{product_id}")
    assert answer.status_code == 404 or answer.json()["image_url"] is None
    stored = [path for path in (stack.folder / "media").rglob("*") if path.is_file()]
    assert not [path for path in stored if b"root:" in path.read_bytes()]


@pytest.mark.parametrize(
    "path",
    [
        "/images/../secret.txt",
        "/images/..%2fsecret.txt",
        "/images/%2e%2e/secret.txt",
        "/images/....//secret.txt",
        "/images/..%5csecret.txt",
        "/images/%252e%252e%252fsecret.txt",
        "/images/..%c0%afsecret.txt",
        "/images//etc/passwd",
        "/images/%00/../../secret.txt",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/docs/../../secret.txt",
        "/products/../images/../secret.txt",
    ],
)
def test_no_path_leads_out_of_the_pictures(stack: WholeStack, path: str) -> None:
    answer = say(
        stack,
        f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"nobody may read this" not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize("depth", [1_000, 30_000])
@pytest.mark.parametrize("kind", ["list", "object", "field"])
def test_deeply_nested_json_is_refused(client: httpx.Client, depth: int, kind: str) -> None:
    body = {
        "list": "[" * depth + "]" * depth,
        "object": '{"a":' * (depth // 3) + "1" + "}" * (depth // 3),
        "field": f'{{"query": {"[" * depth}{"]" * depth}}}',
    }[kind]
    headers = {"Content-Type": "application/json"}
    assert_problem(client.post("/predict", content=body, headers=headers), 422)
    assert client.get("/health").is_success


def test_oversized_json_is_refused_before_it_is_sent(stack: WholeStack) -> None:
    head = (
        f"POST /predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
        "Content-Type: application/json\r\nContent-Length: 10000000000\r\nConnection: close\r\n\r\n"
    )
    began = time.monotonic()
    assert say(stack, head.encode()).startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"query": "a" * 60_000}),
        '{"query": "a", "k": ' + "9" * 50_000 + "}",
        '{"query": "a", "threshold": 1e999}',
        '{"query": "a", "threshold": NaN}',
        '{"query": "\\ud800"}',
        '{"query": "a", "query": {"$ne": 1}}',
        '{"query": "a", "__proto__": {"k": 1}}',
    ],
    ids=["long", "digits", "infinite", "nan", "surrogate", "twice", "proto"],
)
def test_odd_json_is_refused_and_never_breaks_anything(client: httpx.Client, body: str) -> None:
    answer = client.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422)


@pytest.mark.parametrize(
    "value", ["a\r\nSet-Cookie: b=c", "a\nX-Evil: 1", "a\x00b", "é" * 5, "a" * 5_000, HTML]
)
def test_a_request_id_cannot_write_headers_or_log_lines(stack: WholeStack, value: str) -> None:
    answer = say(
        stack,
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: "
        + value.encode()
        + b"\r\nConnection: close\r\n\r\n",
    )
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nset-cookie:" not in head
    assert b"\r\nx-evil:" not in head
    assert b"<script" not in answer
    assert value.encode()[:1000] not in head


def test_a_query_cannot_write_headers_or_log_lines(client: httpx.Client, stack: WholeStack) -> None:
    query = 'mug\r\nX-Evil: 1\r\n{"level": "error", "forged": true}'
    answer = client.post("/predict", json={"query": query})
    assert answer.status_code == 200
    assert "x-evil" not in answer.headers
    for line in stack.processes["gateway"].log.read_text().splitlines():
        assert "forged" not in json.loads(line)


@pytest.mark.parametrize(
    "smuggled",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 90",
        b"Transfer-Encoding: chunked, identity",
        b"Content-Length: -1",
    ],
)
def test_a_body_of_two_lengths_smuggles_nothing(stack: WholeStack, smuggled: bytes) -> None:
    inner = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = say(
        stack,
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + smuggled
        + b"\r\nConnection: close\r\n\r\n0\r\n\r\n"
        + inner,
    )
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert b"http_requests" not in answer


def test_guessing_keys_is_refused_slowed_down_and_told_nothing(stack: WholeStack) -> None:
    """Unknown keys share their address's bucket, so that trying many is no way around it."""
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=30) as guesser:
        bodies: set[str] = set()
        statuses: list[int] = []
        began = time.monotonic()
        while len(statuses) < 210 or 429 not in statuses:
            number = len(statuses)
            headers = {"X-API-Key": f"guess-{number}"}
            answer = guesser.post("/predict", json={"query": "mug"}, headers=headers)
            statuses.append(answer.status_code)
            if answer.status_code == 401:
                bodies.add(answer.json()["detail"])
            assert "guess-" not in answer.text
    assert set(statuses) == {401, 429}
    come_back = time.monotonic() - began  # one a second
    assert statuses.index(429) <= 230 + come_back
    assert len(bodies) == 1
    # The one who holds a key is not shut out by those who guess.
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=30) as partner:
        answer = partner.post("/predict", json={"query": "mug"}, headers={"X-API-Key": KEY})
        assert answer.status_code == 200
    log = stack.processes["gateway"].log.read_text()
    assert KEY not in log
    assert "guess-" not in log


def test_only_listed_origins_may_read_answers(client: httpx.Client) -> None:
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key",
    }
    body = {"query": "mug"}
    for origin in ("https://evil.example", f"{SHOP}.evil.example", "null", "http://shop.example"):
        headers = {"Origin": origin}
        assert (
            "access-control-allow-origin"
            not in client.options("/predict", headers=headers | preflight).headers
        )
        answer = client.post("/predict", json=body, headers=headers)
        assert "access-control-allow-origin" not in answer.headers
    allowed = client.options("/predict", headers={"Origin": SHOP} | preflight)
    assert allowed.headers["access-control-allow-origin"] == SHOP
    answer = client.post("/predict", json=body, headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in answer.headers
    assert "*" not in answer.headers["access-control-allow-origin"]


def test_every_answer_carries_its_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/health", "/nowhere", "/images/none"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors" in headers["content-security-policy"], path
        assert "server" not in headers
