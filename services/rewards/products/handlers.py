"""Providers are asked for what they have, outside any transaction; people accept what is other than before."""

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from services.rewards.catalogue.handlers import withdraw
from services.rewards.metrics import PRODUCT_REFRESHES, PRODUCTS_GONE
from services.rewards.products import store
from services.rewards.products.domain import (
    Accepted,
    ProductKey,
    ProductsMovedError,
    Refresh,
    UnknownProductError,
    UnusableProductsError,
    checked,
)
from services.rewards.providers.domain.accounts import NoGoodsError, NoSuchProviderError, UnknownAccountError
from services.rewards.providers.domain.contract import (
    OF_GOODS,
    LaterError,
    Product,
    ProviderName,
    RefusedError,
    UnknownOutcomeOfOrderError,
)
from services.rewards.providers.handlers.accounts import (
    caller_of,
    keep_tokens,
    open_credentials,
    provider_of,
    url_of,
)
from services.rewards.providers.handlers.xoxoday import Tokens
from services.rewards.providers.store.accounts import SealedAccount, find_account
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared.audit import Did
from shared.postgres import Connection
from shared.service.spec import Begin
from shared.transaction import Transaction

EVERY_SECONDS: Final = 2.0
#: While providers are asked it is looked so often whether others are due.
_LOOK_SECONDS: Final = 0.5
#: A provider that was asked is asked again after so long at the earliest, however often somebody asks for it.
_AGAIN: Final = timedelta(seconds=30)
#: After which a provider that did not answer is asked again by itself.
_AFTER_FAILURE: Final = timedelta(hours=1)
#: Past the time that an answer may take: whoever claimed it is dead by then.
_CLAIMED_OVER: Final = timedelta(seconds=60)
#: Ids of rewards that an entry of the audit names.
_NAMED_MAX_COUNT: Final = 100


class _Failed(NamedTuple):
    reason: str
    after_seconds: float | None = None


class _Claim(NamedTuple):
    refresh: Refresh
    account: SealedAccount
    settings: Settings


async def ask(tx: Transaction[Settings], *, community: str, provider: ProviderName) -> Refresh:
    """Have a provider asked for what it has; nothing changes for members by that.

    Raises NoSuchProviderError, and UnknownAccountError where no account there is connected.
    """
    url_of(provider, tx.settings)
    await _check_connected(tx.conn, community=community, provider=provider)
    known = await store.lock_refresh(tx.conn, community=community, provider=provider)
    due_at = tx.now
    if known is not None:
        asked = [moment + _AGAIN for moment in (known.answered_at, known.failed_at) if moment is not None]
        due_at = max([due_at, *asked])
    await store.ask(tx.conn, community=community, provider=provider, at=tx.now, due_at=due_at)
    tx.did(Did("provider.refresh", "provider", provider, after={"asked_at": tx.now.isoformat()}))
    return await load_refresh(tx.conn, community=community, provider=provider)


async def load_refresh(conn: Connection, *, community: str, provider: ProviderName) -> Refresh:
    """When a provider is asked for what it has. Raises UnknownAccountError where nobody ever had it asked."""
    found = await store.find_refresh(conn, community=community, provider=provider)
    if found is None:
        raise UnknownAccountError(provider)
    return found


async def _check_connected(conn: Connection, *, community: str, provider: ProviderName) -> None:
    if provider not in OF_GOODS:
        raise NoGoodsError(provider)
    account = await find_account(conn, community=community, provider=provider)
    if account is None or not account.account.is_connected:
        raise UnknownAccountError(provider)


async def accept(
    tx: Transaction,
    *,
    community: str,
    provider: ProviderName,
    revision: int,
    keys: Collection[ProductKey] | None,
) -> Accepted:
    """Accept products as they were found: some, or (None) all that differ.

    Rewards that are a product that is gone, or that does not come in their value any more, are withdrawn; what was
    chosen already goes on. Raises UnknownAccountError, ProductsMovedError, and UnknownProductError where nothing
    differs of one that was named.
    """
    refresh = await store.lock_refresh(tx.conn, community=community, provider=provider)
    if refresh is None:
        raise UnknownAccountError(provider)
    if refresh.revision != revision:
        raise ProductsMovedError(refresh.revision)
    accepted = await store.accept(tx.conn, community=community, provider=provider, keys=keys)
    missing = set(keys or ()) - set(accepted)
    if missing:
        raise UnknownProductError(min(missing))
    lacking = await store.load_lacking(tx.conn, accepted, community=community, provider=provider)
    withdrawn = await withdraw(tx, lacking, community=community)
    await store.delete_gone(tx.conn, community=community, provider=provider)
    after = {
        "revision": revision,
        "accepted_count": len(accepted),
        "withdrawn_count": len(withdrawn),
        "withdrawn": withdrawn[:_NAMED_MAX_COUNT],
    }
    tx.did(Did("provider.accept", "provider", provider, after=after))
    return Accepted(len(accepted), withdrawn)


async def refresh_products(begin: Begin, until: float) -> None:
    """Errand: ask the providers that are due, until a moment of the monotonic clock; answers are waited for.

    Whose provider hangs keeps one place of `provider_refreshes_max_count`, for `provider_refresh_seconds` at most.
    """
    tasks: set[asyncio.Task[None]] = set()
    has_looked = False
    try:
        while True:
            # What is due is looked for once, however late this begins.
            for claim in await _claim(begin, len(tasks)) if not has_looked or time.monotonic() < until else ():
                tasks.add(asyncio.create_task(_carry(begin, claim)))
            has_looked = True
            if not tasks:
                return
            done, tasks = await asyncio.wait(tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _claim(begin: Begin, under_way_count: int) -> Sequence[_Claim]:
    claims = []
    async with begin() as tx:
        settings: Settings = tx.settings
        room = settings.provider_refreshes_max_count - under_way_count
        if room <= 0:
            return ()
        lease = timedelta(seconds=settings.provider_refresh_seconds) + _CLAIMED_OVER
        for refresh in await store.claim_due(tx.conn, now=tx.now, until=tx.now + lease, limit=room):
            account = await find_account(tx.conn, community=refresh.community, provider=refresh.provider)
            if account is not None:
                claims.append(_Claim(refresh, account, settings))
    return claims


async def _carry(begin: Begin, claim: _Claim) -> None:
    outcome = await _asked(begin, claim)
    async with begin() as tx:
        await _settle(tx, claim, outcome=outcome)


async def _asked(begin: Begin, claim: _Claim) -> dict[ProductKey, Product] | _Failed:
    settings, caller = claim.settings, None
    try:
        caller = caller_of(claim.refresh.provider, settings)
        client = provider_of(
            claim.account.account,
            open_credentials(claim.account, settings),
            caller=caller,
            keep=partial(_keep, begin, claim),
        )
        async with asyncio.timeout(settings.provider_refresh_seconds):
            products = await client.products()
        return checked(products, max_count=settings.provider_products_max_count)
    except TimeoutError:
        return _Failed(f"it did not say all that it has within {settings.provider_refresh_seconds:g} s")
    except LaterError as error:
        return _Failed(error.reason, error.after_seconds)
    except (
        *(RefusedError, UnknownOutcomeOfOrderError, UnusableProductsError),
        *(NoSuchProviderError, UnknownAccountError, NoVoucherKeysError),
    ) as error:
        return _Failed(str(error))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # What one provider answers to one community stops nobody else.
        return _Failed(f"it answered what cannot be read ({type(error).__name__})")
    finally:
        if caller is not None:
            with suppress(OSError):
                await caller.close()


async def _keep(begin: Begin, claim: _Claim, tokens: Tokens) -> None:
    async with begin() as tx:
        await keep_tokens(tx, community=claim.refresh.community, provider=claim.refresh.provider, tokens=tokens)


async def _settle(
    tx: Transaction[Settings], claim: _Claim, *, outcome: dict[ProductKey, Product] | _Failed
) -> None:
    community, provider = claim.refresh.community, claim.refresh.provider
    refresh = await store.lock_refresh(tx.conn, community=community, provider=provider)
    account = await find_account(tx.conn, community=community, provider=provider)
    if refresh is None or account is None:
        return
    if account.account.revision != claim.account.account.revision:
        # Connected anew meanwhile: what another account has says nothing of this one.
        await store.set_failed(tx.conn, refresh, at=tx.now, due_at=tx.now, reason="it was connected anew")
        return
    if isinstance(outcome, _Failed):
        PRODUCT_REFRESHES.labels("failed").inc()
        pause = max(timedelta(seconds=outcome.after_seconds or 0), _AFTER_FAILURE)
        await store.set_failed(tx.conn, refresh, at=tx.now, due_at=tx.now + pause, reason=outcome.reason)
        return
    PRODUCT_REFRESHES.labels("answered").inc()
    changed_count = await store.set_found(tx.conn, refresh, found=outcome)
    await store.delete_gone(tx.conn, community=community, provider=provider)
    if changed_count:
        refresh = replace(refresh, revision=refresh.revision + 1)
    due_at = tx.now + timedelta(hours=tx.settings.provider_refresh_hours)
    await store.set_answered(tx.conn, refresh, at=tx.now, due_at=due_at)


async def count_gone(tx: Transaction[Any]) -> None:
    """Timer: count the rewards that members can choose and whose card their provider has no more."""
    PRODUCTS_GONE.set(await store.count_gone(tx.conn))
