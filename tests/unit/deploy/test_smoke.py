"""The smoke test of a deployment, without a deployment."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.operations.smoke import SmokeFailed, smoke


class _NotReady(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with ThreadingHTTPServer(("127.0.0.1", 0), _NotReady) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with pytest.raises(SmokeFailed, match="/ready says 503"):
                smoke(f"http://127.0.0.1:{server.server_port}", patience_s=0)
        finally:
            server.shutdown()
