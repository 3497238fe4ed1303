"""What a check of the ledger finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """All entries of a currency; the total of a right ledger is 0."""

    currency: str
    entries: int
    total: int


@dataclass(frozen=True, slots=True)
class UnbalancedTransfer:
    """A transfer whose entries do not sum to zero, or that has none, or entries without a transfer."""

    community: str
    transfer_id: str
    currency: str | None
    total: int


@dataclass(frozen=True, slots=True)
class BalanceDifference:
    """A balance that is not the sum of its entries, or belongs to no declared account."""

    community: str
    account_id: str
    owner: str | None
    kind: str | None
    currency: str | None
    balance: int
    entries: int


@dataclass(frozen=True, slots=True)
class LotDifference:
    """A member whose lots do not hold what is available or pending."""

    community: str
    member_id: str
    kind: str
    balance: int
    remaining: int


@dataclass(frozen=True, slots=True)
class SumDifference:
    """A sum of members' accounts of a kind and currency that is not that of their balances, or not of as many."""

    community: str
    kind: str
    currency: str
    amount: int
    balances: int


@dataclass(frozen=True, slots=True)
class TurnoverDifference:
    """A quarter of an hour in which accounts took or gave by their entries what their turnover does not say.

    `starts_at` is when it begins; `account_id` is None for members' accounts together.
    """

    community: str
    starts_at: datetime
    kind: str | None
    currency: str
    account_id: str | None
    debit: int
    credit: int
    entries_debit: int
    entries_credit: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check of the ledger looked at, and what it found wrong, as far as it is listed."""

    sums: Sequence[CurrencySum]
    unbalanced: Sequence[UnbalancedTransfer]
    balances: Sequence[BalanceDifference]
    lots: Sequence[LotDifference]
    member_sums: Sequence[SumDifference]
    turnovers: Sequence[TurnoverDifference] = ()

    @property
    def entries_count(self) -> int:
        """How many entries there are."""
        return sum(found.entries for found in self.sums)

    @property
    def differences(self) -> int:
        """How many things are wrong (as far as they are listed)."""
        off = sum(1 for found in self.sums if found.total != 0)
        others = (self.unbalanced, self.balances, self.lots, self.member_sums, self.turnovers)
        return off + sum(len(found) for found in others)
