"""Tones in: how each text sounds, and how many of a day sound how."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.postgres import Connection


class Measured(NamedTuple):
    """How the text of an event sounds, by whom it was measured when."""

    community: str
    event_uid: str
    measured_at: datetime
    model: str
    language: str
    tone: str


async def put_measured(conn: Connection, *, measured: Sequence[Measured]) -> None:
    """Keep measures, each unless a later one is known, and mark their events."""
    latest: dict[tuple[str, str], Measured] = {}
    for one in sorted(measured):
        latest[one[:2]] = one
    ordered = [latest[key] for key in sorted(latest)]
    await conn.execute(
        """
        insert into tones as t (community, event_uid, measured_at, model, language, tone)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
        on conflict (event_uid, community) do update
        set measured_at = excluded.measured_at, model = excluded.model, language = excluded.language,
            tone = excluded.tone
        where (excluded.measured_at, excluded.model collate "C") > (t.measured_at, t.model collate "C")
        """,
        *(list(column) for column in zip(*ordered, strict=True)),
    )
    await conn.execute(
        "insert into tone_marks (community, event_uid) select * from unnest($1::text[], $2::uuid[])",
        [one.community for one in ordered],
        [one.event_uid for one in ordered],
    )


async def mark_decided(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Mark those of these events, by community and uid, whose text was measured: they were decided on."""
    ordered = sorted(events)
    await conn.execute(
        """
        insert into tone_marks (community, event_uid)
        select t.community, t.event_uid
        from unnest($1::text[], $2::uuid[]) as d(community, event_uid)
        join tones t on t.event_uid = d.event_uid and t.community = d.community
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
    )


async def lock_counting(conn: Connection) -> bool:
    """Be the one who counts until the transaction ends; False where somebody else is."""
    got: bool = await conn.fetchval("select pg_try_advisory_xact_lock(hashtextextended('tones', 2))")
    return got


async def take_marks(conn: Connection, *, limit_count: int) -> set[tuple[str, str]]:
    """Take the oldest marks: the events to look at, by community and uid."""
    rows = await conn.fetch(
        """
        delete from tone_marks
        where mark_id in (select mark_id from tone_marks order by mark_id limit $1)
        returning community, event_uid::text as event_uid
        """,
        limit_count,
    )
    return {(row["community"], row["event_uid"]) for row in rows}


async def find_oldest_mark(conn: Connection) -> datetime | None:
    """When the oldest mark was made; None where no event waits."""
    found: datetime | None = await conn.fetchval("select marked_at from tone_marks order by mark_id limit 1")
    return found


async def count(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Count the texts of events as they are: off what each was counted as, on what it is now.

    What is not known yet, is taken back, or a bot wrote, is nothing.
    """
    ordered = sorted(events)
    await conn.execute(
        """
        with seen as materialized (
            select t.*, coalesce(e.day, (e.event_time at time zone 'UTC')::date) as day, e.channel, e.type
            from unnest($1::text[], $2::uuid[]) as c(community, event_uid)
            join tones t on t.event_uid = c.event_uid and t.community = c.community
            left join events e on e.event_uid = t.event_uid and e.community = t.community
                and e.received_at is not null and e.retracted_by is null and not e.is_bots
        ),
        counted as (
            update tones t
            set counted_day = s.day, counted_channel = s.channel, counted_type = s.type, counted_model = s.model,
                counted_language = s.language, counted_tone = s.tone
            from seen s where t.event_uid = s.event_uid and t.community = s.community
        ),
        moves as (
            select community, counted_day as day, counted_channel as channel, counted_type as type,
                counted_model as model, counted_language as language, counted_tone as tone, -1 as change
            from seen where counted_day is not null
            union all
            select community, day, channel, type, model, language, tone, 1 from seen where day is not null
        )
        insert into tone_days as d (community, day, channel, type, model, language, tone, texts)
        select community, day, channel, type, model, language, tone, sum(change) from moves
        group by 1, 2, 3, 4, 5, 6, 7 having sum(change) <> 0
        order by 1, 2, 3, 4, 5, 6, 7
        on conflict (community, day, channel, type, model, language, tone) do update
        set texts = d.texts + excluded.texts
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
    )
