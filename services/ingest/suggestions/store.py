"""The SQL of suggestions."""

from collections.abc import Collection
from typing import Final

from services.ingest.suggestions.domain import Reason, Suggestion, SuggestionPlace
from shared.postgres import Connection

#: Members of more than so many with one name, handle or address: that is no reason any more.
ALIKE_MAX_COUNT = 5
#: Of whoever shares something, so many are looked at: those who were merged count as one.
ALIKE_LOOKED_AT_MAX_COUNT = 200
#: Members of whom something shared is noted that are looked through at a time, until a page is full: most lead to
#: a pair, and all of a large community's would take seconds.
NOTED_AT_ONCE_COUNT = 50

_NOTED: Final = """
    select distinct member_id from alike_keys
    where community = $1 and is_shared and ($2::uuid is null or member_id > $2 or (member_id = $2 and $3))
    order by member_id limit $4
"""
#: What is noted as shared of some members, and what those who may be suggested share in all.
_SHARED_NOTED: Final = "select reason, what, member_id from alike_keys where community = $1 and is_shared"
OF_NOTED: Final = f"{_SHARED_NOTED} and member_id = any($4::uuid[])"
_OF_ALIKE: Final = f"""
    {_SHARED_NOTED} and (reason, what) in (
        select said.reason, said.what
        from (
            select unnest($4::uuid[]) as member_id
            union select member_id from merges where community = $1 and head_id = any($4::uuid[])) them
        cross join lateral (
            select 'same_name' as reason, lower(name) as what from members
            where community = $1 and member_id = them.member_id
            union all
            select of_identity.reason, of_identity.what from identities cross join lateral (values
                ('same_email', email_hash), ('same_subject', subject_hash), ('same_handle', lower(identity)))
                as of_identity(reason, what)
            where community = $1 and member_id = them.member_id) said
        where said.what is not null)
"""  # noqa: S608 -- constants
#: Which members are suggested by what is shared, and of whom the first of it is noted; it is kept in `alike_keys`
#: by the database as members are written.
PAIRS: Final = """
    with shared as materialized ({shared}),
    -- Each by its index, and of what very many share no more than are needed to see that.
    of_each as (
        select reason, what, shared.member_id as noted, e.member_id, null as channel
        from shared cross join lateral (
            select member_id from identities where community = $1 and email_hash = what limit $3) e
        where reason = 'same_email'
        union all select reason, what, shared.member_id, s.member_id, null from shared cross join lateral (
            select member_id from identities where community = $1 and subject_hash = what limit $3) s
        where reason = 'same_subject'
        union all select reason, what, shared.member_id, n.member_id, i.channel from shared cross join lateral (
            select member_id from members where community = $1 and lower(name) = what limit $3) n
        join identities i on i.community = $1 and i.member_id = n.member_id
        where reason = 'same_name'
        union all select reason, what, shared.member_id, h.member_id, channel from shared cross join lateral (
            select member_id, channel from identities where community = $1 and lower(identity) = what limit $3) h
        where reason = 'same_handle'),
    said as (
        select distinct reason, what, noted, coalesce(g.head_id, e.member_id) as member_id, channel
        from of_each e left join merges g on g.community = $1 and g.member_id = e.member_id),
    alike as (
        select reason, noted, array_agg(member_id) as members, array_agg(channel) as channels
        from said group by reason, what, noted having count(distinct member_id) between 2 and $2),
    -- Pairs within each few who are alike: joining all with all took 1 s of 10,000, or once 47 s.
    pairs as (
        select a.member_id, b.member_id as other_id, reason, noted
        from alike cross join lateral unnest(members, channels) as a(member_id, channel)
        cross join lateral unnest(members, channels) as b(member_id, channel)
        where a.member_id < b.member_id and (a.channel is null or a.channel <> b.channel))
    select member_id::text, other_id::text, min(noted::text) as noted,
        array_agg(distinct reason order by reason) as reasons
    from pairs group by 1, 2
"""


async def page_of_suggestions(
    conn: Connection, *, community: str, after: SuggestionPlace | None, limit_count: int
) -> list[Suggestion]:
    """Members who may be one person, alike in something on two channels; as many as asked for, if there are.

    They come in the order of the first member of whom something that they share is noted, then of their own ids.
    """
    found: list[Suggestion] = []
    last, is_begun = (None, False) if after is None else (str(after.noted_id), True)
    while len(found) < limit_count:
        rows = await conn.fetch(_NOTED, community, last, is_begun, NOTED_AT_ONCE_COUNT)
        if not rows:
            break
        noted = [str(row["member_id"]) for row in rows]
        last, is_begun = noted[-1], False
        alike = await _pairs(conn, OF_NOTED, community=community, members=noted)
        if not alike:
            continue
        # What else they share may be noted of others: a pair is shown once, with all of it.
        members = sorted({member_id for pair in alike for member_id in pair})
        whole = await _pairs(conn, _OF_ALIKE, community=community, members=members)
        here = sorted(one for pair, one in whole.items() if pair in alike and one.noted_id in noted)
        found += [one for one in here if after is None or SuggestionPlace.of(one) > _as_text(after)]
    return found[:limit_count]


def _as_text(place: SuggestionPlace) -> SuggestionPlace:
    return SuggestionPlace(*map(str, place))


async def _pairs(
    conn: Connection, shared: str, *, community: str, members: Collection[str]
) -> dict[tuple[str, str], Suggestion]:
    rows = await conn.fetch(
        PAIRS.format(shared=shared), community, ALIKE_MAX_COUNT, ALIKE_LOOKED_AT_MAX_COUNT, list(members)
    )
    return {
        (row["member_id"], row["other_id"]): Suggestion(
            row["noted"], row["member_id"], row["other_id"], tuple(map(Reason, row["reasons"]))
        )
        for row in rows
    }
