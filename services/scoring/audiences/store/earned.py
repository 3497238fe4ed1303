"""The SQL of what members did: what they earned by days, and what it was about."""

from collections.abc import Collection, Mapping, Sequence

from services.scoring.audiences.domain import DayEarned, EventTopic
from services.scoring.rules.domain.attributes import MemberKey
from shared.contracts.facts import RECOGNITION_GRANTED
from shared.contracts.programme import SPENDABLE
from shared.postgres import Connection


async def load_earned(
    conn: Connection,
    *,
    groups: Mapping[MemberKey, Sequence[str]],
    awards_max_count: int,
    topics: Collection[str] = (),
) -> dict[MemberKey, list[DayEarned]]:
    """What persons, each with all their members, earned by day, rule and score: of each member's newest awards.

    Points that came with badges, levels and quests are not among that: these may ask for the audience.

    And what they did about `topics`, by day: of each member and topic the newest as many events.
    """
    rows = await conn.fetch(
        """
        select k.community, k.head_id, a.day, a.rule_id, coalesce(a.score, $5) as score,
            sum(a.points)::bigint as points,
            sum(case when a.amends is null then 1
                     else (a.total <> 0)::int - (a.total - a.points <> 0)::int end)::bigint as awards
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as k(community, head_id, one_id)
        cross join lateral (
            select coalesce(day, (event_time at time zone 'UTC')::date) as day, rule_id, points, amends, total,
                score
            from awards where community = k.community and member_id = k.one_id and event_type <> $6
            order by event_time desc, award_id desc limit $4) a
        group by k.community, k.head_id, a.day, a.rule_id, coalesce(a.score, $5)
        """,
        [key.community for key, group in groups.items() for _ in group],
        [key.member_id for key, group in groups.items() for _ in group],
        [one for group in groups.values() for one in group],
        awards_max_count,
        SPENDABLE,
        RECOGNITION_GRANTED.name,
    )
    found: dict[MemberKey, list[DayEarned]] = {}
    for row in rows:
        earned = DayEarned(row["day"], row["rule_id"], row["points"], row["awards"], score=row["score"])
        found.setdefault(MemberKey(row["community"], str(row["head_id"])), []).append(earned)
    if topics:
        about = await _load_about(conn, groups=groups, topics=sorted(topics), events_max_count=awards_max_count)
        for key, days in about.items():
            found.setdefault(key, []).extend(days)
    return found


async def _load_about(
    conn: Connection,
    *,
    groups: Mapping[MemberKey, Sequence[str]],
    topics: Sequence[str],
    events_max_count: int,
) -> dict[MemberKey, list[DayEarned]]:
    rows = await conn.fetch(
        """
        select k.community, k.head_id, t.day, w.topic, count(*) as events
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as k(community, head_id, one_id)
        cross join unnest($4::text[]) as w(topic)
        cross join lateral (
            select day, event_uid from event_topics
            where member_id = k.one_id and topic = w.topic and community = k.community
            order by day desc limit $5) t
        join activities a on a.event_uid = t.event_uid and a.community = k.community and not a.retracted
        group by k.community, k.head_id, t.day, w.topic
        """,
        [key.community for key, group in groups.items() for _ in group],
        [key.member_id for key, group in groups.items() for _ in group],
        [one for group in groups.values() for one in group],
        topics,
        events_max_count,
    )
    found: dict[MemberKey, list[DayEarned]] = {}
    for row in rows:
        about = DayEarned(row["day"], "", 0, 0, row["topic"], row["events"])
        found.setdefault(MemberKey(row["community"], str(row["head_id"])), []).append(about)
    return found


async def add_topics(conn: Connection, *, topics: Sequence[EventTopic]) -> None:
    """Keep what events are about; what is there stays, and of who was erased nothing is kept."""
    await conn.execute(
        """
        insert into event_topics (community, member_id, topic, day, event_uid)
        select t.* from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::uuid[])
            as t(community, member_id, topic, day, event_uid)
        where not exists (
            select from followed_members m
            where m.community = t.community and m.member_id = t.member_id and m.is_erased)
        on conflict do nothing
        """,
        *(list(column) for column in zip(*topics, strict=True)),
    )


async def load_members_of_topics(conn: Connection, *, events: Collection[tuple[str, str]]) -> set[MemberKey]:
    """Who did those of some events that are about something; events by community and uid."""
    rows = await conn.fetch(
        """
        select distinct community, member_id from event_topics
        join unnest($1::text[], $2::uuid[]) as e(community, event_uid) using (community, event_uid)
        """,
        [community for community, _ in events],
        [uid for _, uid in events],
    )
    return {MemberKey(row["community"], str(row["member_id"])) for row in rows}
