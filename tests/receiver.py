"""Something that takes webhooks, or does not: what an endpoint may be, on a port of this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """A delivery as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def fact(self) -> Any:
        return orjson.loads(self.body)

    def verified_by(self, secret: str) -> Any:
        """The fact, if the library of Standard Webhooks finds it signed; it raises otherwise."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What came, and how it answers: with the status that `answer` gives, or never for None."""

    port: int = 0
    answer: Callable[[Received], int | None] = lambda _: 204
    more: str = ""
    got: list[Received] = field(default_factory=list)
    hangs: int = 0
    hung_most: int = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Received]:
        return [one for one in self.got if one.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                received = Received(first.split(" ")[1], headers, body)
                self.got.append(received)
                status = self.answer(received)
                if status is None:
                    self.hangs += 1
                    self.hung_most = max(self.hung_most, self.hangs)
                    await reader.read()  # until who asks gives up
                    self.hangs -= 1
                    return
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{self.more}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver at work."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
