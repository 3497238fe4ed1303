"""What an event costs when the tables are full: 100 thousand facts in every table beside 10 million.

The tables are filled by PostgreSQL itself, with facts of the ten years before the new events, and the same new
events go through the handlers of all five services on top of each. What is compared is CPU time, Python's and
PostgreSQL's together.
"""

import asyncio
import uuid
from statistics import median

import asyncpg

from bench import chain, messages
from bench.chain import BATCH_COUNT, Chain, connected
from bench.context import MESSAGES, Context
from bench.machine import core_count
from bench.measure import like_a_service
from bench.results import Breakdown, Target
from plaudit.stack import StackState
from shared.postgres import database_url, role_name
from shared.services import SERVICES

TEXT = MESSAGES.read_text()
SMALL_COUNT = 100_000
LARGE_COUNT = 10_000_000
QUICK_COUNT = 1_000_000
MEMBER_SHARE = 100
GROWTH_MAX = 1.2
EVENT_COUNT = 20_000
#: So many rounds find pages that PostgreSQL has not in its cache, or has not written whole since its last
#: checkpoint: they are shown, and not what is compared.
WARM_ROUND_COUNT = 6
LONG_SECONDS = 3_600

#: The facts that were there before: row n of every table is of the same event, award and transfer. Event ids are
#: hashes, award and transfer ids begin with the event's time, as the services make them.
FACTS = """
    with numbers as (
        select n, timestamptz '1994-01-01' + n * (interval '3650 days' / {count}) as at
        from generate_series(0, {count} - 1) as n
    ), facts as (
        select '{community}' as c, n, at, md5('event' || n)::uuid as event,
               hex || substr(md5('award' || n), 13) as a, hex || substr(md5('transfer' || n), 13) as t,
               lpad(to_hex(n::bigint * 7919 % {members}), 32, '0')::uuid as member
        from numbers, lateral (select lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as hex)
    )
"""
#: The tables that get a row for every event or award, and what of a fact is in each column.
TABLES = {
    "ingest": {
        "events (community, event_uid, content_hash)": "c, event, decode(md5('content' || n), 'hex')",
        "receipts (community, receipt_id, receipt_index, event_uid, outcome)": (
            "c, 'r' || lpad(to_hex(n / 500), 27, '0'), n % 500, event, 'accepted'"
        ),
    },
    "scoring": {
        "activities (community, event_uid, scored, retracted, event_time)": "c, event, true, false, at",
        "awards (community, event_uid, award_id, member_id, points, rule_id, slot, programme_id,"
        " programme_version, event_type, event_time, received_at, recorded_at)": (
            "c, event, a::uuid, member, 1, 'message', 'actor', 'messages', 1, 'chat.message.v1', at, at, at"
        ),
    },
    "recognition": {"applied_awards (community, award_id)": "c, a::uuid"},
    "rewards": {
        "transfers (community, transfer_id, kind, cause_id, event_time, recorded_at)": (
            "c, t::uuid, 'award', a::uuid, at, at"
        ),
        "entries (community, account_id, recorded_at, transfer_id, amount, currency)": (
            "c, unnest(array[member, md5('issued')::uuid]), at, t::uuid, unnest(array[1, -1]), 'PTS'"
        ),
        "lots (community, award_id, member_id, points, remaining, earned_at)": "c, a::uuid, member, 1, 1, at",
    },
    "analytics": {
        "events (community, event_uid, received_at, event_time, member_id, channel, type, source, event_id)": (
            "c, event, at, at, member, 'chat', 'chat.message.v1', 'https://chat.example.org', 'm-' || n"
        ),
        "awards (community, award_id, event_uid, member_id, event_time, awarded_at, points, programme_version,"
        " rule_id, slot, programme_id)": (
            "c, a::uuid, event, member, at, at, 1, 1, 'message', 'actor', 'messages'"
        ),
    },
}


async def growth(context: Context) -> None:
    """Compare the cost of an event on small and on large tables, service by service."""
    large = QUICK_COUNT if context.quick else LARGE_COUNT
    like_a_service()
    cost: dict[str, dict[int, list[float]]] = {service: {} for service in SERVICES}
    at_each: dict[int, list[float]] = {}
    for count in (SMALL_COUNT, large):
        await context.reset()
        state = await context.infrastructure()
        community = f"bench-{uuid.uuid4().hex[:10]}"
        await _fill_all(context, state, community, count)
        async with connected(state) as links:
            await chain.publish(links, community, TEXT)
            for number in range(WARM_ROUND_COUNT + context.round_count):
                used = await _feed(links, community, number)
                at_each.setdefault(count, []).append(sum(used.values()) / EVENT_COUNT * 1e6)
                if number >= WARM_ROUND_COUNT:
                    for service, seconds in used.items():
                        cost[service].setdefault(count, []).append(seconds / EVENT_COUNT * 1e6)
    await context.reset()
    rows = {
        f"{service}, {count:,} facts": values
        for service, counts in cost.items()
        for count, values in counts.items()
    }
    context.results.add(
        Breakdown(title="CPU per event in the handlers, by facts in the tables", unit="µs", rows=rows)
    )
    context.results.add(
        Breakdown(
            title="CPU per event in all handlers, since the tables were filled",
            unit="µs",
            rows={
                f"{count:,} facts, events {number * EVENT_COUNT:,} to {(number + 1) * EVENT_COUNT:,}": [value]
                for count, values in at_each.items()
                for number, value in enumerate(values)
            },
        )
    )
    sums = {
        count: [sum(cost[service][count][number] for service in SERVICES) for number in range(context.round_count)]
        for count in (SMALL_COUNT, large)
    }
    base = median(sums[SMALL_COUNT])
    context.results.add(
        Target(
            name=f"Cost of an event with {large:,} facts in every table ÷ with {SMALL_COUNT:,}",
            unit="×",
            values=[value / base for value in sums[large]],
            wanted=GROWTH_MAX,
        )
    )


async def _feed(links: Chain, community: str, number: int) -> dict[str, float]:
    links.reset_costs()
    await links.feed(community, messages.events(EVENT_COUNT, prefix=f"grown{number}"))
    return {name: link.cost.cpu_seconds for name, link in links.links.items()}


async def _fill_all(context: Context, state: StackState, community: str, count: int) -> None:
    free = asyncio.Semaphore(core_count())

    async def fill(service: str) -> None:
        async with free:
            await _fill(state, service, community, count)
        context.say(f"{service}: {count:,} facts in each of its tables")

    await asyncio.gather(*map(fill, SERVICES))


async def _fill(state: StackState, service: str, community: str, count: int) -> None:
    facts = FACTS.format(community=community, count=count, members=max(1, count // MEMBER_SHARE))
    admin = await asyncpg.connect(
        database_url(state.postgres_admin_url, role_name(service)), command_timeout=LONG_SECONDS
    )
    try:
        await admin.execute("set maintenance_work_mem = '1GB'")
        for target, columns in TABLES[service].items():
            table = target.partition(" ")[0]
            key, indexes = await indexes_of(admin, table)
            # Built at the end, by sorting: row by row it takes many times as long.
            await admin.execute(f"alter table {table} disable trigger user, drop constraint {key['conname']}")
            for index in indexes:
                await admin.execute(f"drop index {index['indexname']}")
            await admin.execute(f"insert into {target} {facts} select {columns} from facts")
            await admin.execute(
                f"alter table {table} enable trigger user, add constraint {key['conname']} {key['def']}"
            )
            for index in indexes:
                await admin.execute(index["indexdef"])
            await admin.execute(f"vacuum (analyze) {table}")
    finally:
        await admin.close()


async def indexes_of(admin: asyncpg.Connection, table: str) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """A table's primary key and its other indexes, as their names and definitions."""
    key = await admin.fetchrow(
        "select conname, pg_get_constraintdef(oid) as def from pg_constraint"
        " where conrelid = $1::text::regclass and contype = 'p'",
        table,
    )
    if key is None:
        raise RuntimeError(f"{table} has no primary key")
    others = await admin.fetch(
        "select indexname, indexdef from pg_indexes where tablename = $1 and indexname <> $2",
        table,
        key["conname"],
    )
    return key, list(others)


assert EVENT_COUNT % BATCH_COUNT == 0
