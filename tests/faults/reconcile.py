"""Compares every database and topic with what must be true, event by event and award by award."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from plaudit.stack import StackState
from shared.postgres import database_url, role_name
from shared.services import SERVICES
from shared.topics import POINTS, Topic, dead_letter_topic
from tests.faults.load import Expected


@dataclass
class Differences:
    """What is missing and what is too much, over all stages, and where."""

    lost: int = 0
    doubled: int = 0
    details: list[str] = field(default_factory=list)

    def compare(self, what: str, actual: Iterable[Hashable], expected: Iterable[Hashable]) -> None:
        """Note what only one side has; both are bags."""
        have, want = Counter(actual), Counter(expected)
        missing, extra = want - have, have - want
        self.lost += missing.total()
        self.doubled += extra.total()
        for word, found in (("missing", missing), ("too much", extra)):
            if found:
                self.details.append(f"{what}: {found.total()} {word}, such as {list(found)[:3]}")

    def check(self, what: str, holds: bool) -> None:
        """Note a statement that does not hold."""
        if not holds:
            self.details.append(what)


class Databases:
    """Reads what the services stored for one community, past every proxy."""

    def __init__(self, state: StackState, community: str) -> None:
        self._state = state
        self._community = community

    async def rows(self, service: str, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of a service's database; $1 is the community."""
        url = database_url(self._state.postgres_admin_url, role_name(service))
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(sql, self._community, *arguments))
        finally:
            await connection.close()

    async def pairs(self, service: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows as tuples of text and numbers."""
        return [
            tuple(value if isinstance(value, int | str | None) else str(value) for value in row)
            for row in await self.rows(service, sql)
        ]


async def reconcile(databases: Databases, expected: Expected, receipts: dict[str, int]) -> Differences:
    """Compare all stages. `receipts` has the number of events of every request that was answered 202."""
    found = Differences()
    await _front_door(databases, expected, receipts, found)
    awards = await databases.pairs(
        "scoring", "select award_id, member_id, points from awards where community = $1"
    )
    amounts = """
        select coalesce(amends, award_id), member_id, sum(points)::bigint from awards where community = $1
        group by 1, 2 having sum(points) <> 0
        """
    rows = await databases.pairs("scoring", amounts)
    found.compare("what awards amount to", rows, ((award, *what) for award, what in expected.awards.items()))
    waiting = await databases.pairs(
        "scoring", "select count(*) from claims where community = $1 and not is_settled"
    )
    found.check(f"{waiting[0][0]} claims that are still to be settled", waiting[0][0] == 0)
    await _ledger(databases, awards, expected, found)
    await _recognition(databases, awards, expected, found)
    await _analytics(databases, awards, expected, found)
    return found


async def _front_door(
    databases: Databases, expected: Expected, receipts: dict[str, int], found: Differences
) -> None:
    rows = await databases.pairs("ingest", "select event_uid from events where community = $1")
    found.compare("ingest events", (uid for (uid,) in rows), expected.events)
    rows = await databases.pairs(
        "ingest", "select event_uid from receipts where community = $1 and outcome = 'accepted'"
    )
    found.compare("accepted outcomes", (uid for (uid,) in rows), expected.events)
    rows = await databases.pairs(
        "ingest", "select receipt_id, count(*) from receipts where community = $1 group by 1"
    )
    outcomes = dict(rows)
    # A request whose answer was lost has outcomes too, and nobody who asks for them.
    for receipt, count in receipts.items():
        found.check(
            f"receipt {receipt} has {outcomes.get(receipt, 0)} outcomes for {count} events",
            outcomes.get(receipt, 0) == count,
        )
        found.lost += max(0, count - outcomes.get(receipt, 0))
    rows = await databases.pairs("ingest", "select member_id from members where community = $1")
    found.compare("members", (member for (member,) in rows), expected.people)


async def _ledger(
    databases: Databases, awards: list[tuple[Any, ...]], expected: Expected, found: Differences
) -> None:
    rows = await databases.pairs(
        "rewards",
        "select cause_id from transfers where community = $1 and kind in ('award', 'amendment')",
    )
    found.compare("transfers", (cause for (cause,) in rows), (award for award, _, _ in awards))
    rows = await databases.pairs(
        "rewards",
        """
        select owner, sum(b.amount)::bigint from balances b join accounts using (community, account_id)
        where community = $1 and owner is not null and currency = 'PTS' group by 1 having sum(b.amount) <> 0
        """,
    )
    points = expected.points.copy()
    points.subtract(expected.spent)
    found.compare("balances", rows, ((member, amount) for member, amount in points.items() if amount))
    total = await databases.pairs(
        "rewards", "select coalesce(sum(amount), 0)::bigint from entries where community = $1"
    )
    found.check(f"the ledger's entries sum to {total[0][0]}", total[0][0] == 0)
    wrong = await databases.pairs(
        "rewards",
        """
        select account_id, b.amount, sum(e.amount)::bigint from balances b left join entries e
            using (community, account_id)
        where community = $1 group by 1, 2 having b.amount <> coalesce(sum(e.amount), 0)
        """,
    )
    found.check(f"balances that are not the sum of their entries: {wrong[:3]}", not wrong)


async def _recognition(
    databases: Databases, awards: list[tuple[Any, ...]], expected: Expected, found: Differences
) -> None:
    rows = await databases.pairs("recognition", "select award_id from applied_awards where community = $1")
    found.compare("awards in recognition", (award for (award,) in rows), (award for award, _, _ in awards))
    rows = await databases.pairs(
        "recognition", "select member_id, points from members where community = $1 and points <> 0"
    )
    found.compare("points in recognition", rows, (+expected.points).items())
    standing = """
        select member_id, name from grants g where community = $1 and reverses is null and not exists
            (select from grants r where r.community = g.community and r.reverses = g.grant_id)
        """
    # Who has no points left may have been awarded and taken back, or never awarded, by the order of arrival.
    wanted = [(member, name) for member, names in expected.standing.items() for name in names]
    for service in ("recognition", "analytics"):
        rows = [row for row in await databases.pairs(service, standing) if expected.points[row[0]]]
        found.compare(f"badges and levels in {service}", rows, wanted)
    sql = "select grant_id from grants where community = $1"
    found.compare(
        "grants in analytics", await databases.pairs("analytics", sql), await databases.pairs("recognition", sql)
    )


async def _analytics(
    databases: Databases, awards: list[tuple[Any, ...]], expected: Expected, found: Differences
) -> None:
    rows = await databases.pairs("analytics", "select event_uid from events where community = $1")
    found.compare("events in analytics", (uid for (uid,) in rows), expected.events)
    rows = await databases.pairs(
        "analytics", "select award_id, member_id, points from awards where community = $1"
    )
    found.compare("awards in analytics", rows, awards)
    rows = await databases.pairs(
        "analytics",
        "select day, sum(events)::bigint from event_days where community = $1 and type = 'chat.message.v1' "
        "group by 1 having sum(events) <> 0",
    )
    found.compare(
        "participation by day", rows, ((str(day), count) for day, count in expected.participation.items())
    )


async def records(state: StackState, topic: Topic) -> list[dict[str, Any]]:
    """Every fact in a topic, by partition in order; what is none is left out."""
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[dict[str, Any]] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for batch in (await consumer.getmany(partition, timeout_ms=1000)).values():
                    found += [fact for record in batch if (fact := _fact(record.value)) is not None]
        return found
    finally:
        await consumer.stop()


def _fact(value: bytes) -> dict[str, Any] | None:
    try:
        fact = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return fact if isinstance(fact, dict) and "community" in fact and "data" in fact else None


async def ends(state: StackState, topics: Iterable[Topic]) -> dict[TopicPartition, int]:
    """Where each partition of the topics ends."""
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        found: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return found
    finally:
        await consumer.stop()


async def dead_letters(state: StackState) -> dict[str, int]:
    """How many dead letters each service has written, ever."""
    found = await ends(state, [dead_letter_topic(service) for service in SERVICES])
    return {partition.topic.split(".")[0]: end for partition, end in found.items()}


async def awards_in_order(state: StackState, community: str) -> list[str]:
    """Award ids of a community as the topic has them, partition by partition."""
    return [one["data"]["award_id"] for one in await records(state, POINTS) if one["community"] == community]
