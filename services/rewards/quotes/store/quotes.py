"""The SQL of quotes, and of what was redeemed and ordered at which."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record

from services.rewards.providers.domain.contract import Card, ProviderName, Quote
from services.rewards.quotes.domain import RATE_STEP, CardQuote, Follows, RateOrigin, RatePrice
from services.rewards.rates.domain.converting import Conversion
from shared.postgres import Connection


async def add_quote(conn: Connection, quote: CardQuote) -> None:
    """Add a quote."""
    origin = quote.origin
    await conn.execute(
        """
        insert into card_quotes (
            community, reward_id, quote_id, provider, product_id, face_minor, currency, priced_in, minor_per_point,
            source_units, target_units, spread_basis_points, policy_id, sheet_id, rate_source, rate_day,
            cost_minor, points, quoted_at, expires_at, provider_source, provider_reference, provider_ends_at,
            fee_minor, discount_minor)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
            $21, $22, $23, $24, $25)
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
        *(
            (None, None, None, 0, 0)
            if (offered := quote.offered) is None
            else (
                offered.source,
                offered.reference,
                offered.expires_at,
                offered.fee_minor,
                offered.discount_minor,
            )
        ),
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
            q.rate_source, q.rate_day, q.cost_minor, q.points, q.quoted_at, q.expires_at, q.provider_source,
            q.provider_reference, q.provider_ends_at, q.fee_minor, q.discount_minor
        from card_quotes q where q.community = $1 and q.reward_id = $2 and q.quote_id = $3
        """,
        quote.community,
        quote.reward_id,
        quote.quote_id,
        redemption_id,
    )


async def find_used_cost(conn: Connection, *, community: str, redemption_id: str) -> tuple[int, str] | None:
    """What something was quoted to cost but for its fee and discount, and in which currency.

    None where its price followed no rate.
    """
    row = await conn.fetchrow(
        """
        select cost_minor - fee_minor + discount_minor as cost_minor, priced_in from quoted_redemptions
        where community = $1 and redemption_id = $2
        """,
        community,
        redemption_id,
    )
    return None if row is None else (row["cost_minor"], row["priced_in"])


async def load_offered(conn: Connection, cards: Mapping[str, Card], *, community: str) -> dict[str, list[Quote]]:
    """What providers quoted for orders, by redemption: first what was reserved at, then what was asked for again.

    `cards` are those of the orders, by redemption; one whose price follows no provider has no quotes.
    """
    rows = await conn.fetch(
        """
        select redemption_id, 0 as number, cost_minor, priced_in as currency, target_units as rate,
            spread_basis_points, fee_minor, discount_minor, provider_source, provider_reference, quoted_at,
            provider_ends_at
        from quoted_redemptions
        where community = $1 and redemption_id = any($2::uuid[]) and provider_source is not null
        union all
        select redemption_id, number, cost_minor, currency, rate, spread_basis_points, fee_minor, discount_minor,
            provider_source, provider_reference, quoted_at, provider_ends_at
        from requoted_orders where community = $1 and redemption_id = any($2::uuid[])
        order by redemption_id, number
        """,
        community,
        list(cards),
    )
    found: dict[str, list[Quote]] = {}
    for row in rows:
        redemption_id = str(row["redemption_id"])
        found.setdefault(redemption_id, []).append(_offered(row, cards[redemption_id]))
    return found


async def add_requote(conn: Connection, quote: Quote, *, community: str, redemption_id: str) -> None:
    """Add what a provider quoted for an order that is locked, as it was asked for again."""
    await conn.execute(
        """
        insert into requoted_orders
            (community, redemption_id, number, cost_minor, currency, rate, spread_basis_points, fee_minor,
             discount_minor, provider_source, provider_reference, quoted_at, provider_ends_at)
        select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
        from requoted_orders where community = $1 and redemption_id = $2
        """,
        community,
        redemption_id,
        quote.cost_minor,
        quote.cost_currency,
        quote.rate.quantize(RATE_STEP),
        quote.spread_basis_points,
        quote.fee_minor,
        quote.discount_minor,
        quote.source,
        quote.reference,
        quote.quoted_at,
        quote.expires_at,
    )


def _offered(row: Record | Mapping[str, Any], card: Card) -> Quote:
    return Quote(
        card,
        row["cost_minor"],
        row["currency"],
        row["provider_source"],
        row["quoted_at"],
        row["provider_ends_at"],
        reference=row["provider_reference"],
        rate=row["rate"],
        spread_basis_points=row["spread_basis_points"],
        fee_minor=row["fee_minor"],
        discount_minor=row["discount_minor"],
    )


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
    card = Card(ProviderName(row["provider"]), row["product_id"], row["face_minor"], row["currency"])
    offered = None
    if row["provider_source"] is not None:
        paid = {"currency": row["priced_in"], "rate": row["target_units"]}
        offered = _offered({**row, **paid}, card)
    return CardQuote(
        community=row["community"],
        reward_id=row["reward_id"],
        quote_id=str(row["quote_id"]),
        card=card,
        price=RatePrice(
            row["priced_in"], row["minor_per_point"], Follows.RATES if offered is None else Follows.PROVIDER
        ),
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
        offered=offered,
    )
