"""A strict Hugging Face Hub, as far as the deployment of one Space needs it.

It refuses what `hub_schema.py` does not have, unknown query parameters, and requests without the
token. Commits are stored as whole trees. A commit's own file `behaviour` decides what its build
becomes: `serves` (a gateway that finds its products), `broken build`, or `finds nothing`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from huggingface_hub import SpaceStage

from tests.support.hub_schema import (
    Change,
    DeletedLine,
    LfsBatch,
    LfsLine,
    Preupload,
    ValidateYaml,
    commit_lines,
    front_matter,
)
from tests.support.service_process import listening_socket, url_of

SPACE = "shop/search"
TOKEN = "a-key-of-nobody"
LARGE_SUFFIXES = (".safetensors", ".webp")
"""A Hub stores large and binary files outside of git."""
LFS = "application/vnd.git-lfs+json"
_QUERY = {"recursive", "expand", "limit", "cursor"}
"""Query parameters of a folder's listing; the other operations that we use have none."""

Tree = dict[str, bytes]


class Hub:
    """One Space: its commits, and what is served from the newest one."""

    def __init__(self, tree: Tree) -> None:
        self.commits: list[tuple[str, str, Tree]] = []
        self.objects: dict[str, bytes] = {}
        self.expected: dict[str, int] = {}
        """Sizes of the objects that a batch announced, by their id."""
        self.looks = 0
        self.outages = 0
        """Requests for the state to answer with 503, before one is answered well."""
        self.add("The first one", tree)

    def add(self, message: str, tree: Tree) -> str:
        named = json.dumps([len(self.commits), message, sorted(tree)]).encode()
        self.commits.append((hashlib.sha1(named, usedforsecurity=False).hexdigest(), message, tree))
        self.looks = 0
        return self.newest

    @property
    def newest(self) -> str:
        return self.commits[-1][0]

    @property
    def tree(self) -> Tree:
        return self.commits[-1][2]

    @property
    def messages(self) -> list[str]:
        return [message for _, message, _ in self.commits]

    def at(self, revision: str) -> Tree:
        found = [tree for oid, _, tree in self.commits if oid == revision]
        if not found and revision == "main":
            return self.tree
        return found[0]

    @property
    def behaviour(self) -> str:
        return self.tree.get("behaviour", b"serves").decode()

    def runtime(self) -> dict[str, Any]:
        """State of the earlier commit at first, then the build, then its result."""
        if self.outages:
            self.outages -= 1
            raise HTTPException(503)
        self.looks += 1
        if self.looks == 1 and len(self.commits) > 1:
            return self._state(SpaceStage.RUNNING, self.commits[-2][0])
        if self.looks == 2:
            return self._state(SpaceStage.BUILDING, self.newest)
        if self.behaviour == "broken build":
            failed = self._state(SpaceStage.BUILD_ERROR, self.newest)
            return {**failed, "errorMessage": "exit code 1"}
        return self._state(SpaceStage.RUNNING, self.newest)

    def _state(self, stage: SpaceStage, sha: str) -> dict[str, Any]:
        hardware = {"current": "cpu-basic", "requested": "cpu-basic"}
        return {"stage": stage.value, "hardware": hardware, "gcTimeout": None, "sha": sha}


def _app(hub: Hub) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(ValueError, _refused)
    api = APIRouter(dependencies=[Depends(_admitted)])
    _repository(api, hub)
    _commits(api, hub)
    app.include_router(api)
    _storage(app, hub)
    _served(app, hub)
    return app


def _refused(request: Request, error: Exception) -> Response:
    """As the Hub refuses: JSON with `error`, and a header that its client shows."""
    text = " ".join(str(error).split())
    return JSONResponse({"error": text}, 400, {"X-Error-Message": text})


def _admitted(request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise HTTPException(401, headers={"X-Error-Message": "Invalid credentials"})
    known = _QUERY if "/tree/" in request.url.path else set()
    if unknown := set(request.query_params) - known:
        raise ValueError(f"unknown query parameters: {sorted(unknown)}")


def _repository(api: APIRouter, hub: Hub) -> None:
    """Reading."""

    @api.get(f"/api/spaces/{SPACE}")
    @api.get(f"/api/spaces/{SPACE}/revision/{{revision}}")
    def info(revision: str = "main") -> dict[str, Any]:
        sha = hub.newest if revision == "main" else revision
        return {
            "id": SPACE,
            "sha": sha,
            "private": False,
            "tags": [],
            "siblings": [{"rfilename": name} for name in hub.at(sha)],
        }

    @api.get(f"/api/spaces/{SPACE}/tree/{{revision}}")
    def tree(revision: str) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(data), "oid": git_oid(data)}
            for name, data in hub.at(revision).items()
        ]

    @api.get(f"/api/spaces/{SPACE}/runtime")
    def runtime() -> dict[str, Any]:
        return hub.runtime()

    @api.api_route(f"/spaces/{SPACE}/resolve/{{revision}}/{{path:path}}", methods=["GET", "HEAD"])
    def resolve(revision: str, path: str) -> Response:
        data = hub.at(revision)[path]
        headers = {"ETag": f'"{git_oid(data)}"', "X-Repo-Commit": revision}
        return Response(data, media_type="application/octet-stream", headers=headers)


def _commits(api: APIRouter, hub: Hub) -> None:
    """Writing."""

    @api.post("/api/validate-yaml")
    async def validate(request: Request) -> dict[str, Any]:
        front_matter(ValidateYaml.model_validate_json(await request.body()).content)
        return {"errors": [], "warnings": []}

    @api.post(f"/api/spaces/{SPACE}/preupload/{{revision}}")
    async def preupload(request: Request, revision: str) -> dict[str, Any]:
        asked = Preupload.model_validate_json(await request.body())
        return {
            "files": [
                {"path": file.path, "uploadMode": _mode(file.path), "shouldIgnore": False}
                for file in asked.files
            ]
        }

    @api.post(f"/spaces/{SPACE}.git/info/lfs/objects/batch")
    async def batch(request: Request) -> Response:
        for header in ("accept", "content-type"):
            if request.headers.get(header) != LFS:
                raise ValueError(f"{header} must be {LFS}")
        asked = LfsBatch.model_validate_json(await request.body())
        if "basic" not in asked.transfers:
            raise ValueError("no transfer that this server has")
        objects = []
        for one in asked.objects:
            hub.expected[one.oid] = one.size
            upload = {"href": f"{request.base_url}lfs/{one.oid}", "header": {}}
            objects.append({"oid": one.oid, "size": one.size, "actions": {"upload": upload}})
        return JSONResponse({"transfer": "basic", "objects": objects}, media_type=LFS)

    @api.post(f"/api/spaces/{SPACE}/commit/{{revision}}")
    async def commit(request: Request, revision: str) -> dict[str, Any]:
        if request.headers.get("content-type") != "application/x-ndjson":
            raise ValueError("a commit is application/x-ndjson")
        if revision != "main":
            raise ValueError(f"Invalid rev id: {revision}")
        header, changes = commit_lines(await request.body())
        tree = dict(hub.tree)
        for change in changes:
            _apply(change, tree, hub)
        front_matter(tree["README.md"].decode())
        oid = hub.add(header.summary, tree)
        url = f"{request.base_url}spaces/{SPACE}/commit/{oid}"
        return {"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""}


def _apply(change: Change, tree: Tree, hub: Hub) -> None:
    """Apply one line of a commit. Raises ValueError where the Hub refuses it."""
    path = change.value.path
    if isinstance(change, DeletedLine):
        if tree.pop(path, None) is None:
            raise ValueError(f"A file with the name {path} does not exist")
    elif isinstance(change, LfsLine):
        if hub.expected.get(change.value.oid) != change.value.size:
            raise ValueError(f"LFS pointer of {path} points to no uploaded file of its size")
        tree[path] = hub.objects[change.value.oid]
    else:
        data = base64.b64decode(change.value.content)
        if data and _mode(path) != "regular":
            raise ValueError(f"{path} is binary or too large; upload it as an LFS file")
        tree[path] = data


def _mode(path: str) -> str:
    return "lfs" if path.endswith(LARGE_SUFFIXES) else "regular"


def _storage(app: FastAPI, hub: Hub) -> None:
    """Signed addresses of a bucket, which refuse a second way to sign in beside the signature."""

    @app.put("/lfs/{oid}")
    async def large(request: Request, oid: str) -> None:
        if "authorization" in request.headers:
            raise HTTPException(400, "Only one auth mechanism allowed")
        data = await request.body()
        if hashlib.sha256(data).hexdigest() != oid or hub.expected.get(oid) != len(data):
            raise HTTPException(422)
        hub.objects[oid] = data


def _served(app: FastAPI, hub: Hub) -> None:
    """The Space itself, as far as the smoke test asks it."""

    @app.get("/ready")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/predict")
    @app.post("/predict-image")
    def predict() -> dict[str, Any]:
        return {"results": [] if hub.behaviour == "finds nothing" else [{"product_id": "mug-1"}]}

    @app.get("/products/mug-1")
    def product() -> dict[str, str]:
        return {"image_url": "/images/mug-1"}

    @app.get("/images/mug-1")
    def image() -> Response:
        return Response(b"a picture", media_type="image/webp")

    @app.get("/")
    def page() -> Response:
        return Response("<h1>the page</h1>", media_type="text/html")

    @app.get("/openapi.json")
    def description() -> dict[str, str]:
        return {"openapi": "3.1.0"}


def git_oid(data: bytes) -> str:
    blob = f"blob {len(data)}\0".encode() + data
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest()


@contextmanager
def hub_server(tree: Tree) -> Iterator[tuple[Hub, str]]:
    """A Hub whose Space has that tree, and its address, as long as the block runs."""
    hub = Hub(tree)
    with listening_socket() as listener:
        server = uvicorn.Server(uvicorn.Config(_app(hub), log_level="critical", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield hub, url_of(listener)
        finally:
            server.should_exit = True
            thread.join()
