"""Which account of finance's own chart an entry of ours goes to: mappings that apply from a day on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.rewards.approvals.domain import Approval, in_force, in_order
from shared.contracts.fields import Timestamp, Uuid

#: What stands for every event of an account.
ANY_EVENT = "*"
#: Accounts of the liability for points, beside those of the ledger in money.
POINTS_LIABILITY = "points_liability"
POINTS_EXPENSE = "points_expense"


class MappedAccount(NamedTuple):
    """That an account of ours, for an event or for any (ANY_EVENT), is this number in finance's chart."""

    account: str
    event: str
    number: str


class UnknownMappingError(Exception):
    """There is no such mapping."""


class MappedTwiceError(Exception):
    """An account and event are named twice; `place` is the second one's, from 0."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class Unmapped(NamedTuple):
    """An account and event that no mapping in force names, on the first such day."""

    day: date
    account: str
    event: str


class UnmappedError(Exception):
    """Some of what is to be exported is mapped to no account; `missing` says what."""

    def __init__(self, missing: Sequence[Unmapped]) -> None:
        super().__init__(missing)
        self.missing = missing


class MappingPlace(NamedTuple):
    """Where a mapping stands in the list of them: the newest first."""

    proposed_at: Timestamp
    mapping_id: Uuid


@dataclass(frozen=True, slots=True)
class AccountMapping:
    """A whole mapping from a day on: proposed by one person, in force once another approved it.

    `tax_rate` is what Xero's file has for every line.
    """

    community: str
    mapping_id: str
    effective_from: date
    accounts: tuple[MappedAccount, ...]
    tax_rate: str
    approval: Approval

    @property
    def entry_id(self) -> str:
        """Its id."""
        return self.mapping_id

    @property
    def place(self) -> MappingPlace:
        """Where it stands among the mappings."""
        return MappingPlace(self.approval.proposed_at, self.mapping_id)

    def check(self) -> None:
        """Check that nothing is named twice. Raises MappedTwiceError when something is."""
        known = set()
        for place, one in enumerate(self.accounts):
            if one[:2] in known:
                raise MappedTwiceError(place)
            known.add(one[:2])


class Chart:
    """Approved mappings of a community: on a day the latest that had begun applies, of two the later approved."""

    def __init__(self, approved: Iterable[AccountMapping]) -> None:
        self._mappings = in_order(approved)

    def on(self, day: date) -> AccountMapping | None:
        """The mapping that applies on a day; None where none does."""
        return in_force(self._mappings, day)

    def number(self, day: date, account: str, event: str) -> str | None:
        """Finance's number of an account on a day: for that event, or for any; None where it is not mapped."""
        mapping = self.on(day)
        if mapping is None:
            return None
        numbers: Mapping[tuple[str, str], str] = {(one.account, one.event): one.number for one in mapping.accounts}
        return numbers.get((account, event), numbers.get((account, ANY_EVENT)))
