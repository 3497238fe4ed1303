"""The SQL of who wrote and read about what, and who wants nobody to work that out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.analytics.interests.domain import LOOKED_AT_MAX_COUNT, Source, SourcePlace
from shared.merges import MemberKey
from shared.postgres import Connection


class Said(NamedTuple):
    """An event of a member that says what it is about."""

    community: str
    member_id: str
    event_time: datetime
    event_uid: str
    topic: str


async def add_said(conn: Connection, *, said: Sequence[Said]) -> None:
    """Keep what events are about; what is known changes nothing, and of who was erased nothing is kept.

    1. Locks of the communities, in their order: whoever erases waits for this, or this for them.
    2. A statement of its own, which sees what was committed until then.
    """
    ordered = sorted(said)
    await conn.execute(
        """
        select pg_advisory_xact_lock_shared(hashtextextended('interests ' || community, 2))
        from (select community from unnest($1::text[]) as c(community) order by 1) ordered
        """,
        sorted({one.community for one in ordered}),
    )
    await conn.execute(
        """
        insert into topic_events (community, member_id, event_time, event_uid, topic)
        select t.* from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[])
            as t(community, member_id, event_time, event_uid, topic)
        where not exists (
            select from followed_members m
            where m.community = t.community and m.member_id = t.member_id and m.is_erased)
        on conflict do nothing
        """,
        *(list(column) for column in zip(*ordered, strict=True)),
    )


async def put_wishes(conn: Connection, *, wishes: Mapping[MemberKey, bool]) -> None:
    """Keep which members want no part in figures (True), and which do (False)."""
    unwilling = sorted(key for key, wants_none in wishes.items() if wants_none)
    willing = sorted(key for key, wants_none in wishes.items() if not wants_none)
    if unwilling:
        await conn.execute(
            """
            insert into figures_unwanted (community, member_id) select * from unnest($1::text[], $2::uuid[])
            on conflict do nothing
            """,
            [community for community, _ in unwilling],
            [member_id for _, member_id in unwilling],
        )
    if willing:
        await _delete(conn, "figures_unwanted", members=willing)


async def forget(conn: Connection, *, members: Collection[MemberKey]) -> None:
    """Delete what is kept of members who were erased; they are known as that already."""
    for community in sorted({community for community, _ in members}):
        await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 2))", f"interests {community}")
    for table in ("topic_events", "figures_unwanted"):
        await _delete(conn, table, members=sorted(members))


async def _delete(conn: Connection, table: str, *, members: Sequence[MemberKey]) -> None:
    await conn.execute(
        f"""
        delete from {table} t using unnest($1::text[], $2::uuid[]) as m(community, member_id)
        where t.community = m.community and t.member_id = m.member_id
        """,  # noqa: S608 -- one of two constants
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )


async def wants_none(conn: Connection, *, community: str, member_ids: Sequence[str]) -> bool:
    """Whether any of these, who are one person, wants no part in figures."""
    found: bool = await conn.fetchval(
        "select exists (select from figures_unwanted where community = $1 and member_id = any($2::uuid[]))",
        community,
        member_ids,
    )
    return found


#: What members $2 of community $1 did until $3 that says a topic, the latest. What was taken back is none, nor is
#: what a bot did; answers are known by who they are merged into. Whoever is several is read by each of theirs.
_SOURCES = f"""
    select s.topic, s.at, s.event_uid::text as event_uid, e.type, e.channel, e.source, e.event_id, s.is_answer
    from (
        select * from unnest($2::uuid[]) as g(member_id)
        cross join lateral (
            (select topic, event_time as at, event_uid, false as is_answer from topic_events t
             where t.member_id = g.member_id and t.community = $1 and t.event_time <= $3
             order by t.event_time desc, t.event_uid desc limit {LOOKED_AT_MAX_COUNT})
            union all
            (select topic, answered_at, question_uid, true from response_questions q
             where q.answerer_id = g.member_id and q.community = $1 and q.topic <> '' and q.answered_at <= $3
             order by q.answered_at desc limit {LOOKED_AT_MAX_COUNT})
        ) theirs
    ) s
    join events e on e.event_uid = s.event_uid and e.community = $1
    where e.received_at is not null and e.retracted_by is null and (s.is_answer or not e.is_bots)
"""  # noqa: S608 -- a constant


async def load_sources(
    conn: Connection, *, community: str, member_ids: Sequence[str], now: datetime
) -> list[Source]:
    """What is known of these, who are one person, and their topics: the latest, in no order."""
    return [Source(*row) for row in await conn.fetch(_SOURCES, community, member_ids, now)]


async def page_of_sources(
    conn: Connection,
    *,
    community: str,
    member_ids: Sequence[str],
    now: datetime,
    topic: str,
    after: SourcePlace | None,
    limit_count: int,
) -> list[Source]:
    """Those about a topic, the newest first."""
    rows = await conn.fetch(
        f"""
        select * from ({_SOURCES}) found
        where topic = $4 and ($5::timestamptz is null or (at, event_uid::uuid) < ($5, $6::uuid))
        order by at desc, event_uid desc limit $7
        """,  # noqa: S608 -- a constant
        community,
        member_ids,
        now,
        topic,
        *(after or (None, None)),
        limit_count,
    )
    return [Source(*row) for row in rows]
