"""What an event costs when the tables are full: 100 thousand facts in every table beside 10 million.

Both fillings are made with COPY, and the same new events go through the handlers of all five services on
top of each. What is compared is CPU time, Python's and PostgreSQL's together.
"""

import random
import uuid
from collections.abc import AsyncIterator
from statistics import median

import asyncpg

from bench import chain, messages
from bench.chain import BATCH_COUNT, Chain, connected
from bench.context import MESSAGES, Context
from bench.measure import like_a_service
from bench.results import Breakdown, Target
from plaudit.stack import StackState
from shared.postgres import database_url, role_name
from shared.topics import SERVICES

TEXT = MESSAGES.read_text()
SMALL_COUNT = 100_000
LARGE_COUNT = 10_000_000
QUICK_COUNT = 1_000_000
MEMBER_SHARE = 100
GROWTH_MAX = 1.2
EVENT_COUNT = 20_000
ROWS_PER_BLOCK = 5_000
SEED = 11
LONG_SECONDS = 3_600

#: The tables that get a row for every event or award, and a row of them as COPY's text. {c} is the community,
#: {id} a random id, {id2} another that is derived from it, {m} a member, {n} the number of the row.
TABLES = {
    "ingest": {
        "events (community, event_uid, content_hash)": "{c}\t{id}\t\\\\x{id2}",
        "receipts (community, receipt_id, receipt_index, event_uid, outcome)": (
            "{c}\tr{r:027x}0\t{i}\t{id}\taccepted"
        ),
    },
    "scoring": {
        "activities (community, event_uid, scored, retracted)": "{c}\t{id}\tt\tf",
        "awards (community, event_uid, award_id, member_id, points, rule_id, slot, programme_id,"
        " programme_version, event_type, event_time, received_at, recorded_at)": (
            "{c}\t{id}\t{id2}\t{m}\t1\tmessage\tactor\tmessages\t1\tchat.message.v1\t{t}\t{t}\t{t}"
        ),
    },
    "recognition": {"applied_awards (community, award_id)": "{c}\t{id2}"},
    "rewards": {
        "transfers (community, transfer_id, kind, cause_id, event_time, recorded_at)": (
            "{c}\t{id}\taward\t{id2}\t{t}\t{t}"
        ),
        "entries (community, account_id, recorded_at, transfer_id, amount, currency)": (
            "{c}\t{m}\t{t}\t{id}\t1\tPTS\n{c}\tffffffffffffffffffffffffffffffff\t{t}\t{id}\t-1\tPTS"
        ),
        "lots (community, award_id, member_id, points, remaining, earned_at)": "{c}\t{id2}\t{m}\t1\t1\t{t}",
    },
    "analytics": {
        "events (community, event_uid, received_at, event_time, member_id, channel, type, source, event_id)": (
            "{c}\t{id}\t{t}\t{t}\t{m}\tchat\tchat.message.v1\thttps://chat.example.org\tm-{n}"
        ),
        "awards (community, award_id, event_uid, member_id, event_time, awarded_at, points, programme_version,"
        " rule_id, slot, programme_id)": ("{c}\t{id2}\t{id}\t{m}\t{t}\t{t}\t1\t1\tmessage\tactor\tmessages"),
    },
}


async def growth(context: Context) -> None:
    """Compare the cost of an event on small and on large tables, service by service."""
    large = QUICK_COUNT if context.quick else LARGE_COUNT
    like_a_service()
    cost: dict[str, dict[int, list[float]]] = {service: {} for service in SERVICES}
    for count in (SMALL_COUNT, large):
        await context.reset()
        state = await context.infrastructure()
        community = f"bench-{uuid.uuid4().hex[:10]}"
        for service in SERVICES:
            await _fill(state, service, community, count)
            context.say(f"{service}: {count:,} facts in each of its tables")
        async with connected(state) as links:
            await chain.publish(links, community, TEXT)
            for number in range(context.round_count + 1):
                used = await _feed(links, community, number)
                if number:  # the first finds the caches cold
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


async def _fill(state: StackState, service: str, community: str, count: int) -> None:
    admin = await asyncpg.connect(
        database_url(state.postgres_admin_url, role_name(service)), command_timeout=LONG_SECONDS
    )
    try:
        for target, row in TABLES[service].items():
            table, _, columns = target.partition(" ")
            await admin.execute(f"alter table {table} disable trigger user")  # one sum over all of it
            await admin.copy_to_table(
                table,
                source=_rows(row, community, count),
                columns=[one.strip() for one in columns.strip("()").split(",")],
            )
            await admin.execute(f"alter table {table} enable trigger user")
            await admin.execute(f"vacuum (analyze) {table}")
    finally:
        await admin.close()


async def _rows(row: str, community: str, count: int) -> AsyncIterator[bytes]:
    """COPY's text format, in blocks. The ids are the same for every table."""
    chance = random.Random(SEED)
    members = max(1, count // MEMBER_SHARE)
    for start in range(0, count, ROWS_PER_BLOCK):
        lines = []
        for number in range(start, min(start + ROWS_PER_BLOCK, count)):
            value = chance.getrandbits(128)
            lines.append(
                row.format(
                    c=community,
                    id=f"{value:032x}",
                    id2=f"{value ^ 0x5555:032x}",
                    m=f"{value % members:032x}",
                    n=number,
                    r=number // messages.BATCH_COUNT,
                    i=number % messages.BATCH_COUNT,
                    t="2024-01-01 00:00:00+00",
                )
            )
        yield ("\n".join(lines) + "\n").encode()


assert EVENT_COUNT % BATCH_COUNT == 0
