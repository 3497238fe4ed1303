"""The SQL of fulfilments. A redemption's row is locked before its fulfilment is changed."""

from collections.abc import Sequence

from asyncpg import Record

from services.rewards.fulfilment.domain import (
    FulfilledBy,
    Fulfilment,
    FulfilmentChange,
    FulfilmentState,
    Parcel,
)
from shared.postgres import Connection


def fulfilment_of(row: Record) -> Fulfilment:
    """A row of `fulfilments`."""
    return Fulfilment(
        community=row["community"],
        redemption_id=str(row["redemption_id"]),
        by=FulfilledBy(row["fulfilled_by"]),
        state=FulfilmentState(row["state"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
        held_by=None if row["held_by"] is None else str(row["held_by"]),
        reason=row["reason"],
        parcel=Parcel(row["carrier"], row["tracking_url"]),
    )


async def add_fulfilment(conn: Connection, fulfilment: Fulfilment) -> None:
    """Add a fulfilment, and that it reached its state; one that is there stays."""
    added = await conn.fetchval(
        """
        insert into fulfilments (community, redemption_id, fulfilled_by, state, created_at, changed_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning true
        """,
        fulfilment.community,
        fulfilment.redemption_id,
        fulfilment.by,
        fulfilment.state,
        fulfilment.created_at,
        fulfilment.changed_at,
        fulfilment.changed_by,
    )
    if added:
        await _add_changes(conn, [fulfilment])


async def find_fulfilment(conn: Connection, *, community: str, redemption_id: str) -> Fulfilment | None:
    """The fulfilment of a redemption; None where it has none."""
    row = await conn.fetchrow(
        "select * from fulfilments where community = $1 and redemption_id = $2", community, redemption_id
    )
    return None if row is None else fulfilment_of(row)


async def load_fulfilments(conn: Connection, keys: Sequence[tuple[str, str]]) -> list[Fulfilment]:
    """Those fulfilments that there are; `keys` are communities and redemption ids."""
    rows = await conn.fetch(
        """
        select f.* from fulfilments f join unnest($1::text[], $2::uuid[]) as k(community, redemption_id)
            using (community, redemption_id)
        order by f.redemption_id
        """,
        [community for community, _ in keys],
        [redemption_id for _, redemption_id in keys],
    )
    return [fulfilment_of(row) for row in rows]


async def set_states(conn: Connection, fulfilments: Sequence[Fulfilment]) -> None:
    """Write the states of fulfilments, and that they reached them."""
    await conn.execute(
        """
        update fulfilments f set state = c.state, changed_at = c.changed_at, changed_by = c.changed_by,
            held_by = c.held_by, reason = c.reason, carrier = c.carrier, tracking_url = c.tracking_url
        from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::uuid[], $7::text[],
                    $8::text[], $9::text[])
            as c(community, redemption_id, state, changed_at, changed_by, held_by, reason, carrier, tracking_url)
        where f.community = c.community and f.redemption_id = c.redemption_id
        """,
        [one.community for one in fulfilments],
        [one.redemption_id for one in fulfilments],
        [one.state for one in fulfilments],
        [one.changed_at for one in fulfilments],
        [one.changed_by for one in fulfilments],
        [one.held_by for one in fulfilments],
        [one.reason for one in fulfilments],
        [one.parcel.carrier for one in fulfilments],
        [one.parcel.tracking_url for one in fulfilments],
    )
    await _add_changes(conn, fulfilments)


async def _add_changes(conn: Connection, fulfilments: Sequence[Fulfilment]) -> None:
    await conn.execute(
        """
        insert into fulfilment_changes (community, redemption_id, number, state, changed_at, changed_by, reason)
        select c.community, c.redemption_id, coalesce((
                select max(number) from fulfilment_changes h
                where h.community = c.community and h.redemption_id = c.redemption_id), 0) + 1,
            c.state, c.changed_at, c.changed_by, c.reason
        from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
            as c(community, redemption_id, state, changed_at, changed_by, reason)
        """,
        [one.community for one in fulfilments],
        [one.redemption_id for one in fulfilments],
        [one.state for one in fulfilments],
        [one.changed_at for one in fulfilments],
        [one.changed_by for one in fulfilments],
        [one.reason for one in fulfilments],
    )


async def load_changes(conn: Connection, *, community: str, redemption_id: str) -> list[FulfilmentChange]:
    """The newest hundred states that a fulfilment reached, in their order."""
    rows = await conn.fetch(
        """
        select * from (
            select number, state, changed_at, changed_by, reason from fulfilment_changes
            where community = $1 and redemption_id = $2 order by number desc limit 100) newest
        order by number
        """,
        community,
        redemption_id,
    )
    return [
        FulfilmentChange(
            row["number"], FulfilmentState(row["state"]), row["changed_at"], row["changed_by"], row["reason"]
        )
        for row in rows
    ]
