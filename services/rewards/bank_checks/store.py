"""The SQL of the daily check: a day's money by ledger, payouts and bank, and the items of what differs."""

from collections.abc import Sequence
from datetime import date, datetime

from asyncpg import Record

from services.rewards.bank_checks.domain import (
    ITEMS_PER_DAY_MAX_COUNT,
    CheckedDay,
    DayPlace,
    DaySum,
    Difference,
    Found,
    Item,
    ItemPlace,
    ItemState,
    Progress,
    Said,
)
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection

#: What three say of each payout of a community from $2 until before $3. Each names payouts by itself, so one of
#: which a single one says anything is here, too. Of the bank's lines those count that say what its states of these
#: days say, whenever they were booked; a line of a whole run speaks for its payouts. Of a payout by a provider
#: that speaks in the bank's place, whatever files of the bank there are.
_SAID = """
    with of_payouts as (
        select c.payout_id, p.currency, count(*) filter (where c.state <> 'reversed') as outs,
               count(*) filter (where c.state = 'reversed') as backs,
               sum(case c.state when 'reversed' then -p.amount_minor else p.amount_minor end)::bigint as minor
        from payout_changes c join payouts p using (community, payout_id)
        where c.community = $1 and c.state in ('settled', 'reversed', 'corrected')
          and c.changed_at >= $2 and c.changed_at < $3
        group by 1, 2),
    of_ledger as (
        select t.cause_id as payout_id, e.currency, sum(e.amount)::bigint as minor
        from accounts a
        join entries e on e.community = a.community and e.account_id = a.account_id
            and e.recorded_at >= $2 and e.recorded_at < $3
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        where a.community = $1 and a.kind = 'bank' and a.owner is null and t.kind like 'payout%'
        group by 1, 2),
    -- What the bank settled, and no state of its payout says so.
    of_nobody as (
        select distinct l.payout_id from bank_lines l
        where l.community = $1 and l.imported_at >= $2 and l.imported_at < $3 and l.payout_id is not null
          and l.state = 'noted' and l.says = 'settled'
          and not exists (
            select from payout_changes c
            where c.community = $1 and c.payout_id = l.payout_id and c.state in ('settled', 'corrected'))
        union
        select distinct a.payout_id from remittance_answers a
        where a.community = $1 and a.said_at >= $2 and a.said_at < $3 and a.standing = 'paid'
          and not exists (
            select from payout_changes c
            where c.community = $1 and c.payout_id = a.payout_id and c.state in ('settled', 'corrected'))),
    told as (
        select payout_id, outs, backs from of_payouts
        union all
        select payout_id, 1, 0 from of_nobody where payout_id not in (select payout_id from of_payouts)),
    of_lines as (
        select distinct on (l.payout_id, l.says) l.payout_id, l.currency,
               (case l.says when 'settled' then t.outs else -t.backs end)
                   * coalesce(l.instructed_minor, l.amount_minor) as minor
        from told t join bank_lines l on l.community = $1 and l.payout_id = t.payout_id
        where l.state in ('matched', 'noted', 'proposed') and l.amount_minor is not null
          and (l.says = 'settled' and t.outs > 0 or l.says = 'came_back' and t.backs > 0)
        order by l.payout_id, l.says, l.is_booked desc, l.imported_at, l.line_id),
    of_runs as (
        select p.payout_id, p.currency, p.amount_minor * t.outs as minor
        from told t join payouts p on p.community = $1 and p.payout_id = t.payout_id
        where t.outs > 0
          and exists (
            select from bank_lines l
            where l.community = $1 and l.run_id = p.run_id and l.payout_id is null and l.says = 'settled'
              and l.state in ('matched', 'noted'))
          and not exists (
            select from bank_lines l
            where l.community = $1 and l.payout_id = p.payout_id and l.says = 'settled'
              and l.state in ('matched', 'noted', 'proposed'))),
    -- Of payouts by a provider that says what it last said of each: that it paid, or that it came back.
    of_providers as (
        select distinct on (a.payout_id, a.standing = 'paid') a.payout_id,
               coalesce(a.currency, p.currency) as currency,
               (case a.standing when 'paid' then t.outs else -t.backs end)
                   * coalesce(a.amount_minor, p.amount_minor) as minor
        from told t
        join remittance_answers a on a.community = $1 and a.payout_id = t.payout_id
        join payouts p on p.community = $1 and p.payout_id = t.payout_id
        where a.standing = 'paid' and t.outs > 0 or a.standing in ('returned', 'failed') and t.backs > 0
        order by a.payout_id, a.standing = 'paid', a.number desc),
    by_bank as (
        select payout_id, currency, sum(minor)::bigint as minor from (
            select * from of_lines union all select * from of_runs union all select * from of_providers) b
        group by 1, 2),
    together as (
        select payout_id, currency, coalesce(l.minor, 0) as ledger_minor, coalesce(p.minor, 0) as payouts_minor,
               coalesce(b.minor, 0) as bank_minor
        from of_payouts p full join of_ledger l using (payout_id, currency)
        full join by_bank b using (payout_id, currency)),
    asked as (
        select currency from (select distinct currency from together) c
        where exists (
            select from bank_lines l
            where l.community = $1 and l.is_booked and l.currency = c.currency and l.imported_at < $3)),
    said as (
        select payout_id, currency, ledger_minor, payouts_minor,
               case when currency in (select currency from asked)
                   or payout_id in (select payout_id from remittances where community = $1)
                   then bank_minor end as bank_minor
        from together)
"""


async def load_found(conn: Connection, *, community: str, day: date, start: datetime, end: datetime) -> Found:
    """What the three say of a community's day, which is from `start` until before `end` (UTC)."""
    rows = await conn.fetch(
        f"""
        {_SAID}, differing as (
            select *, row_number() over (partition by currency order by payout_id) as place from said
            where ledger_minor <> payouts_minor or bank_minor <> payouts_minor)
        select currency, null::uuid as payout_id, count(*) as payouts_count,
               sum(ledger_minor)::bigint as ledger_minor,
               sum(payouts_minor)::bigint as payouts_minor, sum(bank_minor)::bigint as bank_minor,
               count(*) filter (where ledger_minor <> payouts_minor or bank_minor <> payouts_minor) as differing
        from said group by 1
        union all
        select currency, payout_id, 0, ledger_minor, payouts_minor, bank_minor, 0 from differing where place <= $4
        """,  # noqa: S608 -- a constant
        community,
        start,
        end,
        ITEMS_PER_DAY_MAX_COUNT,
    )
    sums, differences = [], []
    for row in rows:
        said = Said(row["ledger_minor"], row["payouts_minor"], row["bank_minor"])
        if row["payout_id"] is None:
            sums.append(DaySum(day, row["currency"], row["payouts_count"], said, row["differing"]))
        else:
            differences.append(Difference(row["currency"], str(row["payout_id"]), said))
    return Found(sorted(sums, key=lambda one: one.currency), differences)


async def find_first_change(conn: Connection, *, community: str) -> datetime | None:
    """When the first payout of a community settled."""
    first: datetime | None = await conn.fetchval(
        """
        select min(changed_at) from payout_changes
        where community = $1 and state in ('settled', 'reversed', 'corrected')
        """,
        community,
    )
    return first


async def lock_check(conn: Connection, *, community: str) -> Progress | None:
    """How far a community is checked, None where it never was; until the commit nobody else checks it."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"bank check of {community}")
    row = await conn.fetchrow(
        """
        select checked_until, checked_on, round_until, next_at from bank_check_progress where community = $1
        """,
        community,
    )
    return None if row is None else Progress(**row)


async def put_progress(conn: Connection, progress: Progress, *, community: str) -> None:
    """Note how far a community is checked."""
    await conn.execute(
        """
        insert into bank_check_progress (community, checked_until, checked_on, round_until, next_at)
        values ($1, $2, $3, $4, $5)
        on conflict (community) do update
        set checked_until = excluded.checked_until, checked_on = excluded.checked_on,
            round_until = excluded.round_until, next_at = excluded.next_at
        """,
        community,
        *progress,
    )


async def put_off(conn: Connection, *, community: str, at: datetime) -> None:
    """Give a community its next turn later; how far its days are checked stays, and none is where it never was."""
    await conn.execute(
        """
        insert into bank_check_progress (community, checked_until, checked_on, next_at)
        values ($1, '1970-01-01', '1970-01-01', $2)
        on conflict (community) do update set next_at = excluded.next_at
        """,
        community,
        at,
    )


async def load_due(conn: Connection, *, now: datetime, limit: int) -> list[str]:
    """Communities whose turn has come: those that gave a bank their first file, then those that wait longest."""
    rows = await conn.fetch(
        """
        with recursive filed as (
            (select community from payout_files order by community limit 1)
            union all
            select (select community from payout_files where community > f.community order by community limit 1)
            from filed f where f.community is not null),
        new as (
            select community from filed f
            where community is not null
              and not exists (select from bank_check_progress p where p.community = f.community)
            limit $2),
        due as (
            select community from bank_check_progress where next_at <= $1 order by next_at, community limit $2)
        select community from (select 0 as place, community from new union all select 1, community from due) c
        order by place limit $2
        """,
        now,
        limit,
    )
    return [row["community"] for row in rows]


async def put_days(conn: Connection, sums: Sequence[DaySum], *, community: str, now: datetime) -> None:
    """Keep what was found of days, in place of what was found before."""
    await conn.executemany(
        """
        insert into bank_check_days (community, day, currency, payouts_count, ledger_minor, payouts_minor,
                                     bank_minor, differences_count, checked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community, day, currency) do update
        set payouts_count = excluded.payouts_count, ledger_minor = excluded.ledger_minor,
            payouts_minor = excluded.payouts_minor, bank_minor = excluded.bank_minor,
            differences_count = excluded.differences_count, checked_at = excluded.checked_at
        """,
        [
            (community, one.day, one.currency, one.payouts_count, *one.said, one.differences_count, now)
            for one in sums
        ],
    )


async def put_items(conn: Connection, items: Sequence[Item]) -> None:
    """Keep what differs. What is known keeps its time and who looks at it; with other amounts it is open again."""
    await conn.executemany(
        """
        insert into bank_check_items as i (
            community, item_id, day, currency, payout_id, ledger_minor, payouts_minor, bank_minor, found_at, state)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open')
        on conflict (community, item_id) do update
        set ledger_minor = excluded.ledger_minor, payouts_minor = excluded.payouts_minor,
            bank_minor = excluded.bank_minor, state = 'open', decided_at = null, decided_by_person = null,
            decided_by = null, reason = null
        where i.state = 'gone' or (i.ledger_minor, i.payouts_minor, i.bank_minor) is distinct from
            (excluded.ledger_minor, excluded.payouts_minor, excluded.bank_minor)
        """,
        [
            (
                *(item.community, item.item_id, item.day, item.difference.currency, item.difference.payout_id),
                *(*item.difference.said, item.found_at),
            )
            for item in items
        ],
    )


async def set_gone(conn: Connection, *, community: str, day: date, but: Sequence[str], now: datetime) -> None:
    """Set that a day's open items are gone, but for those that were found again."""
    await conn.execute(
        """
        update bank_check_items set state = 'gone', decided_at = $4
        where community = $1 and day = $2 and state = 'open' and item_id <> all($3::uuid[])
        """,
        community,
        day,
        list(but),
        now,
    )


async def lock_item(conn: Connection, *, community: str, item_id: str) -> Item | None:
    """An item, locked; None when there is none."""
    row = await conn.fetchrow(
        "select * from bank_check_items where community = $1 and item_id = $2 for update", community, item_id
    )
    return None if row is None else _item(row)


async def set_item(conn: Connection, item: Item) -> None:
    """Set who looks at an item, and what was decided of it."""
    await conn.execute(
        """
        update bank_check_items
        set state = $3, looked_at = $4, looked_by_person = $5, looked_by = $6, decided_at = $7,
            decided_by_person = $8, decided_by = $9, reason = $10
        where community = $1 and item_id = $2
        """,
        item.community,
        item.item_id,
        item.state,
        item.looked_at,
        *(item.looked_by or (None, None)),
        item.decided_at,
        *(item.decided_by or (None, None)),
        item.reason,
    )


async def page_of_items(
    conn: Connection,
    *,
    community: str,
    state: ItemState | None,
    day: date | None,
    after: ItemPlace | None,
    limit: int,
) -> list[Item]:
    """Items, newest first, of a state or day where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from bank_check_items
        where community = $1 and ($2::text is null or state = $2) and ($3::date is null or day = $3)
          and ($4::timestamptz is null or (found_at, item_id) < ($4, $5::uuid))
        order by found_at desc, item_id desc limit $6
        """,
        community,
        state,
        day,
        *(after or (None, None)),
        limit,
    )
    return [_item(row) for row in rows]


async def page_of_days(
    conn: Connection, *, community: str, after: DayPlace | None, limit: int
) -> list[CheckedDay]:
    """Days that were checked, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from bank_check_days
        where community = $1 and ($2::date is null or (day, currency) < ($2, $3::text))
        order by day desc, currency desc limit $4
        """,
        community,
        *(after or (None, None)),
        limit,
    )
    return [
        CheckedDay(
            DaySum(
                row["day"],
                row["currency"],
                row["payouts_count"],
                Said(row["ledger_minor"], row["payouts_minor"], row["bank_minor"]),
                row["differences_count"],
            ),
            row["checked_at"],
        )
        for row in rows
    ]


async def count_open(conn: Connection) -> tuple[int, datetime | None]:
    """How many items of all communities are open, and since when the oldest is."""
    row = await conn.fetchrow(
        "select count(*) as count, min(found_at) as since from bank_check_items where state = 'open'"
    )
    return (row["count"], row["since"]) if row else (0, None)


def _item(row: Record) -> Item:
    said = Said(row["ledger_minor"], row["payouts_minor"], row["bank_minor"])
    return Item(
        community=row["community"],
        item_id=str(row["item_id"]),
        day=row["day"],
        difference=Difference(row["currency"], str(row["payout_id"]), said),
        found_at=row["found_at"],
        state=ItemState(row["state"]),
        looked_at=row["looked_at"],
        looked_by=actor_of(row["looked_by_person"], row["looked_by"]) if row["looked_by"] else None,
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
        reason=row["reason"],
    )
