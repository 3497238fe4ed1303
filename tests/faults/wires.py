"""TCP proxies that read along: they stop a process, cut a connection or delay it at an exact message.

The services talk to PostgreSQL, Kafka and their clients through these, and know nothing of it. So "after
COMMIT and before the client hears of it" is a place on the wire, not a hook in the code that is tested.
PostgreSQL's messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
Kafka's: https://kafka.apache.org/protocol.html
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from shared.topics import TOPICS

READ_BYTES = 256 * 1024
WAITING_CHUNKS_COUNT = 64
CONNECT_SECONDS = 5.0
PRODUCE = 0  # Kafka's API key
UNTYPED_CODES = {80877103, 80877104}  # SSLRequest and GSSENCRequest: answered by a single byte

Direction = Literal["to server", "to client"]


class Verdict(Enum):
    """What becomes of the message that sprang a trap."""

    PASS = "goes on"
    SWALLOW = "is lost, and the connection stays"
    CUT = "is lost, and the connection is reset"


@dataclass(eq=False)
class Link:
    """One connection through a proxy, and what was read along on it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    user: str = ""
    #: PostgreSQL: prepared statements by name, the statement at work, those of the transaction so far.
    statements: dict[bytes, str] = field(default_factory=dict)
    statement: str = ""
    transaction: list[str] = field(default_factory=list)
    started: bool = False
    single_byte_answer: bool = False
    #: Kafka: the topics that each unanswered request writes to, oldest first; those of the answer at hand.
    unanswered: deque[frozenset[str]] = field(default_factory=deque)
    writes: frozenset[str] = frozenset()

    @property
    def moves_offsets(self) -> bool:
        """The transaction is the consumer loop's."""
        return any("update consumer_offsets" in sql for sql in self.transaction)

    def cut(self) -> None:
        """Reset both sides, as a failing network does: RST, no farewell."""
        for writer in (self.client, self.server):
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            writer.transport.abort()


@dataclass
class Trap:
    """Waits for a message: the first that `matches` after `skip` others springs it, and then `act` is called."""

    matches: Callable[[Link, Direction, bytes], bool]
    act: Callable[[], None]
    verdict: Verdict = Verdict.CUT
    skip: int = 0
    sprung: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Passes connections on to a server, on a port of its own."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._traps: list[Trap] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._away = False
        self.port = 0
        #: Added in each direction: half of what a round trip takes longer.
        self.delay_seconds = 0.0

    async def start(self, port: int = 0) -> None:
        """Listen, on any free port or on this one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=READ_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Reset what is connected and listen no more."""
        if self._server is not None:
            self._server.close()
        self.cut_all()

    def arm(self, trap: Trap) -> Trap:
        """Set a trap; returns it."""
        self._traps.append(trap)
        return trap

    def disarm(self) -> None:
        """Take away every trap that was not sprung."""
        self._traps.clear()

    def cut_all(self) -> None:
        """Reset every connection."""
        for link in list(self._links):
            link.cut()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Within this, the server is away: connections are reset and new ones too."""
        self._away = True
        self.cut_all()
        try:
            yield
        finally:
            self._away = False

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Within this, connections stay and nothing goes through: a dead switch, not a dead server."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._away:
                raise ConnectionResetError
            async with asyncio.timeout(CONNECT_SECONDS):
                upstream = await asyncio.open_connection("127.0.0.1", self.target_port, limit=READ_BYTES)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        link = Link(writer, upstream[1])
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(link, reader, upstream[1], "to server"))
                pumps.create_task(self._pump(link, upstream[0], writer, "to client"))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._links.discard(link)
            for one in (writer, upstream[1]):
                one.transport.abort()

    async def _pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        """Pass one direction on; when it ends, both do."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING_CHUNKS_COUNT)

        async def deliver() -> None:
            while True:
                at, data = await waiting.get()
                await self._flowing.wait()
                if at > loop.time():
                    await asyncio.sleep(at - loop.time())
                writer.write(data)
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            buffer = bytearray()
            while data := await reader.read(READ_BYTES):
                buffer += data
                passing = bytearray()
                for message in self.messages(link, direction, buffer):
                    verdict = self._judge(link, direction, message)
                    if verdict is Verdict.CUT:
                        return
                    if verdict is Verdict.PASS:
                        passing += message
                if passing:
                    await waiting.put((loop.time() + self.delay_seconds, bytes(passing)))
                if delivering.done():
                    break
        finally:
            # What was read before the end still has to arrive: the farewell of a server says why it ends.
            while not (waiting.empty() or delivering.done()):
                await asyncio.sleep(0.001)
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
            writer.close()

    def _judge(self, link: Link, direction: Direction, message: bytes) -> Verdict:
        self.read(link, direction, message)
        for trap in list(self._traps):
            if not trap.matches(link, direction, message):
                continue
            if trap.skip:
                trap.skip -= 1
                continue
            self._traps.remove(trap)
            trap.act()
            trap.sprung.set()
            if trap.verdict is Verdict.CUT:
                link.cut()
            return trap.verdict
        return Verdict.PASS

    def messages(self, link: Link, direction: Direction, buffer: bytearray) -> Iterator[bytes]:
        """Take whole messages off the buffer. Here: whatever came at once."""
        yield bytes(buffer)
        buffer.clear()

    def read(self, link: Link, direction: Direction, message: bytes) -> None:
        """Note what a message says about its connection."""


class PostgresProxy(Proxy):
    """Reads PostgreSQL's protocol 3 along: who it is, and which statement of which transaction."""

    def messages(self, link: Link, direction: Direction, buffer: bytearray) -> Iterator[bytes]:
        """Single messages, each with its type and length."""
        while buffer:
            if direction == "to client" and link.single_byte_answer:
                size = 1
            elif direction == "to server" and not link.started:
                size = struct.unpack_from("!I", buffer)[0] if len(buffer) >= 4 else 4
            else:
                size = 1 + struct.unpack_from("!I", buffer, 1)[0] if len(buffer) >= 5 else 5
            if len(buffer) < size:
                return
            message = bytes(buffer[:size])
            del buffer[:size]
            yield message

    def read(self, link: Link, direction: Direction, message: bytes) -> None:
        """Follow the start, prepared statements and transactions."""
        if direction == "to client":
            link.single_byte_answer = False
        elif not link.started:
            if struct.unpack_from("!I", message, 4)[0] in UNTYPED_CODES:
                link.single_byte_answer = True
                return
            link.started = True
            words = message[8:].split(b"\0")
            link.user = dict(zip(words[::2], words[1::2], strict=False)).get(b"user", b"").decode()
        elif message[:1] == b"P":
            name, sql = message[5:].split(b"\0")[:2]
            link.statements[name] = sql.decode()
        elif message[:1] in (b"B", b"Q"):
            if message[:1] == b"Q":
                link.statement = message[5:-1].decode()
            else:
                link.statement = link.statements.get(message[5:].split(b"\0")[1], "")
            if link.statement.startswith("BEGIN"):
                link.transaction.clear()
            link.transaction.append(link.statement)


class KafkaProxy(Proxy):
    """Reads Kafka's protocol along: which topics a produce request, and its answer, are about."""

    def messages(self, link: Link, direction: Direction, buffer: bytearray) -> Iterator[bytes]:
        """Single requests or responses, with their length."""
        while len(buffer) >= 4:
            size = 4 + struct.unpack_from("!I", buffer)[0]
            if len(buffer) < size:
                return
            message = bytes(buffer[:size])
            del buffer[:size]
            yield message

    def read(self, link: Link, direction: Direction, message: bytes) -> None:
        """Requests are answered in their order."""
        if direction == "to client":
            link.writes = link.unanswered.popleft() if link.unanswered else frozenset()
            return
        link.writes = frozenset()
        if struct.unpack_from("!h", message, 4)[0] == PRODUCE:
            link.writes = frozenset(topic.name for topic in TOPICS if topic.name.encode() in message)
        link.unanswered.append(link.writes)
