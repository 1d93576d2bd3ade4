"""Path prefix of a service behind a proxy: `/shop` where `/shop/search` is our `/search`."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send


def path_below_root(scope: Scope) -> str:
    """Path of a request without the prefix, as the routes have it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def relative_redirect(location: bytes) -> bytes:
    """A redirect to the path with or without its slash at the end, relative to the request's.

    Host, port, scheme and prefix stay those of the client, which a proxy need not pass on.
    """
    target = urlsplit(location)
    name = target.path.rstrip(b"/").rpartition(b"/")[2]
    relative = b"./" + name + b"/" if target.path.endswith(b"/") else b"../" + name
    return relative + (b"?" + target.query if target.query else b"")


class RootPathMiddleware:
    """Accepts each request with the prefix and without it.

    Some proxies remove the prefix and some do not; health checks come without a proxy. Inside,
    `path` always has the prefix, as ASGI defines it.
    """

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        """root_path: such as `/shop`, without a slash at its end."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root, path = self._root_path, scope["path"]
        scope = {**scope, "root_path": root}
        if path != root and not path.startswith(f"{root}/"):
            scope |= {"path": root + path, "raw_path": root.encode() + scope["raw_path"]}
        await self._app(scope, receive, send)
