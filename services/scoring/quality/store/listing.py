"""The SQL of content as it is listed."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.scoring.quality.domain.judging import Kind, Why
from services.scoring.quality.domain.listing import (
    BestPlace,
    BestWanted,
    ContentSeen,
    Judged,
    JudgementPlace,
    OfMember,
    UnjudgedPlace,
)
from services.scoring.quality.domain.weighing import Sums
from shared.postgres import Connection

#: Whether a report of it was upheld: what was is on no list, and says nothing of its author.
_UPHELD = "exists (select from voids v where v.judged_id = q.content_id and v.is_standing)"
_COLUMNS = (
    "content_id, channel, host, object_id, author_id, made_uid, made_at, made_type, is_gone, outcomes, weighed,"
    f" plus, total, quality, {_UPHELD} as is_upheld"
)


async def page_of_best(
    conn: Connection, *, community: str, wanted: BestWanted, after: BestPlace | None, limit: int
) -> list[ContentSeen]:
    """What was made in a week or month and judged, the best first, beginning after a place."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from quality_contents q
        where community = $1 and {"week" if wanted.by == "week" else "month"} = $2 and weighed > 0 and not is_gone
            and not {_UPHELD}
            and ($3::text is null or channel = $3)
            and ($4::int is null or quality < $4 or (quality = $4 and content_id > $5))
        order by quality desc, content_id limit $6
        """,  # noqa: S608 -- one of two columns
        community,
        wanted.starts_on,
        wanted.channel,
        None if after is None else after.millionths,
        None if after is None else after.content_id,
        limit,
    )
    return [_seen(row) for row in rows]


async def page_of_unjudged(
    conn: Connection,
    *,
    community: str,
    since: datetime,
    channel: str | None,
    after: UnjudgedPlace | None,
    limit: int,
) -> list[ContentSeen]:
    """What was made since a time and nobody judged, the oldest first, beginning after a place."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from quality_contents q
        where community = $1 and outcomes = 0 and not is_gone and made_at is not null and made_at >= $2
            and not {_UPHELD}
            and ($3::text is null or channel = $3)
            and ($4::timestamptz is null or (made_at, content_id) > ($4, $5::uuid))
        order by made_at, content_id limit $6
        """,  # noqa: S608 -- constants
        community,
        since,
        channel,
        None if after is None else after.made_at,
        None if after is None else after.content_id,
        limit,
    )
    return [_seen(row) for row in rows]


async def find_content(conn: Connection, *, community: str, content_id: str) -> ContentSeen | None:
    """Content of a community; None for none."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from quality_contents q where community = $1 and content_id = $2",  # noqa: S608 -- constants
        community,
        content_id,
    )
    return None if row is None else _seen(row)


async def page_of_judgements(
    conn: Connection, *, community: str, content_id: str, after: JudgementPlace | None, limit: int
) -> list[Judged]:
    """What others made of content, the newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select q.*, coalesce(j.head_id, q.judge_id) = coalesce(a.head_id, q.author_id) as is_own,
            exists (
                select from voids v left join merges s on s.community = v.community and s.member_id = v.member_id
                where v.community = q.community and v.why = 'suspended' and v.is_standing
                    and coalesce(s.head_id, v.member_id) = coalesce(a.head_id, q.author_id)
                    and q.event_time >= v.starts_at and (v.ends_at is null or q.event_time < v.ends_at)) as is_off
        from quality_judgements q
        left join merges j on j.community = q.community and j.member_id = q.judge_id
        left join merges a on a.community = q.community and a.member_id = q.author_id
        where q.community = $1 and q.content_id = $2
            and ($3::timestamptz is null or q.event_time < $3 or (q.event_time = $3 and q.event_uid > $4::uuid))
        order by q.event_time desc, q.event_uid limit $5
        """,
        community,
        content_id,
        None if after is None else after.at,
        None if after is None else after.event_uid,
        limit,
    )
    return [
        Judged(
            str(row["event_uid"]),
            str(row["judge_id"]),
            row["event_time"],
            Kind(row["kind"]),
            row["percent_up"],
            row["kind_percent"],
            row["trust"],
            row["turn"],
            Sums(row["plus"], row["total"]),
            None if row["why"] is None else Why(row["why"]),
            row["is_retracted"],
            bool(row["is_own"]),
            row["is_off"],
        )
        for row in rows
    ]


async def find_of_member(conn: Connection, *, community: str, member_ids: Sequence[str]) -> OfMember:
    """What the content of members who are one person says of them."""
    (row,) = await conn.fetch(
        f"""
        select count(*) as contents, count(*) filter (where quality > 500000) as better,
            coalesce(sum(greatest(0, 2 * (quality - 500000))), 0)::bigint as millionths
        from quality_contents q
        where community = $1 and author_id = any($2::uuid[]) and not is_gone and not {_UPHELD}
        """,  # noqa: S608 -- constants
        community,
        member_ids,
    )
    return OfMember(row["contents"], row["better"], row["millionths"])


def _seen(row: Record) -> ContentSeen:
    return ContentSeen(
        str(row["content_id"]),
        row["channel"],
        row["host"],
        row["object_id"],
        None if row["author_id"] is None else str(row["author_id"]),
        None if row["made_uid"] is None else str(row["made_uid"]),
        row["made_at"],
        row["made_type"],
        row["is_gone"],
        row["outcomes"],
        row["weighed"],
        Sums(row["plus"], row["total"]),
        row["quality"],
        row["is_upheld"],
    )
