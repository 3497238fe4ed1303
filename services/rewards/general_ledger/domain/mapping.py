"""Which account of finance's own chart an entry of ours goes to: mappings that apply from a day on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.fields import Timestamp, Uuid

#: What stands for every event of an account.
ANY_EVENT = "*"
#: Accounts of the liability for points, beside those of the ledger in money.
POINTS_LIABILITY = "points_liability"
POINTS_EXPENSE = "points_expense"


class MappingState(StrEnum):
    """What has become of a mapping."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class MappingAuthor(NamedTuple):
    """Who did it, by which name then and which credential."""

    person_id: str | None
    name: str
    credential: str


class MappedAccount(NamedTuple):
    """That an account of ours, for an event or for any (ANY_EVENT), is this number in finance's chart."""

    account: str
    event: str
    number: str


class UnknownMappingError(Exception):
    """There is no such mapping."""


class MappingFourEyesError(Exception):
    """Who proposed it does not approve it; `proposed_by` is their name."""

    def __init__(self, proposed_by: str) -> None:
        super().__init__(proposed_by)
        self.proposed_by = proposed_by


class MappingDecidedError(Exception):
    """It is not in a state for that; the message says in which, or why who proposed it does not count any more."""


class MappedTwiceError(Exception):
    """An account and event are named twice; `place` is the second one's, from 0."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class TooManyMappingsError(Exception):
    """As many mappings wait for another person as may, which is `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


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
    state: MappingState
    proposed_at: datetime
    proposed_by: MappingAuthor
    decided_at: datetime | None = None
    decided_by: MappingAuthor | None = None

    @property
    def place(self) -> MappingPlace:
        """Where it stands among the mappings."""
        return MappingPlace(self.proposed_at, self.mapping_id)

    def check(self) -> None:
        """Check that nothing is named twice. Raises MappedTwiceError when something is."""
        known = set()
        for place, one in enumerate(self.accounts):
            if one[:2] in known:
                raise MappedTwiceError(place)
            known.add(one[:2])

    def approved(self, *, by: MappingAuthor, now: datetime) -> "AccountMapping":
        """The mapping as another person approves it.

        Raises MappingFourEyesError when `by` proposed it, and MappingDecidedError when it was withdrawn.
        """
        if self.proposed_by.person_id is None or self.proposed_by.person_id == by.person_id:
            raise MappingFourEyesError(self.proposed_by.name)
        return self._decided(MappingState.APPROVED, by=by, now=now)

    def withdrawn(self, *, by: MappingAuthor, now: datetime) -> "AccountMapping":
        """The mapping as it never comes into force. Raises MappingDecidedError when it was approved."""
        return self._decided(MappingState.WITHDRAWN, by=by, now=now)

    def _decided(self, state: MappingState, *, by: MappingAuthor, now: datetime) -> "AccountMapping":
        if self.state is state:
            return self
        if self.state is not MappingState.PROPOSED:
            raise MappingDecidedError(f"it is {self.state}")
        return replace(self, state=state, decided_at=now, decided_by=by)


class Chart:
    """Approved mappings of a community: on a day the latest that had begun applies, of two the later approved."""

    def __init__(self, approved: Iterable[AccountMapping]) -> None:
        self._mappings = sorted(approved, key=_order)

    def on(self, day: date) -> AccountMapping | None:
        """The mapping that applies on a day; None where none does."""
        found = [one for one in self._mappings if one.effective_from <= day]
        return found[-1] if found else None

    def number(self, day: date, account: str, event: str) -> str | None:
        """Finance's number of an account on a day: for that event, or for any; None where it is not mapped."""
        mapping = self.on(day)
        if mapping is None:
            return None
        numbers: Mapping[tuple[str, str], str] = {(one.account, one.event): one.number for one in mapping.accounts}
        return numbers.get((account, event), numbers.get((account, ANY_EVENT)))


def _order(mapping: AccountMapping) -> tuple[date, datetime, str]:
    return mapping.effective_from, mapping.decided_at or mapping.proposed_at, mapping.mapping_id
