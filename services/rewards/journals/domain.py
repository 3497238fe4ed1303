"""Journals: what may be booked by hand, on which accounts, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, get_args

from services.rewards.ledger.domain.entries import Entry, Transfer, community_account, derived_id, transfer_id
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.four_eyes.domain import FourEyesError
from shared.contracts.facts import JournalKind
from shared.contracts.fields import Timestamp, Uuid

LINES_MAX_COUNT = 50
KIND = "journal"
KINDS: tuple[JournalKind, ...] = get_args(JournalKind)
#: Transfers that a journal may name as what it corrects: those that moved money.
CORRECTED = ("payout_", "card_", KIND)


class JournalState(StrEnum):
    """What has become of a journal."""

    PROPOSED = "proposed"
    POSTED = "posted"
    WITHDRAWN = "withdrawn"


class UnknownJournalError(Exception):
    """There is no such journal."""

    def __init__(self, journal_id: str) -> None:
        super().__init__(f"there is no journal {journal_id}")
        self.journal_id = journal_id


class JournalRefusedError(Exception):
    """The journal cannot be booked, or is decided already; the message says why."""


class JournalPlace(NamedTuple):
    """Where a page of journals ended."""

    proposed_at: Timestamp
    journal_id: Uuid


class JournalLine(NamedTuple):
    """So much (credit positive, debit negative) on an account of the community, in minor units."""

    kind: JournalKind
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Journal:
    """Lines that sum to zero in each currency, why they are booked, and who said so.

    `month` is the first day of the month that it is dated into, at its end; None is the moment of its
    confirmation. `amends` is the transfer that it corrects.
    """

    community: str
    journal_id: str
    state: JournalState
    reason: str
    lines: Sequence[JournalLine]
    month: date | None
    amends: str | None
    proposed_at: datetime
    proposed_by: Actor
    decided_at: datetime | None = None
    decided_by: Actor | None = None

    @property
    def place(self) -> JournalPlace:
        """Where it stands among those of its community."""
        return JournalPlace(self.proposed_at, self.journal_id)

    @property
    def transfer_id(self) -> str:
        """The transfer that books it."""
        return transfer_id(self.journal_id, KIND)

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.community}|{KIND}|{self.journal_id}|{self.state}")

    def transfer(self, at: datetime) -> Transfer:
        """What is booked at a moment."""
        return Transfer(self.community, self.transfer_id, KIND, self.journal_id, at, self.amends)

    def entries(self) -> list[Entry]:
        """Its lines as they are booked."""
        return [
            Entry(self.transfer_id, community_account(self.community, line.kind, line.currency), line.amount)
            for line in self.lines
        ]

    def decided(self, state: JournalState, *, by: Actor, now: datetime) -> "Journal":
        """It once somebody confirmed or withdrew it. Raises JournalRefusedError when it does not wait any more."""
        if self.state is not JournalState.PROPOSED:
            raise JournalRefusedError(f"It is {self.state} already")
        return replace(self, state=state, decided_at=now, decided_by=by)

    def check_another(self, by: Actor) -> None:
        """Check that somebody else than `by` proposed it.

        Raises FourEyesError when nobody else is known to have.
        """
        if by.person_id in (None, self.proposed_by.person_id):
            raise FourEyesError("you proposed it: somebody else must confirm it")


def check_lines(lines: Sequence[JournalLine]) -> None:
    """Check that lines can be booked: each account once, and zero in each currency.

    Raises JournalRefusedError when they cannot.
    """
    if not all(line.amount for line in lines):
        raise JournalRefusedError("A line has an amount of 0: leave it out")
    accounts = [(line.kind, line.currency) for line in lines]
    twice = next((one for one in accounts if accounts.count(one) > 1), None)
    if twice is not None:
        raise JournalRefusedError(f"{twice[0]} in {twice[1]} stands in two lines: write one")
    for currency in sorted({line.currency for line in lines}):
        total = sum(line.amount for line in lines if line.currency == currency)
        if total:
            raise JournalRefusedError(f"The lines in {currency} sum to {total}, and not to 0")


def check_correctable(transfer_kind: str | None) -> None:
    """Check that a transfer of a kind (None: there is none) can be what a journal corrects.

    Raises JournalRefusedError when it cannot.
    """
    if transfer_kind is None:
        raise JournalRefusedError("There is no such transfer for it to correct")
    if not transfer_kind.startswith(CORRECTED):
        raise JournalRefusedError(f"It moves money, and cannot correct a transfer of kind {transfer_kind}")
