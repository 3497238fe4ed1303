"""Bringing payouts from one state to the next: what that books, which lots it uses, and what the world is told."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.rewards.ledger.domain import Entry, Transfer, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots.domain.lots import LotUse
from services.rewards.lots.handlers.uses import give_back, take
from services.rewards.lots.store import Owner, Use
from services.rewards.metrics import PAYOUT_AMOUNT, PAYOUTS
from services.rewards.payouts import store
from services.rewards.payouts.domain import (
    Movement,
    PayoutState,
    fact_id,
    gives_points_back,
    lots_fact_id,
    lots_parts,
)
from shared.topics import PAYOUTS as TOPIC
from shared.topics import record_key
from shared.transaction import Transaction

SOURCE = "/plaudit/rewards"
PAYOUTS_AT_ONCE_COUNT = 100


async def change(
    tx: Transaction,
    payouts: Sequence[Record],
    wanted: PayoutState,
    by: str,
    *,
    reasons: Mapping[UUID, str] | None = None,
    states: Mapping[UUID, PayoutState] | None = None,
) -> None:
    """Bring payouts, whose rows the caller has locked, to `wanted`, with everything that belongs to it.

    `reasons` says why, by payout; `states` replaces the state in the rows where it has changed since.
    Raises WrongStateError when one cannot go there, and NotEnoughPointsError when its points are gone.
    """
    if not payouts:
        return
    # All members in one order before the first is changed; then some at a time, since payouts have many lots.
    await ledger_store.lock_members(tx.conn, [_use(row).owner for row in payouts])
    for start in range(0, len(payouts), PAYOUTS_AT_ONCE_COUNT):
        some = payouts[start : start + PAYOUTS_AT_ONCE_COUNT]
        before = {row["payout_id"]: (states or {}).get(row["payout_id"], row["state"]) for row in some}
        await _change_some(tx, some, before, wanted, by, reasons or {})


async def _change_some(
    tx: Transaction,
    payouts: Sequence[Record],
    before: Mapping[UUID, PayoutState],
    wanted: PayoutState,
    by: str,
    reasons: Mapping[UUID, str],
) -> None:
    # 1. What the ledger says of it.
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for row in payouts:
        entries = _movement(row).entries(before[row["payout_id"]], wanted)
        if entries:
            kind = f"payout_{wanted}"
            made = transfer_id(row["payout_id"], kind)
            transfers.append(Transfer(row["community"], made, kind, row["payout_id"], tx.now))
            lines += entries
    # 2. Lots: taken before the points are booked away, given back after they were booked back.
    uses = [_use(row) for row in payouts]
    taken: dict[UUID, list[LotUse]] = {}
    if wanted == "reserved":
        available = await ledger_store.lock_members(tx.conn, [use.owner for use in uses])
        taken = await take(tx, uses, available)
    await ledger_store.post(tx.conn, transfers, lines, tx.now)
    back = [use for use in uses if gives_points_back(before[use.used_by], wanted)]
    if back:
        await give_back(tx, back)
    # 3. The state, and the messages about it.
    changes = [(row["community"], row["payout_id"], wanted, reasons.get(row["payout_id"])) for row in payouts]
    await store.change_payouts(tx.conn, changes, tx.now, by)
    publish(tx, payouts, wanted, by, reasons)
    for row in payouts:
        _publish_lots(tx, row, taken.get(row["payout_id"], []))


def publish(
    tx: Transaction,
    payouts: Sequence[Record],
    state: PayoutState,
    by: str,
    reasons: Mapping[UUID, str] | None = None,
) -> None:
    """Tell the world that payouts reached `state`."""
    for row in payouts:
        data = {
            "payout_id": str(row["payout_id"]),
            "run_id": str(row["run_id"]),
            "member_id": str(row["member_id"]),
            "state": state,
            "points": row["points"],
            "amount_minor": row["amount_minor"],
            "currency": row["currency"],
            "end_to_end_id": row["end_to_end_id"],
            "by": by,
        }
        reason = (reasons or {}).get(row["payout_id"])
        if reason is not None:
            data["reason"] = reason
        fact = _fact(tx, row, "payout.changed.v1", fact_id(row["payout_id"], state), data)
        tx.publish(TOPIC, record_key(row["community"], str(row["member_id"])), fact)
        PAYOUT_AMOUNT.labels(state, row["currency"]).inc(row["amount_minor"])
    PAYOUTS.labels(state).inc(len(payouts))


def _publish_lots(tx: Transaction, row: Record, lots: Sequence[LotUse]) -> None:
    for part, parts, some in lots_parts(lots):
        data = {
            "payout_id": str(row["payout_id"]),
            "part": part,
            "parts": parts,
            "lots": [{"award_id": str(use.award_id), "points": use.points} for use in some],
        }
        fact = _fact(tx, row, "payout.lots.v1", lots_fact_id(row["payout_id"], part), data)
        tx.publish(TOPIC, record_key(row["community"], str(row["member_id"])), fact)


def _fact(tx: Transaction, row: Record, kind: str, fact: UUID, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(fact),
        "source": SOURCE,
        "type": kind,
        "time": tx.now,
        "community": row["community"],
        "data": data,
    }


def _movement(row: Record) -> Movement:
    return Movement(
        row["community"],
        row["payout_id"],
        row["member_id"],
        row["points"],
        row["amount_minor"],
        row["currency"],
    )


def _use(row: Record) -> Use:
    return Use(Owner(row["community"], row["member_id"]), row["payout_id"], row["points"])
