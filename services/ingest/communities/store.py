"""The SQL of communities."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import orjson
from asyncpg import Record
from pydantic import TypeAdapter

from services.ingest.communities.domain.bot_patterns import DEFAULT_BOTS
from services.ingest.communities.domain.communities import (
    DEFAULT_STANDINGS,
    Community,
    CommunityPlace,
    Known,
    Look,
    Lowering,
    Publishing,
    Retention,
    Rules,
    StandingRule,
)
from services.ingest.communities.domain.contrast import Colours
from shared.access_keys.public import Public
from shared.calendars import PLAIN, Calendar
from shared.contracts.facts import ReckoningData, Standing
from shared.postgres import Connection

BEFORE_EVERY_MEMBER = "00000000-0000-0000-0000-000000000000"
_CALENDAR = TypeAdapter(list[ReckoningData])


class Retained(NamedTuple):
    """A table of what communities keep for some days: its key behind the community, and the column with the days.

    It has an index by community and `received_at`.
    """

    table: str
    key: tuple[str, ...]
    days: str


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
            revision = $13, bots = $14, standings = $17::jsonb,
            lowering_by = $19::text::uuid, lowering_community = $20, lowering_asked_at = $21, embed_sites = $22,
            backtest = $23,
            bots_considered_up_to = case
                when coalesce(bots, $15) = $14 and coalesce(standings, $18::jsonb) = $17::jsonb
                then bots_considered_up_to else $16::uuid end
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
        _stored_standings(community.standings),
        _stored_standings(DEFAULT_STANDINGS),
        community.lowering.person_id if community.lowering else None,
        community.lowering.community if community.lowering else None,
        community.lowering.asked_at if community.lowering else None,
        list(community.embed_sites),
        community.backtest,
    )


async def load_rules(conn: Connection, *, communities: Collection[str]) -> dict[str, Rules]:
    """Whom communities take for what, as far as they said so."""
    rows = await conn.fetch(
        """
        select community, bots, standings from communities
        where (bots is not null or standings is not null) and community = any($1::text[])
        """,
        communities,
    )
    return {row["community"]: _rules(row) for row in rows}


async def lock_reconsidered(conn: Connection) -> tuple[str, Rules, str] | None:
    """The next community with members to look at again, its rules, and up to which member that is done."""
    row = await conn.fetchrow(
        "select community, bots, standings, bots_considered_up_to from communities"
        " where bots_considered_up_to is not null order by community limit 1 for update"
    )
    return None if row is None else (row["community"], _rules(row), str(row["bots_considered_up_to"]))


async def set_reconsidered(conn: Connection, *, community: str, up_to: str | None) -> None:
    """Note up to which member a community's members have been looked at again; None is all of them."""
    await conn.execute(
        "update communities set bots_considered_up_to = $2::uuid where community = $1", community, up_to
    )


async def find_community(conn: Connection, *, community: str) -> Community | None:
    """A community that somebody declared."""
    row = await conn.fetchrow("select * from communities where community = $1 and revision > 0", community)
    return None if row is None else _community(row)


async def load_communities(conn: Connection, *, communities: Collection[str]) -> dict[str, Community]:
    """Those of communities that somebody declared."""
    rows = await conn.fetch(
        "select * from communities where community = any($1::text[]) and revision > 0", list(communities)
    )
    return {row["community"]: _community(row) for row in rows}


async def page_of_communities(
    conn: Connection, *, only: str | None, after: CommunityPlace | None, limit_count: int
) -> list[Community]:
    """The communities that were declared, or of them `only` one, in the order of their ids; without logos."""
    rows = await conn.fetch(
        """
        select community, title, calendar, currency, languages, look_name, colours, null::bytea as logo_png,
               public, publishing, texts_days, rejected_days, bots, standings, revision, lowering_by,
               lowering_community, lowering_asked_at, embed_sites, backtest
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
    colours, asked_by = row["colours"], row["lowering_by"]
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
        bots=_rules(row).bots,
        standings=_rules(row).standings,
        embed_sites=tuple(row["embed_sites"]),
        revision=row["revision"],
        backtest=row["backtest"],
        lowering=None
        if asked_by is None
        else Lowering(str(asked_by), row["lowering_community"], row["lowering_asked_at"]),
    )


def _rules(row: Record) -> Rules:
    said = {} if row["standings"] is None else orjson.loads(row["standings"])
    standings = {
        name: StandingRule(tuple(said[name]["patterns"]), said[name]["earns"], said[name]["ranks"])
        if name in said
        else rule
        for name, rule in DEFAULT_STANDINGS.items()
    }
    return Rules(DEFAULT_BOTS if row["bots"] is None else tuple(row["bots"]), standings)


def _stored_standings(standings: Mapping[Standing, StandingRule]) -> str:
    return orjson.dumps({name: rule._asdict() for name, rule in sorted(standings.items())}).decode()


def _calendar(text: str) -> Calendar:
    return Calendar.of(_CALENDAR.validate_json(text))


def _stored(calendar: Calendar) -> str:
    return orjson.dumps(calendar.data).decode()


async def delete_beyond_retention(
    conn: Connection, *, of: Retained, now: datetime, otherwise_days: int, limit_count: int
) -> int:
    """Delete what its community keeps no longer, `otherwise_days` where it said none; return how many.

    Whose rows there are is asked by the index, community by community, however many rows there are.
    """
    columns = ", ".join(of.key)
    same = " and ".join(f"t.{name} = e.{name}" for name in of.key)
    deleted: int = await conn.fetchval(
        f"""
        with recursive kept as (
            (select community from {of.table} order by community limit 1)
            union all
            select (select t.community from {of.table} t where t.community > kept.community
                    order by t.community limit 1)
            from kept where kept.community is not null
        ), ended as (
            select e.* from kept k
            left join communities c using (community)
            cross join lateral (
                select community, {columns} from {of.table}
                where community = k.community
                    and received_at < $1::timestamptz - make_interval(days => coalesce(c.{of.days}, $2))
                order by received_at limit $3) e
            limit $3
        ), gone as (
            delete from {of.table} t using ended e where t.community = e.community and {same}
            returning 1)
        select count(*) from gone
        """,  # noqa: S608 -- of the code
        now,
        otherwise_days,
        limit_count,
    )
    return deleted
