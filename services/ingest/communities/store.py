"""The SQL of communities."""

from collections.abc import Collection

import orjson
from asyncpg import Record
from pydantic import TypeAdapter

from services.ingest.communities.domain.communities import (
    Community,
    CommunityPlace,
    Known,
    Look,
    Public,
    Publishing,
    Retention,
)
from services.ingest.communities.domain.contrast import Colours
from shared.calendars import PLAIN, Calendar
from shared.contracts.facts import ReckoningData
from shared.postgres import Connection

_CALENDAR = TypeAdapter(list[ReckoningData])


async def load_calendars(conn: Connection, *, communities: Collection[str]) -> dict[str, Calendar]:
    """The calendars of communities that have events, as far as they are known."""
    rows = await conn.fetch(
        "select community, calendar from communities where community = any($1::text[]) and has_events",
        communities,
    )
    return {row["community"]: _calendar(row["calendar"]) for row in rows}


async def note_events(conn: Connection, *, communities: Collection[str]) -> dict[str, Calendar]:
    """Note that communities, in order, have events; return their calendars, which no longer change backwards."""
    rows = await conn.fetch(
        """
        insert into communities as c (community, has_events, calendar)
        select community, true, $2::jsonb from unnest($1::text[]) as n(community)
        on conflict (community) do update set has_events = true
        returning community, calendar
        """,
        communities,
        _stored(PLAIN),
    )
    return {row["community"]: _calendar(row["calendar"]) for row in rows}


async def lock_community(conn: Connection, *, community: str) -> Known:
    """What is known of a community, locked until the commit; one that nobody heard of gets a row."""
    await conn.execute(
        "insert into communities (community, has_events, calendar) values ($1, false, $2::jsonb)"
        " on conflict do nothing",
        community,
        _stored(PLAIN),
    )
    row = await conn.fetchrow("select * from communities where community = $1 for update", community)
    assert row is not None  # noqa: S101 - it was there or has just been added
    return Known(_calendar(row["calendar"]), row["has_events"], None if row["revision"] == 0 else _community(row))


async def put_community(conn: Connection, *, community: Community) -> None:
    """Store what a community, which is locked, is now."""
    await conn.execute(
        """
        update communities set title = $2, calendar = $3::jsonb, currency = $4, languages = $5, look_name = $6,
            colours = $7, logo_png = $8, public = $9, publishing = $10, texts_days = $11, rejected_days = $12,
            revision = $13
        where community = $1
        """,
        community.community,
        community.title,
        _stored(community.calendar),
        community.currency,
        community.languages,
        community.look.name,
        community.look.colours,
        community.look.logo_png,
        community.public,
        community.publishing,
        community.retention.texts_days,
        community.retention.rejected_days,
        community.revision,
    )


async def find_community(conn: Connection, *, community: str) -> Community | None:
    """A community that somebody declared."""
    row = await conn.fetchrow("select * from communities where community = $1 and revision > 0", community)
    return None if row is None else _community(row)


async def page_of_communities(
    conn: Connection, *, only: str | None, after: CommunityPlace | None, limit_count: int
) -> list[Community]:
    """The communities that were declared, or of them `only` one, in the order of their ids; without logos."""
    rows = await conn.fetch(
        """
        select community, title, calendar, currency, languages, look_name, colours, null::bytea as logo_png,
               public, publishing, texts_days, rejected_days, revision
        from communities
        where revision > 0 and ($1::text is null or community > $1) and ($3::text is null or community = $3)
        order by community limit $2
        """,
        None if after is None else after.community,
        limit_count,
        only,
    )
    return [_community(row) for row in rows]


def _community(row: Record) -> Community:
    colours = row["colours"]
    return Community(
        community=row["community"],
        title=row["title"],
        calendar=_calendar(row["calendar"]),
        currency=row["currency"],
        languages=tuple(row["languages"]),
        look=Look(row["look_name"], None if colours is None else Colours(*colours), row["logo_png"]),
        public=tuple(map(Public, row["public"])),
        publishing=Publishing(row["publishing"]),
        retention=Retention(row["texts_days"], row["rejected_days"]),
        revision=row["revision"],
    )


def _calendar(text: str) -> Calendar:
    return Calendar.of(_CALENDAR.validate_json(text))


def _stored(calendar: Calendar) -> str:
    return orjson.dumps(calendar.data).decode()
