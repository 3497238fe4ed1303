"""The transaction that handlers run in: facts and the messages about them are stored together or not at all."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Generic

import asyncpg
import orjson
from typing_extensions import TypeVar

from shared.contracts.facts import FactType
from shared.postgres import Connection, begin
from shared.settings import ServiceSettings
from shared.topics import Topic, record_key

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

    `service` and `settings` are those of the process that runs it.
    """

    def __init__(self, conn: Connection, now: datetime, *, service: str, settings: SettingsT_co) -> None:
        self.conn = conn
        self.now = now
        self.service = service
        self.settings = settings
        self._source = f"/plaudit/{service}"
        self._messages: list[tuple[str, bytes, bytes]] = []

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
    ) -> None:
        """Send a fact of this service's once the transaction has committed: a CloudEvent around `data`.

        `subject` is what the fact is about, such as a member: facts of one subject of a community stay in order.
        Raises InvalidMessageError when the message is larger than a broker takes.
        """
        fact = {
            "specversion": "1.0",
            "id": fact_id,
            "source": self._source,
            "type": fact_type.name,
            "time": self.now,
            "community": community,
            "data": data,
        }
        if traceparent is not None:
            fact["traceparent"] = traceparent
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
        self._messages.append((topic.name, key, value))

    async def store_outbox(self) -> int:
        """Write the messages as outbox rows, in the order they were published; return how many."""
        if self._messages:
            # Rows get their numbers in the order they are copied in. An insert costs a message 6 µs more.
            await self.conn.copy_records_to_table(
                "outbox", records=self._messages, columns=("topic", "key", "value")
            )
        return len(self._messages)


@asynccontextmanager
async def transaction(
    pool: asyncpg.Pool, *, service: str, settings: OwnSettingsT, on_commit: Callable[[int], None]
) -> AsyncIterator[Transaction[OwnSettingsT]]:
    """Begin, let the caller work, store the outbox rows, commit; then tell `on_commit` how many there are."""
    async with begin(pool) as conn:
        tx = Transaction(conn, datetime.now(UTC), service=service, settings=settings)
        yield tx
        count = await tx.store_outbox()
    on_commit(count)
