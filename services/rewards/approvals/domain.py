"""What two people put in force: who proposed an entry, who decided it, and which entry applies on a day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar


class Subject(StrEnum):
    """What such entries are about."""

    LIABILITY_POLICY = "liability_policy"
    ACCOUNT_MAPPING = "account_mapping"
    CLAWBACK_POLICY = "clawback_policy"
    DEBT_WRITE_OFF = "debt_write_off"
    RATE_POLICY = "rate_policy"
    PAYOUT_POLICY = "payout_policy"
    PAYOUT_CLEARANCE = "payout_clearance"
    SANCTIONS_LIST = "sanctions_list"
    PAYOUT_SCHEDULE = "payout_schedule"


class ApprovalState(StrEnum):
    """What has become of an entry."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Author(NamedTuple):
    """Who did it, by which name then and which credential."""

    person_id: str | None
    name: str
    credential: str


class ApprovalError(Exception):
    """An entry about `subject` is not decided; the message says why."""

    def __init__(self, subject: Subject, why: str) -> None:
        super().__init__(why)
        self.subject = subject


class SamePersonError(ApprovalError):
    """Who proposed it does not approve it; the message is their name."""


class DecidedError(ApprovalError):
    """It is not in a state for that; the message says in which, or why who proposed it does not count any more."""


class TooManyWaitingError(ApprovalError):
    """As many wait for another person as may; the message is how many."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who proposed an entry, and who put it in force or withdrew it."""

    subject: Subject
    state: ApprovalState
    proposed_at: datetime
    proposed_by: Author
    decided_at: datetime | None = None
    decided_by: Author | None = None

    def approved(self, *, by: Author, now: datetime) -> "Approval":
        """It as another person approves it; itself when that was done.

        Raises SamePersonError when `by` proposed it or nobody knows who did, and DecidedError when it was
        withdrawn.
        """
        if self.proposed_by.person_id is None or self.proposed_by.person_id == by.person_id:
            raise SamePersonError(self.subject, self.proposed_by.name)
        return self._decided(ApprovalState.APPROVED, by=by, now=now)

    def withdrawn(self, *, by: Author, now: datetime) -> "Approval":
        """It as it never comes into force; itself when that was done. Raises DecidedError when it was approved."""
        return self._decided(ApprovalState.WITHDRAWN, by=by, now=now)

    def _decided(self, state: ApprovalState, *, by: Author, now: datetime) -> "Approval":
        if self.state is state:
            return self
        if self.state is not ApprovalState.PROPOSED:
            raise DecidedError(self.subject, f"it is {self.state}")
        return replace(self, state=state, decided_at=now, decided_by=by)


def proposed(subject: Subject, *, by: Author, now: datetime) -> Approval:
    """The approval of an entry that somebody proposes."""
    return Approval(subject, ApprovalState.PROPOSED, now, by)


class Dated(Protocol):
    """An entry that applies from a day on, once it is approved."""

    @property
    def entry_id(self) -> str:
        """Its id."""

    @property
    def effective_from(self) -> date:
        """The first day on which it applies."""

    @property
    def approval(self) -> Approval:
        """Who proposed and approved it."""


DatedEntry = TypeVar("DatedEntry", bound=Dated)


def in_order(approved: Iterable[DatedEntry]) -> list[DatedEntry]:
    """Approved entries as they follow one another: by their first day, then by when they were approved."""
    return sorted(
        approved,
        key=lambda entry: (
            entry.effective_from,
            entry.approval.decided_at or entry.approval.proposed_at,
            entry.entry_id,
        ),
    )


def in_force(entries: Iterable[DatedEntry], day: date) -> DatedEntry | None:
    """Which of entries in order applies on a day: the last that had begun; None where none does."""
    found = None
    for entry in entries:
        if entry.effective_from > day:
            break
        found = entry
    return found
