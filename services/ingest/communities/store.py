"""The SQL of communities."""

from collections.abc import Collection

import orjson
from asyncpg import Record
from pydantic import TypeAdapter

from services.ingest.communities.domain.bot_patterns import DEFAULT_BOTS
from services.ingest.communities.domain.communities import (
    Community,
    CommunityPlace,
    Known,
    Look,
    Publishing,
    Retention,
)
from services.ingest.communities.domain.contrast import Colours
from shared.access_keys.public import Public
from shared.calendars import PLAIN, Calendar
from shared.contracts.facts import ReckoningData
from shared.postgres import Connection

BEFORE_EVERY_MEMBER = "00000000-0000-0000-0000-000000000000"
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
            revision = $13, bots = $14,
            bots_considered_up_to
                = case when coalesce(bots, $15) = $14 then bots_considered_up_to else $16::uuid end
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
        community.bots,
        DEFAULT_BOTS,
        BEFORE_EVERY_MEMBER,
    )


async def load_bot_patterns(conn: Connection, *, communities: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Whom communities take for bots, as far as they said so."""
    rows = await conn.fetch(
        "select community, bots from communities where bots is not null and community = any($1::text[])",
        communities,
    )
    return {row["community"]: tuple(row["bots"]) for row in rows}


async def lock_reconsidered(conn: Connection) -> tuple[str, tuple[str, ...], str] | None:
    """The next community with members to look at again, its patterns, and up to which member that is done."""
    row = await conn.fetchrow(
        "select community, bots, bots_considered_up_to from communities where bots_considered_up_to is not null"
        " order by community limit 1 for update"
    )
    return None if row is None else (row["community"], tuple(row["bots"]), str(row["bots_considered_up_to"]))


async def set_reconsidered(conn: Connection, *, community: str, up_to: str | None) -> None:
    """Note up to which member a community's members have been looked at again; None is all of them."""
    await conn.execute(
        "update communities set bots_considered_up_to = $2::uuid where community = $1", community, up_to
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
               public, publishing, texts_days, rejected_days, bots, revision
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
        bots=DEFAULT_BOTS if row["bots"] is None else tuple(row["bots"]),
        revision=row["revision"],
    )


def _calendar(text: str) -> Calendar:
    return Calendar.of(_CALENDAR.validate_json(text))


def _stored(calendar: Calendar) -> str:
    return orjson.dumps(calendar.data).decode()
