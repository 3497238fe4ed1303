"""Redemptions: reserve, then confirm or cancel; what is forgotten expires."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.rewards import settings
from services.rewards.ledger.domain import Entry, Transfer, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots.handlers.uses import give_back, take
from services.rewards.lots.store import Owner, Use
from services.rewards.metrics import REDEMPTIONS
from services.rewards.programmes.handlers import rewards_in_force
from services.rewards.redemptions import store
from services.rewards.redemptions.domain import (
    RedemptionState,
    entries,
    fact_id,
    next_state,
    redemption_id,
)
from shared.topics import REDEMPTIONS as TOPIC
from shared.topics import record_key
from shared.transaction import Transaction

SOURCE = "/plaudit/rewards"
TIMER = "timer"


class UnknownRewardError(Exception):
    """The catalogue in force does not have the reward."""


class UnknownRedemptionError(Exception):
    """There is no such redemption."""


async def reserve(tx: Transaction, community: str, member: UUID, reward_id: str, key: str, by: str) -> Record:
    """Reserve the points of a reward for a member; return the redemption.

    Raises UnknownRewardError, and NotEnoughPointsError when the member has fewer points available.
    """
    in_force = await rewards_in_force(tx, community)
    catalogue = {reward.id: reward for reward in in_force.rewards.catalogue} if in_force else {}
    reward = catalogue.get(reward_id)
    if reward is None:
        raise UnknownRewardError(reward_id)
    owner = Owner(community, member)
    # From here on nobody else changes this member's points.
    available = await ledger_store.lock_members(tx.conn, [owner])
    made = redemption_id(community, key)
    expires_at = tx.now + timedelta(seconds=settings.current().reservation_ttl_seconds)
    await store.add(
        tx.conn,
        (community, made, member, reward.id, reward.title, reward.points, tx.now, expires_at, by),
    )
    await take(tx, [Use(owner, made, reward.points)], available)
    row = await store.get(tx.conn, community, made)
    assert row is not None  # noqa: S101 -- added above
    await _book(tx, [row], "reserved")
    return row


async def finish(tx: Transaction, community: str, redemption: UUID, wanted: RedemptionState, by: str) -> Record:
    """Confirm or cancel a redemption; asking again changes nothing. Return the redemption.

    Raises UnknownRedemptionError, and RedemptionClosedError when it ended otherwise or its time is over.
    """
    row = await store.get(tx.conn, community, redemption, lock=True)
    if row is None:
        raise UnknownRedemptionError
    if next_state(row["state"], wanted, row["expires_at"], tx.now) == row["state"]:
        return row
    return (await _end(tx, [row], wanted, by))[0]


async def expire_reservations(tx: Transaction) -> None:
    """Timer: give back what was reserved for too long."""
    overdue = await store.lock_overdue(tx.conn, tx.now, settings.current().upkeep_max_count)
    if overdue:
        await _end(tx, overdue, "expired", TIMER)


async def _end(tx: Transaction, rows: Sequence[Record], state: RedemptionState, by: str) -> list[Record]:
    ended = []
    for row in rows:
        changed = await store.change(tx.conn, row["community"], row["redemption_id"], state, tx.now, by)
        assert changed is not None  # noqa: S101 -- its row is locked
        ended.append(changed)
    await _book(tx, ended, state)
    if state != "confirmed":
        await give_back(
            tx,
            [Use(Owner(row["community"], row["member_id"]), row["redemption_id"], row["points"]) for row in ended],
        )
    return ended


async def _book(tx: Transaction, rows: Sequence[Record], state: RedemptionState) -> None:
    """Post what reaching `state` moves, and tell the world."""
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for row in rows:
        community, redemption = row["community"], row["redemption_id"]
        kind = f"redemption_{state}"
        transfers.append(Transfer(community, transfer_id(redemption, kind), kind, redemption, tx.now))
        lines += entries(community, row["member_id"], redemption, state, row["points"])
    await ledger_store.post(tx.conn, transfers, lines, tx.now)
    for row in rows:
        tx.publish(TOPIC, record_key(row["community"], str(row["member_id"])), _fact(tx, row, state))
    REDEMPTIONS.labels(state).inc(len(rows))


def _fact(tx: Transaction, row: Record, state: RedemptionState) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(fact_id(row["redemption_id"], state)),
        "source": SOURCE,
        "type": "redemption.changed.v1",
        "time": tx.now,
        "community": row["community"],
        "data": {
            "redemption_id": str(row["redemption_id"]),
            "member_id": str(row["member_id"]),
            "reward_id": row["reward_id"],
            "points": row["points"],
            "state": state,
        },
    }
