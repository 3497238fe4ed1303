"""The SQL of what is read: who read and responded to what in which month, and what resonates."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from services.analytics.content.domain import Does, Readable, ReadablePlace, Use, resonance
from services.analytics.response_times.domain.asking import REPLYING_TYPES
from shared.merges import MemberKey
from shared.postgres import Connection


async def add_uses(conn: Connection, *, uses: Sequence[Use]) -> None:
    """Keep what events make, read and respond to, and mark those events; what is known changes nothing."""
    ordered = sorted(set(uses), key=lambda use: (use.event_uid, use.does))
    await conn.execute(
        """
        insert into content_events (community, channel, host, item_id, event_uid, does)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[])
        on conflict do nothing
        """,
        *([use.item[part] for use in ordered] for part in range(4)),
        [use.event_uid for use in ordered],
        [use.does.value for use in ordered],
    )
    # What makes an item is not counted: it says where the item came from.
    if counted := {(use.item.community, use.event_uid) for use in ordered if use.does is not Does.MAKES}:
        await _mark(conn, counted)


async def _mark(conn: Connection, events: Collection[tuple[str, str]]) -> None:
    ordered = sorted(events)
    await conn.execute(
        """
        insert into content_marks (community, event_uid)
        select distinct e.community, e.event_uid
        from unnest($1::text[], $2::uuid[]) as m(community, event_uid)
        join content_events e on e.event_uid = m.event_uid and e.community = m.community and e.does <> 'makes'
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
    )


async def mark_decided(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Mark those of these events, by community and uid, that were taken back or restored."""
    await _mark(conn, events)


async def mark_moved(conn: Connection, *, members: Collection[MemberKey]) -> None:
    """Mark what these members read and responded to, and others of what is theirs."""
    ordered = sorted(members)
    await conn.execute(
        """
        insert into content_marks (community, event_uid)
        select distinct c.community, c.event_uid
        from unnest($1::text[], $2::uuid[]) as m(community, member_id)
        cross join lateral (
            select event_uid from events e where e.member_id = m.member_id and e.community = m.community
            union all
            select event_uid from events e where e.object_member_id = m.member_id and e.community = m.community
                and e.object_member_id is distinct from e.member_id
            union all
            select event_uid from events e where e.reply_member_id = m.member_id and e.community = m.community
                and e.reply_member_id is distinct from e.member_id
        ) theirs
        join content_events c on c.event_uid = theirs.event_uid and c.community = m.community and c.does <> 'makes'
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
    )


async def lock_counting(conn: Connection) -> bool:
    """Be the one who counts until the transaction ends; False where somebody else is."""
    got: bool = await conn.fetchval("select pg_try_advisory_xact_lock(hashtextextended('content', 2))")
    return got


async def take_marks(conn: Connection, *, limit_count: int) -> set[tuple[str, str]]:
    """Take the oldest marks: the events to look at, by community and uid."""
    rows = await conn.fetch(
        """
        delete from content_marks
        where mark_id in (select mark_id from content_marks order by mark_id limit $1)
        returning community, event_uid::text as event_uid
        """,
        limit_count,
    )
    return {(row["community"], row["event_uid"]) for row in rows}


async def find_oldest_mark(conn: Connection) -> datetime | None:
    """When the oldest mark was made; None where no event waits."""
    found: datetime | None = await conn.fetchval("select marked_at from content_marks order by mark_id limit 1")
    return found


async def count(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Count what was read and responded to as it is: off what each event was counted as, on what it is now.

    What is taken back is nothing, nor what bots do, nor what somebody does with their own. Who is merged is one.
    """
    ordered = sorted(events)
    rows = await conn.fetch(
        """
        with seen as materialized (
            select c.*, n.member_id as now_member, n.month as now_month
            from unnest($1::text[], $2::uuid[]) as m(community, event_uid)
            join content_events c on c.event_uid = m.event_uid and c.community = m.community and c.does <> 'makes'
            left join lateral (
                select coalesce(h.head_id, e.member_id) as member_id,
                    date_trunc('month', coalesce(e.day, (e.event_time at time zone 'UTC')::date))::date as month
                from events e
                left join merges h on h.community = e.community and h.member_id = e.member_id
                cross join lateral (
                    select case when e.type = any($3::text[]) then e.reply_member_id else e.object_member_id end
                ) w(member_id)
                left join merges o on o.community = e.community and o.member_id = w.member_id
                where e.event_uid = c.event_uid and e.community = c.community
                    and e.received_at is not null and e.retracted_by is null and not e.is_bots
                    and e.member_id is not null
                    and coalesce(h.head_id, e.member_id) is distinct from coalesce(o.head_id, w.member_id)
            ) n on true
        ),
        counted as (
            update content_events c set counted_member = s.now_member, counted_month = s.now_month
            from seen s
            where c.event_uid = s.event_uid and c.community = s.community and c.does = s.does
                and (c.counted_member, c.counted_month) is distinct from (s.now_member, s.now_month)
        ),
        moves as (
            select community, item_id, channel, host, counted_month as month, counted_member as member_id, does,
                -1 as change
            from seen where counted_member is not null
            union all
            select community, item_id, channel, host, now_month, now_member, does, 1
            from seen where now_member is not null
        ),
        people as (
            insert into content_people as p (community, item_id, channel, host, month, member_id, reads, responses)
            select community, item_id, channel, host, month, member_id,
                coalesce(sum(change) filter (where does = 'reads'), 0),
                coalesce(sum(change) filter (where does = 'responds'), 0)
            from moves group by 1, 2, 3, 4, 5, 6
            order by 1, 2, 3, 4, 5, 6
            on conflict (community, item_id, channel, host, month, member_id) do update
            set reads = p.reads + excluded.reads, responses = p.responses + excluded.responses
            returning community, item_id, channel, host, month,
                reads - coalesce(old.reads, 0) as reads, responses - coalesce(old.responses, 0) as responses,
                (reads > 0)::int - (coalesce(old.reads, 0) > 0)::int as readers,
                (reads > 0 and responses > 0)::int
                    - (coalesce(old.reads, 0) > 0 and coalesce(old.responses, 0) > 0)::int as responders
        )
        insert into content_items as i
            (community, month, channel, host, item_id, reads, readers, responses, responders, resonance)
        select community, month, channel, host, item_id, sum(reads), sum(readers), sum(responses),
            sum(responders), 0
        from people group by 1, 2, 3, 4, 5
        order by 1, 5, 3, 4, 2
        on conflict (community, item_id, channel, host, month) do update
        set reads = i.reads + excluded.reads, readers = i.readers + excluded.readers,
            responses = i.responses + excluded.responses, responders = i.responders + excluded.responders
        returning community, month, channel, host, item_id, readers, responders
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
        sorted(REPLYING_TYPES),
    )
    await conn.execute(
        """
        update content_items i set resonance = r.resonance
        from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::float8[])
            as r(community, month, channel, host, item_id, resonance)
        where i.community = r.community and i.month = r.month and i.channel = r.channel and i.host = r.host
            and i.item_id = r.item_id
        """,
        *([row[name] for row in rows] for name in ("community", "month", "channel", "host", "item_id")),
        [resonance(row["responders"], row["readers"]) for row in rows],
    )


async def page_of_read(
    conn: Connection,
    *,
    community: str,
    month: date,
    channel: str | None,
    after: ReadablePlace | None,
    limit_count: int,
) -> list[Readable]:
    """What was read in a month, in all channels or one; what resonates most first."""
    rows = await conn.fetch(
        f"""
        select i.channel, i.host, i.item_id, i.reads, i.readers, i.responses, i.responders, i.resonance,
            made.event_uid::text as made_uid, made.type as made_type
        from (
            select * from content_items
            where community = $1 and month = $2 and readers > 0 {"and channel = $3" if channel else ""}
                and ($4::float8 is null or resonance < $4
                    or resonance = $4 and (channel, host, item_id) > ($5, $6, $7))
            order by resonance desc, channel, host, item_id limit $8
        ) i
        left join lateral (
            select e.event_uid, e.type from content_events c
            join events e on e.event_uid = c.event_uid and e.community = c.community
            where c.community = $1 and c.item_id = i.item_id and c.channel = i.channel and c.host = i.host
                and c.does = 'makes' and e.retracted_by is null and e.received_at is not null
            order by e.event_time, e.event_uid limit 1
        ) made on true
        where $3::text is null or i.channel = $3
        order by i.resonance desc, i.channel, i.host, i.item_id
        """,  # noqa: S608 -- a constant
        community,
        month,
        channel,
        *(after or (None, None, None, None)),
        limit_count,
    )
    return [Readable(*row) for row in rows]


async def load_reads(conn: Connection, *, community: str, first: date, last: date) -> dict[str, int]:
    """How often anything was read on those days, by channel."""
    rows = await conn.fetch(
        """
        select channel, sum(events)::bigint as reads from event_days
        where community = $1 and day between $2 and $3 and type = 'content.read.v1' and events > 0
        group by 1 order by 2 desc, 1
        """,
        community,
        first,
        last,
    )
    return {row["channel"]: row["reads"] for row in rows}
