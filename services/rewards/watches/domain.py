"""What the watch over the books tells apart, and how long it rests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.rewards.checks.domain import Findings

#: What must never be otherwise, as the metric names it.
INVARIANTS: Final = (
    "sums_are_zero",
    "balances_are_entries",
    "lots_are_balances",
    "payouts_are_money_accounts",
    "payouts_are_histories",
    "seals_hold",
    "no_orphans",
)


def by_invariant(found: Findings) -> dict[str, int]:
    """How much a check found of each."""
    ledger = found.ledger
    orphans = [one for one in ledger.unbalanced if one.total == 0]
    findings: tuple[Sequence[object], ...] = (
        [
            *(one for one in ledger.sums if one.total != 0),
            *(one for one in ledger.unbalanced if one.total != 0),
        ],
        [*ledger.balances, *ledger.member_sums, *ledger.turnovers],
        [*ledger.lots, *found.uses],
        found.accounts,
        found.states,
        [*found.seals, *found.blocks],
        orphans,
    )
    return {name: len(items) for name, items in zip(INVARIANTS, findings, strict=True)}


@dataclass(frozen=True, slots=True)
class Watch:
    """How far the watch is: the last community that was looked at in this round, and until when it rests.

    `took_seconds` is how long the last whole round took, None before the first is over.
    """

    after: str
    began_at: datetime
    rests_until: datetime
    took_seconds: float | None


def rests_until(now: datetime, *, worked_seconds: float, share: float) -> datetime:
    """Until when there is no more work, after so much, so that it is this share of the time."""
    return now + timedelta(seconds=worked_seconds * (1 / share - 1))


def added(found: Mapping[str, int]) -> dict[str, int]:
    """The differences of all communities, with zeros for what holds everywhere."""
    return {name: found.get(name, 0) for name in INVARIANTS}
