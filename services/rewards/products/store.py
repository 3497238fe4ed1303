"""The SQL of what providers have. A refresh is locked before its products, and those before rewards."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.rewards.products.domain import KnownProduct, ProductKey, Refresh
from services.rewards.providers.domain.contract import Product, ProviderName
from shared.postgres import Connection

#: Whether a product as it was found comes in the value of a card.
_HAS_FACE = """
    p.found is not null and case when jsonb_array_length(p.found->'faces') > 0
        then p.found->'faces' @> to_jsonb(g.face_minor)
        else g.face_minor between (p.found->>'min_minor')::bigint and (p.found->>'max_minor')::bigint end
"""


async def ask(conn: Connection, *, community: str, provider: ProviderName, at: datetime, due_at: datetime) -> None:
    """Have a provider asked for what it has, at `due_at` or when it is due anyway."""
    await conn.execute(
        """
        insert into provider_refreshes as r (community, provider, asked_at, due_at) values ($1, $2, $3, $4)
        on conflict (community, provider) do update
        set asked_at = excluded.asked_at, due_at = least(r.due_at, excluded.due_at)
        """,
        community,
        provider,
        at,
        due_at,
    )


async def find_refresh(conn: Connection, *, community: str, provider: ProviderName) -> Refresh | None:
    """When a provider is asked, and what came of it; None where nobody ever had it asked."""
    row = await conn.fetchrow(
        "select * from provider_refreshes where community = $1 and provider = $2", community, provider
    )
    return None if row is None else _refresh(row)


async def lock_refresh(conn: Connection, *, community: str, provider: ProviderName) -> Refresh | None:
    """The same, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from provider_refreshes where community = $1 and provider = $2 for update", community, provider
    )
    return None if row is None else _refresh(row)


async def claim_due(conn: Connection, *, now: datetime, until: datetime, limit: int) -> list[Refresh]:
    """Claim what is due, whatever waited longest first; accounts that are disconnected or rest are left alone."""
    rows = await conn.fetch(
        """
        update provider_refreshes set claimed_until = $2
        where (community, provider) in (
            select r.community, r.provider from provider_refreshes r
            join provider_accounts a using (community, provider)
            where r.due_at <= $1 and (r.claimed_until is null or r.claimed_until <= $1)
                and a.sealed is not null and (a.rests_until is null or a.rests_until <= $1)
            order by r.due_at, r.community, r.provider limit $3 for update of r skip locked)
        returning *
        """,
        now,
        until,
        limit,
    )
    return [_refresh(row) for row in rows]


async def set_answered(conn: Connection, refresh: Refresh, *, at: datetime, due_at: datetime) -> None:
    """Note that a provider answered; `refresh` has the revision that its products have now."""
    await conn.execute(
        """
        update provider_refreshes set revision = $3, answered_at = $4, due_at = $5, claimed_until = null,
            failed_at = null, reason = null
        where community = $1 and provider = $2
        """,
        refresh.community,
        refresh.provider,
        refresh.revision,
        at,
        due_at,
    )


async def set_failed(conn: Connection, refresh: Refresh, *, at: datetime, due_at: datetime, reason: str) -> None:
    """Note that a provider did not answer what can be read; its products stay as they were found before."""
    await conn.execute(
        """
        update provider_refreshes set failed_at = $3, due_at = $4, claimed_until = null, reason = $5
        where community = $1 and provider = $2
        """,
        refresh.community,
        refresh.provider,
        at,
        due_at,
        reason,
    )


async def set_found(conn: Connection, refresh: Refresh, found: Mapping[ProductKey, Product]) -> int:
    """Write what a provider has, all of it; how many products are other than they were found before."""
    parameters = (refresh.community, refresh.provider, [key.product_id for key in found])
    currencies = [key.currency for key in found]
    put = await conn.fetch(
        """
        insert into provider_products as p (community, provider, product_id, currency, found)
        select $1, $2, * from unnest($3::text[], $4::text[], $5::jsonb[])
        on conflict (community, provider, product_id, currency) do update set found = excluded.found
        where p.found is distinct from excluded.found returning true
        """,
        *parameters,
        currencies,
        [orjson.dumps(product._asdict()).decode() for product in found.values()],
    )
    gone = await conn.fetch(
        """
        update provider_products set found = null
        where community = $1 and provider = $2 and found is not null
            and (product_id, currency) not in (select * from unnest($3::text[], $4::text[])) returning true
        """,
        *parameters,
        currencies,
    )
    return len(put) + len(gone)


async def delete_gone(conn: Connection, *, community: str, provider: ProviderName) -> None:
    """Forget products that are gone, and of which that was accepted or that never were accepted."""
    await conn.execute(
        """
        delete from provider_products
        where community = $1 and provider = $2 and accepted is null and found is null
        """,
        community,
        provider,
    )


async def page_of_products(
    conn: Connection,
    *,
    community: str,
    provider: ProviderName,
    differs: bool | None,
    after: ProductKey | None,
    limit: int,
) -> list[KnownProduct]:
    """Products by their ids and currencies, beginning after a place, with the rewards that are one."""
    rows = await conn.fetch(
        f"""
        select p.*, used.rewards, used.lacking from (
            select * from provider_products
            where community = $1 and provider = $2
                and ($3::boolean is null or $3 = (accepted is distinct from found))
                and ($4::text is null or (product_id, currency) > ($4, $5))
            order by product_id, currency limit $6) p
        cross join lateral (
            select coalesce(array_agg(g.reward_id order by g.reward_id), '{{}}') as rewards,
                coalesce(array_agg(g.reward_id order by g.reward_id) filter (where not ({_HAS_FACE})), '{{}}')
                    as lacking
            from gift_cards g join catalogue_rewards c using (community, reward_id)
            where g.community = p.community and g.provider = p.provider and g.product_id = p.product_id
                and g.currency = p.currency and not c.is_withdrawn) used
        order by p.product_id, p.currency
        """,  # noqa: S608 -- of constants
        community,
        provider,
        differs,
        *(after or (None, None)),
        limit,
    )
    return [_known(row) for row in rows]


async def accept(
    conn: Connection, *, community: str, provider: ProviderName, keys: Collection[ProductKey] | None
) -> list[ProductKey]:
    """Take products as they were found for accepted; of None all that differ. Which they were."""
    rows = await conn.fetch(
        """
        update provider_products set accepted = found
        where community = $1 and provider = $2 and accepted is distinct from found
            and ($3::text[] is null or (product_id, currency) in (select * from unnest($3::text[], $4::text[])))
        returning product_id, currency
        """,
        community,
        provider,
        None if keys is None else [key.product_id for key in keys],
        None if keys is None else [key.currency for key in keys],
    )
    return [ProductKey(row["product_id"], row["currency"]) for row in rows]


async def load_lacking(
    conn: Connection, keys: Sequence[ProductKey], *, community: str, provider: ProviderName
) -> list[str]:
    """The rewards, not withdrawn, that are one of some products and could not be ordered as it was found."""
    rows = await conn.fetch(
        f"""
        select g.reward_id from unnest($3::text[], $4::text[]) as k(product_id, currency)
        join gift_cards g on g.community = $1 and g.provider = $2
            and (g.product_id, g.currency) = (k.product_id, k.currency)
        join catalogue_rewards c using (community, reward_id)
        join provider_products p on (p.community, p.provider, p.product_id, p.currency)
            = (g.community, g.provider, g.product_id, g.currency)
        where not c.is_withdrawn and not ({_HAS_FACE}) order by g.reward_id
        """,  # noqa: S608 -- of constants
        community,
        provider,
        [key.product_id for key in keys],
        [key.currency for key in keys],
    )
    return [row["reward_id"] for row in rows]


async def count_gone(conn: Connection) -> int:
    """The rewards of all communities, not withdrawn, whose card their provider has no more when it was asked."""
    found: Any = await conn.fetchval(
        f"""
        select count(*) from provider_refreshes r
        join gift_cards g using (community, provider)
        join catalogue_rewards c using (community, reward_id)
        where r.answered_at is not null and not c.is_withdrawn and not exists (
            select from provider_products p
            where (p.community, p.provider, p.product_id, p.currency)
                = (g.community, g.provider, g.product_id, g.currency) and {_HAS_FACE})
        """  # noqa: S608 -- of constants
    )
    return int(found)


def _refresh(row: Record) -> Refresh:
    return Refresh(
        community=row["community"],
        provider=ProviderName(row["provider"]),
        revision=row["revision"],
        asked_at=row["asked_at"],
        due_at=row["due_at"],
        answered_at=row["answered_at"],
        failed_at=row["failed_at"],
        reason=row["reason"],
    )


def _known(row: Record) -> KnownProduct:
    return KnownProduct(
        key=ProductKey(row["product_id"], row["currency"]),
        accepted=_product(row["accepted"]),
        found=_product(row["found"]),
        rewards=row["rewards"],
        lacking=row["lacking"],
    )


def _product(text: str | None) -> Product | None:
    return None if text is None else Product(**orjson.loads(text))
