"""What deciding costs on tables of any size, and beside workers on one campaign: `python -m bench.decisions`.

Scoring's handler alone on a real database, without a broker. Two questions: whether an event costs the same
however many awards there are, and what one campaign that all workers spend of takes from their rate.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from random import Random
from statistics import median
from typing import Any

import asyncpg
import click
import orjson

from bench.chain import Chain, Link, connected, publish
from bench.measure import like_a_service
from plaudit.stack import StackState, reset, start
from services.scoring.campaigns.store import books as campaign_store
from services.scoring.programmes.domain.reading import document_of, read_programme
from shared.contracts.programme import Programme
from shared.postgres import database_url, role_name

BATCH_COUNT = 500
WARM_BATCHES_COUNT = 240
MEASURED_BATCHES_COUNT = 20
WARM_SHARE_COUNT = 5
AWARDS_OF_MEMBER_COUNT = 100
#: So many of the awards that are filled in have a claim: a tenth is what a cap is over.
CLAIM_SHARE = 10
LONG_SECONDS = 3_600
TODAY = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)

RULES = """
programme: decisions
title: Decisions
{campaigns}
rules:
  - {{id: post, title: Wrote, on: [forum.post.v1], points: 5, when: data.length_chars >= 20{of_campaign}}}
  - {{id: chat, title: Chatted, on: [chat.message.v1], points: 1, daily_cap: 20}}
"""
#: A column of a table, and what of fact number n is in it.
FILLED = {
    "activities (community, event_uid, scored, retracted, event_time)": "c, event, true, false, at",
    "awards (community, event_uid, award_id, member_id, points, rule_id, slot, programme_id, programme_version,"
    " event_type, event_time, received_at, recorded_at)": (
        "c, event, award, member, 1, 'post', 'actor', 'decisions', 1, 'forum.post.v1', at, at, at"
    ),
    "claims (community, award_id, member_id, limited_id, event_uid, event_id, event_type, event_time, received_at,"
    " rule_id, slot, programme_id, programme_version, weight, is_actors, grace_seconds, is_heaviest_first,"
    " window_1, bound_1, state, is_counted, is_settled, room, told)": (
        "c, award, member, member, event, 'e' || n, 'chat.message.v1', at, at, 'chat', 'actor', 'decisions', 1, 1,"
        " true, 0, false, substr(sha256(('w' || n / 10)::bytea), 1, 16), 20, 'live', true, true, 1, 1"
    ),
    "limit_windows (name, used, wanted)": "substr(sha256(('w' || n / 10)::bytea), 1, 16), 10, 10",
}
FACTS = """
    with facts as (
        select '{community}' as c, n, at, md5('event' || n)::uuid as event,
               (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
                || substr(md5('award' || n), 13))::uuid as award,
               lpad(to_hex(n::bigint * 7919 % {members}), 32, '0')::uuid as member
        from generate_series({first}, {last} - 1, {step}) as n,
             lateral (select timestamptz '2016-01-01' + n * (interval '3650 days' / {most}) as at) as t
    )
"""


def programme(campaigns_count: int, mine: int = 0) -> str:
    """Two rules, the first of one of so many campaigns that give whatever comes; of none it is under a limit.

    Either is a claim: what is compared is the campaign.
    """
    starts, ends = (TODAY - timedelta(days=30)).date(), (TODAY + timedelta(days=30)).date()
    listed = "".join(
        f"\n  - {{id: c{n}, title: C, starts: {starts}, ends: {ends}, budget: {{points: 1000000000}}}}"
        for n in range(campaigns_count)
    )
    return RULES.format(
        campaigns=f"campaigns:{listed}" if listed else "",
        of_campaign=f", campaign: c{mine}" if listed else ", daily_cap: 1000000",
    )


def batch(community: str, chance: Random, members: Sequence[str]) -> list[bytes]:
    """Events of these members as they are in the log; half of them are what a campaign may be for."""
    made = []
    for number in range(BATCH_COUNT):
        is_post = number % 2 == 0
        at = TODAY + timedelta(milliseconds=chance.randrange(60_000))
        made.append(
            {
                "specversion": "1.0",
                "id": f"e{chance.getrandbits(64):x}",
                "source": "https://forum.example.org",
                "type": "forum.post.v1" if is_post else "chat.message.v1",
                "time": at,
                "community": community,
                "uid": str(uuid.UUID(int=chance.getrandbits(128))),
                "member": chance.choice(members),
                "receivedat": datetime.now(UTC),
                "contenthash": f"{chance.getrandbits(128):032x}",
                "data": {"channel": "forum", "actor": {}, "length_chars": 40},
            }
        )
    return [orjson.dumps(one) for one in made]


async def put_in_force(state: StackState, chain: Chain, community: str, text: str) -> None:
    """Have a programme apply that takes two people: one that does not is published, and says this from then on."""
    await publish(chain, community, programme(0))
    document = read_programme(text)
    assert isinstance(document, Programme)
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("scoring")))
    try:
        await admin.execute(
            "update programme_versions set document = $2 where community = $1",
            community,
            orjson.dumps(document_of(document)).decode(),
        )
    finally:
        await admin.close()


async def handle(link: Link, values: Sequence[bytes]) -> None:
    """Score a batch as a worker does; what is to be told stays in the outbox."""
    subscription = link.subscription("engagement.events.v1")
    messages = [subscription.adapter.validate_json(value) for value in values]
    async with link.begin() as tx:
        await subscription.handler(tx, messages)


async def fill(admin: asyncpg.Connection, *, first: int, last: int, most: int, members: int) -> None:
    """Fill in the awards of numbers `first` to `last`, of `most` in all, as PostgreSQL makes them itself."""
    await admin.execute("set maintenance_work_mem = '512MB'")
    for target, columns in FILLED.items():
        table = target.partition(" ")[0]
        step = {"claims": CLAIM_SHARE, "limit_windows": CLAIM_SHARE * 10}.get(table, 1)
        facts = FACTS.format(community="b", first=first, last=last, step=step, most=most, members=members)
        key, others = await indexes(admin, table)
        await admin.execute(f"alter table {table} disable trigger user, drop constraint {key['conname']}")
        for index in others:
            await admin.execute(f"drop index {index['indexname']}")
        await admin.execute(f"insert into {target} {facts} select {columns} from facts")
        await admin.execute(
            f"alter table {table} enable trigger user, add constraint {key['conname']} {key['def']}"
        )
        for index in others:
            await admin.execute(index["indexdef"])
        await admin.execute(f"vacuum (analyze) {table}")
    await admin.execute("checkpoint")


async def indexes(admin: asyncpg.Connection, table: str) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """A table's primary key and its other indexes, as their names and definitions."""
    key = await admin.fetchrow(
        "select conname, pg_get_constraintdef(oid) as def from pg_constraint"
        " where conrelid = $1::text::regclass and contype = 'p'",
        table,
    )
    if key is None:
        raise click.ClickException(f"{table} has no primary key")
    others = await admin.fetch(
        "select indexname, indexdef from pg_indexes where tablename = $1 and indexname <> $2",
        table,
        key["conname"],
    )
    return key, list(others)


async def reads(admin: asyncpg.Connection) -> dict[str, tuple[int, int]]:
    """Of each table how many rows were read by going through it, and how often an index was asked."""
    await admin.execute("select pg_stat_clear_snapshot()")
    rows = await admin.fetch("select relname, seq_tup_read, idx_scan from pg_stat_user_tables")
    return {row["relname"]: (row["seq_tup_read"], row["idx_scan"] or 0) for row in rows}


async def flat(state: StackState, counts: Sequence[int]) -> None:
    """Print what an event costs with so many awards there, and what was read other than by an index."""
    like_a_service()
    admin = await asyncpg.connect(
        database_url(state.postgres_admin_url, role_name("scoring")), command_timeout=LONG_SECONDS
    )
    done, most = 0, max(counts)
    members_count = max(1, most // AWARDS_OF_MEMBER_COUNT)
    chance = Random(17)
    async with connected(state, ["scoring"]) as chain:
        link = chain.links["scoring"]
        await put_in_force(state, chain, "b", programme(1))
        for count in counts:
            await fill(admin, first=done, last=count, most=most, members=members_count)
            done = count
            members = [str(uuid.UUID(int=chance.randrange(members_count))) for _ in range(5_000)]
            for _ in range(WARM_BATCHES_COUNT):
                await handle(link, batch("b", chance, members))
            before, costs = await settled(admin), []
            for _ in range(MEASURED_BATCHES_COUNT):
                values = batch("b", chance, members)
                python, postgres = time.process_time(), backend_seconds(link)
                await handle(link, values)
                costs.append((time.process_time() - python, backend_seconds(link) - postgres))
            after = await settled(admin)
            size = await admin.fetchval("select pg_database_size(current_database())")
            python_us, postgres_us = (
                sum(cost[place] for cost in costs) / len(costs) / BATCH_COUNT * 1e6 for place in range(2)
            )
            click.echo(
                f"{count:>12,} awards ({size / 1e9:.1f} GB)   {python_us + postgres_us:6.1f} µs of CPU an event"
                f"   ({python_us:.1f} Python, {postgres_us:.1f} PostgreSQL)"
            )
            for table in ("activities", "awards", "claims", "limit_windows"):
                rows, scans = (after[table][place] - before[table][place] for place in range(2))
                click.echo(f"{'':16}{table:14} {rows:,} rows read without an index, {scans:,} looks into indexes")
    await admin.close()


async def settled(admin: asyncpg.Connection) -> dict[str, tuple[int, int]]:
    """What was read so far, once the sessions have said it."""
    before = await reads(admin)
    while True:
        await asyncio.sleep(1.5)
        now = await reads(admin)
        if now == before:
            return now
        before = now


def backend_seconds(link: Link) -> float:
    """What the link's PostgreSQL process has used of a processor."""
    times = link.backend.cpu_times()
    return float(times.user + times.system)


@dataclass
class Locked:
    """How often the books of campaigns are locked: others that need them wait until the commit."""

    count: int = 0

    def watch(self) -> None:
        """Count from now on."""
        lock = campaign_store.lock_books

        async def locking(conn: Any, *, keys: Any) -> Any:
            self.count += 1
            return await lock(conn, keys=keys)

        campaign_store.lock_books = locking


async def share(state: StackState, batches_count: int) -> float:
    """The share of the batches of a worker for which it locks the books: the others are spent from portions."""
    chance = Random(17)
    members = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(500)]
    locked = Locked()
    locked.watch()
    async with connected(state, ["scoring"]) as chain:
        await put_in_force(state, chain, "share", programme(1))
        for number in range(batches_count + WARM_SHARE_COUNT):
            if number == WARM_SHARE_COUNT:
                locked.count = 0
            await handle(chain.links["scoring"], batch("share", chance, members))
    return locked.count / batches_count


def work(state: StackState, community: str, number: int, batches_count: int, barrier: Barrier) -> None:
    """A worker of one partition: its members are nobody else's."""

    async def run() -> None:
        chance = Random(f"{community} {number}")
        members = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(500)]
        made = [batch(community, chance, members) for _ in range(batches_count)]
        async with connected(state, ["scoring"]) as chain:
            link = chain.links["scoring"]
            await handle(link, batch(community, chance, members))
            await asyncio.to_thread(barrier.wait)
            for values in made:
                await handle(link, values)
            await asyncio.to_thread(barrier.wait)

    like_a_service()
    asyncio.run(run())


async def rate(state: StackState, chain: Chain, *, workers: int, campaigns: str, batches_count: int) -> float:
    """Events a second of so many workers: with `none`, with `one` campaign, or with one campaign `each`."""
    communities = [f"b{uuid.uuid4().hex[:10]}" for _ in range(workers if campaigns == "each" else 1)]
    for community in communities:
        await put_in_force(state, chain, community, programme(0 if campaigns == "none" else 1))
    context = get_context("spawn")
    barrier = context.Barrier(workers + 1)
    started = [
        context.Process(
            target=work, args=(state, communities[number % len(communities)], number, batches_count, barrier)
        )
        for number in range(workers)
    ]
    for process in started:
        process.start()
    await asyncio.to_thread(barrier.wait)
    begun = time.perf_counter()
    await asyncio.to_thread(barrier.wait)
    took = time.perf_counter() - begun
    for process in started:
        process.join()
    await chain.links["scoring"].pool.execute("delete from outbox")
    return workers * batches_count * BATCH_COUNT / took


async def hot(state: StackState, workers_counts: Sequence[int], rounds_count: int, batches_count: int) -> None:
    """Print what one campaign of all workers takes from their rate, beside none and beside one campaign each."""
    async with connected(state, ["scoring"]) as chain:
        for workers in workers_counts:
            rates: dict[str, list[float]] = {"none": [], "each": [], "one": []}
            for _ in range(rounds_count):
                for campaigns, found in rates.items():
                    found.append(
                        await rate(state, chain, workers=workers, campaigns=campaigns, batches_count=batches_count)
                    )
            said = ", ".join(f"{name} {median(found):,.0f}" for name, found in rates.items())
            ratios = {
                name: [one / beside for one, beside in zip(rates["one"], rates[name], strict=True)]
                for name in ("none", "each")
            }
            compared = "; ".join(
                f"one hot / {name} {median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
                for name, values in ratios.items()
            )
            click.echo(f"{workers} workers, events/s with campaigns: {said}; {compared}")


@click.group(help="Measure what decisions cost. The stack that is named loses its data.")
def main() -> None:
    """Measure on a stack of its own."""


@main.command(epilog="Example: python -m bench.decisions growth --awards 10000 --awards 1000000")
@click.option("--stack", default="bench-decisions", show_default=True)
@click.option("--awards", type=int, multiple=True, default=(10_000, 1_000_000), show_default=True)
def growth(stack: str, awards: Sequence[int]) -> None:
    """Print what an event costs with so many awards; ten million take 6 GB of disk, which are free afterwards."""
    reset(stack)
    try:
        asyncio.run(flat(start(stack, only=("kafka", "postgres"), role="all", environment={}), sorted(awards)))
    finally:
        reset(stack)


@main.command(epilog="Example: python -m bench.decisions campaign --workers 1 --workers 6")
@click.option("--stack", default="bench-decisions", show_default=True)
@click.option("--workers", type=int, multiple=True, default=(1, 3, 6), show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--batches", default=20, show_default=True, help="Of 500 events, of each worker")
def campaign(stack: str, workers: Sequence[int], rounds: int, batches: int) -> None:
    """Print what one campaign that all workers spend of takes from their rate."""
    reset(stack)
    try:
        state = start(stack, only=("kafka", "postgres"), role="all", environment={})
        found = asyncio.run(share(state, batches))
        click.echo(
            f"a worker locks the books of a campaign for {found:.0%} of its batches, and spends from portions else"
        )
        asyncio.run(hot(state, workers, rounds, batches))
    finally:
        reset(stack)


if __name__ == "__main__":
    main()
