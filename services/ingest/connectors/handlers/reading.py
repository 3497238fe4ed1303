"""Connectors are read, and deliveries mapped, beside the event loop: one of a community at a time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from connectors import shipped
from connectors.compiled import Connector
from connectors.reading import read_connector
from services.ingest.connectors.domain.connections import Connection, UnknownConnectorError
from shared.near_names import suggestion

#: Two, so that a community whose deliveries are dear leaves one for the others.
THREADS_COUNT = 2
#: Documents of communities that a process keeps read; one of 256 KiB takes some megabytes.
READ_MAX_COUNT = 100

ResultT = TypeVar("ResultT")


class Threads:
    """Does what takes the processor in threads, one thing of a community at a time."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def run(self, community: str, work: Callable[[], ResultT]) -> tuple[ResultT, float]:
        """The result of a function, and how many seconds of the processor it took."""
        turn, waiting = self._turns.get(community, (asyncio.Lock(), 0))
        self._turns[community] = turn, waiting + 1
        try:
            async with turn:
                self._pool = self._pool or ThreadPoolExecutor(THREADS_COUNT, thread_name_prefix="mapping")
                return await asyncio.get_running_loop().run_in_executor(self._pool, partial(_timed, work))
        finally:
            turn, waiting = self._turns.pop(community)
            if waiting > 1:
                self._turns[community] = turn, waiting - 1

    async def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


THREADS = Threads()


def _timed(work: Callable[[], ResultT]) -> tuple[ResultT, float]:
    began = time.thread_time()
    result = work()
    return result, time.thread_time() - began


_read: OrderedDict[str, Connector] = OrderedDict()


async def read_document(community: str, text: str) -> Connector:
    """A community's own connector. Raises ConnectorError."""
    known = _read.get(text)
    if known is not None:
        return _remembered(text, known)
    connector, _ = await THREADS.run(community, partial(read_connector, text))
    return _remembered(text, connector)


def _remembered(text: str, connector: Connector) -> Connector:
    _read[text] = connector
    _read.move_to_end(text)
    while len(_read) > READ_MAX_COUNT:
        _read.popitem(last=False)
    return connector


async def read_shipped(community: str, name: str) -> Connector:
    """A connector that comes with Plaudit. Raises UnknownConnectorError."""
    names = shipped.files()
    if name not in names:
        raise UnknownConnectorError(f"no connector of this name comes with Plaudit; {suggestion(name, names)}")
    found, _ = await THREADS.run(community, partial(shipped.connector, name))
    return found


async def connector_of(connection: Connection) -> Connector:
    """The connector of a connection. Raises UnknownConnectorError where it does not come with Plaudit any more."""
    if connection.document is not None:
        return await read_document(connection.community, connection.document)
    return await read_shipped(connection.community, connection.connector)
