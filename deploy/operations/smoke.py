"""`python -m deploy.operations.smoke URL`: test a deployed gateway like a shopper.

Waits until it is ready, then searches with words and with a picture that it found, and checks the
page and the API's description. Exit code 1 and one line on failure.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import httpx

from services.common.environment_proxy import UnusableProxy, environment_proxy

PATIENCE_S = 120.0
_POLL_S = 1.0
_REQUEST_S = 20.0


class SmokeFailed(Exception):
    """The deployment does not work. The message names the failed check."""


def smoke(
    url: str,
    *,
    query: str = "red striped mug",
    patience_s: float = PATIENCE_S,
    say: Callable[[str], None] = print,
) -> None:
    """Run all checks. Raises SmokeFailed at the first failure."""
    try:
        proxy = environment_proxy(url)
    except UnusableProxy as error:
        raise SmokeFailed(str(error)) from error
    with httpx.Client(
        base_url=url.rstrip("/"),
        timeout=_REQUEST_S,
        follow_redirects=True,
        proxy=proxy,
        trust_env=False,
        verify=httpx.create_ssl_context(),  # this alone reads the environment: SSL_CERT_FILE
    ) as client:
        _until_ready(client, patience_s)
        say("ready")
        results = _json(client, "POST", "/predict", json={"query": query, "k": 3})["results"]
        if not results:
            raise SmokeFailed(f"{query!r} finds nothing")
        say(f"{query!r} finds {', '.join(str(one['product_id']) for one in results)}")
        _by_picture(client, results[0], say)
        for path, kind in (("/", "text/html"), ("/openapi.json", "application/json")):
            found = _asked(client, "GET", path).headers.get("content-type", "")
            if kind not in found:
                raise SmokeFailed(f"{path} is {found or 'of no type'}, not {kind}")
        say("page and API description are there")


def _by_picture(
    client: httpx.Client, result: dict[str, object], say: Callable[[str], None]
) -> None:
    """A product's own picture finds it, where its picture is kept here."""
    product_id = str(result["product_id"])
    image = str(_json(client, "GET", f"/products/{product_id}").get("image_url") or "")
    if not image.startswith("/"):
        say(f"{product_id} has its picture elsewhere: no search by picture")
        return
    picture = _asked(client, "GET", image).content
    found = _json(client, "POST", "/predict-image", files={"image": picture}, data={"k": "3"})[
        "results"
    ]
    if product_id not in {one["product_id"] for one in found}:
        raise SmokeFailed(f"the picture of {product_id} does not find it")
    say(f"the picture of {product_id} finds it")


def _until_ready(client: httpx.Client, patience_s: float) -> None:
    give_up = time.monotonic() + patience_s
    while True:
        try:
            answer = client.get("/ready")
            reason = f"/ready says {answer.status_code}: {answer.text[:300]}"
            if answer.is_success and "json" in answer.headers.get("content-type", ""):
                return
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}"
        if time.monotonic() > give_up:
            raise SmokeFailed(f"not ready after {patience_s:.0f} s: {reason}")
        time.sleep(min(_POLL_S, patience_s))


def _asked(client: httpx.Client, method: str, path: str, **what: object) -> httpx.Response:
    try:
        answer = client.request(method, path, **what)  # type: ignore[arg-type]
    except httpx.HTTPError as error:
        raise SmokeFailed(f"{method} {path}: {type(error).__name__}: {error}") from error
    if not answer.is_success:
        raise SmokeFailed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
    return answer


def _json(
    client: httpx.Client, method: str, path: str, **what: object
) -> dict[str, list[dict[str, object]]]:
    return _asked(client, method, path, **what).json()  # type: ignore[no-any-return]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.operations.smoke", description=__doc__)
    parser.add_argument("url", help="where the gateway is served")
    parser.add_argument("--query", default="red striped mug", help="words that find something")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, metavar="SECONDS")
    arguments = parser.parse_args()
    try:
        smoke(arguments.url, query=arguments.query, patience_s=arguments.patience)
    except SmokeFailed as failure:
        sys.stderr.write(f"error: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
