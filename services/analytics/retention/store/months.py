"""Months out: levels, who moved between them, and how many members have how many events."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from services.analytics.retention.domain.concentration import Concentration
from services.analytics.retention.domain.contributions import Figure
from services.analytics.retention.domain.love import Orbit
from shared.calendars import Span
from shared.postgres import Connection

Direction = Literal["up", "down"]


class MoverPlace(NamedTuple):
    """Somebody's place among those who moved."""

    member_id: str


class Mover(NamedTuple):
    """Somebody who came to another level; `level_before` 0 is none."""

    member_id: str
    name: str | None
    level_before: int
    level: int
    love: float

    @property
    def place(self) -> MoverPlace:
        """Their place in the list."""
        return MoverPlace(self.member_id)


async def load_orbits(conn: Connection, *, community: str, spans: Sequence[Span]) -> dict[date, Orbit]:
    """Who is on which level at the end of each of these months, which follow one another."""
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select greatest(day, $3::date) as month, day >= $3 as is_within,
            number / 10 as before, number % 10 as after, sum(people)::bigint as people
        from retention_figures
        where community = $1 and figure = $2 and channel = '' and day <= $4 and people <> 0
        group by 1, 2, 3, 4
        """,
        community,
        Figure.ORBIT,
        spans[0].starts_on,
        spans[-1].starts_on,
    )
    moves: dict[date, list[tuple[bool, int, int, int]]] = defaultdict(list)
    for row in rows:
        moves[row["month"]].append((row["is_within"], row["before"], row["after"], row["people"]))
    levels: Counter[int] = Counter()
    orbits = {}
    for span in spans:
        ways: Counter[str] = Counter()
        for is_within, before, after, people in moves[span.starts_on]:
            levels[after] += people
            levels[before] -= people if before else 0
            if is_within:
                ways["joined" if not before else "rose" if after < before else "fell"] += people
        shown = {level: number for level, number in levels.items() if number}
        orbits[span.starts_on] = Orbit(shown, ways["joined"], ways["rose"], ways["fell"])
    return orbits


async def page_of_movers(
    conn: Connection,
    *,
    community: str,
    month: date,
    direction: Direction | None,
    after: MoverPlace | None,
    limit_count: int,
) -> list[Mover]:
    """Who came to another level in a month, or to their first one, which is up."""
    rows = await conn.fetch(
        """
        select o.member_id::text, m.name, o.level_before, o.level, o.love
        from orbit_moves o
        left join followed_members m on m.community = o.community and m.member_id = o.member_id
        where o.community = $1 and o.month = $2 and ($4::uuid is null or o.member_id > $4)
            and ($3::boolean is null or (o.level_before = 0 or o.level < o.level_before) = $3)
        order by o.member_id limit $5
        """,
        community,
        month,
        None if direction is None else direction == "up",
        None if after is None else after.member_id,
        limit_count,
    )
    return [Mover(*row) for row in rows]


async def load_concentrations(
    conn: Connection, *, community: str, spans: Sequence[Span]
) -> dict[date, Concentration]:
    """How many members have how many events in each of these months; where nobody has any it is not there."""
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select day, number, people from retention_figures
        where community = $1 and figure = $2 and channel = '' and day between $3 and $4 and people <> 0
        """,
        community,
        Figure.MONTH_EVENTS,
        spans[0].starts_on,
        spans[-1].starts_on,
    )
    found: dict[date, dict[int, int]] = defaultdict(dict)
    for row in rows:
        found[row["day"]][row["number"]] = row["people"]
    return {month: Concentration(counts) for month, counts in found.items()}
