"""Webhooks of providers: one that is theirs has its order asked about; nothing of what it says is believed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from services.rewards.metrics import PROVIDER_HOOKS
from services.rewards.payouts.remittances import store as remittance_store
from services.rewards.providers.domain.accounts import UNSIGNED
from services.rewards.providers.domain.contract import (
    OF_GOODS,
    PAYING_OUT,
    ForgedError,
    Hint,
    LaterError,
    StaleError,
    Webhook,
)
from services.rewards.providers.handlers.accounts import caller_of, open_credentials, provider_of
from services.rewards.providers.handlers.payers import payer_of
from services.rewards.providers.handlers.xoxoday import Tokens
from services.rewards.providers.store import accounts as account_store
from services.rewards.providers.store import orders as store
from services.rewards.providers.store.accounts import SealedAccount
from services.rewards.settings import Settings
from shared.postgres import Connection
from shared.transaction import Transaction

#: Orders that one webhook has asked about, which does not say which it means.
_HINTED_MAX_COUNT = 100


class RefusedHookError(Exception):
    """A webhook is taken by nobody: for no account, forged, or too old. Who sends it is not told which."""


class TooManyHooksError(Exception):
    """As many webhooks are read as may be at once: `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(f"{max_count} webhooks are read")
        self.max_count = max_count


class HooksAtOnce:
    """Counts the webhooks that this process reads: whoever sends them shows no key."""

    def __init__(self) -> None:
        self._count = 0

    @contextmanager
    def one_more(self, *, max_count: int) -> Iterator[None]:
        """Count one for as long as the block runs. Raises TooManyHooksError where as many are as may be."""
        if self._count >= max_count:
            raise TooManyHooksError(max_count)
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


class UnreadHookError(Exception):
    """A webhook is signed, and none of the provider's."""


async def find_hooked(conn: Connection, *, account_id: str) -> SealedAccount:
    """The account at an address. Raises RefusedHookError."""
    found = await account_store.find_by_id(conn, account_id=account_id)
    if found is None or found.content is None:
        raise RefusedHookError
    return found


class UncheckedHookError(Exception):
    """A webhook's provider has to be asked whether it is its own, and does not answer now."""


class Read(NamedTuple):
    """What a webhook is about: an order of goods, or a payout."""

    hint: Hint
    is_payout: bool


async def read_hook(sealed: SealedAccount, webhook: Webhook, *, settings: Settings) -> Read | None:
    """What a webhook is about, once it is known to be the provider's; None for nothing that is looked at.

    Raises RefusedHookError, UnreadHookError and UncheckedHookError.
    """
    provider = sealed.account.provider
    caller = caller_of(provider, settings)
    credentials, now = open_credentials(sealed, settings), datetime.now(UTC)
    try:
        if provider in OF_GOODS:
            client = provider_of(sealed.account, credentials, caller=caller, keep=_keep_nothing)
            hint = client.parse_webhook(webhook, now=now)
            if hint is not None:
                return Read(hint, is_payout=False)
        if provider in PAYING_OUT:
            hint = await payer_of(sealed.account, credentials, caller=caller).read_webhook(webhook, now=now)
            if hint is not None:
                return Read(hint, is_payout=True)
        return None
    except LaterError as error:
        raise UncheckedHookError(error.reason) from error
    except ForgedError as error:
        PROVIDER_HOOKS.labels(provider, "forged").inc()
        raise RefusedHookError from error
    except StaleError as error:
        PROVIDER_HOOKS.labels(provider, "stale").inc()
        raise RefusedHookError from error
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        PROVIDER_HOOKS.labels(provider, "unread").inc()
        raise UnreadHookError from error
    finally:
        await caller.close()


async def _keep_nothing(tokens: Tokens) -> None:
    """A webhook is read without asking anybody: no tokens come."""


async def take_hook(tx: Transaction[Settings], sealed: SealedAccount, *, read: Read) -> None:
    """Have the order or payout asked about that a webhook is about; the same webhook again does nothing.

    One that names no order that is known here has those asked about that it may mean.
    """
    account, hint = sealed.account, read.hint
    is_signed = account.provider not in UNSIGNED
    # Whoever signs nothing could be anybody: of those nothing is kept.
    if is_signed and not await account_store.add_hint(
        tx.conn, account_id=account.account_id, hint_id=hint.hint_id[:200], at=tx.now
    ):
        PROVIDER_HOOKS.labels(account.provider, "had").inc()
        return
    community, provider = account.community, account.provider
    have_asked = remittance_store.hint if read.is_payout else store.hint
    count = await have_asked(
        tx.conn, community=community, provider=provider, reference=hint.reference, key=hint.key, at=tx.now
    )
    if not count and is_signed and not read.is_payout:
        await store.hint_open(tx.conn, community=community, provider=provider, at=tx.now, limit=_HINTED_MAX_COUNT)
    PROVIDER_HOOKS.labels(account.provider, "taken").inc()
