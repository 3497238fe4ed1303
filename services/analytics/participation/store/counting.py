"""Events in: what is new is stored, and counted as participation until it is retracted."""

from collections import Counter
from collections.abc import Sequence, Set
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from services.analytics.participation.domain import Decision
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.postgres import Connection, copy_new

_EVENT_COLUMNS = (
    "community",
    "event_uid",
    "received_at",
    "event_time",
    "member_id",
    "object_member_id",
    "reply_member_id",
    "target_uid",
    "channel",
    "type",
    "source",
    "event_id",
    "day",
    "is_bots",
)


async def add_events(conn: Connection, *, events: Sequence[AcceptedEvent]) -> int:
    """Store events, and count the new ones that are not retracted as participation; return how many are new.

    No event may be there twice. What takes back or restores, and what bots do, is kept as an event, and is not
    participation itself.
    """
    rows = [
        (
            event["community"],
            event["uid"],
            event["receivedat"],
            event["time"],
            event.get("member"),
            event.get("objectmember"),
            event.get("replymember"),
            event.get("targetuid"),
            event["data"]["channel"],
            event["type"],
            event["source"],
            event["id"],
            event.get("day"),
            _is_bots(event),
        )
        for event in events
    ]
    new: Sequence[AcceptedEvent] = events
    gone: set[tuple[str, str]] = set()
    if not await copy_new(conn, "events", columns=_EVENT_COLUMNS, records=rows):
        added = await _fill_in_events(conn, rows)
        new = [event for event in events if (event["community"], event["uid"]) in added]
        gone = {key for key, is_retracted in added.items() if is_retracted}
    await _count_participation(
        conn,
        [event for event in new if event["type"] not in TARGETING_TYPES and not _is_bots(event)],
        retracted=gone,
    )
    return len(new)


def _is_bots(event: AcceptedEvent) -> bool:
    """Whether its actor is no person, as it was accepted."""
    return "member" in event.get("bots", "").split()


async def _fill_in_events(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], bool]:
    """Store those events that are new or of which only a retraction is known; return which of them have one."""
    new = await conn.fetch(
        """
        insert into events as e (community, event_uid, received_at, event_time, member_id, object_member_id,
                                 reply_member_id, target_uid, channel, type, source, event_id, day,
                                 is_bots)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],
                             $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[],
                             $12::text[], $13::date[], $14::boolean[])
        on conflict (community, event_uid) do update
        set received_at = excluded.received_at, event_time = excluded.event_time,
            member_id = excluded.member_id, object_member_id = excluded.object_member_id,
            reply_member_id = excluded.reply_member_id, target_uid = excluded.target_uid,
            channel = excluded.channel, type = excluded.type, source = excluded.source,
            event_id = excluded.event_id, day = excluded.day, is_bots = excluded.is_bots
        where e.received_at is null
        returning community, event_uid, retracted_by
        """,
        *zip(*rows, strict=True),
    )
    return {(row["community"], str(row["event_uid"])): row["retracted_by"] is not None for row in new}


async def _count_participation(
    conn: Connection, events: Sequence[AcceptedEvent], *, retracted: Set[tuple[str, str]]
) -> None:
    """Move the first events of members, and the counts per day by events that are not `retracted`."""
    # Added up here: PostgreSQL takes twice as long to group what it has just stored.
    firsts: dict[tuple[str, str], tuple[datetime, str, date | None]] = {}
    counts: Counter[tuple[str, date, str, str, str]] = Counter()
    for event in events:
        community, member, channel = event["community"], event["member"], event["data"]["channel"]
        at, day = event["time"].astimezone(UTC), event.get("day")
        first = firsts.get((community, member))
        if first is None or (at, channel) < first[:2]:
            firsts[community, member] = (at, channel, day)
        if (community, event["uid"]) not in retracted:
            counts[community, day or at.date(), member, channel, event["type"]] += 1
    members = sorted(firsts)
    counted = sorted(counts)
    await conn.execute(
        """
        with firsts as (
            insert into member_firsts as f (community, member_id, first_at, channel, day)
            select community, member_id, new.first_at, new.channel, new.day
            from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $11::date[])
                as new(community, member_id, first_at, channel, day)
            left join member_firsts known using (community, member_id)
            where known.first_at is null
               or (new.first_at, new.channel collate "C") < (known.first_at, known.channel collate "C")
            order by member_id, community
            on conflict (community, member_id) do update
            set first_at = excluded.first_at, channel = excluded.channel, day = excluded.day
            where (excluded.first_at, excluded.channel collate "C") < (f.first_at, f.channel collate "C")
        ),
        counted as (
            select * from unnest($5::text[], $6::date[], $7::uuid[], $8::text[], $9::text[], $10::bigint[])
                as c(community, day, member_id, channel, type, events)
        ),
        members as (
            insert into member_days as d (community, day, member_id, channel, events)
            select community, day, member_id, channel, sum(events)
            from counted group by community, day, member_id, channel order by community, day, member_id, channel
            on conflict (community, day, member_id, channel) do update set events = d.events + excluded.events
        )
        insert into event_days as d (community, day, channel, type, events)
        select community, day, channel, type, sum(events)
        from counted group by community, day, channel, type order by community, day, channel, type
        on conflict (community, day, channel, type) do update set events = d.events + excluded.events
        """,
        [community for community, _ in members],
        [member for _, member in members],
        [firsts[key][0] for key in members],
        [firsts[key][1] for key in members],
        *([key[place] for key in counted] for place in range(5)),
        [counts[key] for key in counted],
        [firsts[key][2] for key in members],
    )


class Changed(NamedTuple):
    """How many known events do not count any more, and how many count again."""

    retracted: int
    restored: int


async def decide(conn: Connection, *, decisions: Sequence[Decision]) -> Changed:
    """Note decisions on events, each unless a later one is known, and count the events in or out accordingly.

    `decisions` are sorted and name each event once. One whose event is not known yet waits in the event's row.
    """
    rows = await conn.fetch(
        """
        with given as (
            select *, case when is_retraction then uid end as retracted_by
            from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[], $6::boolean[])
                as g(community, target_uid, at, id, uid, is_retraction)
        ),
        marked as (
            insert into events as e (community, event_uid, decided_at, decided_id, decided_by, retracted_by)
            select community, target_uid, at, id, uid, retracted_by from given
            on conflict (event_uid, community) do update
            set decided_at = excluded.decided_at, decided_id = excluded.decided_id,
                decided_by = excluded.decided_by, retracted_by = excluded.retracted_by
            where e.decided_at is null
               or (excluded.decided_at, excluded.decided_id collate "C", excluded.decided_by)
                > (e.decided_at, coalesce(e.decided_id, '') collate "C", e.decided_by)
            returning community, event_time, is_bots, coalesce(day, (event_time at time zone 'UTC')::date) as day,
                member_id, channel, type,
                (retracted_by is null)::int - (old.retracted_by is null)::int as change
        ),
        changed as (select * from marked where event_time is not null and change <> 0 and not is_bots),
        members as (
            insert into member_days as d (community, day, member_id, channel, events)
            select community, day, member_id, channel, sum(change)
            from changed group by community, day, member_id, channel order by community, day, member_id, channel
            on conflict (community, day, member_id, channel) do update set events = d.events + excluded.events
        ),
        days as (
            insert into event_days as d (community, day, channel, type, events)
            select community, day, channel, type, sum(change)
            from changed group by community, day, channel, type order by community, day, channel, type
            on conflict (community, day, channel, type) do update set events = d.events + excluded.events
        )
        select change, count(*) as events from changed group by change
        """,
        *(list(column) for column in zip(*decisions, strict=True)),
    )
    changes = {row["change"]: row["events"] for row in rows}
    return Changed(changes.get(-1, 0), changes.get(1, 0))
