"""The SQL of portions: what campaigns' budgets are handed out in."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from asyncpg import Record

from services.scoring.campaigns.domain.books import CampaignKey
from services.scoring.campaigns.domain.portions import Held, Portion
from shared.postgres import Connection


async def lock_free_portions(conn: Connection, *, keys: Sequence[CampaignKey]) -> dict[CampaignKey, Portion]:
    """One portion of each campaign that nobody has locked, and that nobody else spends from until the commit.

    It waits for nobody; campaigns of which none is free are not in it.
    """
    rows = await conn.fetch(
        """
        select k.community, k.campaign_id, p.portion, p.version, p.last_day
        from unnest($1::text[], $2::text[]) as k(community, campaign_id)
        cross join lateral (
            select portion, version, last_day from campaign_portions
            where community = k.community and campaign_id = k.campaign_id
            order by portion limit 1 for update skip locked
        ) as p
        """,
        [community for community, _ in keys],
        [campaign_id for _, campaign_id in keys],
    )
    return {(row["community"], row["campaign_id"]): _portion(row) for row in rows}


async def load_portions(conn: Connection, *, key: CampaignKey) -> list[Portion]:
    """All portions of a campaign, in order; their versions stay as they are while its books are locked."""
    rows = await conn.fetch(
        """
        select portion, version, last_day from campaign_portions
        where community = $1 and campaign_id = $2 order by portion
        """,
        *key,
    )
    return [_portion(row) for row in rows]


async def lock_portions(conn: Connection, *, key: CampaignKey) -> list[Portion]:
    """All portions of a campaign, in order, once nobody spends from them any more; the books are locked."""
    rows = await conn.fetch(
        """
        select portion, version, last_day from campaign_portions
        where community = $1 and campaign_id = $2 order by portion for update
        """,
        *key,
    )
    return [_portion(row) for row in rows]


async def put_portions(conn: Connection, *, key: CampaignKey, portions: Sequence[Portion]) -> None:
    """Store portions of a campaign that are locked, or new under the lock of its books."""
    await conn.execute(
        """
        insert into campaign_portions (community, campaign_id, portion, version, last_day)
        select $1, $2, * from unnest($3::smallint[], $4::int[], $5::date[])
        on conflict (community, campaign_id, portion) do update
            set version = excluded.version, last_day = excluded.last_day
        """,
        *key,
        *([portion[place] for portion in portions] for place in range(3)),
    )


async def load_held(
    conn: Connection, *, parts: Iterable[tuple[CampaignKey, int, str]]
) -> dict[CampaignKey, dict[str, Held]]:
    """What portions have in parts: each by campaign, number of the portion and part, one portion of a campaign."""
    wanted = [(*key, number, part) for key, number, part in parts]
    rows = await conn.fetch(
        """
        select community, campaign_id, part, points, room from campaign_spent
        join unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) as k(community, campaign_id, portion, part)
            using (community, campaign_id, portion, part)
        """,
        *([one[place] for one in wanted] for place in range(4)),
    )
    found: dict[CampaignKey, dict[str, Held]] = {}
    for row in rows:
        found.setdefault((row["community"], row["campaign_id"]), {})[row["part"]] = Held(
            row["points"], row["room"]
        )
    return found


async def put_held(conn: Connection, *, held: Mapping[tuple[CampaignKey, int], Mapping[str, Held]]) -> None:
    """Store what portions that are locked have, each by campaign and number."""
    rows = [
        (*key, number, part, *one) for (key, number), parts in held.items() for part, one in sorted(parts.items())
    ]
    if rows:
        await conn.execute(
            """
            insert into campaign_spent (community, campaign_id, portion, part, points, room)
            select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[])
            on conflict (community, campaign_id, part, portion) do update
                set points = excluded.points, room = excluded.room
            """,
            *([one[place] for one in rows] for place in range(6)),
        )


async def call_back(conn: Connection, *, key: CampaignKey, parts: Collection[str] | None) -> None:
    """Take the room of all portions of a campaign, which are locked: in these parts, or in all of them."""
    await conn.execute(
        """
        update campaign_spent set room = 0
        where community = $1 and campaign_id = $2 and room > 0 and ($3::text[] is null or part = any($3))
        """,
        *key,
        None if parts is None else sorted(parts),
    )


async def load_handed_out(conn: Connection, *, key: CampaignKey, parts: Collection[str]) -> dict[str, int]:
    """What was spent of parts of a campaign and what portions may still spend, together.

    While the books are locked it becomes no more.
    """
    rows = await conn.fetch(
        """
        select part, sum(points + room)::bigint as points from campaign_spent
        where community = $1 and campaign_id = $2 and part = any($3::text[]) group by part
        """,
        *key,
        sorted(parts),
    )
    return {row["part"]: row["points"] for row in rows}


def _portion(row: Record) -> Portion:
    return Portion(row["portion"], row["version"], row["last_day"])
