"""People in: who is to be counted, as what they were counted, and what that changes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from services.analytics.retention.domain.contributions import PASSIVE_TYPES, Key, Person
from services.analytics.retention.domain.love import Monthly, Move
from services.analytics.retention.domain.slices import DayOfChannel
from shared.contracts.activities import TARGETING_TYPES
from shared.merges import MemberKey
from shared.postgres import Connection

_TARGETING = sorted(TARGETING_TYPES)


class Joined(NamedTuple):
    """When somebody did something first, and in which channel."""

    at: datetime
    channel: str


async def add_marks(conn: Connection, *, members: Collection[MemberKey]) -> None:
    """Note that these members are to be counted anew. Nobody waits for anybody: marks may be there twice."""
    ordered = sorted(members)
    await conn.execute(
        "insert into retention_marks (community, member_id) select * from unnest($1::text[], $2::uuid[])",
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
    )


async def lock_fold(conn: Connection) -> bool:
    """Be the one who counts until the transaction ends; False where somebody else is."""
    got: bool = await conn.fetchval("select pg_try_advisory_xact_lock(hashtextextended('retention', 2))")
    return got


async def take_marks(conn: Connection, *, limit_count: int) -> set[MemberKey]:
    """Take the oldest marks: who is to be counted."""
    rows = await conn.fetch(
        """
        delete from retention_marks
        where mark_id in (select mark_id from retention_marks order by mark_id limit $1)
        returning community, member_id::text as member_id
        """,
        limit_count,
    )
    return {(row["community"], row["member_id"]) for row in rows}


async def find_oldest_mark(conn: Connection) -> datetime | None:
    """When the oldest mark was made; None where nobody waits to be counted."""
    found: datetime | None = await conn.fetchval("select marked_at from retention_marks order by mark_id limit 1")
    return found


async def find_terms(conn: Connection, *, community: str) -> str | None:
    """By which weeks and terms the community was counted; None where it never was."""
    found: str | None = await conn.fetchval("select terms from retention_terms where community = $1", community)
    return found


async def put_terms(conn: Connection, *, community: str, terms: str) -> None:
    """Note by which weeks and terms the community is counted."""
    await conn.execute(
        """
        insert into retention_terms (community, terms) values ($1, $2)
        on conflict (community) do update set terms = excluded.terms
        """,
        community,
        terms,
    )


async def forget_counted(conn: Connection, *, community: str) -> None:
    """Forget what was counted of a community, and mark all of its members."""
    for table in ("retention_figures", "retention_people", "orbit_moves", "slice_figures", "slice_people"):
        await conn.execute(f"delete from {table} where community = $1", community)  # noqa: S608 -- the names above
    await conn.execute(
        """
        insert into retention_marks (community, member_id)
        select distinct community, member_id from member_days where community = $1
        """,
        community,
    )


def _months(row: Record) -> tuple[Monthly, ...]:
    return tuple(Monthly(*one) for one in zip(row["months"], row["month_events"], strict=True))


async def load_counted(conn: Connection, *, people: Collection[MemberKey]) -> dict[MemberKey, Person]:
    """People as they were counted last."""
    rows = await conn.fetch(
        """
        select community, member_id::text as member_id, days, channel, is_activated, months, month_events
        from retention_people join unnest($1::text[], $2::uuid[]) as p(community, member_id)
            using (community, member_id)
        """,
        *_columns(people),
    )
    return {
        (row["community"], row["member_id"]): Person(
            tuple(row["days"]), row["channel"], row["is_activated"], _months(row)
        )
        for row in rows
    }


async def load_done(
    conn: Connection, *, groups: Mapping[MemberKey, Sequence[str]]
) -> dict[MemberKey, list[DayOfChannel]]:
    """What people did by day and channel, each the union of their members'; who did nothing is not there."""
    heads = [(community, head_id, member_id) for (community, head_id), ids in groups.items() for member_id in ids]
    rows = await conn.fetch(
        """
        select community, head_id, array_agg(day order by day, channel) as days,
            array_agg(channel order by day, channel) as channels,
            array_agg(events order by day, channel) as events
        from (
            select g.community, g.head_id, d.day, d.channel, sum(d.events)::bigint as events
            from unnest($1::text[], $2::text[], $3::uuid[]) as g(community, head_id, member_id)
            join member_days d on d.member_id = g.member_id and d.community = g.community and d.events > 0
            group by 1, 2, 3, 4
        ) days
        group by 1, 2
        """,
        *(list(column) for column in zip(*heads, strict=True)),
    )
    return {
        (row["community"], row["head_id"]): [
            DayOfChannel(*one) for one in zip(row["days"], row["channels"], row["events"], strict=True)
        ]
        for row in rows
    }


async def load_joined(conn: Connection, *, groups: Mapping[MemberKey, Sequence[str]]) -> dict[MemberKey, Joined]:
    """When and in which channel people did something first that counts; of two at one moment by its letters."""
    heads = [(community, head_id, member_id) for (community, head_id), ids in groups.items() for member_id in ids]
    rows = await conn.fetch(
        """
        select distinct on (g.community, g.head_id) g.community, g.head_id, e.event_time, e.channel
        from unnest($1::text[], $2::text[], $3::uuid[]) as g(community, head_id, member_id)
        cross join lateral (
            select event_time, channel from events e
            where e.member_id = g.member_id and e.community = g.community and e.retracted_by is null
                and not e.is_bots and e.type <> all($4::text[])
            order by event_time limit 1
        ) first
        join events e on e.member_id = g.member_id and e.event_time = first.event_time
            and e.community = g.community and e.retracted_by is null and not e.is_bots
            and e.type <> all($4::text[])
        order by g.community, g.head_id, e.event_time, e.channel collate "C"
        """,
        *(list(column) for column in zip(*heads, strict=True)),
        _TARGETING,
    )
    return {(row["community"], row["head_id"]): Joined(row["event_time"], row["channel"]) for row in rows}


async def load_activated(
    conn: Connection, *, groups: Mapping[MemberKey, Sequence[str]], until: Mapping[MemberKey, datetime]
) -> set[MemberKey]:
    """Who of these people did more, before the moment that is theirs, than what anybody does in passing."""
    heads = [
        (key[0], key[1], member_id, until[key]) for key, ids in groups.items() if key in until for member_id in ids
    ]
    if not heads:
        return set()
    rows = await conn.fetch(
        """
        select distinct g.community, g.head_id
        from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[])
            as g(community, head_id, member_id, until)
        where exists (
            select from events e
            where e.member_id = g.member_id and e.event_time < g.until and e.community = g.community
                and e.retracted_by is null and not e.is_bots and e.type <> all($5::text[])
        )
        """,
        *(list(column) for column in zip(*heads, strict=True)),
        [*_TARGETING, *PASSIVE_TYPES],
    )
    return {(row["community"], row["head_id"]) for row in rows}


async def put_counted(conn: Connection, *, people: Mapping[MemberKey, Person]) -> None:
    """Keep people as they are counted now; who has no days any more is not kept."""
    gone = [key for key, person in people.items() if not person.days]
    there = sorted(key for key, person in people.items() if person.days)
    if gone:
        await conn.execute(
            """
            delete from retention_people r using unnest($1::text[], $2::uuid[]) as g(community, member_id)
            where r.community = g.community and r.member_id = g.member_id
            """,
            *_columns(gone),
        )
    await conn.executemany(
        """
        insert into retention_people as r
            (community, member_id, days, channel, is_activated, months, month_events)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (member_id, community) do update
        set days = excluded.days, channel = excluded.channel, is_activated = excluded.is_activated,
            months = excluded.months, month_events = excluded.month_events
        """,
        [
            (
                *key,
                list(people[key].days),
                people[key].channel,
                people[key].is_activated,
                [one.month for one in people[key].months],
                [one.events for one in people[key].months],
            )
            for key in there
        ],
    )


async def put_moves(conn: Connection, *, moves: Mapping[MemberKey, Sequence[Move]]) -> None:
    """Keep the moves between levels of people in place of those that were kept."""
    await conn.execute(
        """
        delete from orbit_moves o using unnest($1::text[], $2::uuid[]) as g(community, member_id)
        where o.community = g.community and o.member_id = g.member_id
        """,
        *_columns(moves),
    )
    await conn.executemany(
        """
        insert into orbit_moves (community, member_id, month, level_before, level, love)
        values ($1, $2, $3, $4, $5, $6)
        """,
        [(*key, *move) for key, those in sorted(moves.items()) for move in those],
    )


async def add_figures(conn: Connection, *, changes: Mapping[tuple[str, Key], int]) -> None:
    """Move the figures of communities, in the order of their keys."""
    ordered = sorted(changes)
    await conn.execute(
        """
        insert into retention_figures as f (community, figure, channel, day, number, people)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::int[], $6::bigint[])
        on conflict (community, figure, channel, day, number) do update set people = f.people + excluded.people
        """,
        [community for community, _ in ordered],
        [str(key.figure) for _, key in ordered],
        [key.channel for _, key in ordered],
        [key.day for _, key in ordered],
        [key.number for _, key in ordered],
        [changes[place] for place in ordered],
    )


def _columns(keys: Collection[MemberKey]) -> tuple[list[str], list[str]]:
    return [community for community, _ in keys], [member_id for _, member_id in keys]
