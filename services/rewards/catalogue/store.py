"""The SQL of the catalogue's own rewards, and of how many there are left."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import orjson
from asyncpg import Record

from services.rewards.catalogue.domain import (
    Left,
    MemberLimit,
    Offer,
    PictureOf,
    Price,
    Reward,
    RewardFilter,
    RewardKind,
    RewardPlace,
    RewardTerms,
    Translation,
)
from shared.pictures import Picture
from shared.postgres import Connection


async def lock_catalogue(conn: Connection, *, community: str) -> None:
    """Of two who add a reward the second sees that the first has."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 17))", f"catalogue {community}")


async def count_rewards(conn: Connection, *, community: str) -> int:
    """How many rewards a community's own catalogue has, withdrawn ones too."""
    count: int = await conn.fetchval("select count(*) from catalogue_rewards where community = $1", community)
    return count


async def add_reward(conn: Connection, reward: Reward) -> bool:
    """Add a reward with its prices; False where there is one of its id."""
    added = await conn.fetchval(
        """
        insert into catalogue_rewards (community, reward_id, kind, category, title, description, translations,
            audience, level, opens_at, closes_at, stock, low_count, shows_left, limit_count, limit_days,
            is_withdrawn, revision, changed_at, tags)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        on conflict do nothing returning true
        """,
        *_columns(reward),
    )
    if added:
        await _put_prices(conn, reward)
    return bool(added)


async def set_reward(conn: Connection, reward: Reward) -> None:
    """Write a reward that is locked in its next revision, with the prices that it has from now on."""
    await conn.execute(
        """
        update catalogue_rewards set kind = $3, category = $4, title = $5, description = $6, translations = $7,
            audience = $8, level = $9, opens_at = $10, closes_at = $11, stock = $12, low_count = $13,
            shows_left = $14, limit_count = $15, limit_days = $16, is_withdrawn = $17, revision = $18,
            changed_at = $19, tags = $20
        where community = $1 and reward_id = $2
        """,
        *_columns(reward),
    )
    await conn.execute(
        "delete from catalogue_prices where community = $1 and reward_id = $2 and effective_from > $3",
        reward.community,
        reward.reward_id,
        reward.changed_at,
    )
    await _put_prices(conn, reward)


async def _put_prices(conn: Connection, reward: Reward) -> None:
    await conn.execute(
        """
        insert into catalogue_prices (community, reward_id, effective_from, points)
        select $1, $2, * from unnest($3::timestamptz[], $4::int[]) on conflict do nothing
        """,
        reward.community,
        reward.reward_id,
        [price.effective_from for price in reward.prices],
        [price.points for price in reward.prices],
    )


async def find_reward(conn: Connection, *, community: str, reward_id: str) -> Reward | None:
    """A reward of the catalogue; None where it has none of that id."""
    row = await conn.fetchrow(
        "select * from catalogue_rewards where community = $1 and reward_id = $2", community, reward_id
    )
    return (await _rewards(conn, [row]))[0] if row else None


async def lock_reward(conn: Connection, *, community: str, reward_id: str) -> Reward | None:
    """A reward of the catalogue, locked against other changes; None where it has none of that id."""
    row = await conn.fetchrow(
        "select * from catalogue_rewards where community = $1 and reward_id = $2 for update", community, reward_id
    )
    return (await _rewards(conn, [row]))[0] if row else None


async def load_rewards(
    conn: Connection, *, community: str, reward_ids: Collection[str] | None = None
) -> list[Reward]:
    """Rewards of a community's own catalogue (None: all) by their ids; there are as many as the setting says."""
    rows = await conn.fetch(
        """
        select * from catalogue_rewards where community = $1 and ($2::text[] is null or reward_id = any($2))
        order by reward_id
        """,
        community,
        None if reward_ids is None else list(reward_ids),
    )
    return await _rewards(conn, rows)


async def page_of_rewards(
    conn: Connection, wanted: RewardFilter, *, community: str, after: RewardPlace | None, limit: int
) -> list[Reward]:
    """Rewards by their ids, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from catalogue_rewards
        where community = $1 and ($2::text is null or kind = $2) and ($3::text is null or category = $3)
            and ($4::text is null or tags @> array[$4])
            and ($5::text is null or position(lower($5) in lower(title)) > 0
                or position(lower($5) in reward_id) > 0
                or exists (select from unnest(tags) as t(tag) where position(lower($5) in t.tag) > 0))
            and ($6::text is null or reward_id > $6)
        order by reward_id limit $7
        """,
        community,
        *wanted,
        after.reward_id if after else None,
        limit,
    )
    return await _rewards(conn, rows)


async def load_left(conn: Connection, offers: Collection[Offer], *, community: str, now: datetime) -> Left:
    """How many there are left of these, which there are only so many of."""
    stocks = {offer.reward_id: offer.terms.stock for offer in offers if offer.terms.stock is not None}
    taken = await conn.fetch(
        """
        select reward_id, count(*) as taken from redemptions
        where community = $1 and reward_id = any($2::text[])
            and state in ('reserved', 'confirmed', 'partly_refunded', 'refunded') and not is_returned
        group by reward_id
        """,
        community,
        list(stocks),
    )
    codes = await conn.fetch(
        """
        select reward_id, count(*) as number from voucher_codes
        where community = $1 and reward_id = any($2::text[]) and redemption_id is null
            and (expires_at is null or expires_at > $3)
        group by reward_id
        """,
        community,
        [offer.reward_id for offer in offers if offer.has_codes],
        now,
    )
    gone = {row["reward_id"]: row["taken"] for row in taken}
    counts = {reward_id: stock - gone.get(reward_id, 0) for reward_id, stock in stocks.items()}
    return Left(counts | {row["reward_id"]: row["number"] for row in codes})


async def load_had(
    conn: Connection, since_by_reward: Mapping[str, datetime | None], *, community: str, member_ids: Sequence[str]
) -> dict[str, int]:
    """How many of rewards these members, who are one person, have or wait for since a moment each, by reward."""
    rows = await conn.fetch(
        """
        select k.reward_id, count(*) as had
        from unnest($3::text[], $4::timestamptz[]) as k(reward_id, since)
        join redemptions r on r.community = $1 and r.member_id = any($2::uuid[]) and r.reward_id = k.reward_id
            and r.state in ('reserved', 'confirmed', 'partly_refunded')
            and (k.since is null or r.created_at > k.since)
        group by k.reward_id
        """,
        community,
        list(member_ids),
        list(since_by_reward),
        list(since_by_reward.values()),
    )
    return {row["reward_id"]: row["had"] for row in rows}


async def load_communities(conn: Connection) -> list[str]:
    """The communities that have rewards of which somebody wants to know when few are left."""
    rows = await conn.fetch(
        "select distinct community from catalogue_rewards where low_count is not null and not is_withdrawn"
    )
    return [row["community"] for row in rows]


def _columns(reward: Reward) -> tuple[object, ...]:
    terms = reward.terms
    translations = {language: one._asdict() for language, one in terms.translations.items()}
    limit = terms.limit
    return (
        reward.community,
        reward.reward_id,
        terms.kind,
        terms.category,
        terms.title,
        terms.description,
        orjson.dumps(translations).decode(),
        terms.audience,
        terms.level,
        terms.opens_at,
        terms.closes_at,
        terms.stock,
        terms.low_count,
        terms.shows_left,
        limit.max_count if limit else None,
        limit.days if limit else None,
        terms.is_withdrawn,
        reward.revision,
        reward.changed_at,
        list(terms.tags),
    )


async def _rewards(conn: Connection, rows: Sequence[Record]) -> list[Reward]:
    prices = await conn.fetch(
        """
        select p.* from catalogue_prices p
        join unnest($1::text[], $2::text[]) as k(community, reward_id) using (community, reward_id)
        order by p.effective_from
        """,
        [row["community"] for row in rows],
        [row["reward_id"] for row in rows],
    )
    by_id: dict[str, list[Price]] = {}
    for price in prices:
        by_id.setdefault(price["reward_id"], []).append(Price(price["effective_from"], price["points"]))
    return [_reward(row, by_id.get(row["reward_id"], [])) for row in rows]


def _reward(row: Record, prices: Sequence[Price]) -> Reward:
    translations = {language: Translation(**one) for language, one in orjson.loads(row["translations"]).items()}
    terms = RewardTerms(
        kind=RewardKind(row["kind"]),
        title=row["title"],
        description=row["description"],
        translations=translations,
        category=row["category"],
        tags=tuple(row["tags"]),
        audience=row["audience"],
        level=row["level"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        stock=row["stock"],
        low_count=row["low_count"],
        shows_left=row["shows_left"],
        limit=None if row["limit_count"] is None else MemberLimit(row["limit_count"], row["limit_days"]),
        is_withdrawn=row["is_withdrawn"],
    )
    return Reward(row["community"], row["reward_id"], terms, prices, row["revision"], row["changed_at"])


async def put_picture(
    conn: Connection, picture: Picture, *, community: str, reward_id: str, alts: Mapping[str, str], at: datetime
) -> None:
    """Have a reward look like this; what it looked like before is gone."""
    await conn.execute(
        """
        insert into reward_pictures (community, reward_id, media_type, content, etag, alts, uploaded_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (community, reward_id) do update
        set media_type = excluded.media_type, content = excluded.content, etag = excluded.etag,
            alts = excluded.alts, uploaded_at = excluded.uploaded_at
        """,
        community,
        reward_id,
        picture.media_type,
        picture.content,
        picture.etag,
        orjson.dumps(alts).decode(),
        at,
    )


async def delete_picture(conn: Connection, *, community: str, reward_id: str) -> None:
    """Throw a reward's picture away, whether or not there is one."""
    await conn.execute("delete from reward_pictures where community = $1 and reward_id = $2", community, reward_id)


async def find_picture(conn: Connection, *, community: str, reward_id: str) -> Picture | None:
    """What a reward looks like; None where nothing was uploaded."""
    row = await conn.fetchrow(
        "select media_type, content from reward_pictures where community = $1 and reward_id = $2",
        community,
        reward_id,
    )
    return None if row is None else Picture(row["media_type"], row["content"])


async def load_pictures(
    conn: Connection, *, community: str, reward_ids: Collection[str] | None = None
) -> dict[str, PictureOf]:
    """Which rewards of a community (None: of all) have a picture, by their ids."""
    rows = await conn.fetch(
        """
        select reward_id, etag, alts from reward_pictures
        where community = $1 and ($2::text[] is null or reward_id = any($2))
        """,
        community,
        None if reward_ids is None else list(reward_ids),
    )
    return {row["reward_id"]: PictureOf(row["etag"], orjson.loads(row["alts"])) for row in rows}
