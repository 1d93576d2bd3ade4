"""The web page: Vite's output where there is one, else a plain page that leads to `/docs`."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from services.common.problems import NotFound
from services.common.root_path import path_below_root
from services.gateway.routes.compressed import accepted_encodings
from services.gateway.routes.etags import etag_of, holds

INDEX = "index.html"
ASSETS = "assets"
# The build compresses once, best first, so that no request has to.
ENCODINGS = {"br": ".br", "gzip": ".gz"}

_BASE = '<base href="/" />'
"""In the built page, where all its addresses are relative to it."""

_MOST_BASES = 8
"""Pages for different bases that stay in memory: one for each depth of an address."""

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"

# The addresses that the page's own router knows. No catch-all route: it would turn the 404 of a
# misspelt API path into a 405.
_CLIENT_ROUTES = ("/search", "/product/{path:path}")

_PLAIN_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>multimodal-search</title>
<link rel="icon" href="data:,">
</head>
<body>
<h1>multimodal-search</h1>
<p>The search API runs here; its web page has not been built.</p>
<p><a href="docs">Try the API</a></p>
</body>
</html>
"""


def page_router(web_dir: Path | None) -> APIRouter:
    """Routes of the page in `web_dir`, as its files are now."""
    if web_dir is None or not (web_dir / INDEX).is_file():
        return _plain_page()
    router = APIRouter(include_in_schema=False)
    page = _Page(web_dir)

    async def index(request: Request) -> Response:
        return await page.index(request)

    async def client_route(request: Request) -> Response:
        # A program that misspells an API path should learn so, not get a page.
        if not _is_visit(request):
            raise NotFound(f"There is nothing at {request.url.path} but a page for browsers.")
        return await index(request)

    async def asset(path: str, request: Request) -> Response:
        # Vite names these after their content.
        return await page.file(f"{ASSETS}/{path}", request, _FOR_EVER)

    async def other_file(request: Request) -> Response:
        return await page.file(path_below_root(request.scope).lstrip("/"), request, _ASK_EACH_TIME)

    router.add_api_route("/", index)
    for path in _CLIENT_ROUTES:
        router.add_api_route(path, client_route)
    router.add_api_route(f"/{ASSETS}/{{path:path}}", asset)
    for entry in sorted(web_dir.iterdir()):
        if entry.is_dir() and entry.name != ASSETS:
            router.add_api_route(f"/{entry.name}/{{path:path}}", other_file)
        elif entry.is_file() and entry.name != INDEX:
            router.add_api_route(f"/{entry.name}", other_file)
    return router


def or_not_found_page(web_dir: Path | None, otherwise: ASGIApp) -> ASGIApp:
    """App for paths without a route: a browser gets the page's own "not found".

    otherwise: app for all other requests, and if no page has been built.
    """
    if web_dir is None or not (web_dir / INDEX).is_file():
        return otherwise
    page = _Page(web_dir)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_visit(Request(scope)):
            await otherwise(scope, receive, send)
            return
        response = await page.index(Request(scope), HTTPStatus.NOT_FOUND)
        await response(scope, receive, send)

    return answer


def _is_visit(request: Request) -> bool:
    """True if a browser navigates to the address; False if a program requests it."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _base(scope: Scope) -> str:
    """The page's root, for its `<base>`.

    Without a configured prefix it is relative, since a proxy may have removed one. The raw path
    counts: browsers resolve against it, and a slash in a product id is `%2F` there.
    """
    root: str = scope.get("root_path", "")
    return f"{root}/" if root else "../" * (scope["raw_path"].count(b"/") - 1) or "./"


def _plain_page() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def plain_page() -> HTMLResponse:
        return HTMLResponse(_PLAIN_PAGE)

    return router


_Version = tuple[int, int, int]
"""File, size and time of the last change, in nanoseconds."""


def _version(file: Path) -> _Version:
    """Raises FileNotFoundError. Takes some microseconds, less than to wake a thread."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


class _Page:
    """The page's files, each with what is compressed of it."""

    def __init__(self, web_dir: Path) -> None:
        self._folder = StaticFiles(directory=web_dir)
        self._index = web_dir / INDEX
        self._files = {path.relative_to(web_dir).as_posix() for path in web_dir.rglob("*")}
        self._read: _Version | None = None
        self._bodies: dict[str, tuple[bytes, str]] = {}

    async def index(self, request: Request, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """The page itself. Raises NotFound while a build replaces it."""
        try:
            body, tag = await self._body(_base(request.scope))
        except FileNotFoundError as error:
            raise NotFound("The page is being built.") from error
        headers = {"Cache-Control": _ASK_EACH_TIME}
        if status == HTTPStatus.OK:
            headers["ETag"] = tag
            if holds(request.headers.get("if-none-match", ""), tag):
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return HTMLResponse(body, status, headers)

    async def _body(self, base: str) -> tuple[bytes, str]:
        """The page for a base, and its tag; read again only if a build has replaced the file."""
        version = _version(self._index)
        if version != self._read or len(self._bodies) >= _MOST_BASES:
            self._read, self._bodies = version, {}
        if base not in self._bodies:
            bodies = self._bodies
            text = await anyio.to_thread.run_sync(self._index.read_text, "utf-8")
            body = text.replace(_BASE, _BASE.replace("/", base, 1), 1).encode()
            bodies[base] = body, etag_of(body)
            return bodies[base]
        return self._bodies[base]

    async def file(self, path: str, request: Request, cache: str) -> Response:
        """As the browser takes it. StaticFiles looks up no path outside of its folder."""
        encodings = {
            name: path + end for name, end in ENCODINGS.items() if path + end in self._files
        }
        accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
        encoding = next((name for name in encodings if name in accepted), None)
        response = await self._folder.get_response(
            encodings.get(encoding or "", path), request.scope
        )
        response.headers["Cache-Control"] = cache
        if encodings:
            response.headers["Vary"] = "Accept-Encoding"
        if encoding is not None:
            response.headers["Content-Encoding"] = encoding
        return response
