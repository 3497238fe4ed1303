"""Events in: what is new is stored, and what was decided on each."""

from collections.abc import Sequence
from typing import Any

from services.analytics.participation.domain import Decided, Decision, Place, StoredEvents, is_bots
from shared.contracts.facts import AcceptedEvent
from shared.postgres import Connection, copy_new
from shared.traces import trace_id_of

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
    "trace_id",
)


async def add_events(conn: Connection, *, events: Sequence[AcceptedEvent]) -> StoredEvents:
    """Store events; return those that are new. No event may be there twice."""
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
            is_bots(event),
            trace_id_of(event.get("traceparent")),
        )
        for event in events
    ]
    if await copy_new(conn, "events", columns=_EVENT_COLUMNS, records=rows):
        return StoredEvents(events, frozenset())
    added = await _fill_in_events(conn, rows)
    return StoredEvents(
        [event for event in events if (event["community"], event["uid"]) in added],
        {key for key, is_retracted in added.items() if is_retracted},
    )


async def _fill_in_events(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], bool]:
    """Store those events that are new or of which only a retraction is known; return which of them have one."""
    new = await conn.fetch(
        """
        insert into events as e (community, event_uid, received_at, event_time, member_id, object_member_id,
                                 reply_member_id, target_uid, channel, type, source, event_id, day,
                                 is_bots, trace_id)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],
                             $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[],
                             $12::text[], $13::date[], $14::boolean[], $15::uuid[])
        on conflict (community, event_uid) do update
        set received_at = excluded.received_at, event_time = excluded.event_time,
            member_id = excluded.member_id, object_member_id = excluded.object_member_id,
            reply_member_id = excluded.reply_member_id, target_uid = excluded.target_uid,
            channel = excluded.channel, type = excluded.type, source = excluded.source,
            event_id = excluded.event_id, day = excluded.day, is_bots = excluded.is_bots,
            trace_id = excluded.trace_id
        where e.received_at is null
        returning community, event_uid, retracted_by
        """,
        *zip(*rows, strict=True),
    )
    return {(row["community"], str(row["event_uid"])): row["retracted_by"] is not None for row in new}


async def decide(conn: Connection, *, decisions: Sequence[Decision]) -> list[Decided]:
    """Note decisions on events, each unless a later one is known; return which known events that counts in or out.

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
        )
        select community, day, member_id::text as member_id, channel, type, change
        from marked where event_time is not null and change <> 0 and not is_bots
        """,
        *(list(column) for column in zip(*decisions, strict=True)),
    )
    return [
        Decided(Place(row["community"], row["day"], row["member_id"], row["channel"], row["type"]), row["change"])
        for row in rows
    ]
