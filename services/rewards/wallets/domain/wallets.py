"""Wallets: what is in one, what may be done with it, and what each move books."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.ledger.domain.entries import (
    Account,
    CommunityKind,
    Entry,
    Transfer,
    community_account,
    derived_id,
    move,
    transfer_id,
    wallet_account,
)
from shared.contracts.fields import Timestamp, Uuid

OWNERS_MAX_COUNT = 10


class WalletActor(NamedTuple):
    """Who did it, and by which credential; a timer and what follows from a fact have no person."""

    person_id: str | None
    credential: str


class WalletState(StrEnum):
    """Whether a wallet can be spent from: a frozen one cannot, a closed one is empty and stays so."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


class Purpose(StrEnum):
    """What a wallet is for."""

    COMMUNITY = "community"
    DEPARTMENT = "department"
    CAMPAIGN = "campaign"


class UsedFor(StrEnum):
    """What something of a wallet is set aside for."""

    REDEMPTION = "redemption"
    PAYOUT_RUN = "payout_run"
    SEND = "send"
    CAMPAIGN = "campaign"


class MoveKind(StrEnum):
    """What brought something into a wallet, out of it, or from one of its accounts to another."""

    FUND = "fund"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    RESERVE = "reserve"
    POST = "post"
    VOID = "void"
    REFUND = "refund"


class Side(NamedTuple):
    """From which of a wallet's accounts a move goes to which; `funding` is the community's."""

    source: CommunityKind
    target: CommunityKind


#: What each kind of move books. That of a transfer goes to another wallet's account.
SIDES: Mapping[MoveKind, Side] = {
    MoveKind.FUND: Side("wallet_funding", "wallet"),
    MoveKind.WITHDRAW: Side("wallet", "wallet_funding"),
    MoveKind.TRANSFER: Side("wallet", "wallet"),
    MoveKind.RESERVE: Side("wallet", "wallet_reserved"),
    MoveKind.POST: Side("wallet_reserved", "wallet_spent"),
    MoveKind.VOID: Side("wallet_reserved", "wallet"),
    MoveKind.REFUND: Side("wallet_spent", "wallet"),
}


class UnknownWalletError(Exception):
    """There is no such wallet."""

    def __init__(self, wallet_id: str) -> None:
        super().__init__(f"there is no wallet {wallet_id}")
        self.wallet_id = wallet_id


class WalletExceededError(Exception):
    """Less is left in a wallet than is asked for; `missing` says by how much, in points or minor units."""

    def __init__(self, title: str, *, missing: int, currency: str) -> None:
        super().__init__(f"the wallet {title!r} lacks {missing} {currency}")
        self.title = title
        self.missing = missing
        self.currency = currency


class TooManyMovesError(Exception):
    """A wallet has more moves than one table takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"a table takes {most} moves")
        self.most = most


class BudgetUsedUpError(Exception):
    """What the community gave to pay for a reward is used up, or nothing is spent of it now."""


class WalletRefusedError(Exception):
    """The wallet is not in a state for that, or does not fit; the message says why."""


class Funds(NamedTuple):
    """What is in a wallet: to be spent or allotted, set aside, and spent; in points or minor units."""

    available: int = 0
    reserved: int = 0
    spent: int = 0


class WalletPlace(NamedTuple):
    """Where a page of wallets ended."""

    created_at: Timestamp
    wallet_id: Uuid


@dataclass(frozen=True, slots=True)
class Wallet:
    """A budget in points (`PTS`) or a currency's minor units.

    `parent_id` is the wallet that allots to it; all of a tree name the same `root_id`. Below `low_amount` its
    owners are told, once until it is filled again.
    """

    community: str
    wallet_id: str
    parent_id: str | None
    root_id: str
    depth: int
    purpose: Purpose
    campaign_id: str | None
    title: str
    currency: str
    state: WalletState
    low_amount: int | None
    is_low: bool
    owner_person_ids: tuple[str, ...]
    revision: int
    created_at: datetime
    changed_at: datetime
    changed_by: WalletActor

    @property
    def place(self) -> WalletPlace:
        """Where it stands among those of its community."""
        return WalletPlace(self.created_at, self.wallet_id)

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.community}|wallet|{self.wallet_id}|{self.revision}")

    @property
    def is_open(self) -> bool:
        """Whether something can be taken from it."""
        return self.state is WalletState.OPEN

    def account(self, kind: CommunityKind) -> Account:
        """Its account of a kind."""
        return wallet_account(self.community, self.wallet_id, kind, self.currency)

    def changed(self, *, by: WalletActor, now: datetime, **to: object) -> "Wallet":
        """The wallet with other terms or state, as its next revision."""
        return replace(self, revision=self.revision + 1, changed_at=now, changed_by=by, **to)  # type: ignore[arg-type]

    def is_lower_than_wanted(self, available: int) -> bool:
        """Whether so much is less than its owners want to be told of."""
        return self.state is not WalletState.CLOSED and self.low_amount is not None and available < self.low_amount

    def check_takes(self, currency: str, *, depth_max: int) -> None:
        """Raises WalletRefusedError when it cannot allot to a new wallet in a currency."""
        if self.state is WalletState.CLOSED:
            raise WalletRefusedError(f"The wallet {self.title!r} is closed and stays so")
        if self.currency != currency:
            raise WalletRefusedError(f"The wallet {self.title!r} holds {self.currency}, and allots nothing else")
        if self.depth >= depth_max:
            raise WalletRefusedError(f"A tree of wallets is at most {depth_max} deep")

    def check_spendable(self) -> None:
        """Raises WalletRefusedError when nothing can be taken from it."""
        if not self.is_open:
            raise WalletRefusedError(f"The wallet {self.title!r} is {self.state}: nothing is spent from it")

    def check_holds(self, funds: Funds, amount: int) -> None:
        """Raises WalletExceededError when less is left in it."""
        if funds.available < amount:
            raise WalletExceededError(self.title, missing=amount - funds.available, currency=self.currency)


@dataclass(frozen=True, slots=True)
class Move:
    """Something that went into a wallet, out of it, or from one of its accounts to another; `amount` above 0."""

    community: str
    move_id: str
    kind: MoveKind
    wallet_id: str
    amount: int
    moved_at: datetime
    moved_by: WalletActor
    to_wallet_id: str | None = None
    reservation_id: str | None = None
    used_for: UsedFor | None = None
    decision_id: str | None = None

    @property
    def place(self) -> "MovePlace":
        """Where it stands in its wallet's statement."""
        return MovePlace(self.moved_at, self.move_id)

    @property
    def transfer_id(self) -> str:
        """The transfer of the ledger that books it."""
        return transfer_id(self.move_id, "wallet")

    def transfer(self, at: datetime) -> Transfer:
        """What is booked at a moment."""
        return Transfer(self.community, self.transfer_id, f"wallet_{self.kind}", self.move_id, at)

    def entries(self, wallets: Mapping[str, Wallet]) -> tuple[Entry, Entry]:
        """Its two lines."""
        side = SIDES[self.kind]
        wallet = wallets[self.wallet_id]
        target = wallet if self.to_wallet_id is None else wallets[self.to_wallet_id]
        return move(self.transfer_id, _account(wallet, side.source), _account(target, side.target), self.amount)


def _account(wallet: Wallet, kind: CommunityKind) -> Account:
    if kind == "wallet_funding":
        return community_account(wallet.community, kind, wallet.currency)
    return wallet.account(kind)


class MovePlace(NamedTuple):
    """Where a page of a wallet's statement ended."""

    moved_at: Timestamp
    move_id: Uuid
