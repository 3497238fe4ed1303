"""Questions in: what asks and answers, and what became of each question."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.analytics.response_times.domain.asking import Item, Said
from shared.merges import MemberKey
from shared.postgres import Connection


async def add_said(conn: Connection, *, said: Sequence[Said]) -> None:
    """Keep what asks and answers, and mark the items; what is known changes nothing."""
    ordered = sorted(set(said))
    await conn.execute(
        """
        insert into response_events (community, channel, host, item_id, event_uid, is_question, topic)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::boolean[], $7::text[])
        on conflict do nothing
        """,
        *([one.item[part] for one in ordered] for part in range(4)),
        [one.uid for one in ordered],
        [one.is_question for one in ordered],
        [one.topic for one in ordered],
    )
    await _add_marks(conn, {one.item for one in ordered})


async def _add_marks(conn: Connection, items: Collection[Item]) -> None:
    ordered = sorted(items)
    await conn.execute(
        """
        insert into response_marks (community, channel, host, item_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
        """,
        *([item[part] for item in ordered] for part in range(4)),
    )


async def mark_decided(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Mark the items of events, by community and uid, that were taken back or restored."""
    ordered = sorted(events)
    await conn.execute(
        """
        insert into response_marks (community, channel, host, item_id)
        select r.community, r.channel, r.host, r.item_id
        from unnest($1::text[], $2::uuid[]) as d(community, event_uid)
        join response_events r on r.event_uid = d.event_uid and r.community = d.community
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
    )


async def mark_moved(conn: Connection, *, members: Collection[MemberKey]) -> None:
    """Mark the items that these members asked or answered."""
    ordered = sorted(members)
    await conn.execute(
        """
        insert into response_marks (community, channel, host, item_id)
        select r.community, r.channel, r.host, r.item_id
        from unnest($1::text[], $2::uuid[]) as m(community, member_id)
        join events e on e.member_id = m.member_id and e.community = m.community
        join response_events r on r.event_uid = e.event_uid and r.community = e.community
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
    )


async def lock_settling(conn: Connection) -> bool:
    """Be the one who settles until the transaction ends; False where somebody else is."""
    got: bool = await conn.fetchval("select pg_try_advisory_xact_lock(hashtextextended('response times', 2))")
    return got


async def take_marks(conn: Connection, *, limit_count: int) -> set[Item]:
    """Take the oldest marks: the items to look at."""
    rows = await conn.fetch(
        """
        delete from response_marks
        where mark_id in (select mark_id from response_marks order by mark_id limit $1)
        returning community, channel, host, item_id
        """,
        limit_count,
    )
    return {Item(*row) for row in rows}


async def find_oldest_mark(conn: Connection) -> datetime | None:
    """When the oldest mark was made; None where no item waits."""
    found: datetime | None = await conn.fetchval("select marked_at from response_marks order by mark_id limit 1")
    return found


async def settle(conn: Connection, *, items: Collection[Item]) -> None:
    """Put the questions on these items as they are now: who asked when, and who else answered first.

    A question that is taken back, or that a bot asks, is none. What a bot answers, the one who asked, or anybody
    before it was asked, is no answer; but where a bot says what became of a suggestion, people decided that, of
    whom nobody is named. Who is merged is one.
    """
    ordered = sorted(items)
    rows = await conn.fetch(
        """
        with concerned as (
            select distinct q.community, q.event_uid, q.topic
            from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as i(community, channel, host, item_id)
            join response_events q using (community, channel, host, item_id)
            where q.is_question
        ),
        asked as (
            select e.community, e.event_uid, e.channel, e.event_time, c.topic,
                coalesce(m.head_id, e.member_id) as asker_id
            from concerned c
            join events e on e.community = c.community and e.event_uid = c.event_uid
            left join merges m on m.community = e.community and m.member_id = e.member_id
            where e.received_at is not null and e.retracted_by is null and not e.is_bots
        ),
        settled as (
            select a.*, first.event_time as answered_at, first.answerer_id
            from asked a
            left join lateral (
                select e.event_time,
                    case when not e.is_bots then coalesce(m.head_id, e.member_id) end as answerer_id
                from response_events q
                join response_events r on r.community = q.community and r.item_id = q.item_id
                    and r.channel = q.channel and r.host = q.host and not r.is_question
                join events e on e.event_uid = r.event_uid and e.community = r.community
                left join merges m on m.community = e.community and m.member_id = e.member_id
                where q.event_uid = a.event_uid and q.community = a.community and q.is_question
                    and e.received_at is not null and e.retracted_by is null
                    and (not e.is_bots or e.type = 'idea.status_changed.v1')
                    and e.event_time >= a.event_time and coalesce(m.head_id, e.member_id) <> a.asker_id
                order by e.event_time, e.event_uid limit 1
            ) first on true
        ),
        gone as (
            delete from response_questions q using concerned c
            where q.question_uid = c.event_uid and q.community = c.community
                and not exists (select from asked a where a.event_uid = c.event_uid and a.community = c.community)
            returning q.community, q.asker_id
        ),
        there as (
            insert into response_questions as q
                (community, question_uid, channel, asked_at, asker_id, answered_at, answerer_id, topic)
            select community, event_uid, channel, event_time, asker_id, answered_at, answerer_id, topic
            from settled
            on conflict (question_uid, community) do update
            set asker_id = excluded.asker_id, answered_at = excluded.answered_at,
                answerer_id = excluded.answerer_id
            where (q.asker_id, q.answered_at, q.answerer_id)
                is distinct from (excluded.asker_id, excluded.answered_at, excluded.answerer_id)
            returning community, asker_id, old.asker_id as asker_before
        )
        select community, asker_id from gone
        union select community, asker_id from there
        union select community, asker_before from there where asker_before is not null
        """,
        *([item[part] for item in ordered] for part in range(4)),
    )
    await _put_firsts(conn, askers=[(row["community"], str(row["asker_id"])) for row in rows])


async def _put_firsts(conn: Connection, *, askers: Sequence[MemberKey]) -> None:
    """Say of these people's questions which is the first that they asked."""
    await conn.execute(
        """
        update response_questions q set is_first = not q.is_first
        from unnest($1::text[], $2::uuid[]) as a(community, asker_id)
        cross join lateral (
            select question_uid from response_questions f
            where f.asker_id = a.asker_id and f.community = a.community order by asked_at, question_uid limit 1
        ) first
        where q.asker_id = a.asker_id and q.community = a.community
            and q.is_first <> (q.question_uid = first.question_uid)
        """,
        [community for community, _ in askers],
        [asker_id for _, asker_id in askers],
    )
