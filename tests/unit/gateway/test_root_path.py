"""Page and API below a path behind a proxy: one that removes the path, and one that does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.gateway.settings import GatewaySettings
from tests.support.gateway_stack import Stack, assert_problem
from tests.unit.gateway.conftest import RunStack

HTML = {"Accept": "text/html"}
INDEX = '<!doctype html><base href="/" /><script src="./assets/index-1.js"></script>'


@pytest.fixture
def web_dir(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "start.js").write_text("start")
    (tmp_path / "assets" / "index-1.js").write_text("script")
    return tmp_path


@pytest.fixture
async def below_shop(run_stack: RunStack, web_dir: Path) -> AsyncIterator[Stack]:
    async with run_stack(web_dir=web_dir, root_path="/shop/") as stack:
        yield stack


@pytest.mark.parametrize("prefix", ["", "/shop"])
async def test_a_gateway_that_knows_its_path_answers_with_it_and_without(
    below_shop: Stack, prefix: str
) -> None:
    http = below_shop.http
    for path in ("/", "/search?q=mug", "/product/a%2Fb", "/product/a/b"):
        page = await http.get(f"{prefix}{path}", headers=HTML)
        assert page.status_code == 200
        assert '<base href="/shop/" />' in page.text
    assert (await http.get(f"{prefix}/nowhere", headers=HTML)).status_code == 404
    assert (await http.get(f"{prefix}/assets/index-1.js")).text == "script"
    assert (await http.get(f"{prefix}/start.js")).text == "start"
    assert "docs/start.js" in (await http.get(f"{prefix}/docs")).text
    schema = (await http.get(f"{prefix}/openapi.json")).json()
    assert schema["servers"] == [{"url": "/shop"}]
    found = await http.post(f"{prefix}/predict", json={"query": "mug"})
    assert found.status_code == 200
    assert (await http.get(f"{prefix}/products/p1")).status_code == 200


async def test_limits_hold_below_the_path(below_shop: Stack) -> None:
    answer = await below_shop.http.get("/shop/products/p1")
    assert "ratelimit" in answer.headers
    picture = b"x" * 100_000
    sent = await below_shop.http.post("/shop/predict-image", files={"image": ("a.jpg", picture)})
    assert sent.status_code == 415  # read, and no picture; without the limit of its own a 413
    assert_problem(
        await below_shop.http.post("/shop/predict", content=picture), 413, "payload-too-large"
    )


async def test_only_whole_names_are_the_path(below_shop: Stack) -> None:
    assert_problem(await below_shop.http.get("/shopping/health"), 404, "not-found")
    assert_problem(await below_shop.http.get("/shop/shop/health"), 404, "not-found")


async def test_the_path_without_a_slash_leads_to_the_page(below_shop: Stack) -> None:
    answer = await below_shop.http.get("/shop", headers=HTML)
    assert answer.status_code == 307
    assert answer.headers["location"] == "./shop/"


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/", "./"),
        ("/search?q=a/b", "./"),
        ("/product/a", "../"),
        ("/product/a%2Fb", "../"),
        ("/product/a/b", "../../"),
        ("/no/such/page", "../../"),
    ],
)
async def test_without_a_setting_the_page_finds_its_root_from_where_it_is(
    run_stack: RunStack, web_dir: Path, path: str, base: str
) -> None:
    async with run_stack(web_dir=web_dir) as stack:
        assert f'<base href="{base}" />' in (await stack.http.get(path, headers=HTML)).text


@pytest.mark.parametrize(
    ("given", "root_path"), [("", ""), ("/", ""), ("/shop", "/shop"), ("/a/b-c/", "/a/b-c")]
)
def test_a_slash_at_the_end_changes_nothing(given: str, root_path: str) -> None:
    assert GatewaySettings(root_path=given).root_path == root_path


@pytest.mark.parametrize("wrong", ["shop", "/a//b", "https://shop.example/", '/"><script>', "/ä"])
def test_what_is_no_path_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValidationError):
        GatewaySettings(root_path=wrong)
