"""Payout runs: their states and ids."""

from typing import Literal
from uuid import UUID

from services.rewards.ledger.domain import derived_id

RunState = Literal["open", "approved", "filed", "cancelled"]


def run_id(community: str, idempotency_key: str) -> UUID:
    """The id of the payout run that a request with this key makes."""
    return derived_id(f"payout_run|{community}|{idempotency_key}")


def message_id(run: UUID) -> str:
    """ISO 20022's MsgId of a run's bank file, which has one forever: banks refuse the second of an id."""
    return run.hex
