"""Files and folders of a Drive, and the four calls that DVC makes of it.

Sources: the discovery document of Drive v2 (methods, parameters, fields), and the guide's pages on
uploads, downloads, shared drives and searches.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from tests.support.google_drive.discovery import Call, Discovery, Json, Refused
from tests.support.google_drive.queries import condition

FOLDER = "application/vnd.google-apps.folder"
PAGE = 3
"""Files a page at most, so that a few files need several: a page may be shorter than asked."""
CHUNK = 256 * 1024
"""A part of an upload is a multiple of it, but the last one."""


@dataclass
class Item:
    """A file or a folder."""

    title: str
    mime_type: str
    parents: list[str]
    drive_id: str | None
    content: bytes = b""
    trashed: bool = False
    id: str = field(default_factory=lambda: f"1{secrets.token_urlsafe(24)}")

    @property
    def folder(self) -> bool:
        return self.mime_type == FOLDER

    def resource(self) -> dict[str, Json]:
        told: dict[str, Json] = {
            "kind": "drive#file",
            "id": self.id,
            "title": self.title,
            "mimeType": self.mime_type,
            "labels": {"trashed": self.trashed},
            "parents": [
                {"kind": "drive#parentReference", "id": parent, "isRoot": False}
                for parent in self.parents
            ],
        }
        if self.drive_id is not None:
            told["driveId"] = self.drive_id
        if not self.folder:
            told["fileSize"] = str(len(self.content))
            told["md5Checksum"] = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
        return told


@dataclass
class Upload:
    """A resumable upload that has begun."""

    item: Item
    size: int
    received: bytes = b""


class Drive:
    """The drive of one service account: a folder that is shared with it."""

    def __init__(self, discovery: Discovery, *, shared_drive: bool) -> None:
        self._discovery = discovery
        drive_id = "0AShopSearchSharedDrive" if shared_drive else None
        self.shared = Item("data versions", FOLDER, [], drive_id)
        self.items = {self.shared.id: self.shared}
        self.uploads: dict[str, Upload] = {}
        self._pages: dict[str, tuple[str, int]] = {}

    def answer(self, call: Call, body: Json) -> dict[str, Json]:
        """Answer a call whose parameters the document allows. Raises Refused."""
        match call.id:
            case "drive.files.list":
                return self._checked("FileList", self._list(call), call)
            case "drive.files.get":
                return self._checked("File", self.item(call).resource(), call)
            case "drive.files.insert":
                item = self._new(call, body)
                if not item.folder:
                    raise Refused(400, "badRequest", "a file is made by an upload here")
                self.items[item.id] = item
                return self._checked("File", item.resource(), call)
        raise Refused(501, "notImplemented", f"{call.id} is not a call that DVC makes")

    def item(self, call: Call) -> Item:
        """The file that a call is about. Raises Refused."""
        return self._visible(call.path["fileId"], call)

    def begin(self, call: Call, body: Json, size: int, *, storage: bool) -> str:
        """Begin a resumable upload; its id. Raises Refused.

        storage: of the caller's own, which a file outside a shared drive takes.
        """
        item = self._new(call, body)
        if item.folder:
            raise Refused(400, "badRequest", "a folder has no content")
        if item.drive_id is None and not storage:
            # Whoever uploads a file owns it, and a service account has no storage.
            raise Refused(
                403,
                "storageQuotaExceeded",
                "Service Accounts do not have storage quota. Leverage shared drives "
                "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), "
                "or use OAuth delegation (http://support.google.com/a/answer/7281227) instead.",
            )
        upload_id = secrets.token_urlsafe(16)
        self.uploads[upload_id] = Upload(item, size)
        return upload_id

    def receive(self, upload_id: str, start: int, data: bytes) -> Item | None:
        """Take a part of an upload; the file once it is whole. Raises Refused."""
        upload = self.uploads.get(upload_id)
        if upload is None:
            raise Refused(404, "notFound", "no such upload")
        whole = start + len(data) == upload.size
        if start != len(upload.received) or start + len(data) > upload.size:
            raise Refused(400, "badRequest", f"{len(upload.received)} bytes were received")
        if not whole and len(data) % CHUNK:
            raise Refused(400, "badRequest", f"a part must be a multiple of {CHUNK} bytes")
        upload.received += data
        if not whole:
            return None
        del self.uploads[upload_id]
        upload.item.content = upload.received
        self.items[upload.item.id] = upload.item
        return upload.item

    def _checked(self, schema: str, value: dict[str, Json], call: Call) -> dict[str, Json]:
        """Our own answer, held against the document as well, cut to the fields asked for."""
        self._discovery.check(schema, value, written=False)
        return self._discovery.select(schema, value, call.query.get("fields"))

    def _new(self, call: Call, body: Json) -> Item:
        self._discovery.check("File", body, written=True)
        parents = body.get("parents", [])
        if len(parents) != 1 or "id" not in parents[0]:
            raise Refused(403, "multipleParentsNotSupported", "a file has exactly one parent")
        parent = self._visible(parents[0]["id"], call)
        if not parent.folder:
            raise Refused(403, "parentNotAFolder", "the parent is no folder")
        kind = body.get("mimeType", "application/octet-stream")
        return Item(body.get("title", "Untitled"), kind, [parent.id], parent.drive_id)

    def _visible(self, file_id: str, call: Call) -> Item:
        item = self.items.get(file_id)
        if item is None or (item.drive_id is not None and not call.flag("supportsAllDrives")):
            raise Refused(404, "notFound", f"File not found: {file_id}")
        return item

    def _list(self, call: Call) -> dict[str, Json]:
        everywhere = call.flag("supportsAllDrives") and call.flag("includeItemsFromAllDrives")
        drive_id, corpora = call.query.get("driveId"), call.query.get("corpora", "default")
        if corpora not in ("default", "domain", "drive", "allDrives"):
            raise Refused(400, "invalid", f"Invalid corpora: {corpora}")
        if (corpora == "drive") != (drive_id is not None) or (drive_id and not everywhere):
            raise Refused(
                403,
                "teamDriveIdRequired",
                "driveId needs corpora=drive, supportsAllDrives and includeItemsFromAllDrives",
            )
        fulfils = condition(call.query.get("q", "trashed=false or trashed=true"))
        found = [
            item
            for item in self.items.values()
            if fulfils(item)
            and (item.drive_id is None or everywhere)
            and (drive_id is None or item.drive_id == drive_id)
        ]
        return self._page(found, call)

    def _page(self, found: list[Item], call: Call) -> dict[str, Json]:
        asked = {name: value for name, value in call.query.items() if name != "pageToken"}
        same, start = repr(sorted(asked.items())), 0
        if "pageToken" in call.query:
            made_for, start = self._pages.get(call.query["pageToken"], ("", 0))
            if made_for != same:
                raise Refused(400, "invalid", "Invalid page token for this query")
        size = min(PAGE, int(call.query.get("maxResults", "100")))
        items = [item.resource() for item in found[start : start + size]]
        answer: dict[str, Json] = {"kind": "drive#fileList", "items": items}
        if start + size < len(found):
            answer["nextPageToken"] = secrets.token_urlsafe(12)
            self._pages[answer["nextPageToken"]] = (same, start + size)
        return answer
