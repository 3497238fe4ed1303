"""The SQL of awards whose events have not come yet."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.recognition.boards.domain.parked import Parked
from shared.postgres import Connection


async def add(conn: Connection, *, awards: Sequence[tuple[str, str, str, str]], parked_at: datetime) -> None:
    """Keep awards: community, award, event, and the award's fact as JSON."""
    await conn.execute(
        """
        insert into board_parked (community, award_id, event_uid, award, parked_at, look_at)
        select *, $5, $5 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::jsonb[]) on conflict do nothing
        """,
        *(list(column) for column in zip(*awards, strict=True)),
        parked_at,
    )


async def load_waiting(conn: Connection, *, now: datetime) -> list[str]:
    """Communities with awards that are to be looked at: a step of the index for each that has any."""
    rows = await conn.fetch(
        """
        with recursive parked as (
            (select community from board_parked order by community limit 1)
            union all
            select (select p.community from board_parked p where p.community > parked.community order by 1 limit 1)
            from parked where parked.community is not null)
        select community from parked
        where exists (select from board_parked p where p.community = parked.community and p.look_at <= $1)
        order by 1
        """,
        now,
    )
    return [row["community"] for row in rows]


async def lock_due(conn: Connection, *, community: str, now: datetime, limit_count: int) -> list[Parked]:
    """A community's awards that are to be looked at, who waits the longest first, but for those others look at."""
    rows = await conn.fetch(
        """
        select p.award_id, p.award, p.parked_at, exists (
            select from counted_events e
            where e.community = p.community and e.event_uid = p.event_uid and e.event is not null) as has_come
        from board_parked p where p.community = $1 and p.look_at <= $2
        order by p.look_at limit $3 for update skip locked
        """,
        community,
        now,
        limit_count,
    )
    return [Parked(str(row["award_id"]), row["award"], row["parked_at"], row["has_come"]) for row in rows]


async def delete(conn: Connection, *, community: str, award_ids: Collection[str]) -> None:
    """Keep these awards no longer."""
    await conn.execute(
        "delete from board_parked where community = $1 and award_id = any($2::uuid[])", community, list(award_ids)
    )


async def set_look_at(conn: Connection, *, community: str, look_at: Sequence[tuple[str, datetime]]) -> None:
    """Have awards be looked at again, each at its time."""
    await conn.execute(
        """
        update board_parked p set look_at = k.look_at
        from unnest($2::uuid[], $3::timestamptz[]) as k(award_id, look_at)
        where p.community = $1 and p.award_id = k.award_id
        """,
        community,
        [award_id for award_id, _ in look_at],
        [at for _, at in look_at],
    )
