"""The fence: while a service does not know all that it told, it takes no command and runs no timer.

When a process starts, the ends of the service's own topics are compared with what its database knows. What lies
beyond is either what an earlier process published just before it died, or what a restored database has forgotten;
both are taken in the same way, and the first changes nothing.

While it runs the relay compares (shared/outbox.py): what somebody else wrote there closes the fence again, until
that is read back too.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.consumer import Subscription, stored_offsets
from shared.consumer.dead_letters import DeadLetters, Rejection
from shared.contracts.facts import MEMBER_ERASED
from shared.outbox import Message
from shared.own_facts import copying, store
from shared.own_facts.copying import Standing
from shared.own_facts.readback import CannotTakeInError, ReadBack, topics_of
from shared.own_facts.remembered import something_was_taken_in
from shared.own_facts.store import Forgotten, NotRebuilt, Waiting
from shared.positions import SeenPositions, load
from shared.postgres import begin
from shared.settings import ServiceSettings
from shared.signatures import SignatureError
from shared.telemetry import FENCED, FORGOTTEN_FACTS, READ_BACK_FACTS
from shared.topics import ACCESS_KEYS, MEMBERS, PEOPLE

LOOK_AGAIN_SECONDS = 0.5
REASONS_MAX_COUNT = 5
PUT_ASIDE_AT_ONCE_COUNT = 100
ENDS_SECONDS = 5.0
#: A fence that closes while the process runs opens again within a moment, as a rule: a command waits so long.
LATE_WAIT_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What differs between a service's database and its own topics, and why it is fenced (None: it is not)."""

    why: str | None
    standings: Sequence[Standing]
    waiting: Sequence[Waiting]
    not_rebuilt: Sequence[NotRebuilt]


class Fence:
    """Whether a process may do its work yet, and the way there. `seen` guards against a restore while it runs."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        *,
        steps: Sequence[ReadBack],
        subscriptions: Sequence[Subscription],
    ) -> None:
        self._service = service
        self._settings = settings
        self._steps = steps
        self._topics = topics_of(steps)
        self._inputs = [subscription.topic.name for subscription in subscriptions]
        self._dead_letters = DeadLetters(service, settings)
        self.seen = SeenPositions()
        self._why: str | None = "it has not compared its database with its own topics yet"
        self._was_open = False
        self._opened = asyncio.Event()
        self._ends_reader: AIOKafkaConsumer | None = None
        FENCED.set(1)

    @property
    def topics(self) -> frozenset[str]:
        """The names of the topics that are compared and read back."""
        return frozenset(self._topics)

    @property
    def why(self) -> str | None:
        """Why the service is fenced, in words; None when it is not."""
        return self._why

    def _say(self, why: str | None) -> None:
        if why != self._why:
            log.warning("fenced: %s", why or "no more: all of its own facts are known")
        self._why = why
        FENCED.set(0 if why is None else 1)
        if why is None:
            self._was_open = True
            self._opened.set()
        else:
            self._opened.clear()

    def close(self, why: str) -> bool:
        """Close the fence of a process that runs; False when it is closed already."""
        if self._why is not None:
            return False
        self._say(why)
        return True

    async def why_at_last(self) -> str | None:
        """Why the service is fenced, after a moment if it was not until now; None when it is open."""
        if self._why is not None and self._was_open:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._opened.wait(), LATE_WAIT_SECONDS)
        return self._why

    async def ends(self) -> Mapping[TopicPartition, int]:
        """Where own topics end now. Raises KafkaError or TimeoutError when the broker does not answer."""
        if not self._topics:
            return {}
        try:
            async with asyncio.timeout(ENDS_SECONDS):
                if self._ends_reader is None:
                    reader = copying.reader(self._settings)
                    self._ends_reader = reader
                    await reader.start()
                partitions = await copying.partitions_of(self._ends_reader, self._topics)
                ends: Mapping[TopicPartition, int] = await self._ends_reader.end_offsets(partitions)
                return ends
        except BaseException:
            await self.stop_asking()
            raise

    async def stop_asking(self) -> None:
        """End the connection that `ends` asks by; it makes another when it is asked again."""
        reader, self._ends_reader = self._ends_reader, None
        if reader is not None:
            with contextlib.suppress(KafkaError):
                await reader.stop()

    async def compare(self, pool: asyncpg.Pool) -> None:
        """Look whether there is anything to read back; open the fence when there is not."""
        async with begin(pool) as conn:
            is_forgotten = await store.is_anything_forgotten(conn)
        unknown, reasons = await self._look(pool)
        if reasons:
            self._say("; ".join(reasons[:REASONS_MAX_COUNT]))
        elif is_forgotten or unknown:
            self._say("it reads back facts of its own that its database does not know")
        elif await self._is_erasure_unread(pool):
            self._say("it reads who was erased since its database stood where it stands")
        else:
            await self._open(pool)

    async def _is_erasure_unread(self, pool: asyncpg.Pool) -> bool:
        """Whether somebody was erased of whom the database has not heard: as a rule it came from a backup then."""
        if MEMBERS.name not in self._inputs:
            return False
        async with self._reader() as consumer:
            partitions = await copying.partitions_of(consumer, [MEMBERS.name])
            stored = await stored_offsets(pool, partitions)
            beginnings = await consumer.beginning_offsets(partitions)
            known = {one: max(stored.get(one, 0), beginnings[one]) for one in partitions}
            return await copying.holds(consumer, MEMBER_ERASED.name, known=known)

    async def _look(self, pool: asyncpg.Pool) -> tuple[int, list[str]]:
        """How many own offsets are unknown, and why some cannot be known."""
        if not self._topics:
            return 0, []
        async with self._reader() as consumer:
            found = await copying.standings(consumer, pool, self._topics)
        return sum(standing.unknown_count for standing in found), [
            standing.why_not for standing in found if standing.why_not
        ]

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = copying.reader(self._settings)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def copy(self, pool: asyncpg.Pool, *, in_doubt: Callable[[Iterable[Message]], set[Message]]) -> bool:
        """Keep what the database has forgotten in the database; False when the topics do not hold all of it.

        `in_doubt` picks what this process itself may have sent. Of what comes while it runs only facts are kept:
        what is none this service has not told, and its readers put it aside.
        """

        def choice(facts: Sequence[Forgotten]) -> Sequence[Forgotten]:
            known = in_doubt((fact.topic, fact.key, fact.value) for fact in facts)
            others = [fact for fact in facts if (fact.topic, fact.key, fact.value) not in known]
            return [fact for fact in others if self._is_fact(fact)] if self._was_open else others

        if not self._topics:
            return True
        async with self._reader() as consumer:
            found = await copying.standings(consumer, pool, self._topics)
            reasons = [standing.why_not for standing in found if standing.why_not]
            if reasons:
                self._say("; ".join(reasons[:REASONS_MAX_COUNT]))
                return False
            await copying.copy(consumer, pool, found, choice=choice)
        self._say("it reads back facts of its own that its database does not know")
        return True

    def _is_fact(self, one: Forgotten) -> bool:
        for step in self._steps:
            if step.takes(one.topic, one.kind):
                try:
                    step.decode(one.topic, one.value, self._settings)
                except (SignatureError, ValueError) as error:
                    log.warning("%s/%d has at %d what is no fact: %s", one.topic, one.partition, one.offset, error)
                    return False
                return True
        return False

    async def read_back(
        self, pool: asyncpg.Pool, begin_tx: Callable[[], Any], *, read_inputs: Callable[[], Awaitable[None]]
    ) -> None:
        """Take in everything, step by step; `read_inputs` begins to read the service's other topics.

        Returns once all is known. Stands still, and says why, while somebody has to decide about a fact.
        """
        while await self._put_aside(begin_tx):
            pass
        are_inputs_read = False
        for number, step in enumerate(self._steps):
            if step.after_inputs and not are_inputs_read:
                await read_inputs()
                await self._until_inputs_are_read(pool, self._inputs)
                are_inputs_read = True
            while await self._take_in(begin_tx, number, step):
                pass
        if not are_inputs_read:
            await read_inputs()
        await self.until_known(pool)

    async def until_known(self, pool: asyncpg.Pool) -> None:
        """Return once nothing is forgotten any more, whichever process takes it in; then the fence is open."""
        while True:
            async with begin(pool) as conn:
                waiting = await store.count_waiting(conn)
            FORGOTTEN_FACTS.set(sum(kind.count for kind in waiting))
            if not waiting:
                break
            # What it is about belongs to some community, and this is read by everybody.
            refused = Counter(standing.kind for standing in waiting if standing.reason)
            if refused:
                kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(refused.items()))
                self._say(f"facts of its own do not fit its database ({kinds}); GET /v1/own-facts says why not")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        if self._authority:
            await self._until_inputs_are_read(pool, self._authority)
        await self._open(pool)

    @property
    def _authority(self) -> list[str]:
        """Where it reads of revoked keys and disabled people, not to be believed again, and of who was erased."""
        return [topic.name for topic in (ACCESS_KEYS, PEOPLE, MEMBERS) if topic.name in self._inputs]

    async def until_authority_is_read(self, pool: asyncpg.Pool) -> None:
        """Return once the service has read of keys, people and who was erased as far as that goes now."""
        if self._authority:
            await self.until_read(pool, self._authority)

    async def _open(self, pool: asyncpg.Pool) -> None:
        async with begin(pool) as conn:
            self.seen.saw(await load(conn))
        FORGOTTEN_FACTS.set(0)
        something_was_taken_in()
        self._say(None)

    async def _until_inputs_are_read(self, pool: asyncpg.Pool, topics: Sequence[str]) -> None:
        await self.until_read(
            pool, topics, waiting=lambda unread: self._say(f"it reads {unread} again, then its own facts")
        )

    async def until_read(
        self, pool: asyncpg.Pool, topics: Sequence[str], *, waiting: Callable[[str], None] = lambda _: None
    ) -> None:
        """Return once the service has read these topics as far as they go now; `waiting` gets what is left."""
        async with self._reader() as consumer:
            partitions = await copying.partitions_of(consumer, topics)
            beginnings = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
        wanted = {one: end for one, end in ends.items() if end > beginnings[one]}
        while unread := await self._unread(pool, wanted):
            waiting(", ".join(sorted({place.topic for place in unread})))
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _unread(self, pool: asyncpg.Pool, ends: dict[TopicPartition, int]) -> list[TopicPartition]:
        stored = await stored_offsets(pool, ends)
        return [one for one, end in ends.items() if stored.get(one, 0) < end]

    async def _put_aside(self, begin_tx: Callable[[], Any]) -> bool:
        """Put aside the next records that no step takes, as a later version may have told; False: there are none.

        A topic of which a step takes whatever it carries has none: that step finds out what is no fact.
        """
        open_ended = {topic.name for step in self._steps if not step.kinds for topic in step.topics}
        async with begin_tx() as tx:
            await store.lock(tx.conn)
            rows = await store.next_of_nobody(
                tx.conn,
                topics=sorted(self._topics.keys() - open_ended),
                taken={(topic.name, kind) for step in self._steps for topic in step.topics for kind in step.kinds},
                limit=PUT_ASIDE_AT_ONCE_COUNT,
            )
            rejections = [Rejection(row, f"nothing takes in what is of type {row.kind!r}") for row in rows]
            await self._dead_letters.publish(tx, rejections)
            await store.delete(tx.conn, rows)
        self._dead_letters.count(rejections)
        return bool(rows)

    async def _take_in(self, begin_tx: Callable[[], Any], number: int, step: ReadBack) -> bool:
        """Take in the next facts of a step; False when there are none."""
        refused: tuple[Forgotten, str] | None = None
        good: list[Forgotten] = []
        rejections: list[Rejection] = []
        try:
            async with begin_tx() as tx:
                # 1. One process at a time, whichever it is.
                await store.lock(tx.conn)
                rows = await store.next_of_step(
                    tx.conn,
                    topics=[topic.name for topic in step.topics],
                    kinds=step.kinds,
                    step=number,
                    limit=step.most_at_once,
                )
                if not rows:
                    return False
                # 2. The facts become rows again; what is none of ours, or no fact, is put aside.
                facts, good, rejections = self._decoded(step, rows)
                await self._dead_letters.publish(tx, rejections)
                if facts:
                    await step.handler(tx, facts)
                # 3. Nobody needs them any more, unless a later step does.
                later = {row.id for row in good if self._is_taken_later(number, row)}
                await store.finish_step(tx.conn, [row for row in rows if row.id in later], step=number)
                await store.delete(tx.conn, [row for row in rows if row.id not in later])
        except CannotTakeInError as error:
            refused = (good[error.index], error.reason)
        if refused is not None:
            log.error("a fact of its own does not fit the database: %s", refused[1])
            async with begin_tx() as tx:
                await store.set_reason(tx.conn, refused[0], reason=refused[1])
            return True
        something_was_taken_in()
        self._dead_letters.count(rejections)
        for topic, count in Counter(row.topic for row in good).items():
            READ_BACK_FACTS.labels(topic).inc(count)
        return True

    def _is_taken_later(self, number: int, row: Forgotten) -> bool:
        return any(step.takes(row.topic, row.kind) for step in self._steps[number + 1 :])

    def _decoded(
        self, step: ReadBack, rows: Sequence[Forgotten]
    ) -> tuple[list[Any], list[Forgotten], list[Rejection]]:
        facts, good, rejections = [], [], []
        for row in rows:
            try:
                facts.append(step.decode(row.topic, row.value, self._settings))
            except SignatureError as error:
                rejections.append(Rejection(row, str(error), is_badly_signed=True))
            except ValueError as error:
                rejections.append(Rejection(row, str(error)))
            else:
                good.append(row)
        return facts, good, rejections

    async def report(self, pool: asyncpg.Pool, community: str | None = None) -> Report:
        """How the database stands to its own topics now. Raises KafkaError when the broker is away.

        For a community: only of its own objects is anything said by name.
        """
        found: list[Standing] = []
        if self._topics:
            async with self._reader() as consumer:
                found = await copying.standings(consumer, pool, self._topics)
        async with begin(pool) as conn:
            return Report(
                self._why,
                found,
                await store.count_waiting(conn, community),
                await store.load_not_rebuilt(conn, community),
            )
