"""What an answer of a provider does: a payout goes on, comes back or stays as it is, in one transaction.

Locks are taken in this order: the community's runs, the payout, its remittance, then what a payout's step takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from services.rewards.metrics import REMITTANCE_CALLS
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Change, Payout, PayoutState
from services.rewards.payouts.handlers import change
from services.rewards.payouts.remittances import store
from services.rewards.payouts.remittances.domain import AT_PROVIDER, Remittance, Trouble, follows
from services.rewards.providers.domain.accounts import rest_after
from services.rewards.providers.domain.paying import PaidAnswer
from services.rewards.providers.store import accounts as account_store
from services.rewards.settings import Settings
from shared.transaction import Transaction

#: Calls that one claim may take: a token, a query, and what an order consists of.
_CALLS_MAX_COUNT = 8


class Became(StrEnum):
    """What became of asking a provider."""

    ANSWERED = "answered"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    OTHER_ORDER = "other_order"
    #: Nobody was asked: the key stands no more, or whom it goes to is not known.
    KEY_OVER = "key_over"
    NO_RECEIVER = "no_receiver"


_TROUBLES: Final[Mapping[Became, Trouble]] = {
    Became.OTHER_ORDER: Trouble.OTHER_ORDER,
    Became.KEY_OVER: Trouble.KEY_OVER,
    Became.NO_RECEIVER: Trouble.NO_RECEIVER,
    # An earlier call may be on its way still: that it is refused now says nothing of that.
    Became.REFUSED: Trouble.REFUSED_AFTER_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What asking came to; `was_placed` whether the provider may have been asked to pay."""

    became: Became
    answer: PaidAnswer | None = None
    reason: str = ""
    after_seconds: float | None = None
    blames_receiver: bool = False
    was_placed: bool = False


def lease(settings: Settings) -> timedelta:
    """How long whoever claimed a remittance has it: all calls that it may take, and time to store the answer."""
    return timedelta(seconds=settings.provider_seconds * _CALLS_MAX_COUNT + 5)


async def settle(tx: Transaction[Settings], claimed: Remittance, *, outcome: Outcome) -> None:
    """Store what a call for a claimed remittance came to, and do what follows.

    Nothing happens where somebody else has it since, because this took too long.
    """
    REMITTANCE_CALLS.labels(claimed.provider, outcome.became).inc()
    community, payout_id = claimed.community, claimed.payout_id
    await payout_store.lock_runs(tx.conn, community)
    (payout,) = await payout_store.lock_payouts(
        tx.conn, community=community, run_id=claimed.run_id, states=tuple(PayoutState), only=[payout_id]
    )
    known = await store.lock_remittance(tx.conn, community=community, payout_id=payout_id)
    if known is None or known.claimed_until != claimed.claimed_until:
        return
    await _note_account(tx, known, outcome=outcome)
    settled = await _settled(tx, payout, known=known, outcome=outcome)
    called_at = (claimed.claimed_until or tx.now) - lease(tx.settings)
    if known.hinted_at is not None and known.hinted_at >= called_at and settled.trouble is None:
        # A webhook that came while the provider was asked may know more than it said.
        settled = replace(settled, due_at=tx.now)
    await store.set_remittance(tx.conn, settled)


async def _settled(
    tx: Transaction[Settings], payout: Payout, *, known: Remittance, outcome: Outcome
) -> Remittance:
    if outcome.answer is not None:
        return await _answered(tx, payout, known=known, answer=outcome.answer)
    if payout.state not in AT_PROVIDER and outcome.became is not Became.LATER:
        # People found out what became of it, and its provider knows nothing else.
        return known.ended(known.reason)
    if outcome.became is Became.LATER:
        return known.later(
            outcome.reason, now=tx.now, after_seconds=outcome.after_seconds, was_placed=outcome.was_placed
        )
    if outcome.became is Became.REFUSED and not known.was_unknown:
        await _bring(tx, payout, to=PayoutState.FAILED, known=known, reason=outcome.reason)
        return known.failed(outcome.reason, words="refused", blames_receiver=outcome.blames_receiver)
    unknown = known.unknown(outcome.reason, now=tx.now)
    trouble = _TROUBLES.get(outcome.became)
    return unknown if trouble is None else unknown.in_trouble(trouble, outcome.reason)


async def _answered(
    tx: Transaction[Settings], payout: Payout, *, known: Remittance, answer: PaidAnswer
) -> Remittance:
    await store.add_answer(tx.conn, answer, of=known, at=tx.now)
    watch = timedelta(days=tx.settings.remittance_watch_days)
    said = known.answered(answer, now=tx.now, watch=watch)
    if answer.amount_minor is not None and (answer.amount_minor, answer.currency) != (
        payout.amount_minor,
        payout.currency,
    ):
        return said.in_trouble(Trouble.OTHER_ORDER, "the provider has another amount under the key")
    follow = follows(payout, answer.standing)
    reason = " ".join(part for part in (f"{known.provider}: {answer.words}", answer.reason) if part)
    for state in follow.states:
        await _bring(tx, payout, to=state, known=known, reason=reason)
    return said if follow.trouble is None else said.in_trouble(follow.trouble, reason)


async def _bring(
    tx: Transaction[Settings], payout: Payout, *, to: PayoutState, known: Remittance, reason: str
) -> None:
    said = None if to in (PayoutState.SENT, PayoutState.SETTLED) else reason
    await change(tx, [Change(payout, to, said)], by=Actor(None, known.actor))


async def _note_account(tx: Transaction[Any], known: Remittance, *, outcome: Outcome) -> None:
    community, provider = known.community, known.provider
    if outcome.became not in (Became.LATER, Became.UNKNOWN):
        await account_store.note_success(tx.conn, community=community, provider=provider)
        return
    count = await account_store.note_failure(tx.conn, community=community, provider=provider, why=outcome.reason)
    rests_until = rest_after(count, tx.now)
    if rests_until is not None:
        await account_store.set_rest(tx.conn, community=community, provider=provider, until=rests_until)
