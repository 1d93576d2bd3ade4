"""A TCP proxy between two parts, which may be slow, silent, mad or gone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Literal

from tests.support.ports import free_port
from tests.support.redis_server import RedisAddress

Mode = Literal["pass", "slow", "garbage", "refuse", "silent"]

SLOW_S = 2.0
GARBAGE = b"\x00\xff\x16\x03 not what was agreed \r\n\r\n" * 8


class Proxy:
    """Hands bytes on, both ways. Its port is known before it serves."""

    def __init__(self) -> None:
        self.address = RedisAddress("127.0.0.1", free_port())
        self.target = self.address
        self._mode: Mode = "pass"
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accepted, self.address.host, self.address.port, backlog=1024
            )

    async def close(self) -> None:
        """Refuse new connections and cut those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def become(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "refuse":
            await self.close()
        else:
            await self.open()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection(self.target.host, self.target.port)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._hand_on(reader, upstream, writer))
                both.create_task(self._hand_back(answers, writer))
        except* (OSError, _Ended, asyncio.CancelledError):
            pass  # cancelled is what `close` does, and nobody awaits this task but it
        finally:
            self._connections.discard(task)
            for one in (writer, upstream):
                if one is not None:
                    one.transport.abort()

    async def _hand_on(
        self,
        reader: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(65_536):
            if self._mode == "garbage":
                back.write(GARBAGE)
                with contextlib.suppress(OSError):
                    await back.drain()
                back.close()
                raise _Ended
            upstream.write(data)
            await upstream.drain()
        raise _Ended

    async def _hand_back(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """In order, and when slow each part as long after its coming as any other."""
        came: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                at, data = await came.get()
                while self._mode == "silent":  # noqa: ASYNC110 - until somebody sets it otherwise
                    await asyncio.sleep(0.02)
                if self._mode == "slow":
                    await asyncio.sleep(max(0.0, at + SLOW_S - time.monotonic()))
                writer.write(data)
                await writer.drain()
                if not data:
                    raise _Ended

        async with asyncio.TaskGroup() as both:
            both.create_task(write())
            while data := await answers.read(65_536):
                came.put_nowait((time.monotonic(), data))
            came.put_nowait((time.monotonic(), b""))


class _Ended(Exception):
    """One side has closed."""
