"""The SQL of what prices of cards follow, and of cards that need another quote."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from services.rewards.providers.domain.contract import Card, ProviderName
from services.rewards.providers.store.orders import AccountKey
from services.rewards.quotes.domain import Follows, RatePrice
from shared.postgres import Connection


class DueCard(NamedTuple):
    """A card whose price follows a rate, and that needs another quote."""

    community: str
    reward_id: str
    card: Card
    revision: int
    price: RatePrice
    #: Until when it is claimed, where its provider is asked.
    claimed_until: datetime | None = None


class Priced(NamedTuple):
    """How the price of a card follows a rate; since when it cannot be quoted, and why."""

    price: RatePrice | None
    failed_at: datetime | None
    reason: str | None


async def put_price(
    conn: Connection, price: RatePrice | None, *, community: str, reward_id: str, at: datetime
) -> None:
    """Say how the price of a card follows a rate; None for not at all. It is quoted at once."""
    await conn.execute(
        """
        insert into card_prices (community, reward_id, currency, minor_per_point, changed_at, due_at, follows)
        values ($1, $2, $3, $4, $5, $5, $6)
        on conflict (community, reward_id) do update
        set currency = excluded.currency, minor_per_point = excluded.minor_per_point,
            changed_at = excluded.changed_at, due_at = excluded.due_at, follows = excluded.follows,
            claimed_until = null, failed_at = null, reason = null
        """,
        community,
        reward_id,
        *((None, None) if price is None else (price.currency, price.minor_per_point)),
        at,
        Follows.RATES if price is None else price.follows,
    )


async def find_price(conn: Connection, *, community: str, reward_id: str) -> RatePrice | None:
    """How the price of a card follows a rate; None where it does not."""
    row = await conn.fetchrow(
        """
        select currency, minor_per_point, follows from card_prices
        where community = $1 and reward_id = $2 and currency is not null
        """,
        community,
        reward_id,
    )
    return None if row is None else RatePrice(row[0], row[1], Follows(row[2]))


async def find_priced(conn: Connection, *, community: str, reward_id: str) -> Priced:
    """How the price of a card follows a rate, since when it cannot be quoted, and why."""
    row = await conn.fetchrow(
        """
        select currency, minor_per_point, follows, failed_at, reason from card_prices
        where community = $1 and reward_id = $2 and currency is not null
        """,
        community,
        reward_id,
    )
    if row is None:
        return Priced(None, None, None)
    price = RatePrice(row["currency"], row["minor_per_point"], Follows(row["follows"]))
    return Priced(price, row["failed_at"], row["reason"])


async def lock_due(conn: Connection, *, now: datetime, limit: int) -> list[DueCard]:
    """Cards that need another quote, locked; those in other hands are left out.

    Communities take turns: whoever has many cards waits for their second until all others had their first.
    """
    rows = await conn.fetch(
        """
        with due as (
            select p.community, p.reward_id, p.due_at,
                row_number() over (partition by p.community order by p.due_at, p.reward_id) as turn
            from card_prices p join gift_cards g using (community, reward_id)
            where p.currency is not null and p.follows = 'rates'
                and (p.due_at <= $1 or p.quoted_revision is distinct from g.revision))
        select p.community, p.reward_id, p.currency as priced_in, p.minor_per_point, g.provider, g.product_id,
            g.face_minor, g.currency, g.revision
        from due join card_prices p using (community, reward_id) join gift_cards g using (community, reward_id)
        order by due.turn, due.due_at, p.community, p.reward_id limit $2 for update of p skip locked
        """,
        now,
        limit,
    )
    return [
        DueCard(
            row["community"],
            row["reward_id"],
            Card(ProviderName(row["provider"]), row["product_id"], row["face_minor"], row["currency"]),
            row["revision"],
            RatePrice(row["priced_in"], row["minor_per_point"]),
        )
        for row in rows
    ]


async def claim_due(
    conn: Connection, *, now: datetime, until: datetime, busy: Collection[AccountKey], of_each: int, limit: int
) -> list[DueCard]:
    """Cards that their providers have to quote anew, claimed for a while: communities take turns.

    Of each account `of_each` at most, and of none that is busy, disconnected or rests.
    """
    rows = await conn.fetch(
        """
        with due as (
            select p.community, p.reward_id, p.due_at,
                row_number() over (partition by p.community, g.provider order by p.due_at, p.reward_id) as turn
            from card_prices p join gift_cards g using (community, reward_id)
                join provider_accounts a on a.community = g.community and a.provider = g.provider
            where p.currency is not null and p.follows = 'provider'
                and (p.due_at <= $1 or p.quoted_revision is distinct from g.revision)
                and (p.claimed_until is null or p.claimed_until <= $1)
                and a.sealed is not null and (a.rests_until is null or a.rests_until <= $1)
                and not exists (
                    select from unnest($3::text[], $4::text[]) as b(community, provider)
                    where b.community = a.community and b.provider = a.provider)),
        claimed as (
            select p.community, p.reward_id from due join card_prices p using (community, reward_id)
            where due.turn <= $5
            order by due.turn, due.due_at, p.community, p.reward_id limit $6 for update of p skip locked)
        update card_prices p set claimed_until = $2
        from claimed c, gift_cards g
        where (p.community, p.reward_id) = (c.community, c.reward_id)
            and (g.community, g.reward_id) = (c.community, c.reward_id)
            -- Whoever read the row before another claimed it, or quoted it, does not claim it again.
            and (p.claimed_until is null or p.claimed_until <= $1)
            and (p.due_at <= $1 or p.quoted_revision is distinct from g.revision)
        returning p.community, p.reward_id, p.currency as priced_in, p.minor_per_point, g.provider, g.product_id,
            g.face_minor, g.currency, g.revision
        """,
        now,
        until,
        [community for community, _ in busy],
        [provider for _, provider in busy],
        of_each,
        limit,
    )
    return [
        DueCard(
            row["community"],
            row["reward_id"],
            Card(ProviderName(row["provider"]), row["product_id"], row["face_minor"], row["currency"]),
            row["revision"],
            RatePrice(row["priced_in"], row["minor_per_point"], Follows.PROVIDER),
            until,
        )
        for row in rows
    ]


async def lock_claimed(conn: Connection, due: DueCard) -> bool:
    """Whether a card is still this process's to quote, at the price it had; it is locked then."""
    found = await conn.fetchval(
        """
        select true from card_prices
        where community = $1 and reward_id = $2 and claimed_until = $3 and currency = $4 and minor_per_point = $5
            and follows = 'provider'
        for update
        """,
        due.community,
        due.reward_id,
        due.claimed_until,
        due.price.currency,
        due.price.minor_per_point,
    )
    return bool(found)


async def set_due(
    conn: Connection, due: DueCard, *, due_at: datetime, failed_at: datetime | None, reason: str | None
) -> None:
    """Say when a card is quoted next, and why it could not be quoted now."""
    await conn.execute(
        """
        update card_prices set due_at = $3, quoted_revision = $4, failed_at = $5, reason = $6, claimed_until = null
        where community = $1 and reward_id = $2
        """,
        due.community,
        due.reward_id,
        due_at,
        due.revision,
        failed_at,
        reason,
    )
