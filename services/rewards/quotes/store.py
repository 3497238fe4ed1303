"""The SQL of prices that follow a rate, of quotes, and of what was redeemed at which."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from services.rewards.providers.domain.contract import Card, ProviderName
from services.rewards.quotes.domain import CardQuote, RateOrigin, RatePrice
from services.rewards.rates.domain.converting import Conversion
from shared.postgres import Connection


class DueCard(NamedTuple):
    """A card whose price follows a rate, and that needs another quote."""

    community: str
    reward_id: str
    card: Card
    revision: int
    price: RatePrice


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
        insert into card_prices (community, reward_id, currency, minor_per_point, changed_at, due_at)
        values ($1, $2, $3, $4, $5, $5)
        on conflict (community, reward_id) do update
        set currency = excluded.currency, minor_per_point = excluded.minor_per_point,
            changed_at = excluded.changed_at, due_at = excluded.due_at, failed_at = null, reason = null
        """,
        community,
        reward_id,
        *((None, None) if price is None else (price.currency, price.minor_per_point)),
        at,
    )


async def find_price(conn: Connection, *, community: str, reward_id: str) -> RatePrice | None:
    """How the price of a card follows a rate; None where it does not."""
    row = await conn.fetchrow(
        """
        select currency, minor_per_point from card_prices
        where community = $1 and reward_id = $2 and currency is not null
        """,
        community,
        reward_id,
    )
    return None if row is None else RatePrice(*row)


async def find_priced(conn: Connection, *, community: str, reward_id: str) -> Priced:
    """How the price of a card follows a rate, since when it cannot be quoted, and why."""
    row = await conn.fetchrow(
        """
        select currency, minor_per_point, failed_at, reason from card_prices
        where community = $1 and reward_id = $2 and currency is not null
        """,
        community,
        reward_id,
    )
    if row is None:
        return Priced(None, None, None)
    return Priced(RatePrice(row["currency"], row["minor_per_point"]), row["failed_at"], row["reason"])


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
            where p.currency is not null and (p.due_at <= $1 or p.quoted_revision is distinct from g.revision))
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


async def set_due(
    conn: Connection, due: DueCard, *, due_at: datetime, failed_at: datetime | None, reason: str | None
) -> None:
    """Say when a card is quoted next, and why it could not be quoted now."""
    await conn.execute(
        """
        update card_prices set due_at = $3, quoted_revision = $4, failed_at = $5, reason = $6
        where community = $1 and reward_id = $2
        """,
        due.community,
        due.reward_id,
        due_at,
        due.revision,
        failed_at,
        reason,
    )


async def add_quote(conn: Connection, quote: CardQuote) -> None:
    """Add a quote."""
    origin = quote.origin
    await conn.execute(
        """
        insert into card_quotes (
            community, reward_id, quote_id, provider, product_id, face_minor, currency, priced_in, minor_per_point,
            source_units, target_units, spread_basis_points, policy_id, sheet_id, rate_source, rate_day,
            cost_minor, points, quoted_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        """,
        quote.community,
        quote.reward_id,
        quote.quote_id,
        *quote.card,
        quote.price.currency,
        quote.price.minor_per_point,
        quote.conversion.source_units,
        quote.conversion.target_units,
        quote.conversion.spread_basis_points,
        *((None,) * 4 if origin is None else (origin.policy_id, origin.sheet_id, origin.source, origin.day)),
        quote.cost_minor,
        quote.points,
        quote.quoted_at,
        quote.expires_at,
    )


async def find_quote(conn: Connection, *, community: str, reward_id: str, quote_id: str) -> CardQuote | None:
    """A quote as it was made."""
    row = await conn.fetchrow(
        "select * from card_quotes where community = $1 and reward_id = $2 and quote_id = $3",
        community,
        reward_id,
        quote_id,
    )
    return None if row is None else _quote(row)


async def load_newest(
    conn: Connection, *, community: str, reward_ids: Sequence[str] | None, now: datetime
) -> dict[str, CardQuote]:
    """The newest quote that holds of each reward (None: of all), by reward; that of another card is none."""
    rows = await conn.fetch(
        """
        select distinct on (q.reward_id) q.* from card_quotes q
        join card_prices p using (community, reward_id)
        join gift_cards g on (g.community, g.reward_id, g.provider, g.product_id, g.face_minor, g.currency)
            = (q.community, q.reward_id, q.provider, q.product_id, q.face_minor, q.currency)
        where q.community = $1 and ($2::text[] is null or q.reward_id = any($2)) and q.expires_at > $3
            and p.currency is not null
        order by q.reward_id, q.quoted_at desc, q.quote_id
        """,
        community,
        None if reward_ids is None else list(reward_ids),
        now,
    )
    return {row["reward_id"]: _quote(row) for row in rows}


async def add_used(conn: Connection, quote: CardQuote, *, redemption_id: str) -> None:
    """Keep at which quote something was redeemed."""
    await conn.execute(
        """
        insert into quoted_redemptions
        select q.community, $4::uuid, q.reward_id, q.quote_id, q.face_minor, q.currency, q.priced_in,
            q.minor_per_point, q.source_units, q.target_units, q.spread_basis_points, q.policy_id, q.sheet_id,
            q.rate_source, q.rate_day, q.cost_minor, q.points, q.quoted_at, q.expires_at
        from card_quotes q where q.community = $1 and q.reward_id = $2 and q.quote_id = $3
        """,
        quote.community,
        quote.reward_id,
        quote.quote_id,
        redemption_id,
    )


async def find_used_cost(conn: Connection, *, community: str, redemption_id: str) -> tuple[int, str] | None:
    """What something was quoted to cost, and in which currency; None where its price followed no rate."""
    row = await conn.fetchrow(
        "select cost_minor, priced_in from quoted_redemptions where community = $1 and redemption_id = $2",
        community,
        redemption_id,
    )
    return None if row is None else (row["cost_minor"], row["priced_in"])


async def delete_quotes(conn: Connection, *, before: datetime, limit: int) -> None:
    """Forget quotes that were over before a moment, the oldest first; what was redeemed at them is kept."""
    await conn.execute(
        """
        delete from card_quotes where (community, reward_id, quote_id) in (
            select community, reward_id, quote_id from card_quotes where expires_at < $1
            order by expires_at limit $2)
        """,
        before,
        limit,
    )


def _quote(row: Record) -> CardQuote:
    origin = None
    if row["policy_id"] is not None:
        sheet = row["sheet_id"]
        origin = RateOrigin(
            str(row["policy_id"]), None if sheet is None else str(sheet), row["rate_source"], row["rate_day"]
        )
    return CardQuote(
        community=row["community"],
        reward_id=row["reward_id"],
        quote_id=str(row["quote_id"]),
        card=Card(ProviderName(row["provider"]), row["product_id"], row["face_minor"], row["currency"]),
        price=RatePrice(row["priced_in"], row["minor_per_point"]),
        conversion=Conversion(
            row["priced_in"],
            row["currency"],
            row["source_units"],
            row["target_units"],
            row["spread_basis_points"],
        ),
        origin=origin,
        cost_minor=row["cost_minor"],
        points=row["points"],
        quoted_at=row["quoted_at"],
        expires_at=row["expires_at"],
    )
