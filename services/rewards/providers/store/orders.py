"""The SQL of orders at providers. A redemption is locked before its order."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from asyncpg import Record

from services.rewards.providers.domain.contract import Card, ProviderName, Standing
from services.rewards.providers.domain.orders import (
    Order,
    OrderFilter,
    OrderPlace,
    OutcomeOfOrder,
    Proposal,
    Trouble,
)
from shared.postgres import Connection

AccountKey = tuple[str, ProviderName]


class Standstill(NamedTuple):
    """What waits for somebody: orders that nobody knows of, since when the oldest, and those in trouble."""

    unknown_count: int
    oldest_at: datetime | None
    troubled_count: int


async def add_order(conn: Connection, order: Order) -> bool:
    """Add what is to be ordered; False where it is there."""
    card = order.card
    added = await conn.fetchval(
        """
        insert into provider_orders
            (community, redemption_id, provider, product_id, face_minor, currency, created_at, due_at, tries_count,
             was_unknown, unknown_since)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing returning true
        """,
        order.community,
        order.redemption_id,
        card.provider,
        card.product_id,
        card.face_minor,
        card.currency,
        order.created_at,
        order.due_at,
        order.tries_count,
        order.was_unknown,
        order.unknown_since,
    )
    return bool(added)


async def load_due(
    conn: Connection, *, now: datetime, busy: Collection[AccountKey], of_each: int, limit: int
) -> list[tuple[str, str]]:
    """Orders to look at now, by community and redemption: `of_each` account at most, and of none that is busy.

    Accounts that are disconnected or rest are left alone.
    """
    rows = await conn.fetch(
        """
        select due.community, due.redemption_id
        from provider_accounts a
        cross join lateral (
            select o.community, o.redemption_id, o.due_at from provider_orders o
            where o.community = a.community and o.provider = a.provider and o.due_at <= $1
                and (o.claimed_until is null or o.claimed_until <= $1)
            order by o.due_at limit $4) due
        where a.sealed is not null and (a.rests_until is null or a.rests_until <= $1)
            and not exists (
                select from unnest($2::text[], $3::text[]) as b(community, provider)
                where b.community = a.community and b.provider = a.provider)
        order by due.due_at, due.community, due.redemption_id limit $5
        """,
        now,
        [community for community, _ in busy],
        [provider for _, provider in busy],
        of_each,
        limit,
    )
    return [(row["community"], str(row["redemption_id"])) for row in rows]


async def lock_order(conn: Connection, *, community: str, redemption_id: str, waits: bool = True) -> Order | None:
    """An order, locked; None where there is none, or somebody has it and nobody `waits`."""
    row = await conn.fetchrow(
        f"""
        select * from provider_orders where community = $1 and redemption_id = $2
        for update {"" if waits else "skip locked"}
        """,  # noqa: S608 -- of two constants
        community,
        redemption_id,
    )
    return None if row is None else _order(row)


async def find_order(conn: Connection, *, community: str, redemption_id: str) -> Order | None:
    """An order; None where there is none."""
    row = await conn.fetchrow(
        "select * from provider_orders where community = $1 and redemption_id = $2", community, redemption_id
    )
    return None if row is None else _order(row)


async def set_order(conn: Connection, order: Order) -> None:
    """Write what is known of an order that is locked."""
    await conn.execute(
        """
        update provider_orders set due_at = $3, claimed_until = $4, tries_count = $5, unknown_since = $6,
            was_unknown = $7, reference = $8, standing = $9, reason = $10, trouble = $11, cancel_asked_at = $12
        where community = $1 and redemption_id = $2
        """,
        order.community,
        order.redemption_id,
        order.due_at,
        order.claimed_until,
        order.tries_count,
        order.unknown_since,
        order.was_unknown,
        order.reference,
        order.standing,
        order.reason,
        order.trouble,
        order.cancel_asked_at,
    )


async def set_proposal(
    conn: Connection, order: Order, *, sealed_by: str | None = None, content: bytes | None = None
) -> None:
    """Write what was proposed for an order, with a code where there is one; None takes it back."""
    proposal = order.proposal
    await conn.execute(
        """
        update provider_orders set proposed_outcome = $3, proposed_reason = $4, proposed_by = $5,
            proposed_by_person = $6, proposed_at = $7, proposed_sealed_by = $8, proposed_sealed = $9
        where community = $1 and redemption_id = $2
        """,
        order.community,
        order.redemption_id,
        *(proposal or (None,) * 5),
        sealed_by,
        content,
    )


async def find_proposed(conn: Connection, order: Order) -> tuple[str, bytes] | None:
    """The sealed code that was proposed with an outcome."""
    row = await conn.fetchrow(
        """
        select proposed_sealed_by, proposed_sealed from provider_orders
        where community = $1 and redemption_id = $2 and proposed_sealed is not null
        """,
        order.community,
        order.redemption_id,
    )
    return None if row is None else (row["proposed_sealed_by"], row["proposed_sealed"])


async def forget_proposed(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Delete what codes say that people proposed for orders of members."""
    await conn.execute(
        """
        update provider_orders o set proposed_sealed = null, proposed_sealed_by = null
        from redemptions r
        where o.community = $1 and r.community = o.community and r.redemption_id = o.redemption_id
            and r.member_id = any($2::uuid[]) and o.proposed_sealed is not null
        """,
        community,
        list(member_ids),
    )


async def hint(
    conn: Connection,
    *,
    community: str,
    provider: ProviderName,
    reference: str | None,
    key: str | None,
    at: datetime,
) -> int:
    """Have the order that a webhook is about looked at, soon where another just came; how many are."""
    rows = await conn.fetch(
        """
        update provider_orders set hinted_at = $5, due_at =
            case when due_at <= $5 then due_at else greatest($5, hinted_at + interval '5 seconds') end
        where community = $1 and provider = $2 and tries_count > 0
            and (redemption_id::text = $4 or reference = $3)
        returning redemption_id
        """,
        community,
        provider,
        reference,
        key,
        at,
    )
    return len(rows)


async def hint_open(conn: Connection, *, community: str, provider: ProviderName, at: datetime, limit: int) -> int:
    """Have orders looked at of which a webhook may be: those whose reference is not known, or that are pending."""
    rows = await conn.fetch(
        """
        update provider_orders set hinted_at = $3, due_at = $3
        where (community, redemption_id) in (
            select community, redemption_id from provider_orders
            where community = $1 and provider = $2 and tries_count > 0 and due_at is not null
            order by created_at limit $4)
        returning redemption_id
        """,
        community,
        provider,
        at,
        limit,
    )
    return len(rows)


async def page_of_orders(
    conn: Connection, wanted: OrderFilter, *, community: str, after: OrderPlace | None, limit: int
) -> Sequence[Order]:
    """Orders, the oldest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from provider_orders
        where community = $1
            and ($2::boolean is null
                or $2 = (due_at is not null or trouble is not null or unknown_since is not null))
            and ($3::boolean is null or $3 = (trouble is not null))
            and ($4::timestamptz is null or (created_at, redemption_id) > ($4, $5::uuid))
        order by created_at, redemption_id limit $6
        """,
        community,
        *wanted,
        *(after or (None, None)),
        limit,
    )
    return [_order(row) for row in rows]


async def load_standstill(conn: Connection) -> Standstill:
    """What waits for somebody, of all communities."""
    row: Any = await conn.fetchrow(
        """
        select count(*) filter (where unknown_since is not null) as unknown_count, min(unknown_since) as oldest_at,
            count(*) filter (where trouble is not null) as troubled_count
        from provider_orders where due_at is not null or trouble is not null or unknown_since is not null
        """
    )
    return Standstill(row["unknown_count"], row["oldest_at"], row["troubled_count"])


def _order(row: Record) -> Order:
    proposal = None
    if row["proposed_outcome"] is not None:
        person = row["proposed_by_person"]
        proposal = Proposal(
            OutcomeOfOrder(row["proposed_outcome"]),
            row["proposed_reason"],
            row["proposed_by"],
            None if person is None else str(person),
            row["proposed_at"],
        )
    return Order(
        community=row["community"],
        redemption_id=str(row["redemption_id"]),
        card=Card(ProviderName(row["provider"]), row["product_id"], row["face_minor"], row["currency"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        claimed_until=row["claimed_until"],
        tries_count=row["tries_count"],
        unknown_since=row["unknown_since"],
        was_unknown=row["was_unknown"],
        reference=row["reference"],
        standing=None if row["standing"] is None else Standing(row["standing"]),
        reason=row["reason"],
        trouble=None if row["trouble"] is None else Trouble(row["trouble"]),
        hinted_at=row["hinted_at"],
        cancel_asked_at=row["cancel_asked_at"],
        proposal=proposal,
    )
