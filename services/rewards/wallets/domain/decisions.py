"""What two people decide of a wallet, and which spending takes which wallet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.ledger.domain.entries import POINTS, derived_id
from services.rewards.wallets.domain.wallets import (
    Move,
    MoveKind,
    Wallet,
    WalletActor,
    WalletRefusedError,
    WalletState,
)
from shared.contracts.fields import Timestamp, Uuid


class WalletFourEyesError(Exception):
    """Who proposed it does not confirm it: that takes another person."""


class Spends(StrEnum):
    """What may be paid from wallets."""

    PAYOUTS = "payouts"
    REDEMPTIONS = "redemptions"
    CAMPAIGN = "campaign"


class Assignment(NamedTuple):
    """What is paid from a wallet: all payouts in its `currency`, all redemptions, those of one reward, or what a
    campaign awards.

    For all but payouts `currency` is empty: each redemption takes one wallet, of whichever currency. In points it
    takes what it costs the member, in money `unit_cost` minor units.
    """

    community: str
    spends: Spends
    reward_id: str
    currency: str
    wallet_id: str
    unit_cost: int | None = None
    campaign_id: str = ""

    def cost(self, points: int) -> int:
        """What a redemption of so many points takes from the wallet."""
        return points if self.unit_cost is None else self.unit_cost


def applying(assignments: Iterable[Assignment], reward_id: str) -> Assignment | None:
    """What a redemption of a reward is paid from: the reward's own wallet, else that of all redemptions."""
    found = {one.reward_id: one for one in assignments if one.spends is Spends.REDEMPTIONS}
    return found.get(reward_id, found.get(""))


class DecisionKind(StrEnum):
    """What two people decide of a wallet."""

    FUND = "fund"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    THAW = "thaw"
    CLOSE = "close"


class DecisionState(StrEnum):
    """What has become of a decision."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class UnknownDecisionError(Exception):
    """There is no such decision."""

    def __init__(self, decision_id: str) -> None:
        super().__init__(f"there is no decision {decision_id}")
        self.decision_id = decision_id


class DecisionPlace(NamedTuple):
    """Where a page of decisions ended."""

    proposed_at: Timestamp
    decision_id: Uuid


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to be done with a wallet, and why."""

    kind: DecisionKind
    reason: str
    to_wallet_id: str | None = None
    amount: int | None = None
    spends: Spends | None = None
    reward_id: str | None = None
    unit_cost: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A proposal for a wallet, who made it, and who had it done or withdrew it."""

    community: str
    decision_id: str
    wallet_id: str
    proposal: Proposal
    state: DecisionState
    proposed_at: datetime
    proposed_by: WalletActor
    decided_at: datetime | None = None
    decided_by: WalletActor | None = None

    @property
    def place(self) -> DecisionPlace:
        """Where it stands among those of its community."""
        return DecisionPlace(self.proposed_at, self.decision_id)

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.community}|wallet decision|{self.decision_id}|{self.state}")

    def decided(self, state: DecisionState, *, by: WalletActor, now: datetime) -> "Decision":
        """It as somebody decided. Raises WalletRefusedError when it does not wait any more."""
        if self.state is not DecisionState.PROPOSED:
            raise WalletRefusedError(f"It is {self.state} already")
        return replace(self, state=state, decided_at=now, decided_by=by)

    def check_another(self, by: WalletActor) -> None:
        """Raises WalletFourEyesError when `by` proposed it, or nobody knows who is who."""
        if by.person_id is None or by.person_id == self.proposed_by.person_id:
            raise WalletFourEyesError

    def move(
        self, kind: MoveKind, amount: int, *, to_wallet_id: str | None, by: WalletActor, now: datetime
    ) -> Move:
        """The move that it comes to."""
        move_id = derived_id(f"{self.community}|wallet move|{self.decision_id}")
        return Move(
            self.community,
            move_id,
            kind,
            self.wallet_id,
            amount,
            now,
            by,
            to_wallet_id=to_wallet_id,
            decision_id=self.decision_id,
        )


def check_proposal(proposal: Proposal, wallet: Wallet, to_wallet: Wallet | None) -> None:
    """Check that a proposal has what its kind takes, and fits the wallets that it is about.

    Raises WalletRefusedError when it does not.
    """
    if wallet.state is WalletState.CLOSED:
        raise WalletRefusedError(f"The wallet {wallet.title!r} is closed and stays so")
    _check_parts(proposal)
    match proposal.kind:
        case DecisionKind.TRANSFER:
            _check_transfer(wallet, to_wallet)
        case DecisionKind.ASSIGN | DecisionKind.UNASSIGN:
            _check_assigned(proposal, wallet)
        case DecisionKind.THAW if wallet.state is not WalletState.FROZEN:
            raise WalletRefusedError(f"The wallet {wallet.title!r} is not frozen")
        case _:
            pass


_MOVING = (DecisionKind.FUND, DecisionKind.WITHDRAW, DecisionKind.TRANSFER)
_ASSIGNING = (DecisionKind.ASSIGN, DecisionKind.UNASSIGN)


def _check_parts(proposal: Proposal) -> None:
    kind = proposal.kind
    parts: Sequence[tuple[str, object, bool]] = (
        ("amount", proposal.amount, kind in _MOVING),
        ("to_wallet_id", proposal.to_wallet_id, kind is DecisionKind.TRANSFER),
        ("spends", proposal.spends, kind in _ASSIGNING),
    )
    for name, value, is_needed in parts:
        if (value is not None) != is_needed:
            raise WalletRefusedError(f"A {kind} {'needs' if is_needed else 'takes no'} {name}")
    if kind not in _ASSIGNING and (proposal.reward_id is not None or proposal.unit_cost is not None):
        raise WalletRefusedError(f"A {kind} takes no reward_id and no unit_cost")


def _check_transfer(wallet: Wallet, to_wallet: Wallet | None) -> None:
    if to_wallet is None or to_wallet.wallet_id == wallet.wallet_id:
        raise WalletRefusedError("It goes to another wallet of the community")
    if to_wallet.state is WalletState.CLOSED:
        raise WalletRefusedError(f"The wallet {to_wallet.title!r} is closed and stays so")
    if to_wallet.root_id != wallet.root_id:
        raise WalletRefusedError(
            "Wallets of different trees give one another nothing: withdraw it, and fund the other"
        )


def _check_assigned(proposal: Proposal, wallet: Wallet) -> None:
    is_points = wallet.currency == POINTS
    if proposal.spends is Spends.PAYOUTS:
        if is_points:
            raise WalletRefusedError("Payouts are money: a wallet of points pays none")
        if proposal.reward_id is not None or proposal.unit_cost is not None:
            raise WalletRefusedError("Payouts take no reward_id and no unit_cost")
    elif proposal.spends is Spends.CAMPAIGN:
        if not is_points or wallet.campaign_id is None:
            raise WalletRefusedError("A wallet of points that is for a campaign pays what that campaign awards")
        if proposal.reward_id is not None or proposal.unit_cost is not None:
            raise WalletRefusedError("A campaign takes no reward_id and no unit_cost")
    elif proposal.kind is DecisionKind.ASSIGN and is_points == (proposal.unit_cost is not None):
        raise WalletRefusedError(
            "In points a redemption takes what it costs the member: leave out unit_cost"
            if is_points
            else "Say what one redemption costs in money: unit_cost"
        )
