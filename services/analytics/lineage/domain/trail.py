"""The facts between an event and the payouts that pay for it, as far as they have arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shared.contracts.fields import Count, Id


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A platform's event, as it was accepted; the members are None where it names none.

    `retracted_by` is the event that took it back, None also where one restored it since.
    """

    event_uid: str
    source: str
    event_id: str
    type: str
    channel: str
    member_id: str | None
    object_member_id: str | None
    reply_member_id: str | None
    target_uid: str | None
    event_time: datetime
    received_at: datetime
    retracted_by: str | None
    #: The trace by which it came, as 32 hexadecimal digits; None where none is known.
    trace_id: str | None = None

    @property
    def beneficiaries(self) -> frozenset[str]:
        """Whom a rule can pay for it, in the words of a programme."""
        named = {
            "actor": self.member_id,
            "object_author": self.object_member_id,
            "reply_author": self.reply_member_id,
        }
        return frozenset(beneficiary for beneficiary, member_id in named.items() if member_id is not None)


class Commit(NamedTuple):
    """The event of a commit that stands: as its source calls it, whose it is, and when it was made."""

    id: str
    member_id: str
    time: datetime


class CommitPlace(NamedTuple):
    """Where a page of commits ended."""

    id: Id

    @classmethod
    def of(cls, commit: Commit) -> "CommitPlace":
        """The place of a commit."""
        return cls(commit.id)


@dataclass(frozen=True, slots=True)
class Decision:
    """An event that took another back or restored it (its `type`); the last of them is in force."""

    event_uid: str
    type: str
    member_id: str | None
    event_time: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of what an award amounts to: by `points`, to `total`, and why."""

    award_id: str
    revision: int
    cause: str
    points: int
    total: int
    awarded_at: datetime


@dataclass(frozen=True, slots=True)
class Award:
    """Points that a rule of a programme version gave for an event, and what they amount to since.

    Of its amendments the newest, in their order.

    `published_by` is None while the version has not arrived; `approved_by` also where nobody had to. So is
    `publication_audit_id`, the audit's entry of its publication, while that has not. Of one by hand
    `given_by_person` gave it, and `given_approved_by_person` approved that where it took two; it is of no event.
    """

    award_id: str
    member_id: str
    points: int
    rule_id: str
    beneficiary: str
    programme_id: str
    programme_version: int
    published_by: str | None
    approved_by: str | None
    publication_audit_id: str | None
    event_uid: str
    event_time: datetime
    awarded_at: datetime
    given_by_person: str | None = None
    given_approved_by_person: str | None = None
    amendments: Sequence[Amendment] = ()

    @property
    def amounts_to(self) -> int:
        """What it amounts to now."""
        return self.amendments[-1].total if self.amendments else self.points

    @property
    def amended_count(self) -> int:
        """How often it was amended."""
        return self.amendments[-1].revision if self.amendments else 0


@dataclass(frozen=True, slots=True)
class Grant:
    """A badge or level, by `kind` and `id`, that an award or amendment granted, or that `reverses` one."""

    caused_by: str
    grant_id: str
    kind: str
    id: str
    title: str
    granted_at: datetime
    reverses: str | None
    reversed_by: str | None


@dataclass(frozen=True, slots=True)
class PaidBy:
    """A payout that pays `points` of an award; the rest is None while the payout itself has not arrived."""

    payout_id: str
    points: int
    state: str | None
    end_to_end_id: str | None


@dataclass(frozen=True, slots=True)
class UsedBy:
    """A redemption that uses `points` of an award; the rest is None while the redemption has not arrived."""

    redemption_id: str
    points: int
    state: str | None
    reward_id: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """An award with what it granted, what pays it and what uses it."""

    award: Award
    grants: Sequence[Grant]
    payouts: Sequence[PaidBy]
    redemptions: Sequence[UsedBy]


@dataclass(frozen=True, slots=True)
class PayoutHead:
    """A payout in its newest state; `amount_minor` is in the currency's minor unit."""

    run_id: str
    member_id: str
    member_name: str | None
    points: int
    amount_minor: int
    currency: str
    end_to_end_id: str
    state: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state that a payout reached, who brought it there and by what, and the audit's entry of the command.

    The person is None where they are not known; `audit_id` for what was not commanded, and while the entry has not
    arrived.
    """

    state: str
    by: str
    reason: str | None
    at: datetime
    audit_id: str | None
    person_id: str | None = None
    person_name: str | None = None
    outcome_id: str | None = None


class LotPlace(NamedTuple):
    """A lot's place among those of its payout: the part of the list it came in, and where in that."""

    part: Count
    position: Count


BEFORE_ALL_LOTS = LotPlace(-1, -1)


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one award that a payout pays, with the award and the event behind it where they have arrived."""

    place: LotPlace
    award_id: str
    points: int
    award: Award | None
    event: EventRecord | None


def approver(changes: Sequence[StateChange]) -> str | None:
    """Who approved a payout first, by its changes of state; None for nobody yet."""
    return next((change.by for change in changes if change.state == "approved"), None)
