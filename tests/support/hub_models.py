"""A strict Hugging Face Hub that serves one model repository, as far as a download needs it.

It refuses unknown query parameters and requests without the token. Large files are on another host,
at a signed address, which refuses a second way to sign in beside the signature.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from tests.support.hub_server import TOKEN, git_oid
from tests.support.service_process import listening_socket, url_of

MODEL = "shop/clip"
Tree = dict[str, bytes]
_LARGE = (".safetensors", ".bin")


class ModelHub:
    """The repository's commits by name, and the failures that a test asks for."""

    def __init__(self, tree: Tree) -> None:
        self.commits: dict[str, Tree] = {}
        self.revisions: dict[str, str] = {}
        self.storage_url = ""
        self.cut_after: int | None = None
        """Bytes of a large file after which its next download ends."""
        self.damaged = False
        """Large files come with one byte changed."""
        self.outage: int | None = None
        """Status of all answers."""
        self.gated = False
        """The account has not accepted the terms: it sees the repository, and no file of it."""
        self.sign_in = False
        """Each answer is a page, as of a network that wants a sign-in first."""
        self.asked: list[str] = []
        """Paths, with the range of bytes if there is one."""
        self.commit(tree)

    def commit(self, tree: Tree, revision: str = "main") -> str:
        """A new commit of these files. Returns its id."""
        named = repr([len(self.commits), sorted(tree)]).encode()
        sha = hashlib.sha1(named, usedforsecurity=False).hexdigest()
        self.commits[sha] = tree
        self.revisions[revision] = sha
        return sha

    def sha_of(self, revision: str) -> str:
        sha = self.revisions.get(revision, revision)
        if sha not in self.commits:
            raise _not_found("RevisionNotFound", f"Invalid rev id: {revision}")
        return sha

    def note(self, request: Request) -> None:
        asked = request.headers.get("range")
        self.asked.append(request.url.path + (f" {asked}" if asked else ""))
        if self.outage is not None:
            raise HTTPException(self.outage)


def _not_found(code: str, message: str) -> HTTPException:
    return HTTPException(404, headers={"X-Error-Code": code, "X-Error-Message": message})


def _hub_app(hub: ModelHub) -> FastAPI:
    def admitted(request: Request) -> None:
        hub.note(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            # As for a private repository: nobody learns that it exists.
            raise HTTPException(401, headers={"X-Error-Code": "RepoNotFound"})
        if unknown := set(request.query_params) - {"blobs"}:
            raise HTTPException(400, f"unknown query parameters: {sorted(unknown)}")

    app = FastAPI(openapi_url=None)
    api = APIRouter(dependencies=[Depends(admitted)])

    @api.get("/api/models/{owner}/{name}/revision/{revision}")
    def info(owner: str, name: str, revision: str, blobs: bool = False) -> Any:  # noqa: ANN401
        if hub.sign_in:
            return Response("<html>Accept our terms</html>", media_type="text/html")
        if f"{owner}/{name}" != MODEL:
            raise _not_found("RepoNotFound", "Repository not found")
        sha = hub.sha_of(revision)
        siblings = [_described(path, data, blobs=blobs) for path, data in hub.commits[sha].items()]
        return {"id": MODEL, "sha": sha, "private": True, "tags": [], "siblings": siblings}

    @api.get(f"/{MODEL}/resolve/{{revision}}/{{path:path}}")
    def resolve(revision: str, path: str) -> Response:
        if hub.gated:
            raise HTTPException(403, headers={"X-Error-Code": "GatedRepo"})
        data = hub.commits[hub.sha_of(revision)].get(path)
        if data is None:
            raise _not_found("EntryNotFound", "Entry not found")
        if path.endswith(_LARGE):
            digest = hashlib.sha256(data).hexdigest()
            return RedirectResponse(f"{hub.storage_url}/{digest}?signature=valid", 302)
        return Response(data, media_type="application/octet-stream")

    app.include_router(api)
    return app


def _described(path: str, data: bytes, *, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    described = {"rfilename": path, "size": len(data), "blobId": git_oid(data)}
    if not path.endswith(_LARGE):
        return described
    digest = hashlib.sha256(data).hexdigest()
    return described | {"lfs": {"sha256": digest, "size": len(data), "pointerSize": 134}}


def _storage_app(hub: ModelHub) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/{digest}")
    def large(request: Request, digest: str, signature: str) -> Response:
        hub.note(request)
        if "authorization" in request.headers or signature != "valid":
            raise HTTPException(400, "Only one auth mechanism allowed")
        whole = next(
            data
            for tree in hub.commits.values()
            for data in tree.values()
            if hashlib.sha256(data).hexdigest() == digest
        )
        if hub.damaged:
            whole = whole[:-1] + bytes([whole[-1] ^ 1])
        start = int(request.headers.get("range", "bytes=0-")[len("bytes=") : -1])
        headers = {"Content-Length": str(len(whole) - start)}
        status = 206 if start else 200
        sent, hub.cut_after = whole[start:][: hub.cut_after], None
        return StreamingResponse(_pieces(sent), status, headers)

    return app


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 65_536):
        yield data[at : at + 65_536]


@contextmanager
def model_hub(tree: Tree) -> Iterator[tuple[ModelHub, str]]:
    """A Hub whose repository has these files, and its address, as long as the block runs."""
    hub = ModelHub(tree)
    with ExitStack() as stack:
        urls = []
        for app in (_hub_app(hub), _storage_app(hub)):
            listener = stack.enter_context(listening_socket())
            server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            stack.callback(_end, server, thread)
            urls.append(url_of(listener))
        hub.storage_url = urls[1]
        yield hub, urls[0]


def _end(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join()
