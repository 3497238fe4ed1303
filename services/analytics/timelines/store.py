"""The SQL of a member's events."""

from services.analytics.lineage.domain.trail import EventRecord
from services.analytics.timelines.domain import EventPlace
from shared.postgres import Connection

#: Whom an event names, each with an index of its own (migrations). Who is named twice is found as the first.
_NAMED = (
    "member_id = $2",
    "object_member_id = $2 and object_member_id is distinct from member_id",
    "reply_member_id = $2 and reply_member_id is distinct from member_id",
)
_EVENTS = " union ".join(
    f"""
    (select event_uid, event_time from events
     where community = $1 and {named} and received_at is not null
         and ($3::timestamptz is null or (event_time, event_uid) < ($3, $4::uuid))
     order by event_time desc, event_uid desc limit $5)"""  # noqa: S608 -- constants
    for named in _NAMED
)
_PAGE = f"""
    select e.event_uid::text, source, event_id, type, channel, member_id::text, object_member_id::text,
        reply_member_id::text, target_uid::text, e.event_time, received_at, retracted_by::text,
        replace(e.trace_id::text, '-', '') as trace_id
    from ({_EVENTS}) named join events e using (event_uid)
    where e.community = $1
    order by e.event_time desc, e.event_uid desc limit $5
"""  # noqa: S608 -- constants


async def page_of_events(
    conn: Connection, *, community: str, member_id: str, after: EventPlace | None, limit_count: int
) -> list[EventRecord]:
    """Events that a member did, or that name them as an author, newest first."""
    rows = await conn.fetch(_PAGE, community, member_id, *(after or (None, None)), limit_count)
    return [EventRecord(**row) for row in rows]


async def load_names(conn: Connection, *, community: str, member_ids: set[str]) -> dict[str, str | None]:
    """The names to show of members who are known."""
    rows = await conn.fetch(
        "select member_id, name from followed_members where community = $1 and member_id = any($2::uuid[])",
        community,
        sorted(member_ids),
    )
    return {str(row["member_id"]): row["name"] for row in rows}
