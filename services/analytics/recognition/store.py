"""Badges and levels granted and taken back, and how many of each per day."""

from collections.abc import Sequence

from shared.contracts.facts import RecognitionGranted
from shared.postgres import Connection


async def add_grants(conn: Connection, *, grants: Sequence[RecognitionGranted]) -> None:
    """Store grants and reversals of grants, and count those that are new per day."""
    data = [grant["data"] for grant in grants]
    await conn.execute(
        """
        with new as (
            insert into grants (community, grant_id, member_id, award_id, reverses, kind, name, title, event_time,
                                granted_at, day, event_uid)
            select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
                                 $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                                 $11::date[], $12::uuid[])
            on conflict do nothing
            returning community, coalesce(day, (event_time at time zone 'UTC')::date) as day, kind, name, reverses
        )
        insert into grant_days as d (community, day, kind, name, granted, taken_back)
        select community, day, kind, name, count(*) filter (where reverses is null), count(reverses)
        from new group by community, day, kind, name order by community, day, kind, name
        on conflict (community, day, kind, name) do update
        set granted = d.granted + excluded.granted, taken_back = d.taken_back + excluded.taken_back
        """,
        [grant["community"] for grant in grants],
        [granted["grant_id"] for granted in data],
        [granted["member_id"] for granted in data],
        [granted.get("award_id") for granted in data],
        [granted.get("reverses") for granted in data],
        [granted["kind"] for granted in data],
        [granted["id"] for granted in data],
        [granted["title"] for granted in data],
        [granted["event_time"] for granted in data],
        [grant["time"] for grant in grants],
        [granted.get("day") for granted in data],
        [granted.get("event_uid") for granted in data],
    )
