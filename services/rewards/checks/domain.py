"""What a check of everything compares, and what it finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, get_args

from services.rewards.chain.domain import BlockDifference
from services.rewards.ledger.domain.check import Findings as LedgerFindings
from services.rewards.ledger.domain.entries import Kind, MemberKind
from services.rewards.lots.domain.steps import Lots
from services.rewards.payouts.domain import STEPS as PAYOUT_STEPS
from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.runs.domain.sealing import SealDifference
from services.rewards.redemptions.domain import STEPS as REDEMPTION_STEPS

#: Points get there by awards as well, so it does not follow from payouts and redemptions; their lots are compared.
ALSO_BY_AWARDS: frozenset[Kind] = frozenset({"available"})
#: The states in which a payout has taken its points from lots; a redemption has from its first one on.
USING_STATES = tuple(step.after for step in PAYOUT_STEPS if step.lots is Lots.USE)


class Expected(NamedTuple):
    """What a payout or redemption (`what`) in a state has on an account: `times` its points, or its money."""

    what: str
    state: str
    kind: Kind
    is_money: bool
    is_of_member: bool
    times: int


def expected() -> Iterator[Expected]:
    """What must be on each account that only payouts and redemptions move, by the tables of their steps."""
    for what, standings in (("payout", PAYOUT_STEPS.standings()), ("redemption", REDEMPTION_STEPS.standings())):
        for state, kind, is_money, times in standings:
            if kind not in ALSO_BY_AWARDS:
                yield Expected(what, state, kind, is_money, kind in get_args(MemberKind), times)


@dataclass(frozen=True, slots=True)
class AccountDifference:
    """An account that does not hold what payouts and redemptions have on it; without an owner the community's."""

    community: str
    owner: str | None
    kind: str
    currency: str
    balance: int
    expected: int


@dataclass(frozen=True, slots=True)
class UseDifference:
    """A payout or redemption whose points are not those that it took from lots; 0 points: there is none."""

    community: str
    used_by: str
    points: int
    used: int


@dataclass(frozen=True, slots=True)
class StateDifference:
    """A payout that is in another state than its history ends with; None for what has none, or is not there."""

    community: str
    payout_id: str
    state: PayoutState | None
    reached: PayoutState | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check found wrong, as far as it is listed."""

    ledger: LedgerFindings
    accounts: Sequence[AccountDifference]
    uses: Sequence[UseDifference]
    states: Sequence[StateDifference]
    seals: Sequence[SealDifference]
    blocks: Sequence[BlockDifference] = ()
    #: Whether seals were compared with what was told of them; False when the broker did not show that.
    is_told_compared: bool = True

    @property
    def altered(self) -> int:
        """How many runs and payouts were changed behind the service's back."""
        return len({found.run_id for found in self.seals}) + len(self.states)

    @property
    def differences(self) -> int:
        """How many things are wrong."""
        others = (self.accounts, self.uses, self.states, self.seals, self.blocks)
        return self.ledger.differences + sum(len(found) for found in others)

    def lines(self) -> Iterator[str]:
        """What is wrong, a line for each thing that has a name, for the log."""
        ledger = self.ledger
        for found in (
            *(total for total in ledger.sums if total.total != 0),
            *ledger.unbalanced,
            *ledger.balances,
            *ledger.lots,
            *ledger.member_sums,
            *ledger.turnovers,
            *self.accounts,
            *self.uses,
            *self.states,
            *self.seals,
            *self.blocks,
        ):
            yield str(found)


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the last check of a community found, of which moment, and how long it took."""

    found: Findings
    checked_at: datetime
    took_seconds: float


@dataclass(frozen=True, slots=True)
class LedgerChecks:
    """The last check of a community's ledger, and the one that was asked for since; None where there is none."""

    last: LastCheck | None = None
    asked_at: datetime | None = None
    started_at: datetime | None = None
    parts_done: int = 0
    #: Whether the one after the last was given up.
    took_too_long: bool = False
