"""Providers are asked what their cards cost, outside any transaction, where prices of cards follow them.

Of each account some cards are asked about at once, and one that rests is left alone: whose provider hangs holds up
no other account.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from uuid import uuid4

from services.rewards.metrics import CARD_QUOTES
from services.rewards.providers.domain.accounts import NoSuchProviderError, UnknownAccountError
from services.rewards.providers.domain.contract import (
    LaterError,
    Quote,
    RefusedError,
    UnknownOutcomeOfOrderError,
)
from services.rewards.providers.handlers.accounts import (
    keep_tokens,
    open_credentials,
    provider_of,
)
from services.rewards.providers.handlers.lanes import Callers, Room, work_at_lanes
from services.rewards.providers.handlers.xoxoday import Tokens
from services.rewards.providers.store.accounts import SealedAccount, find_account
from services.rewards.quotes.domain import OtherCurrencyError, UnpricedError, quoted_by_provider
from services.rewards.quotes.store import prices as store
from services.rewards.quotes.store.prices import DueCard
from services.rewards.quotes.store.quotes import add_quote
from services.rewards.rates.domain.converting import TooLargeError
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared.service.spec import Begin
from shared.transaction import Transaction

EVERY_SECONDS: Final = 2.0
#: After which a card that could not be quoted is asked about again.
_TRIED_AGAIN: Final = timedelta(seconds=60)
#: Past the time that an answer may take: whoever claimed it is dead by then.
_CLAIMED_OVER: Final = timedelta(seconds=30)


class _Failed(NamedTuple):
    reason: str
    after_seconds: float | None = None


class _Claim(NamedTuple):
    due: DueCard
    account: SealedAccount
    settings: Settings


async def ask_for_quotes(begin: Begin, until: float) -> None:
    """Errand: ask about the cards that are due until a moment of the monotonic clock; answers are waited for."""

    async def carry(claim: _Claim, callers: Callers) -> None:
        outcome = await _asked(begin, claim, callers=callers)
        async with begin() as tx:
            await _settle(tx, claim.due, outcome=outcome)

    await work_at_lanes(
        begin,
        until,
        claim_due=_claim_due,
        account_of=lambda claim: (claim.due.community, claim.due.card.provider),
        carry=carry,
    )


async def _claim_due(tx: Transaction[Settings], room: Room) -> Sequence[_Claim | None]:
    if not room.limit:
        return ()
    due = await store.claim_due(
        tx.conn,
        now=tx.now,
        until=tx.now + timedelta(seconds=tx.settings.provider_refresh_seconds) + _CLAIMED_OVER,
        busy=room.busy,
        of_each=room.of_each,
        limit=room.limit,
    )
    claims = []
    for one in due:
        account = await find_account(tx.conn, community=one.community, provider=one.card.provider)
        claims.append(None if account is None else _Claim(one, account, tx.settings))
    return claims


async def _asked(begin: Begin, claim: _Claim, *, callers: Callers) -> Quote | _Failed:
    settings, due = claim.settings, claim.due
    try:
        client = provider_of(
            claim.account.account,
            open_credentials(claim.account, settings),
            caller=callers.of(due.card.provider, settings),
            keep=partial(_keep, begin, due),
        )
        async with asyncio.timeout(settings.provider_refresh_seconds):
            return await client.quote(due.card, pay_in=due.price.currency, now=datetime.now(UTC))
    except TimeoutError:
        return _Failed(f"it did not quote within {settings.provider_refresh_seconds:g} s")
    except LaterError as error:
        return _Failed(error.reason, error.after_seconds)
    except (
        *(RefusedError, UnknownOutcomeOfOrderError),
        *(NoSuchProviderError, UnknownAccountError, NoVoucherKeysError),
    ) as error:
        return _Failed(str(error))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        # What one provider answers to one community stops nobody else.
        return _Failed(f"it answered what cannot be read ({type(error).__name__})")


async def _keep(begin: Begin, due: DueCard, tokens: Tokens) -> None:
    async with begin() as tx:
        await keep_tokens(tx, community=due.community, provider=due.card.provider, tokens=tokens)


async def _settle(tx: Transaction[Settings], due: DueCard, *, outcome: Quote | _Failed) -> None:
    """Add what a provider quoted; nothing where the price follows something else since, or another asked."""
    if not await store.lock_claimed(tx.conn, due):
        return
    lifetime = timedelta(seconds=tx.settings.quote_seconds)
    if not isinstance(outcome, _Failed):
        try:
            quote = quoted_by_provider(
                outcome._replace(quoted_at=tx.now),
                due.price,
                community=due.community,
                reward_id=due.reward_id,
                quote_id=str(uuid4()),
                lifetime=lifetime,
            )
        except OtherCurrencyError as error:
            outcome = _Failed(f"it quotes in {error}")
        except (TooLargeError, UnpricedError, ArithmeticError) as error:
            outcome = _Failed(f"what it quotes cannot be priced ({type(error).__name__})")
        else:
            CARD_QUOTES.labels("made").inc()
            await add_quote(tx.conn, quote)
            due_at = tx.now + (quote.expires_at - tx.now) / 2
            await store.set_due(tx.conn, due, due_at=due_at, failed_at=None, reason=None)
            return
    CARD_QUOTES.labels("refused").inc()
    pause = max(_TRIED_AGAIN, timedelta(seconds=outcome.after_seconds or 0))
    await store.set_due(tx.conn, due, due_at=tx.now + pause, failed_at=tx.now, reason=outcome.reason)
