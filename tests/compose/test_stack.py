"""The stack that `docker compose up` brings up: it finds, survives, scales and remembers."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from tests.support.compose_stack import ADMIN_KEY, ROOT, ComposeStack, docker
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(1800)  # whichever test is first waits for every image

MUGS = {"sample-0017", "sample-0018", "sample-0019"}  # the red striped ones
BACK_S = 90.0


def found(url: str, query: str = "red striped mug", k: int = 3) -> list[str]:
    """Ids of what a search in words finds."""
    answer = httpx.post(
        f"{url}/predict", json={"query": query, "k": k}, trust_env=False, timeout=20
    )
    assert answer.status_code == 200, answer.text
    return [one["product_id"] for one in answer.json()["results"]]


def finds_mugs(url: str) -> bool:
    """True if a search gets the right answer now."""
    try:
        return set(found(url)) == MUGS
    except (httpx.HTTPError, AssertionError):
        return False


def until_it_finds_again(stack: ComposeStack) -> None:
    asyncio.run(until(lambda: finds_mugs(stack.web), deadline_s=BACK_S))


@pytest.mark.parametrize("door", ["web", "api"])
def test_words_and_a_picture_find_the_same_mugs_at_both_ports(
    stack: ComposeStack, catalogue: Path, door: str
) -> None:
    url: str = getattr(stack, door)
    assert set(found(url)) == MUGS
    picture = (catalogue.parent / "images" / "sample-0018.webp").read_bytes()
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
        asked = client.post("/predict-image", files={"image": picture}, data={"k": "3"})
        assert {one["product_id"] for one in asked.json()["results"]} == MUGS
        product = client.get("/products/sample-0018").json()
        assert client.get(product["image_url"]).content == picture


def without_base(page: str) -> tuple[str, str]:
    """A page without the address of its root, and that address."""
    found = re.search('<base href="([^"]*)"', page)
    assert found, page
    return page.replace(found[0], ""), found[1]


def test_the_page_and_its_own_addresses_are_served_beside_the_api(stack: ComposeStack) -> None:
    with httpx.Client(base_url=stack.web, trust_env=False) as client:
        page = client.get("/")
        assert "text/html" in page.headers["content-type"]
        assert "default-src 'self'" in page.headers["content-security-policy"]
        for path in ("/", "/search", "/product/sample-0018"):
            text, base = without_base(client.get(path).text)
            assert text == without_base(page.text)[0]
            assert urljoin(path, base) == "/"
        assert client.post("/search", json={"queries": []}).status_code == 422
        assert client.get("/nowhere").headers["content-type"] == "application/problem+json"


def test_every_path_of_the_api_is_the_gateways_at_both_ports(stack: ComposeStack) -> None:
    published = json.loads((ROOT / "docs" / "openapi" / "gateway.json").read_text())
    for url in (stack.web, stack.api):
        for path in published["paths"]:
            answer = httpx.delete(f"{url}{path}", trust_env=False)
            assert answer.headers.get("x-request-id"), (url, path, answer.status_code)


@pytest.mark.parametrize(
    "service", ["redis", "encoder", "rewriter", "retriever", "writer", "gateway", "web"]
)
def test_a_container_that_is_killed_and_started_again_is_taken_back(
    stack: ComposeStack, service: str
) -> None:
    (container,) = stack.containers(service)
    docker("kill", container)
    docker("start", container)
    until_it_finds_again(stack)
    stack.up()


def test_a_product_that_is_new_in_the_file_is_found_after_another_load(
    stack: ComposeStack, catalogue: Path
) -> None:
    with catalogue.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    new = {**rows[0], "product_id": "new-0001", "title": "Purple checked umbrella of velvet"}
    with catalogue.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, rows[0].keys()).writerow(new)
    stack.compose("run", "--rm", "pipeline")

    def is_found() -> bool:
        answer = httpx.get(f"{stack.api}/products/new-0001", trust_env=False)
        return answer.status_code == 200

    asyncio.run(until(is_found, deadline_s=BACK_S))


def test_metrics_are_not_public(stack: ComposeStack) -> None:
    for address in (stack.api, stack.web):
        assert httpx.get(f"{address}/metrics", trust_env=False).status_code == 404
    assert _searches(stack.containers("gateway")[0]) >= 0


def test_a_product_that_is_put_in_over_http_is_found_until_it_is_taken_out(
    stack: ComposeStack,
) -> None:
    path = f"{stack.api}/products/put-0001"
    product = {"title": "Gilded barometer of walnut", "description": "A barometer."}
    assert httpx.put(path, json=product, trust_env=False).status_code == 401
    key = {"X-API-Key": ADMIN_KEY}
    put = httpx.put(path, json=product, headers=key, trust_env=False, timeout=30)
    assert put.status_code == 200, put.text

    def status() -> int:
        return httpx.get(path, trust_env=False).status_code

    asyncio.run(until(lambda: status() == 200, deadline_s=BACK_S))
    httpx.delete(path, headers=key, trust_env=False, timeout=30).raise_for_status()
    asyncio.run(until(lambda: status() == 404, deadline_s=BACK_S))


def test_what_was_loaded_is_there_after_down_and_up(stack: ComposeStack) -> None:
    stack.compose("down")
    stack.up()
    assert set(found(stack.api)) == MUGS
    assert " 0 encoded" in stack.compose("logs", "pipeline")


def test_encoder_retriever_and_gateway_share_the_work_when_there_are_two_of_each(
    stack: ComposeStack,
) -> None:
    twice = ("encoder", "retriever", "gateway")
    stack.up(*(word for name in twice for word in ("--scale", f"{name}=2")))
    assert all(len(stack.containers(name)) == 2 for name in twice)
    gateways = stack.containers("gateway")
    before = [_searches(container) for container in gateways]

    def both_answered() -> bool:
        assert set(found(stack.api)) == MUGS
        return all(_searches(one) > was for one, was in zip(gateways, before, strict=True))

    asyncio.run(until(both_answered, deadline_s=BACK_S))
    stack.up(*(word for name in twice for word in ("--scale", f"{name}=1")))
    until_it_finds_again(stack)


def _searches(container: str) -> float:
    """Number of text searches that a gateway has answered."""
    script = (
        "import urllib.request as r;"
        "print(r.build_opener(r.ProxyHandler({}))"
        ".open('http://127.0.0.1:7860/metrics').read().decode())"
    )
    lines = docker("exec", container, "python", "-ISc", script).splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("http_requests_total") and 'route="/predict"' in line
    )
