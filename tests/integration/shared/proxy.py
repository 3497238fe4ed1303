"""A TCP proxy that cuts a connection at a chosen moment of PostgreSQL's protocol."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

Cut = Literal["before", "after"]


class Proxy:
    """Passes bytes on until `cut_at` is armed and seen on its way to the server.

    "before" drops what holds the bytes; "after" lets the server answer, and drops the answer.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._armed: tuple[bytes, Cut] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        #: Cleared, nothing gets through in either direction, and the connections stay.
        self.passes = asyncio.Event()
        self.passes.set()
        self.cuts = 0
        self.url = ""

    def cut_at(self, what: bytes, when: Cut) -> None:
        self._armed = (what, when)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"postgresql://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        upstream, upstream_writer = await asyncio.open_connection(*self._server)
        back = asyncio.create_task(self._copy(upstream, writer))
        try:
            while data := await reader.read(65_536):
                if self._armed is not None and self._armed[0] in data:
                    when = self._armed[1]
                    self._armed = None
                    self.cuts += 1
                    if when == "after":
                        back.cancel()
                        await asyncio.gather(back, return_exceptions=True)
                        upstream_writer.write(data)
                        await upstream.read(1)  # the server has done it
                    break
                await self.passes.wait()
                upstream_writer.write(data)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            writer.transport.abort()
            upstream_writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self.passes.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


def proxy_to(url: str) -> Proxy:
    """A proxy before the PostgreSQL server of `url`."""
    parts = urlsplit(url)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)
