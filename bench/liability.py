"""What points are worth, of so many lots of one community: `python -m bench.liability --stack NAME --lots N`.

PostgreSQL fills the tables itself, in pieces, with awards of ten years, of which redemptions used a part.
What is measured is what `GET /v1/finance/liability` asks: lots and uses added up by vintage, and their value.
"""

import asyncio
import shutil
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median

import asyncpg
import click

from bench.factor import measure
from bench.growth import indexes_of
from plaudit.asking import confirmed
from plaudit.stack import StackState, load_state
from services.rewards.approvals.domain import Approval, ApprovalState, Author, Subject
from services.rewards.liability.domain.figures import figures_of
from services.rewards.liability.domain.policies import (
    Basis,
    Estimate,
    Policies,
    Policy,
    PolicyTerms,
    VintageUnit,
)
from services.rewards.liability.domain.valuing import value
from services.rewards.liability.store.figures import Span, load_lot_sums, load_use_sums
from shared.postgres import database_url, role_name

LIMIT_SECONDS = 5.0
VINTAGES_COUNT = 120
PIECE_COUNT = 500_000
MEMBER_SHARE = 100
ROUND_COUNT = 5
#: A lot with its indexes, and what is written of it before it is on its page.
LOT_BYTES = 420
LONG_SECONDS = 3_600
GIB = 2**30
PLAN_WIDTH = 120

_LOTS = """
    insert into lots (community, award_id, member_id, points, remaining, earned_at)
    select $1, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
                || substr(md5('award' || n), 13))::uuid,
           lpad(to_hex(n::bigint * 7919 % $4), 32, '0')::uuid, 10, case when n % $5 = 0 then 0 else 10 end, at
    from generate_series($2::bigint, $3::bigint - 1) n,
         lateral (select now() - interval '3650 days' + n * (interval '3640 days' / $6::bigint) as at)
"""
_USED = """
    with used as (
        select award_id, member_id, earned_at, md5('redemption' || award_id)::uuid as redemption_id
        from lots where community = $1 and remaining = 0),
    made as (
        insert into redemptions (community, redemption_id, member_id, reward_id, title, points, state, created_at,
                                 expires_at, changed_at, changed_by, made_by)
        select $1, redemption_id, member_id, 'mug', 'Mug', 10, 'confirmed', at, at, at, 'bench', 'bench'
        from used, lateral (select least(now(), earned_at + interval '40 days') as at))
    insert into lot_uses (community, used_by, award_id, points) select $1, redemption_id, award_id, 10 from used
"""


@click.command()
@click.option("--stack", required=True, help="A stack whose PostgreSQL runs")
@click.option("--lots", "lots_count", default=10_000_000, show_default=True, type=click.IntRange(1_000))
@click.option("--used-every", default=20, show_default=True, type=click.IntRange(1), help="One lot of so many")
@click.option("--yes", is_flag=True, help="Do not ask; without it a script is refused")
def main(stack: str, lots_count: int, used_every: int, yes: bool) -> None:
    """Fill a community with lots, and say how long it takes to say what they are worth."""
    state = load_state(stack)
    if state is None:
        raise click.ClickException(f"there is no stack {stack}: PLAUDIT_STACK={stack} plaudit up --only postgres")
    needed, free = lots_count * LOT_BYTES, shutil.disk_usage(state.directory).free
    click.echo(f"{lots_count:,} lots take about {needed / GIB:.1f} GiB of disk; {free / GIB:.1f} GiB are free.")
    if needed > free:
        raise click.ClickException("That is more than there is: fewer lots, or another disk.")
    confirmed(f"Fill stack '{stack}' with them?", yes)
    if not asyncio.run(_run(state, lots_count, used_every)):
        raise click.ClickException("the limit is not kept")


async def _run(state: StackState, lots_count: int, used_every: int) -> bool:
    admin = await asyncpg.connect(
        database_url(state.postgres_admin_url, role_name("rewards")), command_timeout=LONG_SECONDS
    )
    try:
        community = f"liability-{time.time_ns():x}"
        await _fill(admin, community, lots_count, used_every)
        return await _measure(admin, community, lots_count)
    finally:
        await admin.close()


async def _fill(admin: asyncpg.Connection, community: str, lots_count: int, used_every: int) -> None:
    began = time.monotonic()
    key, indexes = await indexes_of(admin, "lots")
    await admin.execute("set maintenance_work_mem = '1GB'")
    # Built at the end, by sorting: row by row it takes many times as long.
    await admin.execute(f"alter table lots drop constraint {key['conname']}")
    for index in indexes:
        await admin.execute(f"drop index {index['indexname']}")
    members = max(1, lots_count // MEMBER_SHARE)
    for first in range(0, lots_count, PIECE_COUNT):
        until = min(lots_count, first + PIECE_COUNT)
        await admin.execute(_LOTS, community, first, until, members, used_every, lots_count)
        click.echo(f"{time.monotonic() - began:7.1f} s  {until:,} lots")
    await admin.execute(f"alter table lots add constraint {key['conname']} {key['def']}")
    for index in indexes:
        await admin.execute(index["indexdef"])
    await admin.execute(_USED, community)
    for table in ("lots", "lot_uses", "redemptions"):
        await admin.execute(f"vacuum (analyze) {table}")
    size = await admin.fetchval("select pg_total_relation_size('lots')")
    click.echo(f"{time.monotonic() - began:7.1f} s  filled, with every index: lots are {size / GIB:.1f} GiB")


async def _measure(admin: asyncpg.Connection, community: str, lots_count: int) -> bool:
    day = datetime.now(UTC).date()
    unit = VintageUnit.MONTH
    firsts = [unit.before(unit.first_of(day), back) for back in reversed(range(VINTAGES_COUNT))]
    span = Span([_start(first) for first in firsts], _start(day + timedelta(days=1)))
    policies = Policies([_policy(firsts[0])])
    before, took, parts = measure().factor, [], []
    for _ in range(ROUND_COUNT):
        began = time.monotonic()
        lots = await load_lot_sums(admin, span, community=community, timeout_seconds=LONG_SECONDS)
        between = time.monotonic()
        uses = await load_use_sums(admin, span, community=community, timeout_seconds=LONG_SECONDS)
        owed = value(day, figures_of(firsts, lots, uses, complete_count=VINTAGES_COUNT - 1), policies=policies)
        took.append(time.monotonic() - began)
        parts.append((between - began, took[-1] - (between - began)))
    factor = (before + measure().factor) / 2
    limit = LIMIT_SECONDS / factor
    for one in await admin.fetch(
        """
        explain (analyze, buffers, summary)
        select greatest(width_bucket(earned_at, $2::timestamptz[]), 1) - 1 as vintage,
               sum(points)::bigint, sum(expired)::bigint, sum(lacking)::bigint
        from lots where community = $1 and earned_at < $3 group by 1
        """,
        community,
        list(span.starts),
        span.until,
    ):
        click.echo(f"    {one[0][:PLAN_WIDTH]}")
    each = ", ".join(f"{lot:.2f} + {use:.2f}" for lot, use in parts)
    click.echo(f"lots + uses and value, seconds: {each}")
    click.echo(
        f"{lots_count:,} lots, {len(owed.vintages)} vintages: median {median(took):.2f} s, "
        f"limit {limit:.2f} s ({LIMIT_SECONDS:g} s ÷ factor {factor:.2f})"
    )
    return median(took) <= limit


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _policy(since: date) -> Policy:
    author, now = Author(None, "bench", "bench"), datetime.now(UTC)
    terms = PolicyTerms(since, "EUR", Basis.COST, Decimal(1), Estimate.LADDER, Decimal("0.8"), VintageUnit.MONTH)
    approval = Approval(Subject.LIABILITY_POLICY, ApprovalState.APPROVED, now, author, now, author)
    return Policy("bench", "bench", terms, approval)


if __name__ == "__main__":
    main()
