"""The web page, `/docs`, and the headers that guard both."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.gateway_stack import Stack, assert_problem
from tests.unit.gateway.conftest import RunStack

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INDEX = "<!doctype html><div id=root></div>"
LARGE = "0;" * 1_000


@pytest.fixture
async def with_page(run_stack: RunStack, tmp_path: Path) -> AsyncIterator[Stack]:
    web = tmp_path / "dist"
    (web / "assets").mkdir(parents=True)
    (web / "fonts").mkdir()
    (web / "index.html").write_text(INDEX)
    (web / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (web / "assets" / "index-1a2b3c.js").write_text("0")
    (web / "assets" / "large-4d5e6f.js").write_text(LARGE)
    (web / "assets" / "large-4d5e6f.js.gz").write_bytes(gzip.compress(LARGE.encode()))
    (web / "assets" / "large-4d5e6f.js.br").write_bytes(b"as if it were brotli")
    (web / "fonts" / "sans.woff2").write_text("font")
    (tmp_path / "secret.txt").write_text("secret")
    async with run_stack(web_dir=web) as stack:
        yield stack


@pytest.mark.parametrize(
    "path", ["/", "/search", "/search?q=mug", "/product/sample-1", "/product/a/b"]
)
async def test_client_routes_get_the_page_and_ask_each_time(with_page: Stack, path: str) -> None:
    response = await with_page.http.get(path, headers=HTML)
    assert (response.status_code, response.text) == (200, INDEX)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    etag = response.headers["etag"]
    # A proxy that compresses makes a tag weak.
    for held in (etag, f"W/{etag}"):
        again = await with_page.http.get(path, headers={**HTML, "If-None-Match": held})
        assert again.status_code == 304
    assert (await with_page.http.head(path, headers=HTML)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_slash_at_the_end_leads_to_the_address_without(
    with_page: Stack, method: str
) -> None:
    response = await with_page.http.request(method, "/search/?q=mug", headers=HTML)
    assert (response.status_code, response.headers["location"]) == (307, "../search?q=mug")


async def test_a_page_that_a_build_replaces_is_served_anew(
    with_page: Stack, tmp_path: Path
) -> None:
    first = await with_page.http.get("/", headers=HTML)
    page = tmp_path / "dist" / "index.html"
    page.unlink()
    assert_problem(await with_page.http.get("/", headers=HTML), 404, "not-found")
    page.write_text("<!doctype html><div id=new></div>")
    second = await with_page.http.get("/", headers={**HTML, "If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.text) == (200, "<!doctype html><div id=new></div>")


async def test_assets_are_kept_for_ever_and_other_files_are_not(with_page: Stack) -> None:
    asset = await with_page.http.get("/assets/index-1a2b3c.js")
    assert asset.status_code == 200
    assert asset.headers["content-type"].startswith("text/javascript")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/favicon.svg", "/fonts/sans.woff2"):
        other = await with_page.http.get(path)
        assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
    ],
)
async def test_what_the_build_compressed_is_sent_as_the_browser_takes_it(
    with_page: Stack, accept: str, encoding: str | None
) -> None:
    path = "/assets/large-4d5e6f.js"
    async with with_page.http.stream("GET", path, headers={"Accept-Encoding": accept}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    if encoding == "gzip":
        raw = gzip.decompress(raw)
    assert raw == (b"as if it were brotli" if encoding == "br" else LARGE.encode())


async def test_what_is_not_compressed_is_sent_as_it_is(with_page: Stack) -> None:
    answer = await with_page.http.get("/assets/index-1a2b3c.js")
    assert answer.text == "0"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/products/missing", "text/html"),
        ("/images/nothing", "text/html"),
        ("/assets/nothing.js", "text/html"),
        ("/assets/../../secret.txt", "*/*"),
        ("/assets/%2e%2e/%2e%2e/secret.txt", "text/html"),
        ("/assets/..%2f..%2fsecret.txt", "text/html"),
        ("/nothing", "application/json"),
        ("/index.html", "*/*"),
        ("/search", "application/json"),
        ("/product/sample-1", "*/*"),
    ],
)
async def test_everything_else_is_not_found(with_page: Stack, path: str, accept: str) -> None:
    response = await with_page.http.get(path, headers={"Accept": accept})
    assert_problem(response, 404, "not-found")


@pytest.mark.parametrize(
    "path", ["/nothing", "/index.html", "/lamps/red", "/serach?q=mug", "/assets/../../secret.txt"]
)
async def test_an_address_that_leads_nowhere_gets_the_page_which_says_so(
    with_page: Stack, path: str
) -> None:
    headers = {**HTML, "If-None-Match": '"any"', "Range": "bytes=0-3"}
    response = await with_page.http.get(path, headers=headers)
    assert (response.status_code, response.text) == (404, INDEX)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert "etag" not in response.headers
    assert response.headers["x-request-id"]
    head = await with_page.http.head(path, headers=HTML)
    assert (head.status_code, head.content) == (404, b"")
    assert_problem(await with_page.http.post(path, headers=HTML), 404, "not-found")


async def test_the_page_hides_no_route_of_the_api(with_page: Stack) -> None:
    response = await with_page.http.get("/predict", headers=HTML)
    assert_problem(response, 405, "method-not-allowed")
    assert (await with_page.predict(query="mug")).status_code == 200


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path, lambda path: path / "gone"])
async def test_without_a_built_page_a_plain_one_leads_to_the_docs(
    run_stack: RunStack, tmp_path: Path, make: object
) -> None:
    assert callable(make)
    async with run_stack(web_dir=make(tmp_path)) as stack:
        response = await stack.http.get("/", headers=HTML)
        assert response.status_code == 200
        assert 'href="docs"' in response.text
        assert_problem(await stack.http.get("/product/a", headers=HTML), 404, "not-found")


async def test_the_docs_need_no_other_server(stack: Stack) -> None:
    page = await stack.http.get("/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("<!doctype", "")
    needed = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert len(needed) == 3
    for address in needed:
        response = await stack.http.get(f"/{address}")
        assert response.status_code == 200
        assert response.content
    assert "SwaggerUIBundle" in (await stack.http.get("/docs/swagger-ui-bundle.js")).text
    assert "script-src" not in page.headers["content-security-policy"]
    schema = (await stack.http.get("/openapi.json")).json()
    assert "/predict" in schema["paths"]


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/nothing", "/images/x"])
async def test_every_answer_tells_browsers_to_be_careful(stack: Stack, path: str) -> None:
    headers = (await stack.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]


async def test_a_page_may_be_framed_by_those_named(run_stack: RunStack) -> None:
    async with run_stack(frame_ancestors=("https://huggingface.co",)) as stack:
        policy = (await stack.http.get("/")).headers["content-security-policy"]
    assert "frame-ancestors https://huggingface.co" in policy


async def test_no_origin_may_call_by_default(stack: Stack) -> None:
    response = await stack.http.get("/health", headers={"Origin": "https://shop.example"})
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_only_the_origins_named_may_call_and_never_with_credentials(
    run_stack: RunStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://shop.example, https://two.example")
    async with run_stack() as stack:
        for origin in ("https://shop.example", "https://two.example"):
            # The answers that no route gives can be read too.
            for path in ("/health", "/nothing"):
                headers = (await stack.http.get(path, headers={"Origin": origin})).headers
                assert headers["access-control-allow-origin"] == origin
                assert "access-control-allow-credentials" not in headers
                assert "X-Request-ID" in headers["access-control-expose-headers"]
        refused = await stack.http.get("/health", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refused.headers
        preflight = {
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        allowed = await stack.http.options("/predict", headers=preflight)
        assert allowed.status_code == 200
        assert "POST" in allowed.headers["access-control-allow-methods"]
