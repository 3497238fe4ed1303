"""The SQL of suggestions."""

from services.ingest.suggestions.domain import Reason, Suggestion, SuggestionPlace
from shared.postgres import Connection

#: Members of more than so many with one name, handle or address: that is no reason any more.
ALIKE_MAX_COUNT = 5
#: Of whoever shares something, so many are looked at: those who were merged count as one.
ALIKE_LOOKED_AT_MAX_COUNT = 200

#: Which members are suggested; what is shared is kept in `alike_keys` by the database as members are written.
SUGGESTED = """
    with shared as materialized (
        select reason, what from alike_keys where community = $1 and is_shared),
    -- Each by its index, and of what very many share no more than are needed to see that.
    of_each as (
        select reason, what, member_id, null as channel from shared cross join lateral (
            select member_id from identities where community = $1 and email_hash = what limit $6) e
        where reason = 'same_email'
        union all select reason, what, member_id, null from shared cross join lateral (
            select member_id from identities where community = $1 and subject_hash = what limit $6) s
        where reason = 'same_subject'
        union all select reason, what, n.member_id, i.channel from shared cross join lateral (
            select member_id from members where community = $1 and lower(name) = what limit $6) n
        join identities i on i.community = $1 and i.member_id = n.member_id
        where reason = 'same_name'
        union all select reason, what, member_id, channel from shared cross join lateral (
            select member_id, channel from identities where community = $1 and lower(identity) = what limit $6) h
        where reason = 'same_handle'),
    said as (
        select distinct reason, what, coalesce(g.head_id, e.member_id) as member_id, channel
        from of_each e left join merges g on g.community = $1 and g.member_id = e.member_id),
    alike as (
        select reason, array_agg(member_id) as members, array_agg(channel) as channels
        from said group by reason, what having count(distinct member_id) between 2 and $2),
    -- Pairs within each few who are alike: joining all with all took 1 s of 10,000, or once 47 s.
    pairs as (
        select a.member_id, b.member_id as other_id, reason
        from alike cross join lateral unnest(members, channels) as a(member_id, channel)
        cross join lateral unnest(members, channels) as b(member_id, channel)
        where a.member_id < b.member_id and (a.channel is null or a.channel <> b.channel))
    select member_id, other_id, array_agg(distinct reason order by reason) as reasons from pairs
    where $3::uuid is null or (member_id, other_id) > ($3::uuid, $4::uuid)
    group by 1, 2 order by 1, 2 limit $5
"""


async def page_of_suggestions(
    conn: Connection, *, community: str, after: SuggestionPlace | None, limit_count: int
) -> list[Suggestion]:
    """Members who may be one person, in the order of their ids: alike in something, on two channels."""
    rows = await conn.fetch(
        SUGGESTED,
        community,
        ALIKE_MAX_COUNT,
        None if after is None else after.member_id,
        None if after is None else after.other_id,
        limit_count,
        ALIKE_LOOKED_AT_MAX_COUNT,
    )
    return [
        Suggestion(str(row["member_id"]), str(row["other_id"]), tuple(map(Reason, row["reasons"]))) for row in rows
    ]
