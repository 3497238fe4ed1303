"""The SQL of what cards cost. The order that a cost is of is locked before."""

from collections.abc import Sequence

from asyncpg import Record

from services.rewards.costs.domain import CardCost
from shared.postgres import Connection


async def put_cost(conn: Connection, cost: CardCost) -> None:
    """Write what a card cost, as it is known now."""
    await conn.execute(
        """
        insert into provider_costs
            (community, redemption_id, currency, expected_minor, fee_minor, discount_minor, charged_minor, is_said,
             booked_at, taken_back_at, kept_minor, refund_unsaid_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (community, redemption_id) do update
        set currency = excluded.currency, expected_minor = excluded.expected_minor, fee_minor = excluded.fee_minor,
            discount_minor = excluded.discount_minor, charged_minor = excluded.charged_minor,
            is_said = excluded.is_said, taken_back_at = excluded.taken_back_at, kept_minor = excluded.kept_minor,
            refund_unsaid_at = excluded.refund_unsaid_at
        """,
        cost.community,
        cost.redemption_id,
        cost.currency,
        cost.expected_minor,
        cost.fee_minor,
        cost.discount_minor,
        cost.charged_minor,
        cost.is_said,
        cost.booked_at,
        cost.taken_back_at,
        cost.kept_minor,
        cost.refund_unsaid_at,
    )


async def load_costs(conn: Connection, *, community: str, redemption_ids: Sequence[str]) -> dict[str, CardCost]:
    """What the cards of these redemptions cost, by redemption; none of one that is not delivered."""
    rows = await conn.fetch(
        "select * from provider_costs where community = $1 and redemption_id = any($2::uuid[])",
        community,
        list(redemption_ids),
    )
    return {str(row["redemption_id"]): _cost(row) for row in rows}


async def find_cost(conn: Connection, *, community: str, redemption_id: str) -> CardCost | None:
    """What the card of a redemption cost; None while it is not delivered."""
    return (await load_costs(conn, community=community, redemption_ids=[redemption_id])).get(redemption_id)


def _cost(row: Record) -> CardCost:
    return CardCost(
        community=row["community"],
        redemption_id=str(row["redemption_id"]),
        currency=row["currency"],
        expected_minor=row["expected_minor"],
        fee_minor=row["fee_minor"],
        discount_minor=row["discount_minor"],
        charged_minor=row["charged_minor"],
        is_said=row["is_said"],
        booked_at=row["booked_at"],
        taken_back_at=row["taken_back_at"],
        kept_minor=row["kept_minor"],
        refund_unsaid_at=row["refund_unsaid_at"],
    )
