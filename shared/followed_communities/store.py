"""The SQL of each service's copy of the communities."""

from collections.abc import Collection, Mapping

import orjson
from pydantic import TypeAdapter

from shared.calendars import PLAIN, Calendar
from shared.contracts.facts import CommunityData, ReckoningData
from shared.postgres import Connection

_CALENDAR = TypeAdapter(list[ReckoningData])


async def put_communities(conn: Connection, *, data: Mapping[str, CommunityData]) -> None:
    """Keep communities, in the order of their ids; a revision that is not above the one known changes nothing."""
    await conn.execute(
        """
        insert into followed_communities as c (community, revision, data)
        select * from unnest($1::text[], $2::int[], $3::jsonb[])
        on conflict (community) do update set revision = excluded.revision, data = excluded.data
        where excluded.revision > c.revision
        """,
        list(data),
        [community["revision"] for community in data.values()],
        [orjson.dumps(community).decode() for community in data.values()],
    )


async def load_calendar(conn: Connection, *, community: str) -> Calendar:
    """A community's calendar; PLAIN where nobody declared the community, or it was not heard of yet."""
    text = await conn.fetchval(
        "select data -> 'calendar' from followed_communities where community = $1", community
    )
    return stored_calendar(text)


async def load_calendars(conn: Connection, *, communities: Collection[str]) -> dict[str, Calendar]:
    """The calendars of communities; one that nobody declared has none."""
    rows = await conn.fetch(
        """
        select community, data -> 'calendar' as calendar from followed_communities
        where community = any($1::text[])
        """,
        list(communities),
    )
    return {row["community"]: stored_calendar(row["calendar"]) for row in rows}


async def publishing_takes_two(conn: Connection, *, community: str) -> bool:
    """Whether the community has two people publish a programme; not where nobody declared it."""
    publishing = await conn.fetchval(
        "select data #>> '{review_policy,publishing}' from followed_communities where community = $1", community
    )
    return bool(publishing == "two_people")


async def backtest_is_asked(conn: Connection, *, community: str) -> bool:
    """Whether the community has a programme backtested before it is submitted; not where nobody declared it."""
    asked = await conn.fetchval(
        "select data #>> '{review_policy,backtest}' from followed_communities where community = $1", community
    )
    return bool(asked == "true")


def stored_calendar(text: str | None) -> Calendar:
    """The calendar as followed_communities has it (`data -> 'calendar'`); PLAIN where there is none."""
    return PLAIN if text is None else Calendar.of(_CALENDAR.validate_json(text))
