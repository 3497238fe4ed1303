"""Payouts into their tables; a fact that is known changes nothing."""

from services.analytics.payouts import store
from services.analytics.payouts.domain import PayoutKey
from shared.contracts.facts import PayoutChanged, PayoutFact, PayoutLots
from shared.telemetry import observe_ages
from shared.transaction import Transaction

#: Of the events behind submitted payouts, the ages of at most so many are measured.
AGES_MAX_COUNT = 10_000


async def on_payouts(tx: Transaction, facts: list[PayoutFact]) -> None:
    """Store the states of payouts and the awards that they pay; of runs and the books nothing is kept."""
    changes: list[PayoutChanged] = []
    parts: list[PayoutLots] = []
    for fact in facts:
        if fact["type"] == "payout.changed.v1":
            changes.append(fact)
        elif fact["type"] == "payout.lots.v1":
            parts.append(fact)
    if changes:
        await store.add_changes(tx.conn, changes=changes)
    if parts:
        await store.add_lots(tx.conn, parts=parts)
    submitted = [
        PayoutKey(change["community"], change["data"]["payout_id"])
        for change in changes
        if change["data"]["state"] == "submitted"
    ]
    if submitted:
        received = await store.load_receipt_times(tx.conn, payouts=submitted, limit=AGES_MAX_COUNT)
        observe_ages("payout", received, tx.now)
