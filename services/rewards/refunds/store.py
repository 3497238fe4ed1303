"""The SQL of refunds. A redemption's row is locked before a refund of it is looked at to be changed."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.domain import Redemption
from services.rewards.refunds.domain import Goods, Refund, Refunded, RefundPlace, RefundState
from shared.postgres import Connection


async def add_refund(conn: Connection, refund: Refund) -> None:
    """Add a refund."""
    await conn.execute(
        """
        insert into refunds (community, refund_id, redemption_id, points, reason, goods, asks_provider, state,
            asked_at, asked_by, asked_by_person, number, decided_at, decided_by, decided_by_person, answer)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::uuid, $12, $13, $14, $15::text::uuid, $16)
        """,
        refund.community,
        refund.refund_id,
        refund.redemption_id,
        refund.points,
        refund.reason,
        refund.goods,
        refund.asks_provider,
        refund.state,
        refund.asked_at,
        refund.asked_by.credential,
        refund.asked_by.person_id,
        *_decided(refund),
    )


async def set_state(conn: Connection, refund: Refund) -> None:
    """Write what became of a refund."""
    await conn.execute(
        """
        update refunds set state = $3, number = $4, decided_at = $5, decided_by = $6,
            decided_by_person = $7::text::uuid, answer = $8
        where community = $1 and refund_id = $2
        """,
        refund.community,
        refund.refund_id,
        refund.state,
        *_decided(refund),
    )


def _decided(refund: Refund) -> tuple[object, ...]:
    by = refund.decided_by
    credential, person_id = (None, None) if by is None else (by.credential, by.person_id)
    return refund.number, refund.decided_at, credential, person_id, refund.answer


async def put_told(conn: Connection, redemption: Redemption, *, refund: Refunded, at: datetime) -> None:
    """Add a refund that was done and told, or have the one that is there be done."""
    await conn.execute(
        """
        insert into refunds (community, refund_id, redemption_id, points, goods, asks_provider, state, number,
            asked_at, asked_by, decided_at, decided_by)
        values ($1, $2, $3, $4, $5, false, 'done', $6, $7, $8, $7, $8)
        on conflict (community, refund_id) do update
        set state = 'done', number = excluded.number, decided_at = excluded.decided_at,
            decided_by = excluded.decided_by
        """,
        redemption.community,
        refund.refund_id,
        redemption.redemption_id,
        refund.points,
        refund.goods,
        refund.number,
        at,
        refund.by,
    )


async def find_refund(conn: Connection, *, community: str, refund_id: str) -> Refund | None:
    """A refund; None where there is none."""
    row = await conn.fetchrow(
        "select * from refunds where community = $1 and refund_id = $2", community, refund_id
    )
    return None if row is None else _refund(row)


async def find_open(conn: Connection, *, community: str, redemption_id: str) -> Refund | None:
    """The refund of a redemption that is not decided yet; None where there is none."""
    row = await conn.fetchrow(
        "select * from refunds where community = $1 and redemption_id = $2 and state in ('waiting', 'asking')",
        community,
        redemption_id,
    )
    return None if row is None else _refund(row)


async def count_done(conn: Connection, *, community: str, redemption_id: str) -> int:
    """How many refunds of a redemption are done."""
    count: int = await conn.fetchval(
        "select count(*) from refunds where community = $1 and redemption_id = $2 and state = 'done'",
        community,
        redemption_id,
    )
    return count


async def page_of_refunds(
    conn: Connection,
    *,
    community: str,
    redemption_id: str | None,
    state: RefundState | None,
    after: RefundPlace | None,
    limit: int,
) -> list[Refund]:
    """Refunds, newest first, of a redemption or all, in a state or any, beginning after a place."""
    # Each way to ask has an index of its own, which one plan for all of them would not find.
    of = "$2::text is null" if redemption_id is None else "redemption_id = $2::text::uuid"
    of_state = "$3::text is null" if state is None else "state = $3::text"
    rows: Sequence[Record] = await conn.fetch(
        f"""
        select * from refunds
        where community = $1 and {of} and {of_state}
            and ($4::timestamptz is null or (asked_at, refund_id) < ($4, $5::uuid))
        order by asked_at desc, refund_id desc limit $6
        """,  # noqa: S608 -- of constants
        community,
        redemption_id,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_refund(row) for row in rows]


async def load_members(conn: Connection, refunds: Sequence[Refund]) -> dict[str, tuple[str, str, str | None]]:
    """Whose each refunded redemption is, what it was of, and their name, by redemption."""
    rows = await conn.fetch(
        """
        select r.redemption_id::text, r.member_id::text, r.title, m.name
        from redemptions r left join followed_members m using (community, member_id)
        join unnest($1::text[], $2::uuid[]) as k(community, redemption_id) using (community, redemption_id)
        """,
        [one.community for one in refunds],
        [one.redemption_id for one in refunds],
    )
    return {row["redemption_id"]: (row["member_id"], row["title"], row["name"]) for row in rows}


async def count_waiting(conn: Connection) -> tuple[int, datetime | None]:
    """How many refunds wait for another person, and since when the one that waits longest does."""
    row = await conn.fetchrow(
        "select count(*) as number, min(asked_at) as oldest from refunds where state = 'waiting'"
    )
    return (row["number"], row["oldest"]) if row else (0, None)


async def forget_refund_reasons(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Empty what was written about members who were erased; what was given back stays."""
    await conn.execute(
        """
        update refunds f set reason = null from redemptions r
        where r.community = $1 and r.member_id = any($2::uuid[]) and f.reason is not null
          and f.community = r.community and f.redemption_id = r.redemption_id
        """,
        community,
        list(member_ids),
    )


def _refund(row: Record) -> Refund:
    person = row["asked_by_person"]
    decided = row["decided_by_person"]
    return Refund(
        community=row["community"],
        refund_id=str(row["refund_id"]),
        redemption_id=str(row["redemption_id"]),
        points=row["points"],
        reason=row["reason"],
        goods=Goods(row["goods"]),
        asks_provider=row["asks_provider"],
        state=RefundState(row["state"]),
        asked_at=row["asked_at"],
        asked_by=Actor(None if person is None else str(person), row["asked_by"]),
        number=row["number"],
        decided_at=row["decided_at"],
        decided_by=None
        if row["decided_by"] is None
        else Actor(None if decided is None else str(decided), row["decided_by"]),
        answer=row["answer"],
    )


async def load_booked_at(conn: Connection, *, community: str, transfer_ids: Sequence[str]) -> dict[str, datetime]:
    """When those of these transfers that there are were booked, by their ids."""
    rows = await conn.fetch(
        """
        select transfer_id, recorded_at from transfers
        where community = $1 and transfer_id = any($2::text[]::uuid[])
        """,
        community,
        transfer_ids,
    )
    return {str(row["transfer_id"]): row["recorded_at"] for row in rows}
