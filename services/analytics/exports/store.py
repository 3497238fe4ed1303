"""The rollups as they are, page by page in the order of their keys: no page costs more than its rows."""

from datetime import date

from services.analytics.exports.domain import (
    ActivityDay,
    ActivityPlace,
    MemberDay,
    MemberDayPlace,
    RuleDay,
    RuleDayPlace,
)
from shared.calendars import Span
from shared.postgres import Connection


async def page_of_activity_days(
    conn: Connection, days: Span, *, community: str, after: ActivityPlace | None, limit: int
) -> list[ActivityDay]:
    """Events by day, channel and type, beginning after a place; what comes to zero is not there."""
    rows = await conn.fetch(
        """
        select day, channel, type, events from event_days
        where community = $1 and day between $2 and $3 and events > 0
          and ($4::date is null or (day, channel, type) > ($4, $5::text, $6::text))
        order by day, channel, type limit $7
        """,
        community,
        *days,
        *((date.fromisoformat(after.day), after.channel, after.type) if after else (None, None, None)),
        limit,
    )
    return [ActivityDay(*row) for row in rows]


async def page_of_member_days(
    conn: Connection, days: Span, *, community: str, after: MemberDayPlace | None, limit: int
) -> list[MemberDay]:
    """Events by member, day and channel, in the order of members' ids, beginning after a place."""
    rows = await conn.fetch(
        """
        select m.member_id::text as of_member_id, coalesce(g.head_id, m.member_id)::text as member_id, d.day,
               d.channel, d.events
        from member_locks m
        cross join lateral (
            select day, channel, events from member_days d
            where d.member_id = m.member_id and d.community = m.community and d.day between $2 and $3
              and d.events > 0
              and ($4::uuid is null or m.member_id > $4 or (d.day, d.channel) > ($5::date, $6::text))
            order by day, channel limit $7) d
        left join merges g on g.community = m.community and g.member_id = m.member_id
        where m.community = $1 and ($4::uuid is null or m.member_id >= $4)
        order by m.member_id, d.day, d.channel limit $7
        """,
        community,
        *days,
        *((after.of_member_id, date.fromisoformat(after.day), after.channel) if after else (None, None, None)),
        limit,
    )
    return [MemberDay(*row) for row in rows]


async def page_of_rule_days(
    conn: Connection, days: Span, *, community: str, after: RuleDayPlace | None, limit: int
) -> list[RuleDay]:
    """What rules gave by day, beginning after a place."""
    rows = await conn.fetch(
        """
        select day, rule_id, points, awards, taken_back, amendments from rule_days
        where community = $1 and day between $2 and $3
          and ($4::date is null or (day, rule_id) > ($4, $5::text))
        order by day, rule_id limit $6
        """,
        community,
        *days,
        *((date.fromisoformat(after.day), after.rule_id) if after else (None, None)),
        limit,
    )
    return [RuleDay(*row) for row in rows]
