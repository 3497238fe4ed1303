"""The chain of the ledger: what waits for a block, and blocks.

The hashes are made where the entries are. docs/payouts.md has the form, so that anybody can compute them again.
"""

import asyncio

from services.rewards.chain.domain import Block, BlockDifference, BlockPlace, Waiting
from shared.postgres import Connection

BLOCKS_AT_ONCE_COUNT = 50

#: An entry as it is hashed: a JSON array, of its transfer `t`, account `a` and itself, `e`.
_LINE = """jsonb_build_array(
    t.transfer_id, t.kind, t.cause_id,
    to_char(t.event_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(e.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    t.amends, t.revision, t.why, a.account_id, a.owner, a.kind, e.amount, e.currency)::text"""

#: From a key `k` to the rows that it stands for; what is gone leaves a line that fits no hash.
_ROWS = """
    left join transfers t on t.community = k.community and t.transfer_id = k.transfer_id
    left join entries e on e.community = k.community and e.account_id = k.account_id
        and e.recorded_at = t.recorded_at and e.transfer_id = k.transfer_id
    left join accounts a on a.community = k.community and a.account_id = k.account_id"""

_HEADER = "jsonb_build_array(community, number, previous)::text"
_HASH = f"encode(sha256(convert_to({_HEADER} || E'\\n' || lines, 'UTF8')), 'hex')"

_ADD = f"""
    with due as (
        select part, sum(cardinality(account_ids)) over (order by part) - cardinality(account_ids) as before
        from (select * from entries_unchained order by part limit $1) first),
    taken as (
        delete from entries_unchained u using due
        where u.part = due.part and due.before < $1
        returning u.community, u.transfer_ids, u.account_ids),
    k as (
        select taken.community, k.transfer_id, k.account_id
        from taken cross join lateral unnest(taken.transfer_ids, taken.account_ids) k(transfer_id, account_id)),
    made as (
        select k.community, array_agg(k.transfer_id order by k.transfer_id, k.account_id) as transfer_ids,
               array_agg(k.account_id order by k.transfer_id, k.account_id) as account_ids,
               string_agg({_LINE}, E'\\n' order by k.transfer_id, k.account_id) as lines
        from k {_ROWS} group by 1),
    following as (
        select made.*, coalesce(l.number, 0) + 1 as number, coalesce(l.hash, '') as previous
        from made left join lateral (
            select number, hash from ledger_blocks b
            where b.community = made.community order by number desc limit 1) l on true),
    added as (
        insert into ledger_blocks (community, number, previous, hash, chained_at, entries_count,
                                   transfer_ids, account_ids)
        select community, number, previous, {_HASH}, clock_timestamp(), cardinality(account_ids),
               transfer_ids, account_ids
        from following
        returning entries_count)
    select coalesce(sum(entries_count), 0)::bigint from added
"""  # noqa: S608 -- constants


async def add_blocks(conn: Connection, *, entries_max_count: int) -> int:
    """Chain what has waited longest: a block for each community that it is of; return how many entries it was.

    What waits does so in parts of about 1,000 entries, which are never divided: a block may have one part more.
    """
    added: int = await conn.fetchval(_ADD, entries_max_count)
    return added


async def load_waiting(conn: Connection, *, community: str | None) -> Waiting:
    """What of a community, or of all (None), is in no block yet."""
    row = await conn.fetchrow(
        """
        select coalesce(sum(cardinality(account_ids)), 0)::bigint as count, min(recorded_at) as since
        from entries_unchained where $1::text is null or community = $1
        """,
        community,
    )
    return Waiting(row["count"], row["since"]) if row else Waiting(0, None)


async def find_last(conn: Connection, *, community: str) -> Block | None:
    """The newest block of a community; None when it has none."""
    row = await conn.fetchrow(
        """
        select number, previous, hash, chained_at, entries_count from ledger_blocks
        where community = $1 order by number desc limit 1
        """,
        community,
    )
    return Block(**row) if row else None


async def page_of_blocks(conn: Connection, *, community: str, after: BlockPlace | None, limit: int) -> list[Block]:
    """The blocks of a community, from the first on, beginning after a place."""
    rows = await conn.fetch(
        """
        select number, previous, hash, chained_at, entries_count from ledger_blocks
        where community = $1 and number > coalesce($2, 0) order by number limit $3
        """,
        community,
        *(after or (None,)),
        limit,
    )
    return [Block(**row) for row in rows]


async def find_block(conn: Connection, *, community: str, number: int) -> Block | None:
    """A block of a community."""
    found = await page_of_blocks(conn, community=community, after=BlockPlace(number - 1), limit=1)
    return found[0] if found and found[0].number == number else None


async def load_lines(conn: Connection, *, community: str, number: int) -> tuple[str, list[str]]:
    """The header of a block, and its entries as they are now: the lines that its hash is over."""
    row = await conn.fetchrow(
        f"""
        select {_HEADER} as header, (
            select array_agg({_LINE} order by k.transfer_id, k.account_id)
            from (select b.community, * from unnest(b.transfer_ids, b.account_ids) k(transfer_id, account_id)) k
            {_ROWS}) as lines
        from ledger_blocks b where community = $1 and number = $2
        """,  # noqa: S608 -- constants
        community,
        number,
    )
    return (row["header"], row["lines"]) if row else ("", [])


async def compare_blocks(
    conn: Connection, *, community: str | None, limit: int, timeout_seconds: float
) -> list[BlockDifference]:
    """Blocks that do not fit their entries or the block before, and communities with entries beside their chain.

    Lists at most `limit`. Raises TimeoutError when it takes longer than `timeout_seconds`.
    """
    async with asyncio.timeout(timeout_seconds):
        rows = await conn.fetch(_BESIDE, community, limit, timeout=timeout_seconds)
        found = [
            BlockDifference(
                row["community"], None, f"{row['entries']} entries are booked, {row['chained']} chained"
            )
            for row in rows
        ]
        place = ("", 0)
        while len(found) < limit:
            blocks = await conn.fetch(_COMPARE, community, *place, BLOCKS_AT_ONCE_COUNT, timeout=timeout_seconds)
            found += [
                BlockDifference(row["community"], row["number"], row["reason"]) for row in blocks if row["reason"]
            ]
            if len(blocks) < BLOCKS_AT_ONCE_COUNT:
                break
            place = (blocks[-1]["community"], blocks[-1]["number"])
    return found[:limit]


#: Communities that do not have as many entries as are in their blocks or wait for one.
_BESIDE = """
    select community, sum(entries)::bigint as entries, sum(chained)::bigint as chained
    from (
        select community, count(*) as entries, 0 as chained
        from entries where $1::text is null or community = $1 group by 1
        union all
        select community, 0, sum(entries_count)
        from ledger_blocks where $1::text is null or community = $1 group by 1
        union all
        select community, 0, sum(cardinality(account_ids))
        from entries_unchained where $1::text is null or community = $1 group by 1) both_sides
    group by 1 having sum(entries) <> sum(chained) order by 1 limit $2
"""

#: The next blocks after a place, each with what does not fit. One after the other by their keys: a join of
#: everything that is planned on old statistics may take hours.
_COMPARE = f"""
    with blocks as materialized (
        select * from ledger_blocks
        where ($1::text is null or community = $1) and (community, number) > ($2, $3::bigint)
        order by community, number limit $4)
    select community, number, case
        when previous is distinct from (
            case when number = 1 then '' else (
                select p.hash from ledger_blocks p
                where p.community = blocks.community and p.number = blocks.number - 1) end)
            then 'it does not follow the block before'
        when entries_count <> cardinality(account_ids) then 'it does not name as many entries as it has'
        when hash is distinct from {_HASH} then 'its entries do not fit its hash'
        end as reason
    from blocks cross join lateral (
        select string_agg({_LINE}, E'\\n' order by k.transfer_id, k.account_id) as lines
        from (
            select blocks.community, * from unnest(blocks.transfer_ids, blocks.account_ids)
                k(transfer_id, account_id)) k
        {_ROWS}) now
    order by community, number
"""  # noqa: S608 -- constants
