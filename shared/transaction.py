"""The transaction that handlers run in: facts and the messages about them are stored together or not at all."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Generic

import asyncpg
import orjson
import uuid_utils
from typing_extensions import TypeVar

from shared.audit import Commanded, Did, Entry, Read, add_command, add_reads, command_entry, entries_of, read_id
from shared.contracts.backfill import BACKFILL
from shared.contracts.facts import COMMAND_DONE, PERSONAL_DATA_READ, CommandData, FactType, ReadData
from shared.postgres import Connection, begin
from shared.settings import ServiceSettings
from shared.told import Told
from shared.topics import AUDIT, Topic, record_key

#: The largest message: Kafka's default message.max.bytes is 1,048,588, and a batch has a header of its own.
MESSAGE_MAX_BYTES = 1_000_000

SettingsT_co = TypeVar("SettingsT_co", bound=ServiceSettings, default=ServiceSettings, covariant=True)
OwnSettingsT = TypeVar("OwnSettingsT", bound=ServiceSettings)
DataT = TypeVar("DataT", bound=Mapping[str, Any])


class InvalidMessageError(Exception):
    """A message that can never succeed; the loop sends it to the dead-letter topic.

    `index` is the message's place in the handler's batch. Without it the batch is split until the
    message is found. The loop notes the `topic` that the handler reads.
    """

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index
        self.topic: str | None = None


class Transaction(Generic[SettingsT_co]):
    """An open database transaction, its time (UTC, the same for all of it), and the messages it will send.

    `service` and `settings` are those of the process that runs it; `told` reads what the service told, and is None
    where records are consumed. A command's leaves an entry of what was done by
    whom: it is stored with the rest or not at all, and the facts that the command tells have its trace. `carried`
    has the spans in which records are consumed, by their topic and the traceparent of their messages.
    """

    def __init__(
        self,
        conn: Connection,
        now: datetime,
        *,
        service: str,
        settings: SettingsT_co,
        told: Told | None = None,
        carried: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.conn = conn
        self.now = now
        self.service = service
        self.settings = settings
        self.told = told
        self._source = f"/plaudit/{service}"
        self._messages: list[tuple[str, bytes, bytes]] = []
        self._carried = carried or {}
        self._consumes = ""
        #: The span that each message was told in, by its place among them; of most there is none.
        self._told_in: dict[int, str] = {}
        self._commanded: Commanded | None = None
        self._traceparent: str | None = None
        self._did: Did | None = None
        #: Of work that a clock began, the traces of what it told that have another beginning, in their order.
        self._followed: dict[str, None] | None = None

    def begun_by(self, traceparent: str) -> None:
        """Say that a clock began this, in a trace of its own: what follows from no other has it."""
        self._traceparent = traceparent
        self._followed = {}

    @property
    def followed(self) -> Sequence[str]:
        """The traceparents of what was told here that began elsewhere; none of what no clock began."""
        return tuple(self._followed or ())

    @property
    def told_count(self) -> int:
        """How many messages this will send."""
        return len(self._messages)

    def consumes(self, topic: str) -> None:
        """Say that what is told from here on follows from records of this topic."""
        self._consumes = topic

    def obey(self, commanded: Commanded) -> None:
        """Say that what is done here was commanded: it leaves an entry, whether or not `did` says more of it."""
        self._commanded = commanded
        self._traceparent = commanded.traceparent

    @property
    def traceparent(self) -> str | None:
        """The trace of the command that this is done for; None where nothing is commanded."""
        return self._traceparent

    def did(self, did: Did) -> None:
        """Say what a command did, for its entry; of several the last counts.

        Of what is done here unasked, by a timer or for a fact that came, there is no entry, and this says nothing.
        """
        self._did = did

    def did_nothing(self) -> None:
        """Say that the request commands nothing here: it was a trial, has been answered before, or has its entry.

        What is told all the same has the request's trace.
        """
        self._commanded = None

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """Work that is undone alone where it fails, with what it told: what was done before it stays."""
        told = len(self._messages)
        try:
            async with self.conn.transaction():
                yield
        except BaseException:
            del self._messages[told:]
            self._told_in = {place: span for place, span in self._told_in.items() if place < told}
            raise

    async def store_entry(self) -> None:
        """Write the command's entry, in each community that it touches, and tell of it.

        Raises NobodyDidItError when nobody knows whose it is.
        """
        if self._commanded is None:
            return
        first = command_entry(self._commanded, self._did, audit_id=_new_id(), at=self.now)
        for entry in entries_of(first, self._did, new_id=_new_id):
            await add_command(self.conn, entry)
            self.tell(
                AUDIT,
                COMMAND_DONE,
                fact_id=entry.audit_id,
                community=entry.community,
                subject=entry.member_id or entry.id,
                data=_command_data(entry, service=self.service),
            )

    async def store_reads(self, reads: Sequence[tuple[Read, datetime]]) -> None:
        """Write who read whose data when, and tell of it; what is known of the hour stays as it is."""
        by_id = {read_id(read, at=at, service=self.service): (read, at) for read, at in reads}
        for audit_id in await add_reads(self.conn, by_id):
            read, at = by_id[audit_id]
            self.tell(
                AUDIT,
                PERSONAL_DATA_READ,
                fact_id=audit_id,
                community=read.community,
                subject=read.member_id or read.operation,
                data=_read_data(read, audit_id=audit_id, service=self.service),
                at=at,
            )

    def tell(
        self,
        topic: Topic,
        fact_type: FactType[DataT, Any],
        *,
        fact_id: str,
        community: str,
        subject: str,
        data: DataT,
        traceparent: str | None = None,
        at: datetime | None = None,
        is_backfill: bool = False,
    ) -> None:
        """Send a fact of this service's once the transaction has committed: a CloudEvent around `data`.

        `subject` is what the fact is about, such as a member: facts of one subject of a community stay in order.
        The trace is the command's, where there is one, and the time the transaction's, unless others are given.
        With `is_backfill` it says that it follows from what is past (shared/contracts/backfill.py).
        Raises InvalidMessageError when the message is larger than a broker takes.
        """
        fact = {
            "specversion": "1.0",
            "id": fact_id,
            "source": self._source,
            "type": fact_type.name,
            "time": at or self.now,
            "community": community,
            "data": data,
        }
        if traceparent is None:
            traceparent = self._traceparent
        if traceparent is not None:
            fact["traceparent"] = traceparent
        if is_backfill:
            fact[BACKFILL] = True
        self.publish(topic, record_key(community, subject), fact)

    def publish(self, topic: Topic, key: bytes, fact: Mapping[str, Any]) -> None:
        """Send `fact`, a whole message, to `topic` once this transaction has committed; signed if the topic is.

        Raises InvalidMessageError when it is larger than a broker takes: it would block all that follow it.
        """
        # A copy of the exact size: orjson gives back a block of 1 KB cut short, and a heap full of such ends costs
        # 2 µs a message.
        value = b"%b" % orjson.dumps(fact)
        if topic.signed and self.settings.signer is not None:
            value = self.settings.signer.sign(value)
        if len(value) + len(key) > MESSAGE_MAX_BYTES:
            raise InvalidMessageError(
                f"a message for {topic.name} would have {len(value)} of {MESSAGE_MAX_BYTES} bytes"
            )
        if (
            self._followed is not None
            and (cause := fact.get("traceparent", self._traceparent)) != self._traceparent
        ):
            self._followed.setdefault(cause)
        if self._carried:
            told_in = self._carried.get((self._consumes, fact.get("traceparent", "")))
            if told_in is not None:
                self._told_in[len(self._messages)] = told_in
        self._messages.append((topic.name, key, value))

    def forget_told(self) -> Counter[str]:
        """Send nothing of what was told here; return how many messages for each topic that were."""
        forgotten = Counter(topic for topic, _, _ in self._messages)
        self._messages.clear()
        self._told_in.clear()
        return forgotten

    async def store_outbox(self) -> int:
        """Write the messages as outbox rows, in the order they were published; return how many."""
        if self._messages:
            # Rows get their numbers in the order they are copied in. An insert costs a message 6 µs more.
            if not self._told_in:
                await self.conn.copy_records_to_table(
                    "outbox", records=self._messages, columns=("topic", "key", "value")
                )
            else:
                traced = [(*message, self._told_in.get(place)) for place, message in enumerate(self._messages)]
                await self.conn.copy_records_to_table(
                    "outbox", records=traced, columns=("topic", "key", "value", "traceparent")
                )
        return len(self._messages)


@asynccontextmanager
async def transaction(
    pool: asyncpg.Pool,
    *,
    service: str,
    settings: OwnSettingsT,
    on_commit: Callable[[int], None],
    told: Told | None = None,
) -> AsyncIterator[Transaction[OwnSettingsT]]:
    """Begin, let the caller work, store the entry and the outbox rows, commit; tell `on_commit` how many rows."""
    async with begin(pool) as conn:
        tx = Transaction(conn, datetime.now(UTC), service=service, settings=settings, told=told)
        yield tx
        await tx.store_entry()
        count = await tx.store_outbox()
    on_commit(count)


def _new_id() -> str:
    return str(uuid_utils.uuid7())


def _command_data(entry: Entry, *, service: str) -> CommandData:
    data: CommandData = {
        "audit_id": entry.audit_id,
        "service": service,
        "command": entry.command,
        "credential": entry.actor.credential,
        "object": {"kind": entry.kind, "id": entry.id},
    }
    if entry.actor.person_id is not None:
        data["person_id"] = entry.actor.person_id
    if entry.member_id is not None:
        data["member_id"] = entry.member_id
    if entry.before is not None:
        data["before"] = dict(entry.before)
    if entry.after is not None:
        data["after"] = dict(entry.after)
    return data


def _read_data(read: Read, *, audit_id: str, service: str) -> ReadData:
    data: ReadData = {
        "audit_id": audit_id,
        "service": service,
        "operation": read.operation,
        "credential": read.credential,
        "person_id": read.person_id,
    }
    if read.member_id is not None:
        data["member_id"] = read.member_id
    return data
