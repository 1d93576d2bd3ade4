"""A strict Google: the token endpoint and Drive, under their own names and in TLS.

Clients reach it as an HTTP proxy (`https_proxy`), so that nothing in them is changed: they ask for
`https://www.googleapis.com/…`, and verify a certificate that an authority of our own signed.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.certificates import Authority
from tests.support.google_drive.discovery import Call, Discovery, Json, Refused
from tests.support.google_drive.drive import Drive
from tests.support.google_drive.tokens import InvalidGrant, ServiceAccount, Token, TokenEndpoint

API, TOKENS = "www.googleapis.com", "oauth2.googleapis.com"


class Failure(Exception):
    """A failure that a test asked for, as 503 or a rate limit would be."""

    def __init__(self, answer: Refused) -> None:
        super().__init__(str(answer))
        self.answer = answer


class Google:
    """One service account, its tokens and the Drive that it sees."""

    def __init__(self, folder: Path, *, shared_drive: bool) -> None:
        self.discovery = Discovery("drive", "v2")
        self.account = ServiceAccount()
        scopes = set(self.discovery.document["auth"]["oauth2"]["scopes"])
        self.tokens = TokenEndpoint(self.account, scopes)
        self.drive = Drive(self.discovery, shared_drive=shared_drive)
        self.calls: Counter[str] = Counter()
        """Calls that were admitted, by method of the document; `token` and `upload` beside them."""
        self.refused: list[str] = []
        """Requests that Google would refuse."""
        self.failures: dict[str, list[Refused]] = {}
        """Errors to answer with, by the same names, before a call works."""
        self.lock = threading.Lock()
        self.port = 0
        self._authority = Authority(folder)
        self.context = self._authority.server_context(API, TOKENS)

    def environment(self) -> dict[str, str]:
        """Variables that direct a client here: the proxy, and the certificate authority."""
        return {
            "https_proxy": f"http://127.0.0.1:{self.port}",
            "HTTPLIB2_CA_CERTS": str(self._authority.certificate),
        }

    def call(self, authorization: str | None, call: Call) -> Token:
        """Admit a call by its token. Raises Refused."""
        token = self.tokens.bearer(authorization)
        if token is None:
            raise Refused(401, "authError", "Invalid Credentials")
        if not token.scopes & set(call.method["scopes"]):
            raise Refused(403, "insufficientPermissions", "Insufficient Permission")
        self.fail(call.id)
        return token

    def fail(self, name: str) -> None:
        """Count a call. Raises Refused where a test asked for a failure."""
        self.calls[name] += 1
        if self.failures.get(name):
            raise Failure(self.failures[name].pop(0))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    google: Google
    _host = ""

    def do_CONNECT(self) -> None:
        self._host, _, port = self.path.partition(":")
        if self._host not in (API, TOKENS) or port != "443":
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.google.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def handle(self) -> None:
        # A client that has what it wanted may just leave.
        with suppress(ConnectionError, ssl.SSLError):
            super().handle()

    def finish(self) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            super().finish()
        self.connection.close()

    def do_GET(self) -> None:
        self._answer("GET", self._body())

    def do_POST(self) -> None:
        body, verb = self._body(), "POST"
        override = self.headers.get("X-HTTP-Method-Override")
        if override and self.headers["Content-Type"] == "application/x-www-form-urlencoded":
            # A query that is too long for a URL travels in the body.
            self.path, verb, body = f"{self.path}?{body.decode()}", override, b""
        self._answer(verb, body)

    def do_PUT(self) -> None:
        self._answer("PUT", self._body())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, verb: str, body: bytes) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
        with self.google.lock:
            try:
                if self._host == TOKENS:
                    self._token(verb, url.path, body)
                elif verb == "PUT" and "upload_id" in query:
                    self._upload(query, body)
                else:
                    self._drive(verb, url.path, query, body)
            except Refused as refusal:
                self.google.refused.append(str(refusal))
                self._send(refusal.status, refusal.body())
            except Failure as failure:
                self._send(failure.answer.status, failure.answer.body())
            except InvalidGrant as refusal:
                self.google.refused.append(str(refusal))
                self._send(400, refusal.body)

    def _token(self, verb: str, path: str, body: bytes) -> None:
        if (verb, path) != ("POST", "/token"):
            raise Refused(404, "notFound", f"{verb} {path}")
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            raise InvalidGrant("invalid_request", "not a form")
        self.google.fail("token")
        form = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
        self._send(200, self.google.tokens.grant(form))

    def _drive(self, verb: str, path: str, query: dict[str, list[str]], body: bytes) -> None:
        call = self.google.discovery.call(verb, path, query)
        token = self.google.call(self.headers.get("Authorization"), call)
        told: Json = None
        if body:
            if self.headers.get_content_type() != "application/json":
                raise Refused(400, "badRequest", "the metadata are not JSON")
            told = json.loads(body)
        if call.upload:
            self._begin(call, told, token)
        elif call.query.get("alt") == "media":
            self._content(call)
        else:
            self._send(200, self.google.drive.answer(call, told))

    def _begin(self, call: Call, told: Json, token: Token) -> None:
        if call.query["uploadType"] != "resumable":
            raise Refused(400, "badRequest", "DVC makes resumable uploads")
        if "/" not in self.headers.get("X-Upload-Content-Type", ""):
            raise Refused(400, "badRequest", "X-Upload-Content-Type is missing")
        size = int(self.headers["X-Upload-Content-Length"])
        upload_id = self.google.drive.begin(call, told, size, storage=token.user)
        location = f"https://{API}/upload/drive/v2/files?uploadType=resumable"
        self._send(200, {}, {"Location": f"{location}&upload_id={upload_id}"})

    def _upload(self, query: dict[str, list[str]], body: bytes) -> None:
        """One part of an upload, or the question how much of it is here."""
        self.google.fail("upload")
        upload_id = query["upload_id"][0]
        told = self.headers.get("Content-Range")
        part = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", told or "bytes */0")
        if part is None or (part[1] and int(part[2]) - int(part[1]) + 1 != len(body)):
            raise Refused(400, "badRequest", f"Content-Range {told} of {len(body)} bytes")
        upload = self.google.drive.uploads.get(upload_id)
        start = int(part[1]) if part[1] else len(upload.received) if upload else 0
        item = self.google.drive.receive(upload_id, start, body)
        if item is not None:
            self._send(200, item.resource())
        else:
            upload = self.google.drive.uploads[upload_id]
            received = {"Range": f"bytes=0-{len(upload.received) - 1}"} if upload.received else {}
            self._send(308, None, received)

    def _content(self, call: Call) -> None:
        """`alt=media`: the bytes of a file, or the part of them that was asked for."""
        if call.id != "drive.files.get":
            raise Refused(400, "badRequest", f"{call.id} has no content")
        item = self.google.drive.item(call)
        if item.folder:
            raise Refused(403, "fileNotDownloadable", "Only files with binary content")
        size, asked = len(item.content), self.headers.get("Range")
        if asked is None:
            self._send_bytes(200, item.content, {})
            return
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", asked)
        if part is None or int(part[1]) >= size:
            self._send_bytes(416, b"", {"Content-Range": f"bytes */{size}"})
            return
        data = item.content[int(part[1]) : int(part[2]) + 1]
        where = f"bytes {part[1]}-{int(part[1]) + len(data) - 1}/{size}"
        self._send_bytes(206, data, {"Content-Range": where})

    def _send(self, status: int, told: Json, headers: dict[str, str] | None = None) -> None:
        data = b"" if told is None else json.dumps(told).encode()
        kind = {"Content-Type": "application/json; charset=UTF-8"}
        self._send_bytes(status, data, {**kind, **(headers or {})})

    def _send_bytes(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def google(folder: Path, *, shared_drive: bool = True) -> Iterator[Google]:
    """A Google as long as the block runs; `folder` takes its certificates."""
    it = Google(folder, shared_drive=shared_drive)
    handler = type("Handler", (_Handler,), {"google": it})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    it.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
