"""Connections to a service: kept alive, in bounded number, and each reads one answer at a time as it comes.

httptools, the parser that the server uses too, reads; what an HTTP client library does beyond that is not wanted
here: headers go as the bytes that they are, and nothing is sent twice by itself. A decision in docs/adr has what
they cost.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import urlsplit

import httptools

Headers = list[tuple[bytes, bytes]]

#: The largest head of an answer, and how much of an answer waits for whoever takes it.
HEAD_MAX_BYTES = 64 * 1024
WAITING_MAX_BYTES = 256 * 1024
#: Statuses of answers that never have a body (RFC 9112, section 6.3).
WITHOUT_BODY = frozenset({204, 304})


class UnreachableError(Exception):
    """No connection came about, so that nothing was asked."""


class SilentError(Exception):
    """The service said nothing for too long."""


class BrokenOffError(Exception):
    """The connection ended, or what came was no HTTP."""


class Connection(asyncio.Protocol):
    """One connection, used for one request at a time: `begin`, `write` the request, then `head` and `take`.

    Whoever uses it gives it back to its pool, which closes it unless the answer was taken whole.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._is_write_paused = self._is_read_paused = False
        self._is_busy = False
        self._error: Exception | None = None
        self.idle_timer: asyncio.TimerHandle | None = None
        self.begin(has_answer_body=True)
        self._is_busy = False

    def begin(self, *, has_answer_body: bool) -> None:
        """Get ready for a request; the answer to one by HEAD has no body, whatever it says of its length."""
        self._has_answer_body = has_answer_body
        self._is_busy = True
        self._is_keeping_alive = False
        self._is_sent_whole = True
        self._is_head_whole = False
        self._ends_with_connection = False
        self._head_bytes = 0
        self._chunks: list[bytes] = []
        self._waiting_bytes = 0
        self.status = 0
        self.headers: Headers = []
        self.is_whole = False

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._error is None and self._transport is not None and not self._transport.is_closing()

    @property
    def is_reusable(self) -> bool:
        """Whether the answer came whole, was taken, and another request may follow."""
        is_done = self.is_whole and self._is_sent_whole and not self._chunks
        return is_done and self._is_keeping_alive and self.is_open

    @property
    def is_answering(self) -> bool:
        """Whether the head of the answer is there."""
        return self._is_head_whole

    def close(self) -> None:
        """End the connection now, whatever is under way on it."""
        self._fail(BrokenOffError("closed"))

    def end_with_answer(self) -> None:
        """Have no other request follow: not all of this one was sent, and the rest would be taken for that."""
        self._is_sent_whole = False

    def free(self) -> None:
        """Nothing is under way: what comes now was not asked for."""
        self._is_busy = False

    async def write(self, data: bytes, seconds: float) -> None:
        """Send a part of a request, once there is room for it. Raises BrokenOffError and SilentError."""
        if self._is_write_paused and self._error is None:
            self._writable = self._loop.create_future()
            try:
                await _within(self._writable, seconds)
            finally:
                self._writable = None
        if not self.is_open or self._transport is None:
            raise self._error or BrokenOffError("closed")
        self._transport.write(data)

    async def head(self, seconds: float) -> None:
        """Return once `status` and `headers` are the answer's. Raises BrokenOffError and SilentError."""
        while not self._is_head_whole:
            await self._more(seconds)

    async def take(self, seconds: float) -> bytes:
        """What has come of the answer's body, at least a byte; nothing at its end.

        Raises BrokenOffError when it ends too early, and SilentError.
        """
        while not self._chunks and not self.is_whole:
            await self._more(seconds)
        return self.taken()

    def taken(self) -> bytes:
        """What has come of the answer's body and was not taken yet."""
        chunks = self._chunks
        if not chunks:
            return b""
        self._chunks, self._waiting_bytes = [], 0
        if self._is_read_paused and self._transport is not None and not self._transport.is_closing():
            self._is_read_paused = False
            self._transport.resume_reading()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _more(self, seconds: float) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await _within(self._waiter, seconds)
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        if self._transport is not None:
            self._transport.abort()
        self._wake()
        self.resume_writing()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_busy:
            # Nobody asked: it would be taken for the answer to whoever asks next.
            self._fail(BrokenOffError("it spoke without being asked"))
            return
        if not self._is_head_whole:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(BrokenOffError(f"it is no HTTP: {error}"))
            return
        if not self._is_head_whole and self._head_bytes > HEAD_MAX_BYTES:
            self._fail(BrokenOffError(f"its head has more than {HEAD_MAX_BYTES} bytes"))
            return
        if self._waiting_bytes > WAITING_MAX_BYTES and not self._is_read_paused and self._transport is not None:
            self._is_read_paused = True
            self._transport.pause_reading()
        if self._is_head_whole:
            self._wake()

    def eof_received(self) -> None:
        """The service ends the connection: what has no other end is whole now."""
        if self._is_head_whole and self._ends_with_connection:
            self.is_whole = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(BrokenOffError("it ended the connection" if exc is None else repr(exc)))

    def pause_writing(self) -> None:
        self._is_write_paused = True

    def resume_writing(self) -> None:
        self._is_write_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_whole:
            # A second answer to one request: whose it is, nobody knows.
            raise ValueError("more than one answer")
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_head_whole:  # behind the body come trailers, which are no headers
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # there is more to say; the answer is yet to come
            return
        self.status = status
        self._is_keeping_alive = self._parser.should_keep_alive()
        self._is_head_whole = True
        if not self._has_answer_body:
            # The parser cannot be told so, and waits for what its length says: it reads no other answer.
            self._is_keeping_alive, self.is_whole = False, True
            return
        said = {name for name, _ in self.headers}
        self._ends_with_connection = (
            status not in WITHOUT_BODY and b"content-length" not in said and b"transfer-encoding" not in said
        )

    def on_body(self, body: bytes) -> None:
        if self._has_answer_body:
            self._chunks.append(body)
            self._waiting_bytes += len(body)

    def on_message_complete(self) -> None:
        if self._is_head_whole:
            self.is_whole = True


async def _within(future: "asyncio.Future[None]", seconds: float) -> None:
    """Wait for a future. Raises SilentError after so long; one timer costs less than asyncio's own way."""
    timer = future.get_loop().call_later(seconds, _too_long, future, seconds)
    try:
        await future
    finally:
        timer.cancel()


def _too_long(future: "asyncio.Future[None]", seconds: float) -> None:
    if not future.done():
        future.set_exception(SilentError(f"nothing for {seconds:g} s"))


class Pool:
    """The connections to one service: so many at most, those that are idle kept for a while."""

    def __init__(self, url: str, *, max_count: int, connect_seconds: float, keep_alive_seconds: float) -> None:
        parts = urlsplit(url)
        self._host = str(parts.hostname)
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._connect_seconds = connect_seconds
        self._keep_alive_seconds = keep_alive_seconds
        self._free = asyncio.Semaphore(max_count)
        #: Those used last stand last, and are used first.
        self._idle: list[Connection] = []

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one request. Raises UnreachableError when none comes about, or is free, in time."""
        connection = await self.take()
        try:
            yield connection
        finally:
            self.give_back(connection)

    async def take(self) -> Connection:
        """As `connection`, for whoever gives it back without fail."""
        if self._free.locked():
            try:
                async with asyncio.timeout(self._connect_seconds):
                    await self._free.acquire()
            except TimeoutError as error:
                raise UnreachableError("all connections are in use") from error
        else:
            await self._free.acquire()
        try:
            return self._kept() or await self._opened()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for another request, or close it where something is left on it."""
        self._free.release()
        if not connection.is_reusable:
            connection.close()
            return
        connection.free()
        connection.idle_timer = asyncio.get_running_loop().call_later(
            self._keep_alive_seconds, self._let_go, connection
        )
        self._idle.append(connection)

    async def close(self) -> None:
        """Close those that are idle; whoever uses one gives it back before."""
        while self._idle:
            self._let_go(self._idle[-1])

    def _let_go(self, connection: Connection) -> None:
        if connection.idle_timer is not None:
            connection.idle_timer.cancel()
        self._idle.remove(connection)
        connection.close()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_timer is not None:
                connection.idle_timer.cancel()
            if connection.is_open:
                return connection
        return None

    async def _opened(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await loop.create_connection(Connection, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise UnreachableError(repr(error)) from error
        return connection
