"""Payouts into their tables. A fact that is known already changes nothing."""

from services.analytics.payouts import store
from shared.contracts.facts import PayoutChanged, PayoutLots
from shared.telemetry import observe_ages
from shared.transaction import Transaction

#: Of the events behind submitted payouts, the ages of at most so many are measured.
AGES_MAX_COUNT = 10_000


async def on_payouts(tx: Transaction, payouts: list[PayoutChanged | PayoutLots]) -> None:
    """Store the states of payouts and the awards that they pay."""
    changes: list[PayoutChanged] = []
    lots: list[PayoutLots] = []
    for one in payouts:
        if one["type"] == "payout.changed.v1":
            changes.append(one)
        else:
            lots.append(one)
    if changes:
        await store.add_payouts(tx.conn, changes)
    if lots:
        await store.add_payout_lots(tx.conn, lots)
    submitted = [
        (one["community"], one["data"]["payout_id"]) for one in changes if one["data"]["state"] == "submitted"
    ]
    if submitted:
        received = await store.received_behind_payouts(tx.conn, submitted, AGES_MAX_COUNT)
        observe_ages("payout", received, tx.now)
