"""Accounts at providers: connected, disconnected, opened to ask, and sealed anew."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson

from services.rewards.providers.domain.accounts import (
    WITHOUT_SECRET,
    Account,
    Credentials,
    HookSecret,
    NoGoodsError,
    NoSuchProviderError,
    UnknownAccountError,
    UnusableAccountError,
    check_fields,
)
from services.rewards.providers.domain.contract import OF_GOODS, Provider, ProviderName
from services.rewards.providers.handlers.calls import Caller
from services.rewards.providers.handlers.sandbox import Sandbox
from services.rewards.providers.handlers.tremendous import Tremendous
from services.rewards.providers.handlers.xoxoday import Keep, Tokens, Xoxoday
from services.rewards.providers.store import accounts as store
from services.rewards.providers.store.accounts import SealedAccount
from services.rewards.settings import Settings
from services.rewards.vouchers.handlers.sealing import sealer_of
from shared.audit import Did
from shared.transaction import Transaction
from shared.webhooks.addresses import Bounds

_SEALED_AT_ONCE_COUNT = 100


def url_of(provider: ProviderName, settings: Settings) -> str:
    """Where a provider is. Raises NoSuchProviderError where this installation has none."""
    url = {
        ProviderName.SANDBOX: settings.provider_sandbox_url,
        ProviderName.XOXODAY: settings.provider_xoxoday_url,
        ProviderName.TREMENDOUS: settings.provider_tremendous_url,
        ProviderName.PAYPAL: settings.provider_paypal_url,
        ProviderName.WISE: settings.provider_wise_url,
        ProviderName.STRIPE: settings.provider_stripe_url,
    }[provider]
    if not url:
        raise NoSuchProviderError(provider)
    return url


def caller_of(provider: ProviderName, settings: Settings) -> Caller:
    """What asks a provider; whoever makes it closes it."""
    bounds = Bounds([443], settings.provider_loopback)
    return Caller(url_of(provider, settings), bounds, seconds=settings.provider_seconds)


def open_credentials(sealed: SealedAccount, settings: Settings) -> Credentials:
    """What an account shows. Raises UnknownAccountError where it is disconnected, and NoVoucherKeysError."""
    if sealed.sealed_by is None or sealed.content is None:
        raise UnknownAccountError(sealed.account.provider)
    sealer = sealer_of(settings.voucher_keys)
    content = orjson.loads(sealer.unwrap(sealed.sealed_by, sealed.content, place=_place(sealed.account)))
    return Credentials(
        content["fields"],
        [
            HookSecret(value, None if until is None else datetime.fromisoformat(until))
            for value, until in content["secrets"]
        ],
    )


def provider_of(
    account: Account,
    credentials: Credentials,
    *,
    caller: Caller,
    keep: Keep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Provider:
    """The client of an account for goods. Raises NoGoodsError where the provider has none."""
    if account.provider not in OF_GOODS:
        raise NoGoodsError(account.provider)
    fields, signing = credentials.fields, credentials.signing(now())
    if account.provider is ProviderName.SANDBOX:
        return Sandbox(caller, api_key=fields["api_key"], webhook_secrets=signing)
    if account.provider is ProviderName.TREMENDOUS:
        return Tremendous(
            caller,
            api_key=fields["api_key"],
            funding_source_id=fields["funding_source_id"],
            webhook_secrets=signing,
        )
    tokens = Tokens(
        fields.get("access_token", ""),
        fields["refresh_token"],
        datetime.fromisoformat(fields["expires_at"]) if "expires_at" in fields else now(),
    )
    return Xoxoday(
        caller,
        client_id=fields["client_id"],
        client_secret=fields["client_secret"],
        email=fields["email"],
        tokens=tokens,
        keep=keep,
        now=now,
    )


async def connect(
    tx: Transaction[Settings],
    *,
    community: str,
    provider: ProviderName,
    fields: Mapping[str, str],
    webhook_secret: str | None,
    by: str,
) -> Account:
    """Connect an account, or connect it anew; webhooks that the secret of before signed are taken for a while.

    Raises NoSuchProviderError, UnusableAccountError, and NoVoucherKeysError where nothing could be sealed.
    """
    url_of(provider, tx.settings)
    check_fields(provider, fields)
    if provider in WITHOUT_SECRET and webhook_secret is not None:
        raise UnusableAccountError("webhook_secret", f"no secret signs the webhooks of {provider}")
    sealer = sealer_of(tx.settings.voucher_keys)
    known = await store.lock_account(tx.conn, community=community, provider=provider)
    before = Credentials({})
    if known is not None and known.content is not None:
        before = open_credentials(known, tx.settings)
    overlap = timedelta(hours=tx.settings.provider_secret_overlap_hours)
    secrets = before.with_secret(webhook_secret, now=tx.now, overlap=overlap)
    account = Account(
        community=community,
        provider=provider,
        account_id=str(uuid4()) if known is None else known.account.account_id,
        revision=1 if known is None else known.account.revision + 1,
        connected_at=tx.now,
        connected_by=by,
        is_connected=True,
        failures_count=0,
        rests_until=None,
        last_failure=None,
        old_secret_until=Credentials(fields, secrets).old_until,
    )
    key_id, content = sealer.wrap(_written(Credentials(fields, secrets)), place=_place(account))
    await store.put_account(tx.conn, account, sealed_by=key_id, content=content)
    said = {"revision": account.revision, "has_webhook_secret": bool(secrets)}
    tx.did(Did("provider.connect", "provider", provider, after=said))
    return account


async def disconnect(tx: Transaction, *, community: str, provider: ProviderName) -> Account:
    """Forget what an account shows: nothing is ordered there any more, and its webhooks are refused.

    Orders that are open stay as they are, and go on once it is connected again. Raises UnknownAccountError.
    """
    known = await store.lock_account(tx.conn, community=community, provider=provider)
    if known is None:
        raise UnknownAccountError(provider)
    await store.set_sealed(tx.conn, known.account, sealed_by=None, content=None)
    await store.set_old_secret_until(tx.conn, known.account, until=None)
    before = {"is_connected": known.account.is_connected}
    tx.did(Did("provider.disconnect", "provider", provider, before=before, after={"is_connected": False}))
    found = await store.find_account(tx.conn, community=community, provider=provider)
    assert found is not None  # noqa: S101 -- it is locked
    return found.account


async def end_old_secret(tx: Transaction[Settings], *, community: str, provider: ProviderName) -> Account:
    """Have webhooks that a secret of before signed be refused from now on; where there is none nothing changes.

    Raises UnknownAccountError where the account is not connected, and NoVoucherKeysError.
    """
    known = await store.lock_account(tx.conn, community=community, provider=provider)
    if known is None:
        raise UnknownAccountError(provider)
    credentials = open_credentials(known, tx.settings)
    sealer = sealer_of(tx.settings.voucher_keys)
    key_id, content = sealer.wrap(_written(credentials.without_old()), place=_place(known.account))
    await store.set_sealed(tx.conn, known.account, sealed_by=key_id, content=content)
    await store.set_old_secret_until(tx.conn, known.account, until=None)
    was = known.account.old_secret_until
    before = {"old_secret_until": None if was is None or was <= tx.now else was.isoformat()}
    tx.did(Did("provider.end_old_secret", "provider", provider, before=before, after={"old_secret_until": None}))
    return replace(known.account, old_secret_until=None)


async def keep_tokens(
    tx: Transaction[Settings], *, community: str, provider: ProviderName, tokens: Tokens
) -> None:
    """Keep the tokens that came instead of those that ended, for the account that asked for them."""
    known = await store.lock_account(tx.conn, community=community, provider=provider)
    if known is None or known.content is None:
        return  # it was disconnected meanwhile
    credentials = open_credentials(known, tx.settings)
    renewed = {
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "expires_at": tokens.expires_at.isoformat(),
    }
    fields = {**credentials.fields, **renewed}
    sealer = sealer_of(tx.settings.voucher_keys)
    key_id, content = sealer.wrap(_written(Credentials(fields, credentials.secrets)), place=_place(known.account))
    await store.set_sealed(tx.conn, known.account, sealed_by=key_id, content=content)


async def seal_accounts_anew(tx: Transaction[Settings]) -> None:
    """Timer: seal with the first key what another one sealed, and forget webhooks that came long ago."""
    sealer = sealer_of(tx.settings.voucher_keys)
    if sealer.key_ids:
        for sealed in await store.lock_sealed_by(tx.conn, sealer.key_ids[1:], limit=_SEALED_AT_ONCE_COUNT):
            credentials = open_credentials(sealed, tx.settings)
            key_id, content = sealer.wrap(_written(credentials), place=_place(sealed.account))
            await store.set_sealed(tx.conn, sealed.account, sealed_by=key_id, content=content)
    before = tx.now - timedelta(days=tx.settings.provider_hints_days)
    await store.delete_hints(tx.conn, before=before, limit=tx.settings.upkeep_max_count)


def _written(credentials: Credentials) -> bytes:
    return orjson.dumps(
        {"fields": dict(credentials.fields), "secrets": [tuple(secret) for secret in credentials.secrets]}
    )


def _place(account: Account) -> str:
    return f"provider|{account.community}|{account.provider}|{account.account_id}"
