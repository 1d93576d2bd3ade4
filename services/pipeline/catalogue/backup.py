"""Backups of the offline store and the pictures, taken and put back while the catalogue serves.

Parts and pictures never change under their names, so a backup links them all at one moment, while
no writer writes, and copies them afterwards. Ranking and synonyms are part of the head's row.
Restoring adds to what is there and commits one head: until then the catalogue is served as it was,
and `rollback` goes back to it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from services.common.durable_files import rename_durably, write_durably
from services.common.store_format import written_by_newer_release
from services.contracts.catalogue import METADATA_VIEW, PREVIOUS, VECTOR_VIEW, CatalogueHead
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.named_pictures import COLUMNS, named_pictures
from services.pipeline.catalogue.offline_store import OfflineStore, read_part
from services.pipeline.catalogue.publication import Adopted
from services.pipeline.catalogue.rebuilding import Rebuilder
from services.pipeline.catalogue.snapshots import link_parts, snapshot_folder
from services.pipeline.catalogue.stores import Stores, open_stores
from services.pipeline.errors import BackupUnusable
from services.pipeline.pictures.media import stored_picture
from services.pipeline.settings import PipelineSettings

FORMAT = 1
"""Format of the backup's folder; the Parquet parts in it have one of their own."""
MANIFEST = "backup.json"

Note = Callable[[str], None]


class StoredFile(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """Contents of a backup; written last, so a backup without it is not whole."""

    model_config = ConfigDict(frozen=True)

    format: int
    taken_at: datetime
    version: str
    sequence: int
    products: int
    files: list[StoredFile]


def backup(settings: PipelineSettings, target: Path) -> Manifest:
    """Copy the published state into a new or empty folder.

    Raises BackupUnusable when something is there, NothingPublished, OfflineDamaged, Busy, OSError.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupUnusable(f"{target} is not empty; name a new folder for each backup")
    with snapshot_folder(settings.feature_store / "offline") as snapshot:
        links = snapshot / "links"
        with open_stores(settings.feature_store) as stores:
            head, products = _link(stores, settings, links)
        files = [_copied(one, links, target) for one in sorted(links.rglob("*")) if one.is_file()]
    manifest = Manifest(
        format=FORMAT,
        taken_at=datetime.now(UTC),
        version=head.version,
        sequence=head.sequence,
        products=products,
        files=files,
    )
    write_durably(target / MANIFEST, manifest.model_dump_json(indent=1).encode())
    return manifest


def _link(stores: Stores, settings: PipelineSettings, links: Path) -> tuple[CatalogueHead, int]:
    """Link all files of the published state. Returns its head and the number of products."""
    ledger = stores.ledger()
    head = ledger.served().head
    link_parts(stores.offline, links / "offline")
    pictures: set[str] = set()
    for part in stores.offline.parts(METADATA_VIEW):
        pictures |= named_pictures(read_part(part, COLUMNS))
    for url in pictures:
        picture = stored_picture(url)
        file = None if picture is None else settings.media_dir / picture.name
        if picture is not None and file is not None and file.is_file():
            link = links / "media" / picture.name
            link.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(file, link)
    return head, len(ledger.entries(head))


def _link_or_copy(file: Path, link: Path) -> None:
    try:
        link.hardlink_to(file)
    except OSError:  # the pictures are on another file system
        shutil.copyfile(file, link)


def _copied(file: Path, links: Path, target: Path) -> StoredFile:
    path = file.relative_to(links)
    data = file.read_bytes()
    write_durably(target / path, data)
    return StoredFile(
        path=path.as_posix(), bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
    )


def restore(settings: PipelineSettings, source: Path, note: Note = lambda _: None) -> CatalogueHead:
    """Serve the state of a backup; what was served before is then the version before.

    Raises BackupUnusable when it is not whole, OfflineDamaged, NewerFormat, DependencyAway,
    StoreIncomplete, Busy, OSError; nothing has changed for readers then.
    """
    manifest = checked(source)
    held = OfflineStore(source / "offline")
    ledger = Ledger(held)
    ledger.refresh()
    heads = dict(ledger.heads())
    published = ledger.head()
    if published is None:
        raise BackupUnusable(f"{source} has no catalogue")
    with open_stores(settings.feature_store, mend=False) as stores:
        for name in _files(manifest, "media"):
            if not (settings.media_dir / name).exists():
                _adopt(source / "media" / name, settings.media_dir / name)
        for view in (VECTOR_VIEW, METADATA_VIEW):
            for part in held.parts(view):
                _adopt(part, stores.offline.folder / view / part.name)
        note("writing the rows to Redis")
        Rebuilder(stores.online, held, ledger).rebuild(with_heads=False)
        own = stores.ledger()
        stores.clock.has_seen(own.latest_timestamp())
        previous = heads.get(PREVIOUS) if own.head() is None else own.head()
        adopted = Adopted(
            published.head,
            ledger.changed(published.head),
            ledger.shards(published.head),
            None if previous is None else previous.head,
        )
        if previous is not None and own.head() is None:
            adopted.add(ledger.shards(previous.head), ledger.changes(previous.head))
        return stores.publisher_of(published.head).adopt(adopted)


def checked(source: Path) -> Manifest:
    """The manifest of a backup whose files are all there and intact. Raises BackupUnusable."""
    try:
        manifest = Manifest.model_validate_json((source / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupUnusable(
            f"{source} is no complete backup: {MANIFEST} cannot be read"
        ) from error
    newer = written_by_newer_release(str(source), manifest.format, FORMAT)
    if newer is not None:
        raise BackupUnusable(newer)
    for file in manifest.files:
        path = source / file.path
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            raise BackupUnusable(f"{path} is missing or damaged; use another backup")
    return manifest


def _files(manifest: Manifest, folder: str) -> Iterator[str]:
    prefix = f"{folder}/"
    for file in manifest.files:
        if file.path.startswith(prefix):
            yield file.path.removeprefix(prefix)


def _adopt(file: Path, path: Path) -> None:
    """A copy under its name, on the disk; the content under a part's or picture's name is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    write_durably(draft, file.read_bytes())
    rename_durably(draft, path)
