"""Telling the world of holds, and taking in again what was told of them."""

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.holds import store
from services.rewards.payouts.holds.domain import Hold, HoldCause, HoldState
from shared.contracts.facts import PAYOUT_HOLD_CHANGED, PayoutHoldChanged, PayoutHoldData
from shared.own_facts import ReadBack
from shared.topics import PAYOUTS
from shared.transaction import Transaction


def tell(tx: Transaction, hold: Hold, *, by: Actor) -> None:
    """Tell the world that a hold stands, or was released; the note is told to nobody."""
    data: PayoutHoldData = {
        "hold_id": hold.hold_id,
        "payout_id": hold.payout_id,
        "member_id": hold.member_id,
        "state": hold.state.value,
        "cause": hold.cause.value,
        "placed_at": hold.placed_at,
        "placed_by": hold.placed_by.credential,
        "by": by.credential,
    }
    if hold.placed_by.person_id is not None:
        data["placed_by_person"] = hold.placed_by.person_id
    if by.person_id is not None:
        data["person_id"] = by.person_id
    tx.tell(
        PAYOUTS,
        PAYOUT_HOLD_CHANGED,
        fact_id=derived_id(f"payout_hold|{hold.hold_id}|{hold.state}"),
        community=hold.community,
        subject=hold.member_id,
        data=data,
    )


async def on_holds_told(tx: Transaction, facts: list[PayoutHoldChanged]) -> None:
    """Take in the holds that the database has forgotten, and their ends: no run pays what was held."""
    for fact in facts:
        hold = _of(fact)
        if not await store.add_hold(tx.conn, hold) and hold.state is HoldState.RELEASED:
            await store.set_released(tx.conn, hold)


def _of(fact: PayoutHoldChanged) -> Hold:
    data = fact["data"]
    is_released = HoldState(data["state"]) is HoldState.RELEASED
    return Hold(
        community=fact["community"],
        hold_id=data["hold_id"],
        payout_id=data["payout_id"],
        member_id=data["member_id"],
        cause=HoldCause(data["cause"]),
        note=None,
        placed_at=data["placed_at"],
        placed_by=Actor(data.get("placed_by_person"), data["placed_by"]),
        released_at=fact["time"] if is_released else None,
        released_by=Actor(data.get("person_id"), data["by"]) if is_released else None,
    )


READ_BACK = (
    ReadBack(
        (PAYOUTS,), PAYOUT_HOLD_CHANGED.adapter, on_holds_told, (PAYOUT_HOLD_CHANGED.name,), after_inputs=True
    ),
)
