"""Catalogues loaded in a process of their own, of which this one takes over what is searched.

A load makes millions of small objects between those that stay. Python and the C library return
memory by the page and more, so a load here leaves holes that nobody else can use. The other process
ends with all of them; what stays arrives in whole blocks.
"""

from __future__ import annotations

import logging
import os
import pickle
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from logging.handlers import QueueHandler
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from services.common.parent_process import live_with_parent
from services.contracts.catalogue import CatalogueHead
from services.retriever.errors import CatalogueError, LoadStopped, StoreUnavailable
from services.retriever.loading.loaded import Loaded, ReadsCatalogue
from services.retriever.loading.workers import LARGE, NICE

_LOOK_S = 0.2
"""Time between two looks whether to stop."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A process that loads a catalogue, and how to start it."""

    reader: Callable[[], ReadsCatalogue]
    """Makes the reader there; is pickled."""
    worth_from: int = LARGE
    """Products; fewer leave little behind."""

    def load(self, head: CatalogueHead, stopping: threading.Event, *, serving: bool) -> Loaded:
        """See `CatalogueReader.read`. Raises as that does."""
        spawn = get_context("spawn")
        ours, theirs = spawn.Pipe(duplex=False)
        # Pickled here, so that Ctrl-C is ignored there before what the reader needs is imported.
        reader = pickle.dumps(self.reader)
        process = spawn.Process(
            target=_load, args=(theirs, reader, head, serving), name="catalogue"
        )
        with ours:
            try:
                process.start()
                # Its end is then the end of what can be received.
                theirs.close()
                return _received(ours, stopping)
            except (EOFError, OSError) as error:
                raise StoreUnavailable(
                    "the process that loads the catalogue ended before it was done: out of memory?"
                ) from error
            finally:
                theirs.close()
                if process.pid is not None:
                    process.kill()
                    process.join()


@dataclass(frozen=True, slots=True)
class _Written:
    """A pickled object; its arrays follow."""

    pickled: bytes
    arrays: int
    order: list[int]
    """The array of each buffer: those that share their memory are sent once."""


class _Sender(QueueHandler):
    """Sends records of the log to the other process."""

    def enqueue(self, record: logging.LogRecord) -> None:
        self.queue.send(record)  # type: ignore[attr-defined]


def _received(connection: Connection, stopping: threading.Event) -> Loaded:
    while not stopping.is_set():
        if not connection.poll(_LOOK_S):
            continue
        message = connection.recv()
        if isinstance(message, logging.LogRecord):
            logger = logging.getLogger(message.name)
            if logger.isEnabledFor(message.levelno):
                logger.handle(message)
        elif isinstance(message, Exception):
            raise message
        else:
            arrays = [connection.recv_bytes() for _ in range(message.arrays)]
            buffers = [arrays[number] for number in message.order]
            loaded: Loaded = pickle.loads(message.pickled, buffers=buffers)  # noqa: S301 - our own
            return loaded
    raise LoadStopped("the service is stopping")


def _load(connection: Connection, reader: bytes, head: CatalogueHead, serving: bool) -> None:
    live_with_parent()
    if serving:
        os.nice(NICE)
    root, log = logging.getLogger(), _Sender(connection)  # type: ignore[arg-type]
    root.setLevel(logging.INFO)
    root.addHandler(log)
    message: _Written | Exception
    arrays: list[memoryview] = []
    try:
        make: Callable[[], ReadsCatalogue] = pickle.loads(reader)  # noqa: S301 - our own
        message, arrays = _written(make().read(head, serving=serving))
    except CatalogueError as error:
        message = error
    except Exception as error:  # noqa: BLE001
        # The boundary: raised again in the other process. Not every error can be pickled.
        message = RuntimeError("".join(traceback.format_exception(error)))
    finally:
        root.removeHandler(log)
    # Another thread may still be sending a record.
    with log.lock:  # type: ignore[union-attr]  # None only in a class that has no lock
        connection.send(message)
        for array in arrays:
            connection.send_bytes(array)


def _written(loaded: Loaded) -> tuple[_Written, list[memoryview]]:
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(loaded, 5, buffer_callback=buffers.append)
    places: dict[tuple[int, int], int] = {}
    order: list[int] = []
    arrays: list[memoryview] = []
    for view in (buffer.raw() for buffer in buffers):
        place = np.frombuffer(view, np.uint8).ctypes.data, view.nbytes
        if place not in places:
            places[place] = len(arrays)
            arrays.append(view)
        order.append(places[place])
    return _Written(pickled, len(arrays), order), arrays
