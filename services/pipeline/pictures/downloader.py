"""Downloads by link: pictures into the media store, and feeds."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from services.common.version import VERSION
from services.pipeline.pictures.addresses import AddressRefused, CheckedTransport, Network
from services.pipeline.pictures.answers import (
    PICTURES,
    TRANSIENT,
    TryAgain,
    Wanted,
    check_kind,
    check_length,
    goes_on_at,
    retry_after_s,
    validator,
)
from services.pipeline.pictures.cache import DownloadCache, Entry, Part
from services.pipeline.pictures.hosts import MOST_FAILURES, Host
from services.pipeline.pictures.media import StoredPicture, UnusablePicture

logger = logging.getLogger(__name__)

USER_AGENT = f"multimodal-search/{VERSION} (fetches product feeds and their pictures)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Manners:
    """Limits on the requests to one host: rate, number and time."""

    rate: float = 10.0
    """Requests a second to one host."""
    per_host: int = 4
    """Requests to one host at once."""
    at_once: int = 16
    """Pictures at once, of all hosts together."""
    tries: int = 4
    first_pause_s: float = 0.5
    longest_pause_s: float = 60.0
    """A host that asks for more rest than this is not asked again."""
    timeout_s: float = 60.0
    """For one request, from its turn on."""
    silence_s: float = 60.0
    """Longest wait for the next bytes of a response."""
    max_bytes: int = 10_000_000
    max_age_s: float = 86_400.0
    """A picture that was fetched less long ago is not asked for."""


class Store(Protocol):
    """Where downloads are kept, such as a `MediaStore`."""

    def take(self, file: Path) -> StoredPicture:
        """Check a file and keep it. Raises UnusablePicture."""

    def holds(self, picture: StoredPicture) -> bool: ...


class Downloader:
    """Downloads files of one kind. Belongs to one event loop, until `aclose`."""

    def __init__(
        self,
        media: Store,
        cache: DownloadCache,
        manners: Manners,
        *,
        networks: Sequence[Network] = (),
        wanted: Wanted = PICTURES,
    ) -> None:
        """networks: those that are not public and may be asked all the same."""
        self._media = media
        self._wanted = wanted
        self._cache = cache
        self._manners = manners
        self._hosts: dict[str, Host] = {}
        self._slots = asyncio.Semaphore(manners.at_once)
        self._http = httpx.AsyncClient(
            transport=CheckedTransport(networks),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(min(manners.timeout_s, manners.silence_s), connect=_CONNECT_S),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": wanted.accept,
                # As it lies there: ranges and lengths are of that.
                "Accept-Encoding": "identity",
            },
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def fetch(self, url: str) -> StoredPicture:
        """The file behind a link. Raises UnusablePicture, whose message goes on from the link.

        A host that fails leaves what was fetched before in use.
        """
        async with self._slots:
            entry = self._kept(url)
            # An age below zero is one of a clock that was wrong: the picture is asked about.
            if entry is not None and 0 <= time.time() - entry.fetched_at < self._manners.max_age_s:
                return entry.picture
            try:
                return await self._fetch(url, entry)
            except TryAgain as error:
                if entry is not None:
                    logger.warning("%s %s; the file fetched before is used", url, error)
                    return entry.picture
                raise UnusablePicture(str(error)) from error

    async def _fetch(self, url: str, entry: Entry | None) -> StoredPicture:
        """Raises UnusablePicture, or TryAgain when trying again and again did not help."""
        host = self._host(_parsed(url))
        for number in range(1, self._manners.tries + 1):
            if host.is_left_alone:
                raise TryAgain(f"was not asked for: its host failed {MOST_FAILURES} times in a row")
            try:
                picture = await self._try(url, entry)
            except TryAgain as error:
                pause_s = self._pause_s(number, error.after_s)
                if number == self._manners.tries or pause_s is None:
                    host.failed()
                    raise
                await asyncio.sleep(pause_s)
            except UnusablePicture:
                host.succeeded()  # it answers, whatever it says
                raise
            else:
                host.succeeded()
                return picture
        raise AssertionError("unreachable: the last try returns or raises")

    def _pause_s(self, number: int, asked_for_s: float | None) -> float | None:
        """Before the next try; None when the host asks for too much of it."""
        if asked_for_s is not None:
            return asked_for_s if asked_for_s <= self._manners.longest_pause_s else None
        # Full jitter, so that what failed together does not come again together.
        most = min(self._manners.longest_pause_s, self._manners.first_pause_s * 2 ** (number - 1))
        return random.uniform(0, most)

    async def _try(self, url: str, entry: Entry | None) -> StoredPicture:
        part, begun = self._cache.part(url)
        offset = part.stat().st_size if begun is not None else 0
        headers = _conditions(entry)
        if begun is not None and offset:
            headers = {"Range": f"bytes={offset}-", "If-Range": begun.validator}
        try:
            return await self._follow(url, headers, entry, part, offset)
        except TimeoutError as error:
            raise TryAgain("did not come in time") from error
        except httpx.TransportError as error:
            raise TryAgain(f"can't be fetched: {error or type(error).__name__}") from error
        except AddressRefused as error:
            raise UnusablePicture(f"is not fetched: {error}") from error

    async def _follow(
        self, url: str, headers: Mapping[str, str], entry: Entry | None, part: Path, offset: int
    ) -> StoredPicture:
        """Each hop waits for its own host's turn, and connects to an address that was checked."""
        target = _parsed(url)
        for _ in range(_MOST_REDIRECTS + 1):
            host = self._host(target)
            async with (
                host.turn(),
                # From here on: waiting for a turn is ours, and no fault of the host.
                asyncio.timeout(self._manners.timeout_s),
                self._http.stream("GET", target, headers=headers) as response,
            ):
                if response.status_code in _REDIRECTS:
                    target = _parsed(response.headers.get("Location", ""), target)
                    continue
                if response.status_code == httpx.codes.NOT_MODIFIED and entry is not None:
                    self._cache.keep(entry.model_copy(update={"fetched_at": time.time()}))
                    return entry.picture
                return await self._receive(url, response, host, part, offset)
        raise UnusablePicture(f"leads on more than {_MOST_REDIRECTS} times")

    async def _receive(
        self, url: str, response: httpx.Response, host: Host, part: Path, offset: int
    ) -> StoredPicture:
        status = response.status_code
        if status in TRANSIENT:
            after_s = retry_after_s(response)
            if after_s is not None:
                host.rest(min(after_s, self._manners.longest_pause_s))
            raise TryAgain(f"is answered with {status}", after_s)
        if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE or (
            status == httpx.codes.PARTIAL_CONTENT and not goes_on_at(response, offset)
        ):
            self._cache.drop_part(url)
            raise TryAgain("is answered with another part than the one asked for", 0)
        if status not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
            raise UnusablePicture(f"is answered with {status}")
        check_kind(response, self._wanted)
        if status == httpx.codes.OK:
            offset = 0
        await self._write(url, response, part, offset)
        return await self._take(url, response, part)

    async def _write(self, url: str, response: httpx.Response, part: Path, offset: int) -> None:
        """Append to what is there; on a break, keep what a later try can go on from."""
        most = self._manners.max_bytes
        total = check_length(response, offset, most)
        if offset == 0:
            self._cache.drop_part(url)
            if validator(response):
                self._cache.begin_part(Part(url=url, validator=validator(response)))
        size = offset
        # Some kilobytes to the page cache at a time: quicker than a thread would be asked to.
        with part.open("ab" if offset else "wb") as out:
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > most:
                    self._cache.drop_part(url)
                    raise UnusablePicture(f"has more than {most} bytes; no more are taken")
                out.write(piece)
        if total is not None and size != total:
            raise TryAgain(f"broke off after {size} of {total} bytes")

    async def _take(self, url: str, response: httpx.Response, part: Path) -> StoredPicture:
        try:
            picture = await asyncio.to_thread(self._media.take, part)
        finally:
            self._cache.drop_part(url)
        self._cache.keep(
            Entry(
                url=url,
                sha256=picture.sha256,
                extension=picture.extension,
                fetched_at=time.time(),
                etag=response.headers.get("ETag", ""),
                last_modified=response.headers.get("Last-Modified", ""),
            )
        )
        return picture

    def _kept(self, url: str) -> Entry | None:
        entry = self._cache.entry(url)
        if entry is None or not self._media.holds(entry.picture):
            return None
        return entry

    def _host(self, url: httpx.URL) -> Host:
        name = url.netloc.decode()
        if name not in self._hosts:
            self._hosts[name] = Host(rate=self._manners.rate, concurrency=self._manners.per_host)
        return self._hosts[name]


def _parsed(url: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        parsed = httpx.URL(url) if base is None else base.join(url)
    except httpx.InvalidURL as error:
        raise UnusablePicture(f"is no address: {error}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise UnusablePicture("is, or leads to, no http(s) address")
    return parsed


def _conditions(entry: Entry | None) -> dict[str, str]:
    """So that a picture that did not change is not sent again."""
    if entry is None:
        return {}
    said = {"If-None-Match": entry.etag, "If-Modified-Since": entry.last_modified}
    return {name: value for name, value in said.items() if value}
