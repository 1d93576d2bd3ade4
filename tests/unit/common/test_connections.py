"""The head of an answer goes out with its first bytes."""

from __future__ import annotations

import asyncio
from typing import cast

from services.common.connections import JoiningTransport

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Recording:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return 7

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def joining() -> tuple[JoiningTransport, Recording]:
    real = Recording()
    transport = cast("asyncio.Transport", real)
    return JoiningTransport(transport, asyncio.get_running_loop(), lambda: None), real


async def test_head_and_body_are_one_write() -> None:
    transport, real = joining()
    for _ in range(2):
        transport.write(HEAD)
        transport.write(b"body")
    await asyncio.sleep(0)
    assert real.written == [HEAD + b"body"] * 2


async def test_a_head_whose_body_comes_later_goes_out_in_the_same_round() -> None:
    transport, real = joining()
    transport.write(HEAD)
    assert real.written == []
    assert transport.get_write_buffer_size() == len(HEAD) + 7
    await asyncio.sleep(0)
    assert real.written == [HEAD]
    transport.write(b"body")
    assert real.written == [HEAD, b"body"]


async def test_nothing_is_lost_when_the_connection_closes_after_the_head() -> None:
    transport, real = joining()
    transport.write(HEAD)
    transport.close()
    assert (real.written, transport.is_closing()) == ([HEAD], True)
    await asyncio.sleep(0)
    assert real.written == [HEAD]
