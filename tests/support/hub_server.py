"""A server that speaks Hugging Face's wire format, as far as one Space's deployment needs it.

Commits are kept as whole trees. What a commit becomes when it is "built" is told by its own file
`behaviour`: `serves` (a gateway that finds its products), `broken build`, or `finds nothing`.
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
import yaml  # type: ignore[import-untyped]
from fastapi import FastAPI, HTTPException, Request, Response

from tests.support.service_process import listening_socket, url_of

SPACE = "shop/search"
TOKEN = "a-key-of-nobody"
LARGE_SUFFIXES = (".safetensors", ".webp")
"""Kept outside of git by a Hub, as large and binary files are."""

Tree = dict[str, bytes]


class Hub:
    """One Space: its commits, and what is served from the newest one."""

    def __init__(self, tree: Tree) -> None:
        self.commits: list[tuple[str, str, Tree]] = []
        self.objects: dict[str, bytes] = {}
        self.looks = 0
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
        """Of the commit before at the first look, being built at the second, built at the third."""
        self.looks += 1
        if self.looks == 1 and len(self.commits) > 1:
            return {"stage": "RUNNING", "sha": self.commits[-2][0], "hardware": None}
        if self.looks == 2:
            return {"stage": "BUILDING", "sha": self.newest, "hardware": None}
        if self.behaviour == "broken build":
            told = {"stage": "BUILD_ERROR", "errorMessage": "exit code 1"}
        else:
            told = {"stage": "RUNNING"}
        return {**told, "sha": self.newest, "hardware": None}


def _app(hub: Hub) -> FastAPI:
    app = FastAPI(openapi_url=None)
    _repository(app, hub)
    _commits(app, hub)
    _served(app, hub)
    return app


def _repository(app: FastAPI, hub: Hub) -> None:
    """What there is to read."""

    @app.get(f"/api/spaces/{SPACE}")
    @app.get(f"/api/spaces/{SPACE}/revision/{{revision}}")
    def info(request: Request, revision: str = "main") -> dict[str, Any]:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise HTTPException(401)
        sha = hub.newest if revision == "main" else revision
        return {
            "id": SPACE,
            "sha": sha,
            "private": False,
            "tags": [],
            "siblings": [{"rfilename": name} for name in hub.at(sha)],
        }

    @app.get(f"/api/spaces/{SPACE}/tree/{{revision}}")
    def tree(revision: str) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(data), "oid": _git_oid(data)}
            for name, data in hub.at(revision).items()
        ]

    @app.get(f"/api/spaces/{SPACE}/runtime")
    def runtime() -> dict[str, Any]:
        return hub.runtime()

    @app.api_route(f"/spaces/{SPACE}/resolve/{{revision}}/{{path:path}}", methods=["GET", "HEAD"])
    def resolve(revision: str, path: str) -> Response:
        data = hub.at(revision)[path]
        headers = {"ETag": f'"{_git_oid(data)}"', "X-Repo-Commit": revision}
        return Response(data, media_type="application/octet-stream", headers=headers)


def _commits(app: FastAPI, hub: Hub) -> None:
    """What there is to write."""

    @app.post("/api/validate-yaml")
    async def front_matter(request: Request) -> dict[str, Any]:
        readme = (await request.json())["content"]
        told = yaml.safe_load(readme.split("---\n")[1]) if readme.startswith("---\n") else {}
        if told and told.get("sdk") != "docker":
            raise HTTPException(400, "the front matter names no SDK")
        return {"errors": [], "warnings": []}

    @app.post(f"/api/spaces/{SPACE}/preupload/{{revision}}")
    async def preupload(request: Request, revision: str) -> dict[str, Any]:
        names = [one["path"] for one in (await request.json())["files"]]
        return {
            "files": [
                {
                    "path": name,
                    "uploadMode": "lfs" if name.endswith(LARGE_SUFFIXES) else "regular",
                    "shouldIgnore": False,
                }
                for name in names
            ]
        }

    @app.post(f"/spaces/{SPACE}.git/info/lfs/objects/batch")
    async def batch(request: Request) -> dict[str, Any]:
        objects = (await request.json())["objects"]
        href = f"{request.base_url}lfs/"
        return {
            "transfer": "basic",
            "objects": [
                {**one, "actions": {"upload": {"href": f"{href}{one['oid']}", "header": {}}}}
                for one in objects
            ],
        }

    @app.put("/lfs/{oid}")
    async def large(request: Request, oid: str) -> None:
        data = await request.body()
        if hashlib.sha256(data).hexdigest() != oid:
            raise HTTPException(422)
        hub.objects[oid] = data

    @app.post(f"/api/spaces/{SPACE}/commit/{{revision}}")
    async def commit(request: Request, revision: str) -> dict[str, Any]:
        lines = [json.loads(line) for line in (await request.body()).splitlines()]
        tree, message = dict(hub.tree), ""
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                message = value["summary"]
            elif line["key"] == "deletedFile":
                del tree[value["path"]]
            elif line["key"] == "lfsFile":
                tree[value["path"]] = hub.objects[value["oid"]]
            else:
                tree[value["path"]] = base64.b64decode(value["content"])
        oid = hub.add(message, tree)
        url = f"{request.base_url}spaces/{SPACE}/commit/{oid}"
        return {"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""}


def _served(app: FastAPI, hub: Hub) -> None:
    """What the Space itself answers, as far as the smoke test asks."""

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


def _git_oid(data: bytes) -> str:
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
