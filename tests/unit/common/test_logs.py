"""Log lines: batched, complete and in order."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.common.context import request_id
from services.common.logs import JsonLines
from tests.support.waiting import until


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(written: io.StringIO, request: pytest.FixtureRequest) -> Iterator[logging.Logger]:
    logger = logging.getLogger(request.node.name)
    handler = JsonLines("sample", written)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield logger
    logger.removeHandler(handler)
    handler.close()


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


async def test_a_line_has_all_fields_of_its_record(
    logger: logging.Logger, written: io.StringIO
) -> None:
    token = request_id.set("request-1")
    logger.info("request %d", 7, extra={"status": 200, "duration_ms": 1.5, "odd": object})
    request_id.reset(token)
    await until(lambda: bool(written.getvalue()))
    (line,) = lines(written)
    assert str(line.pop("timestamp")).startswith("20")
    assert line == {
        "level": "INFO",
        "logger": logger.name,
        "message": "request 7",
        "service": "sample",
        "request_id": "request-1",
        "status": 200,
        "duration_ms": 1.5,
        "odd": "<class 'object'>",
    }


def test_an_error_is_written_at_once_with_all_before_it(
    logger: logging.Logger, written: io.StringIO
) -> None:
    logger.info("before")
    try:
        raise RuntimeError("a\nb")
    except RuntimeError:
        logger.exception("it failed")
    before, failed = lines(written)
    assert (before["message"], failed["message"]) == ("before", "it failed")
    assert str(failed["exc_info"]).endswith("RuntimeError: a\nb")


async def test_records_are_written_after_a_library_configured_logging(
    logger: logging.Logger, written: io.StringIO
) -> None:
    # As pymilvus does when it is imported: it closes all handlers, and leaves them in place.
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    logger.info("first")
    await until(lambda: "first" in written.getvalue(), deadline_s=20)
    logger.info("second")
    await until(lambda: "second" in written.getvalue(), deadline_s=20)


def test_threads_that_log_at_once_lose_no_record(
    logger: logging.Logger, written: io.StringIO
) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: logger.log(30 if n % 50 == 0 else 20, "%d", n), range(4_000)))
    logger.handlers[0].flush()
    assert sorted(int(str(line["message"])) for line in lines(written)) == list(range(4_000))


class FullDisk(io.StringIO):
    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


async def test_a_log_that_cannot_be_written_fails_nobody_and_goes_on_later() -> None:
    disk = FullDisk()
    handler = JsonLines("sample", disk)
    try:
        for level in (logging.WARNING, logging.INFO):
            handler.handle(logging.LogRecord("a", level, "", 0, "lost", None, None))
        await until(lambda: not handler._waiting)
        disk.full = False
        handler.handle(logging.LogRecord("a", logging.INFO, "", 0, "there is room", None, None))
        await until(lambda: "there is room" in disk.getvalue())
    finally:
        handler.close()


def test_a_process_that_ends_writes_what_still_waits() -> None:
    script = (
        "import logging; from services.common.logs import configure_logging;"
        "configure_logging('sample', 'info'); logging.getLogger('a').info('the last word')"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stderr)["message"] == "the last word"
