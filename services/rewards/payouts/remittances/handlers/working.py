"""The lanes: what is due is claimed and committed, the provider asked outside any transaction, the answer settled.

Of each account only some payouts are asked about at once, and one that fails rests: whose provider hangs holds up
nobody else. A process that dies leaves what it claimed to the next once its time is over; as nobody knows what
came of it, the provider is asked first, and asked to pay again only under the same key.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.metrics import REMITTANCES_TROUBLED, REMITTANCES_UNKNOWN, REMITTANCES_UNKNOWN_SECONDS
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.receivers.domain import Receiver
from services.rewards.payouts.receivers.handlers import open_receiver
from services.rewards.payouts.remittances import store
from services.rewards.payouts.remittances.domain import Remittance, may_be_placed
from services.rewards.payouts.remittances.handlers.settling import Became, Outcome, lease, settle
from services.rewards.payouts.runs.domain.sealing import check_may_leave
from services.rewards.payouts.runs.handlers.checks import check_as_sealed, find_run, load_sealed
from services.rewards.payouts.seals.store import is_waiting_to_be_told
from services.rewards.payouts.store import find_payout
from services.rewards.providers.domain.accounts import NoSuchProviderError, UnknownAccountError
from services.rewards.providers.domain.contract import (
    LaterError,
    OtherOrderError,
    RefusedError,
    UnknownOutcomeOfOrderError,
)
from services.rewards.providers.domain.paying import PayOrder, PayoutProvider, RefusedReceiverError
from services.rewards.providers.handlers.accounts import open_credentials
from services.rewards.providers.handlers.lanes import Callers, Room, work_at_lanes
from services.rewards.providers.handlers.payers import payer_of
from services.rewards.providers.store.accounts import SealedAccount, find_account
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared.service.spec import Begin
from shared.transaction import Transaction

EVERY_SECONDS: Final = 1.0
RUNS_AT_ONCE_COUNT: Final = 5
#: Of so many it is looked whether the broker has their facts.
RUNS_LOOKED_AT_COUNT: Final = 100


class Claim(NamedTuple):
    """A remittance that is this process's to ask about, its payout, whom it goes to, and the account to ask with.

    `was_placed` says whether the provider may have been asked to pay before; it was first `submitted_at`. `sealed`
    is why it cannot be read now whom it goes to.
    """

    remittance: Remittance
    payout: Payout
    receiver: Receiver | None
    account: SealedAccount
    settings: Settings
    was_placed: bool
    submitted_at: datetime
    sealed: str = ""

    @property
    def order(self) -> PayOrder:
        """What the provider is asked for: by the payout's id it is the same whenever it comes again."""
        name, address = (self.receiver.name, self.receiver.address) if self.receiver else ("", "")
        payout = self.payout
        text = f"{payout.points} points"
        return PayOrder(payout.payout_id, payout.amount_minor, payout.currency, name, address, text)


async def take_up_runs(tx: Transaction[Settings]) -> bool:
    """Timer: hand the payouts of filed runs to their providers, once the broker has all facts of them.

    A restored database reads these back, so it knows of every payout that a provider may have been asked for.
    Return whether there may be more.
    """
    found = await store.load_runs_to_take_up(tx.conn, limit=RUNS_LOOKED_AT_COUNT)
    taken = 0
    for community, run_id in found:
        if taken == RUNS_AT_ONCE_COUNT:
            break
        if await is_waiting_to_be_told(tx.conn, run_id=run_id):
            continue
        run = await find_run(tx.conn, community=community, run_id=run_id)
        sealed = await load_sealed(tx.conn, run)
        if not sealed.given_up:
            try:
                check_as_sealed(run, sealed)
                check_may_leave(run, sealed)
            except AlteredError as error:
                alarm(error)
                await store.note_taken_up(tx.conn, community=community, run_id=run_id, at=tx.now, is_altered=True)
                continue
        await store.take_up(tx.conn, community=community, run_id=run_id, at=tx.now)
        taken += 1
    return taken == RUNS_AT_ONCE_COUNT


async def remit(begin: Begin, until: float) -> None:
    """Errand: work at what is due until a moment of the monotonic clock; calls under way then are waited for."""

    async def carry(claim: Claim, callers: Callers) -> None:
        outcome = await _asked(claim, callers)
        async with begin() as tx:
            await settle(tx, claim.remittance, outcome=outcome)

    await work_at_lanes(
        begin,
        until,
        claim_due=_claim_due,
        account_of=lambda claim: (claim.remittance.community, claim.remittance.provider),
        carry=carry,
    )


async def _claim_due(tx: Transaction[Settings], room: Room) -> Sequence[Claim | None]:
    due = await store.load_due(tx.conn, now=tx.now, busy=room.busy, of_each=room.of_each, limit=room.limit)
    return [await claim(tx, community=community, payout_id=payout) for community, payout in sorted(due)]


async def _asked(claim: Claim, callers: Callers) -> Outcome:
    try:
        caller = callers.of(claim.remittance.provider, claim.settings)
        client = payer_of(claim.account.account, open_credentials(claim.account, claim.settings), caller=caller)
    except (NoSuchProviderError, UnknownAccountError, NoVoucherKeysError) as error:
        return Outcome(Became.LATER, reason=str(error), was_placed=claim.was_placed)
    return await ask(client, claim)


async def claim(tx: Transaction[Settings], *, community: str, payout_id: str) -> Claim | None:
    """Claim a remittance that is due; None where it is not any more, or somebody has it."""
    known = await store.lock_remittance(tx.conn, community=community, payout_id=payout_id)
    if known is None or known.due_at is None or known.due_at > tx.now:
        return None
    if known.claimed_until is not None and known.claimed_until > tx.now:
        return None
    account = await find_account(tx.conn, community=community, provider=known.provider)
    payout = await find_payout(tx.conn, community=community, payout_id=payout_id)
    submitted_at = await store.find_submitted_at(tx.conn, community=community, payout_id=payout_id)
    if account is None or payout is None or submitted_at is None:
        return None
    was_placed = known.placed_at is not None
    if was_placed and known.standing is None and known.unknown_since is None:
        # Whoever asked died before the answer was stored.
        known = replace(known, unknown_since=known.claimed_until or tx.now, was_unknown=True)
    receiver, sealed = None, ""
    if payout.receiver_id is not None:
        try:
            receiver = await open_receiver(tx.conn, payout.receiver_id, community=community, settings=tx.settings)
        except NoVoucherKeysError as error:
            # A key that is missing stops what it sealed, and nobody else's.
            sealed = str(error)
    known = known.claimed(now=tx.now, until=tx.now + lease(tx.settings))
    await store.set_remittance(tx.conn, known)
    return Claim(known, payout, receiver, account, tx.settings, was_placed, submitted_at, sealed)


async def ask(client: PayoutProvider, claim: Claim) -> Outcome:
    """Ask a provider how a payout stands, and to pay it where it knows none; outside any transaction."""
    asking = _Asking(client, claim)
    try:
        outcome = await asking.outcome()
    except LaterError as error:
        outcome = Outcome(Became.LATER, reason=error.reason, after_seconds=error.after_seconds)
    except RefusedReceiverError as error:
        outcome = Outcome(Became.REFUSED, reason=error.reason, blames_receiver=True)
    except RefusedError as error:
        outcome = Outcome(Became.REFUSED, reason=error.reason)
    except OtherOrderError as error:
        outcome = Outcome(Became.OTHER_ORDER, reason=str(error))
    except UnknownOutcomeOfOrderError as error:
        outcome = Outcome(Became.UNKNOWN, reason=error.reason)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # What one provider answers to one community stops nobody else.
        outcome = Outcome(Became.UNKNOWN, reason=f"it answered what cannot be read ({type(error).__name__})")
    return replace(outcome, was_placed=claim.was_placed)


class _Asking:
    """Asking about one claim."""

    def __init__(self, client: PayoutProvider, claim: Claim) -> None:
        self._client = client
        self._claim = claim

    async def outcome(self) -> Outcome:
        known, order = self._claim.remittance, self._claim.order
        if known.cancel_asked_at is not None and known.reference is not None:
            return self._answered(await self._client.cancel(order, reference=known.reference))
        # It is asked first even where nobody asked before: a database that was restored may not know that.
        answer = await self._client.query(order, reference=known.reference)
        if answer is not None:
            return self._answered(answer)
        if known.reference is not None:
            return Outcome(Became.UNKNOWN, reason="it does not show any more what it paid")
        return await self._placed(known, order)

    async def _placed(self, known: Remittance, order: PayOrder) -> Outcome:
        payout, now = self._claim.payout, datetime.now(UTC)
        if known.cancel_asked_at is not None:
            return Outcome(Became.REFUSED, reason="it was cancelled, and the provider knows nothing of it")
        # From when it was submitted: a database that was restored does not know when it was first asked.
        if not may_be_placed(
            payout, placed_at=self._claim.submitted_at, now=now, key_stands=self._client.key_stands
        ):
            return Outcome(Became.KEY_OVER, reason="the provider does not take its key for the same any more")
        if self._claim.sealed:
            raise LaterError(self._claim.sealed)
        if self._claim.receiver is None:
            return Outcome(Became.NO_RECEIVER, reason="whom it goes to is not known any more")
        return self._answered(await self._client.order(order))

    def _answered(self, answer: Any) -> Outcome:
        differs = answer.differs_from(self._claim.order)
        if differs is not None:
            raise OtherOrderError(differs)
        return Outcome(Became.ANSWERED, answer)


async def count_standstill(tx: Transaction[Any]) -> None:
    """Timer: count the payouts at providers that nobody knows of, and those that only people can put right."""
    found = await store.load_standstill(tx.conn)
    REMITTANCES_UNKNOWN.set(found.unknown_count)
    REMITTANCES_TROUBLED.set(found.troubled_count)
    oldest = found.oldest_at or tx.now
    REMITTANCES_UNKNOWN_SECONDS.set(max(timedelta(), tx.now - oldest).total_seconds())
