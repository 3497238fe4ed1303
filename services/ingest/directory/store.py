"""The SQL of looking for members."""

from typing import Final

from services.ingest.directory.domain import Counts, FoundPlace, Mark, Wanted
from services.ingest.members.domain import Member, MemberKey
from services.ingest.members.store.members import load_members
from shared.postgres import Connection

_MARKED: Final = {
    None: "true",
    Mark.PERSON: "m.bot_by is null",
    Mark.BOT: "m.bot_by is not null",
    Mark.STAFF: "m.staff_by is not null",
    Mark.DEPARTED: "m.departed_by is not null",
    Mark.HIDDEN: "m.hidden_by is not null",
    Mark.UNVERIFIED: "m.bot_by is null and not m.is_proven",
}
#: The column of `member_counts` of each mark.
_COUNTED: Final = {
    None: "members",
    Mark.PERSON: "persons",
    Mark.BOT: "bots",
    Mark.STAFF: "staff",
    Mark.DEPARTED: "departed",
    Mark.HIDDEN: "hidden",
    Mark.UNVERIFIED: "unverified",
}
#: Who is called so is found first: a plan that walks all members and asks of each takes a minute for a million. Of
#: more than these the text says too little, and some are shown.
_NAMED_MAX_COUNT = 10_000
_NAMED = f"""
    with named as materialized (
        (select n.member_id from members n
         where n.community = $1 and n.name is not null
             and to_tsvector('simple', translate(n.name, '<>&/@.:-_', '         ')) @@ to_tsquery('simple', $5)
         limit {_NAMED_MAX_COUNT})
        union
        (select i.member_id from identities i
         where i.community = $1 and lower(i.identity) like $6
             and ($7::text is null or (i.channel = $7 and ($8::text is null or i.host = $8)))
         limit {_NAMED_MAX_COUNT}))
"""  # noqa: S608 -- a constant
_PAGE = """
    {named}
    select m.member_id from members m
    where m.community = $1 and m.erased_at is null and {marked}
        and ($2::timestamptz is null or (m.first_seen_at, m.member_id) < ($2, $3::uuid))
        {among}
    order by m.first_seen_at desc, m.member_id desc limit $4
"""


async def page_of_found(
    conn: Connection, *, community: str, wanted: Wanted, after: FoundPlace | None, limit_count: int
) -> list[Member]:
    """Members who are wanted, those seen first the latest at the top."""
    is_named = wanted.handle is not None
    query = _PAGE.format(
        named=_NAMED if is_named else "",
        marked=_MARKED[wanted.mark],
        among="and m.member_id in (select member_id from named)" if is_named else "",
    )
    asked = [community, *(after or (None, None)), limit_count]
    if wanted.handle is not None:
        # Words alone, of letters and digits: nothing of them is an operator.
        words = " & ".join(f"{word}:*" for word in wanted.words)
        asked += [words, f"{_escaped(wanted.handle)}%", wanted.channel, wanted.host]
    rows = await conn.fetch(query, *asked)
    keys = [MemberKey(community, str(row["member_id"])) for row in rows]
    members = await load_members(conn, keys=keys)
    return [members[key] for key in keys if key in members]


async def count_marks(conn: Connection, *, community: str) -> list[Counts]:
    """How many members there are of each mark, and of all: what the database has kept up with each change."""
    columns = ", ".join(f"coalesce(sum({column}), 0)::bigint" for column in _COUNTED.values())
    row = await conn.fetchrow(
        f"select {columns} from member_counts where community = $1",  # noqa: S608 -- constants
        community,
    )
    return [Counts(mark, count) for mark, count in zip(_COUNTED, row or (), strict=True)]


async def fold_counts(conn: Connection, *, limit_count: int) -> int:
    """Make one row of a community's of what changed in its counts; return how many rows there were.

    Two at once are right too: each folds what it has deleted itself.
    """
    columns = ", ".join(_COUNTED.values())
    sums = ", ".join(f"sum({column})" for column in _COUNTED.values())
    folded: int = await conn.fetchval(
        f"""
        with changed as (select ctid, community from member_counts where not is_folded limit $1),
        gone as (
            delete from member_counts c where c.ctid in (select ctid from changed)
                or (c.is_folded and c.community in (select community from changed))
            returning c.*),
        added as (
            insert into member_counts (community, {columns}, is_folded)
            select community, {sums}, true from gone group by community)
        select count(*) from gone
        """,  # noqa: S608 -- constants
        limit_count,
    )
    return folded


def _escaped(text: str) -> str:
    """A text that LIKE takes for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
