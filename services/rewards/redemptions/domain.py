"""Redemptions in two phases: points are reserved, then the redemption is confirmed, cancelled, or expires."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.rewards.ledger.domain import Entry, derived_id, member_account, move, transfer_id

RedemptionState = Literal["reserved", "confirmed", "cancelled", "expired"]


class RedemptionClosedError(Exception):
    """A redemption that is over cannot change; `state` is how it ended."""

    def __init__(self, state: RedemptionState) -> None:
        super().__init__(f"the redemption is {state}")
        self.state = state


def redemption_id(community: str, idempotency_key: str) -> UUID:
    """The id of the redemption that a request with this key makes: the same request, the same redemption."""
    return derived_id(f"redemption|{community}|{idempotency_key}")


def fact_id(redemption: UUID, state: RedemptionState) -> UUID:
    """The id of the fact that the redemption reached `state`; it reaches each state at most once."""
    return derived_id(f"redemption|{redemption}|{state}")


def next_state(
    state: RedemptionState, wanted: RedemptionState, expires_at: datetime, now: datetime
) -> RedemptionState:
    """The state after asking for `wanted` at `now`; asking twice changes nothing.

    Raises RedemptionClosedError when it ended otherwise, or when the reservation's time is over: then it can
    only expire.
    """
    if state == wanted:
        return state
    if state != "reserved":
        raise RedemptionClosedError(state)
    if wanted == "confirmed" and expires_at <= now:
        raise RedemptionClosedError("expired")
    return wanted


def entries(
    community: str, member: UUID, redemption: UUID, state: RedemptionState, points: int
) -> tuple[Entry, Entry]:
    """What reaching `state` moves: available → reserved → spent, or reserved → available again."""
    available = member_account(community, member, "available")
    reserved = member_account(community, member, "reserved")
    transfer = transfer_id(redemption, f"redemption_{state}")
    if state == "reserved":
        return move(transfer, available, reserved, points)
    if state == "confirmed":
        return move(transfer, reserved, member_account(community, member, "spent"), points)
    return move(transfer, reserved, available, points)
