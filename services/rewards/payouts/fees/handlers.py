"""Asking providers what runs would cost: a run is claimed and committed, and asked about outside any transaction.

Nothing waits for it: a run without a quote is approved like any other.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from services.rewards.payouts.fees import store
from services.rewards.payouts.fees.domain import AGAIN_AFTER, RunQuote, RunToQuote
from services.rewards.providers.domain.accounts import NoSuchProviderError, UnknownAccountError
from services.rewards.providers.domain.contract import LaterError, RefusedError, UnknownOutcomeOfOrderError
from services.rewards.providers.domain.paying import NotQuotedError
from services.rewards.providers.handlers.accounts import open_credentials
from services.rewards.providers.handlers.lanes import Callers, Room, work_at_lanes
from services.rewards.providers.handlers.payers import payer_of
from services.rewards.providers.store.accounts import SealedAccount, find_account
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared.service.spec import Begin
from shared.transaction import Transaction

EVERY_SECONDS: Final = 5.0


class Claim(NamedTuple):
    """A run that is this process's to ask about, and the account to ask with."""

    run: RunToQuote
    account: SealedAccount
    settings: Settings


async def ask_for_fees(begin: Begin, until: float) -> None:
    """Errand: ask what runs by providers would cost that wait for their approval, until a moment."""

    async def carry(claim: Claim, callers: Callers) -> None:
        quote, is_for_good = await _quoted(claim, callers)
        async with begin() as tx:
            due_at = quote.due_at(tx.now, is_for_good=is_for_good)
            await store.put_quote(tx.conn, claim.run, quote=quote, due_at=due_at)

    await work_at_lanes(
        begin,
        until,
        claim_due=_claim_due,
        account_of=lambda claim: (claim.run.community, claim.run.provider),
        carry=carry,
    )


async def _claim_due(tx: Transaction[Settings], room: Room) -> Sequence[Claim | None]:
    if not room.limit:
        return ()
    found = await store.claim_due(
        tx.conn, now=tx.now, again_at=tx.now + AGAIN_AFTER, busy=room.busy, limit=room.limit
    )
    claims = []
    for run in found:
        account = await find_account(tx.conn, community=run.community, provider=run.provider)
        claims.append(None if account is None else Claim(run, account, tx.settings))
    return claims


async def _quoted(claim: Claim, callers: Callers) -> tuple[RunQuote, bool]:
    """What the provider says of each amount, and whether that is all that it will ever say."""
    run, now = claim.run, datetime.now(UTC)
    quotes = []
    try:
        caller = callers.of(run.provider, claim.settings)
        client = payer_of(claim.account.account, open_credentials(claim.account, claim.settings), caller=caller)
        for amount in run.amounts:
            quotes.append((amount, await client.quote(amount.amount_minor, run.currency)))
    except NotQuotedError as error:
        return RunQuote((), now, error.reason), error.is_for_good
    except (LaterError, RefusedError, UnknownOutcomeOfOrderError) as error:
        return RunQuote((), now, error.reason), False
    except (NoSuchProviderError, UnknownAccountError, NoVoucherKeysError) as error:
        return RunQuote((), now, str(error)), False
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # What one provider answers to one community stops nobody else.
        return RunQuote((), now, f"it answered what cannot be read ({type(error).__name__})"), False
    return RunQuote(quotes, now), False
