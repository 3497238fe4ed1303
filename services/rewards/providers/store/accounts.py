"""The SQL of accounts at providers, and of webhooks that came to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from services.rewards.providers.domain.accounts import Account
from services.rewards.providers.domain.contract import ProviderName
from shared.postgres import Connection


class SealedAccount(NamedTuple):
    """An account, and what it shows at its provider, sealed by a key; None where it is disconnected."""

    account: Account
    sealed_by: str | None
    content: bytes | None


async def put_account(conn: Connection, account: Account, *, sealed_by: str, content: bytes) -> None:
    """Add an account, or connect one anew: it has not failed yet."""
    await conn.execute(
        """
        insert into provider_accounts
            (community, provider, account_id, revision, sealed_by, sealed, connected_at, connected_by,
             old_secret_until)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community, provider) do update
        set revision = excluded.revision, sealed_by = excluded.sealed_by, sealed = excluded.sealed,
            connected_at = excluded.connected_at, connected_by = excluded.connected_by, failures_count = 0,
            rests_until = null, last_failure = null, old_secret_until = excluded.old_secret_until
        """,
        account.community,
        account.provider,
        account.account_id,
        account.revision,
        sealed_by,
        content,
        account.connected_at,
        account.connected_by,
        account.old_secret_until,
    )


async def set_sealed(conn: Connection, account: Account, *, sealed_by: str | None, content: bytes | None) -> None:
    """Write what an account shows from now on; None disconnects it."""
    await conn.execute(
        "update provider_accounts set sealed_by = $3, sealed = $4 where community = $1 and provider = $2",
        account.community,
        account.provider,
        sealed_by,
        content,
    )


async def set_old_secret_until(conn: Connection, account: Account, *, until: datetime | None) -> None:
    """Say until when a secret of before is taken; None for none."""
    await conn.execute(
        "update provider_accounts set old_secret_until = $3 where community = $1 and provider = $2",
        account.community,
        account.provider,
        until,
    )


async def find_account(conn: Connection, *, community: str, provider: ProviderName) -> SealedAccount | None:
    """An account at a provider."""
    row = await conn.fetchrow(
        "select * from provider_accounts where community = $1 and provider = $2", community, provider
    )
    return None if row is None else _sealed(row)


async def lock_account(conn: Connection, *, community: str, provider: ProviderName) -> SealedAccount | None:
    """An account at a provider, locked."""
    row = await conn.fetchrow(
        "select * from provider_accounts where community = $1 and provider = $2 for update", community, provider
    )
    return None if row is None else _sealed(row)


async def find_by_id(conn: Connection, *, account_id: str) -> SealedAccount | None:
    """The account that webhooks come to at this address."""
    row = await conn.fetchrow("select * from provider_accounts where account_id = $1", account_id)
    return None if row is None else _sealed(row)


async def load_accounts(conn: Connection, *, community: str) -> list[Account]:
    """All accounts of a community: one at each provider at most."""
    rows = await conn.fetch("select * from provider_accounts where community = $1 order by provider", community)
    return [_account(row) for row in rows]


async def lock_sealed_by(conn: Connection, key_ids: Sequence[str], *, limit: int) -> list[SealedAccount]:
    """Accounts that one of these keys sealed, locked; those that somebody works on are left for later."""
    rows = await conn.fetch(
        """
        select * from provider_accounts where sealed_by = any($1::text[]) and sealed is not null
        order by community, provider limit $2 for update skip locked
        """,
        list(key_ids),
        limit,
    )
    return [_sealed(row) for row in rows]


async def note_success(conn: Connection, *, community: str, provider: ProviderName) -> None:
    """Note that an account answers."""
    await conn.execute(
        """
        update provider_accounts set failures_count = 0, rests_until = null, last_failure = null
        where community = $1 and provider = $2 and failures_count > 0
        """,
        community,
        provider,
    )


async def note_failure(conn: Connection, *, community: str, provider: ProviderName, why: str) -> int:
    """Note that an account failed once more; how often it did since it answered."""
    count: int | None = await conn.fetchval(
        """
        update provider_accounts set failures_count = failures_count + 1, last_failure = $3
        where community = $1 and provider = $2 returning failures_count
        """,
        community,
        provider,
        why,
    )
    return count or 0


async def set_rest(conn: Connection, *, community: str, provider: ProviderName, until: datetime) -> None:
    """Leave an account alone for a while."""
    await conn.execute(
        "update provider_accounts set rests_until = $3 where community = $1 and provider = $2",
        community,
        provider,
        until,
    )


async def add_hint(conn: Connection, *, account_id: str, hint_id: str, at: datetime) -> bool:
    """Note that a webhook came; False for one that did before."""
    added = await conn.fetchval(
        """
        insert into provider_hints (account_id, hint_id, came_at) values ($1, $2, $3)
        on conflict do nothing returning true
        """,
        account_id,
        hint_id,
        at,
    )
    return bool(added)


async def delete_hints(conn: Connection, *, before: datetime, limit: int) -> None:
    """Forget webhooks that came before a moment, the oldest first."""
    await conn.execute(
        """
        delete from provider_hints where (account_id, hint_id) in (
            select account_id, hint_id from provider_hints where came_at < $1 order by came_at limit $2)
        """,
        before,
        limit,
    )


def _account(row: Record) -> Account:
    return Account(
        community=row["community"],
        provider=ProviderName(row["provider"]),
        account_id=str(row["account_id"]),
        revision=row["revision"],
        connected_at=row["connected_at"],
        connected_by=row["connected_by"],
        is_connected=row["sealed"] is not None,
        failures_count=row["failures_count"],
        rests_until=row["rests_until"],
        last_failure=row["last_failure"],
        old_secret_until=row["old_secret_until"],
    )


def _sealed(row: Record) -> SealedAccount:
    return SealedAccount(_account(row), row["sealed_by"], row["sealed"])
