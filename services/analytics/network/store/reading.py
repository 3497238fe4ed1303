"""Ties out: who turned to whom, and newcomers whom nobody turned to."""

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

from services.analytics.network.domain.network import PagedTie, Tie, TiePlace
from services.analytics.network.domain.ties import TieKind
from shared.calendars import Span
from shared.postgres import Connection

#: Ties that come from the database at once.
LOT_COUNT: Final = 5_000


class AskedTies(NamedTuple):
    """Which ties: of a community, of some days; of one kind, or of both."""

    community: str
    days: Span
    kind: TieKind | None = None


class NewcomerPlace(NamedTuple):
    """A newcomer's place in the list, by the first day as `date.toordinal` counts."""

    first_day: int
    member_id: str


class Newcomer(NamedTuple):
    """Somebody new to whom nobody turned, and how often they turned to others."""

    member_id: str
    name: str | None
    first_day: date
    active_days: int
    given: int

    @property
    def place(self) -> NewcomerPlace:
        """Their place in the list."""
        return NewcomerPlace(self.first_day.toordinal(), self.member_id)


_ASKED = "community = $1 and day between $2 and $3 and ($4::text is null or kind = $4) and times > 0"

#: The ids that a person, `p`, has: the one of who stays, and those that are merged into it.
_THEIRS = """(
    select p.member_id union all
    select o.member_id from merges o where o.community = p.community and o.head_id = p.member_id
)"""


#: Who turned to whom: who is merged is one, and no tie to themself.
_BETWEEN = f"""
    select coalesce(f.head_id, d.from_id) as from_id, coalesce(t.head_id, d.to_id) as to_id,
        sum(d.times)::bigint as times
    from (select from_id, to_id, times from tie_days where {_ASKED}) d
    left join merges f on f.community = $1 and f.member_id = d.from_id
    left join merges t on t.community = $1 and t.member_id = d.to_id
    where coalesce(f.head_id, d.from_id) <> coalesce(t.head_id, d.to_id)
    group by 1, 2
"""  # noqa: S608


def _values(asked: AskedTies) -> tuple[str, date, date, str | None]:
    return asked.community, asked.days.starts_on, asked.days.ends_on, asked.kind


async def count_rows(conn: Connection, asked: AskedTies, *, limit_count: int) -> int:
    """How many rows there are to go through, as far as `limit_count`."""
    found: int = await conn.fetchval(
        f"select count(*) from (select from tie_days where {_ASKED} limit $5) first",  # noqa: S608
        *_values(asked),
        limit_count,
    )
    return found


async def load_ties(conn: Connection, asked: AskedTies) -> list[Tie]:
    """Who turned to whom how often, in no order."""
    query = f"select from_id::text, to_id::text, times from ({_BETWEEN}) ties"  # noqa: S608
    # Of hundreds of thousands of ties between some thousands of members each id is kept once; rows come in lots.
    ids: dict[str, str] = {}
    async with conn.transaction():
        rows = conn.cursor(query, *_values(asked), prefetch=LOT_COUNT)
        return [
            Tie(ids.setdefault(from_id, from_id), ids.setdefault(to_id, to_id), times)
            async for from_id, to_id, times in rows
        ]


async def page_of_ties(
    conn: Connection, asked: AskedTies, *, after: TiePlace | None, limit_count: int
) -> list[PagedTie]:
    """Who turned to whom, most often first."""
    rows = await conn.fetch(
        f"""
        with ties as materialized ({_BETWEEN})
        select from_id::text, to_id::text, times,
            (to_id, from_id) in (select o.from_id, o.to_id from ties o) as is_mutual
        from (
            select from_id, to_id, times from ties
            where $5::bigint is null or (-times, from_id, to_id) > (-$5, $6::uuid, $7::uuid)
            order by times desc, from_id, to_id limit $8
        ) page
        """,  # noqa: S608
        *_values(asked),
        *(after or (None, None, None)),
        limit_count,
    )
    return [PagedTie(Tie(*row[:3]), row["is_mutual"]) for row in rows]


async def page_of_isolated(
    conn: Connection, *, community: str, days: Span, after: NewcomerPlace | None, limit_count: int
) -> list[Newcomer]:
    """Members who were new in these days and to whom nobody has ever turned, the newest first."""
    place = (date.fromordinal(after.first_day), after.member_id) if after else (None, None)
    rows = await conn.fetch(
        f"""
        select p.member_id::text, m.name, p.days[1] as first_day, cardinality(p.days) as active_days,
            (select coalesce(sum(d.times), 0)::bigint
             from {_THEIRS} g
             join tie_days d on d.from_id = g.member_id and d.community = p.community
             left join merges t on t.community = d.community and t.member_id = d.to_id
             where coalesce(t.head_id, d.to_id) <> p.member_id) as given
        from retention_people p
        left join followed_members m on m.community = p.community and m.member_id = p.member_id
        where p.community = $1 and p.days[1] between $2 and $3
            and ($4::date is null or (p.days[1], p.member_id) < ($4, $5::uuid))
            and not exists (
                select from {_THEIRS} g
                join tie_days d on d.to_id = g.member_id and d.community = p.community and d.times > 0
                left join merges f on f.community = d.community and f.member_id = d.from_id
                where coalesce(f.head_id, d.from_id) <> p.member_id
            )
        order by p.days[1] desc, p.member_id desc limit $6
        """,  # noqa: S608
        community,
        days.starts_on,
        days.ends_on,
        *place,
        limit_count,
    )
    return [Newcomer(*row) for row in rows]


async def load_names(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, str | None]:
    """The names to show of members who are known."""
    rows = await conn.fetch(
        "select member_id::text, name from followed_members where community = $1 and member_id = any($2::uuid[])",
        community,
        sorted(member_ids),
    )
    return {row["member_id"]: row["name"] for row in rows}
