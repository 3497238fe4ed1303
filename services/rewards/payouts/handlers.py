"""Bringing payouts from one state to the next: what that books, which lots it uses, and what the world is told."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

from services.rewards.ledger.handlers import alarm
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots.domain.lots import LotUse, lots_parts
from services.rewards.lots.handlers.uses import carry_out
from services.rewards.metrics import PAYOUT_AMOUNT, PAYOUTS
from services.rewards.payouts import store
from services.rewards.payouts.domain import (
    Actor,
    Agreed,
    Change,
    Part,
    Payout,
    PayoutState,
    altered,
    budget_moved,
    fact_id,
    lots_fact_id,
    states_open_to,
)
from services.rewards.wallets.domain.wallets import MoveKind, WalletActor
from services.rewards.wallets.handlers.paying import settle_run
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    PAYOUT_CHANGED,
    PAYOUT_LOTS,
    ExchangeData,
    MessageRequestedData,
    PayoutData,
    PayoutLotsData,
    PayoutPart,
)
from shared.topics import MESSAGES
from shared.topics import PAYOUTS as TOPIC
from shared.transaction import Transaction

PAYOUTS_AT_ONCE_COUNT = 100


async def add(tx: Transaction, payouts: Sequence[Payout], *, by: Actor) -> None:
    """Add new payouts, and tell the world of them."""
    await store.add_payouts(tx.conn, payouts)
    await store.add_changes(tx.conn, [Change(payout, payout.state) for payout in payouts], now=tx.now, by=by)
    for payout in payouts:
        _tell(tx, payout, by=by)


async def change(
    tx: Transaction, changes: Sequence[Change], *, by: Actor, outcome: Agreed | None = None
) -> list[Payout]:
    """Make changes of payouts, whose rows the caller has locked, with everything that belongs to them.

    `outcome` is the one which says so, where two people decided it. Return the payouts as they are
    then. Raises WrongStateError when one cannot go there, NotEnoughPointsError when its points are gone, and
    AlteredError when it is in another state than its history says.
    """
    if not changes:
        return []
    error = altered(await store.load_traced(tx.conn, [change.payout for change in changes]))
    if error is not None:
        raise alarm(error)
    # The wallet that pays the run first, then all members in one order, before the first is changed; then some
    # at a time, since payouts have many lots.
    await _settle_budgets(tx, changes, by=by)
    if len(changes) > PAYOUTS_AT_ONCE_COUNT:
        moving = [step.payout.owner for change in changes for step in change.steps() if step.moves_points]
        await ledger_store.lock_members(tx.conn, moving, now=tx.now)
    changed: list[Payout] = []
    for start in range(0, len(changes), PAYOUTS_AT_ONCE_COUNT):
        changed += await _change_some(tx, changes[start : start + PAYOUTS_AT_ONCE_COUNT], by=by, outcome=outcome)
    return changed


async def _settle_budgets(tx: Transaction, changes: Sequence[Change], *, by: Actor) -> None:
    """Have the wallets that pay runs follow what becomes of their payouts."""
    for community, run_id in sorted({(change.payout.community, change.payout.run_id) for change in changes}):
        amounts: Counter[MoveKind] = Counter()
        after_all: dict[str, int] = {}
        for payout, wanted, *_ in _steps(changes):
            if (payout.community, payout.run_id) != (community, run_id):
                continue
            moved = budget_moved(payout, wanted)
            if wanted is PayoutState.CORRECTED:
                after_all[payout.payout_id] = payout.amount_minor
            elif moved is not None:
                amounts[MoveKind(moved[0])] += moved[1]
        if amounts or after_all:
            await settle_run(
                tx, amounts, community=community, run_id=run_id, after_all=after_all, by=WalletActor(*by)
            )


async def _change_some(
    tx: Transaction, changes: Sequence[Change], *, by: Actor, outcome: Agreed | None
) -> list[Payout]:
    # 1. What the ledger and the lots say of it.
    steps = _steps(changes)
    used = await carry_out(tx, [step.movement() for step in steps])
    # 2. The state that each is in now; all that it reached; and the messages about these.
    await store.set_states(tx.conn, changes, now=tx.now)
    await store.add_changes(tx.conn, steps, now=tx.now, by=by, outcome=outcome)
    for step in steps:
        _tell(tx, step.made(tx.now), by=by, outcome=outcome, before=step.payout.state)
    changed = [change.made(tx.now) for change in changes]
    for payout in changed:
        tell_lots(tx, payout, lots=used.get(payout.payout_id, ()))
    return changed


def _steps(changes: Sequence[Change]) -> list[Change]:
    return [step for change in changes for step in change.steps()]


def _tell(
    tx: Transaction,
    payout: Payout,
    *,
    by: Actor,
    outcome: Agreed | None = None,
    before: PayoutState | None = None,
) -> None:
    """Tell the world which state a payout reached, and its member where money of theirs came, or came back."""
    data: PayoutData = {
        "payout_id": payout.payout_id,
        "run_id": payout.run_id,
        "member_id": payout.member_id,
        "state": payout.state.value,
        "points": payout.points,
        "amount_minor": payout.amount_minor,
        "currency": payout.currency,
        "end_to_end_id": payout.end_to_end_id,
        "by": by.credential,
    }
    if by.person_id is not None:
        data["person_id"] = by.person_id
    if outcome is not None:
        data["outcome_id"] = outcome.outcome_id
        if outcome.proposed_by is not None:
            data["proposed_by_person"] = outcome.proposed_by
    if payout.reason is not None:
        data["reason"] = payout.reason
    if payout.exchange is not None:
        data["exchange"] = cast(ExchangeData, payout.exchange.said)
    if payout.state is PayoutState.ACCRUED and payout.parts:
        data["parts"] = [_told_part(part) for part in payout.parts]
    tx.tell(
        TOPIC,
        PAYOUT_CHANGED,
        fact_id=fact_id(payout.payout_id, payout.state),
        community=payout.community,
        subject=payout.member_id,
        data=data,
    )
    if payout.state in _TOLD_TO_THEM and before in states_open_to(payout.state):
        _ask_for_message(tx, payout)
    PAYOUT_AMOUNT.labels(payout.state, payout.currency).inc(payout.amount_minor)
    PAYOUTS.labels(payout.state).inc()


#: What a member is written to of when a bank says so, and what their message calls it.
_TOLD_TO_THEM = {
    PayoutState.SETTLED: "paid",
    PayoutState.RETURNED: "came_back",
    PayoutState.FAILED: "came_back",
}


def _ask_for_message(tx: Transaction, payout: Payout) -> None:
    request_id = fact_id(payout.payout_id, payout.state)
    data: MessageRequestedData = {
        "request_id": request_id,
        "kind": "payout",
        "member_id": payout.member_id,
        "values": {
            "amount": str(payout.amount_minor),
            "currency": payout.currency,
            "state": _TOLD_TO_THEM[payout.state],
        },
    }
    tx.tell(
        MESSAGES,
        MESSAGE_REQUESTED,
        fact_id=request_id,
        community=payout.community,
        subject=payout.member_id,
        data=data,
    )


def _told_part(part: Part) -> PayoutPart:
    told: PayoutPart = {
        "points": part.points,
        "amount_minor": part.amount_minor,
        "rate_points": part.rate.points,
        "rate_minor": part.rate.minor,
    }
    if part.rate.exchange is not None:
        told["rate_exchange"] = cast(ExchangeData, part.rate.exchange.said)
    if part.returned_payout_id is not None:
        told["returned_payout_id"] = part.returned_payout_id
    return told


def tell_lots(tx: Transaction, payout: Payout, *, lots: Sequence[LotUse], before: int = 0) -> None:
    """Tell the world which lots a payout pays; `before` parts of the list were told already."""
    for part, parts, some in lots_parts(lots, before=before):
        data: PayoutLotsData = {
            "payout_id": payout.payout_id,
            "part": part,
            "parts": parts,
            "lots": [lot.told() for lot in some],
        }
        tx.tell(
            TOPIC,
            PAYOUT_LOTS,
            fact_id=lots_fact_id(payout.payout_id, part),
            community=payout.community,
            subject=payout.member_id,
            data=data,
        )
