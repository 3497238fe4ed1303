"""Bodies of requests: how large, and how slow."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import NamedTuple

from starlette.types import Message, Receive, Scope

from console.gateway.settings import Settings
from shared.http.problem_types import INCOMPLETE_REQUEST, REQUEST_TOO_LARGE, SLOW_REQUEST
from shared.http.problems import Problem

CHUNKED = (b"transfer-encoding", b"chunked")
LAST_CHUNK = b"0\r\n\r\n"


class Body(NamedTuple):
    """A request's body as it goes to a service.

    `framing` is the header that says how long it is, `first` what has come of it, and `rest` brings what has not;
    None where nothing is missing.
    """

    framing: tuple[bytes, bytes]
    first: bytes
    rest: AsyncGenerator[bytes] | None


class Bodies:
    """Takes bodies within the settings' bounds."""

    def __init__(self, settings: Settings) -> None:
        self._max_bytes = settings.body_max_bytes
        self._buffer_bytes = settings.body_buffer_bytes
        self._seconds = settings.body_seconds
        self._grace_seconds = settings.body_grace_seconds
        self._bytes_per_second = settings.body_min_bytes_per_second

    async def begun(self, scope: Scope, receive: Receive) -> Body | None:
        """A request's body once it is whole, or too large to wait for; None where there is none.

        Raises Problem.
        """
        length, is_chunked = None, False
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                is_chunked = True
        if not is_chunked and (length is None or length == b"0"):
            return None
        began = time.monotonic()
        parts, taken, has_more = [], 0, True
        try:
            async with asyncio.timeout(self._seconds):
                while has_more and taken <= self._buffer_bytes:
                    part, has_more = _part_of(await receive())
                    parts.append(part)
                    taken = self._within(taken + len(part))
        except TimeoutError:
            raise self._too_slow() from None
        first = parts[0] if len(parts) == 1 else b"".join(parts)
        if not has_more:
            return Body((b"content-length", b"%d" % taken), first, None)
        if length is None or is_chunked:
            return Body(CHUNKED, _chunk(first), self._chunks(receive, taken, began))
        return Body((b"content-length", length), first, self._rest(receive, taken, began))

    async def _chunks(self, receive: Receive, taken: int, began: float) -> AsyncGenerator[bytes]:
        async with contextlib.aclosing(self._rest(receive, taken, began)) as rest:
            async for part in rest:
                yield _chunk(part)
        yield LAST_CHUNK

    async def _rest(self, receive: Receive, taken: int, began: float) -> AsyncGenerator[bytes]:
        """What is yet to come. It holds a connection of the service: it comes fast enough, or not at all."""
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        last = loop.time() + max(0.0, began + self._seconds - now)
        held, before, has_more = loop.time() + self._grace_seconds, taken, True
        while has_more:
            try:
                async with asyncio.timeout_at(min(last, held + (taken - before) / self._bytes_per_second)):
                    part, has_more = _part_of(await receive())
            except TimeoutError:
                raise self._too_slow() from None
            taken = self._within(taken + len(part))
            if part:
                yield part

    def _within(self, taken: int) -> int:
        if taken > self._max_bytes:
            raise too_large(self._max_bytes)
        return taken

    def _too_slow(self) -> Problem:
        return Problem(
            SLOW_REQUEST,
            f"A body must arrive in {self._seconds:g} s, a large one with {self._bytes_per_second} bytes a second",
        )


def too_large(limit_bytes: int) -> Problem:
    """What whoever sends more than may pass is answered."""
    return Problem(REQUEST_TOO_LARGE, f"A body may have {limit_bytes} bytes; send smaller batches")


def _part_of(message: Message) -> tuple[bytes, bool]:
    """The bytes of a message, and whether there are more. Raises Problem when whoever sends them went away."""
    if message["type"] == "http.disconnect":
        raise Problem(INCOMPLETE_REQUEST, "The client went away")
    return message.get("body", b""), message.get("more_body", False)


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part) if part else b""
