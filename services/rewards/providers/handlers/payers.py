"""The client of an account at a provider that pays out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from services.rewards.providers.domain.accounts import Account, Credentials, NoSuchProviderError
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.domain.paying import PayoutProvider
from services.rewards.providers.handlers.calls import Caller
from services.rewards.providers.handlers.paypal import PayPal, Token
from services.rewards.providers.handlers.sandbox_payouts import SandboxPayouts
from services.rewards.providers.handlers.stripe import Stripe
from services.rewards.providers.handlers.wise import Wise

#: Accounts whose tokens this process keeps; each is asked for again where it is not kept.
TOKENS_MAX_COUNT: Final = 1_000
_TOKENS: dict[str, Token] = {}


def payer_of(
    account: Account,
    credentials: Credentials,
    *,
    caller: Caller,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> PayoutProvider:
    """The client of an account that pays out. Raises NoSuchProviderError where its provider does not."""
    fields, signing = credentials.fields, credentials.signing(now())
    match account.provider:
        case ProviderName.SANDBOX:
            return SandboxPayouts(caller, api_key=fields["api_key"], webhook_secrets=signing)
        case ProviderName.PAYPAL:
            if len(_TOKENS) >= TOKENS_MAX_COUNT:
                _TOKENS.clear()
            return PayPal(
                caller,
                client_id=fields["client_id"],
                client_secret=fields["client_secret"],
                webhook_id=fields["webhook_id"],
                # Connected anew it is another account there, perhaps.
                token_of=f"{account.account_id}|{account.revision}",
                tokens=_TOKENS,
                now=now,
            )
        case ProviderName.WISE:
            return Wise(
                caller,
                api_key=fields["api_key"],
                profile_id=fields["profile_id"],
                webhook_public_key=fields["webhook_public_key"],
            )
        case ProviderName.STRIPE:
            return Stripe(caller, api_key=fields["api_key"], webhook_secrets=signing)
    raise NoSuchProviderError(account.provider)
