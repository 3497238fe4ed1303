"""Versions that wait for a second person, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.scoring.programmes.domain.money import MoneyChange
from services.scoring.programmes.domain.publication import Author, Head, ProgrammeVersion


class ProposalState(StrEnum):
    """What has become of a proposed version."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    SENT_BACK = "sent_back"


class UnknownVersionError(Exception):
    """There is no such version."""


class ProgrammeFourEyesError(Exception):
    """Whoever proposed a version may not approve it."""


class ProposalDecidedError(Exception):
    """The version does not wait, or must not be approved any more; the message says why."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that takes two people: in force only once another person has approved it.

    `requested_from` is the time asked for (None: soon); which it will be is decided with the approval. `reason`
    says why it was sent back.
    """

    community: str
    programme_id: str
    number: int
    title: str
    requested_from: datetime | None
    proposed_at: datetime
    proposed_by: Author
    document_sha256: str
    changes: Sequence[MoneyChange]
    state: ProposalState = ProposalState.PROPOSED
    decided_at: datetime | None = None
    decided_by: Author | None = None
    note: str | None = None
    restores: int | None = None
    reason: str | None = None

    @classmethod
    def of(
        cls, version: ProgrammeVersion, *, requested_from: datetime | None, changes: Sequence[MoneyChange]
    ) -> "Proposal":
        """What would have been that version if one person were enough."""
        return cls(
            community=version.community,
            programme_id=version.programme_id,
            number=version.number,
            title=version.title,
            requested_from=requested_from,
            proposed_at=version.published_at,
            proposed_by=version.published_by,
            document_sha256=version.document_sha256,
            changes=changes,
            note=version.note,
            restores=version.restores,
        )

    def check_another(self, by: Author) -> None:
        """Check that somebody else proposed it. Raises ProgrammeFourEyesError when `by` did."""
        if self.proposed_by.person_id == by.person_id:
            raise ProgrammeFourEyesError

    def decided(self, state: ProposalState, *, by: Author, now: datetime, reason: str | None = None) -> "Proposal":
        """The version as it was decided; `reason` is why it is sent back.

        Raises ProposalDecidedError when it waits no more.
        """
        if self.state is not ProposalState.PROPOSED:
            said = self.state.replace("_", " ")
            raise ProposalDecidedError(f"version {self.number} is {said} and stays so")
        return replace(self, state=state, decided_at=now, decided_by=by, reason=reason)

    def published(self, *, by: Author, head: Head, lead_seconds: float) -> ProgrammeVersion:
        """The version as `by` approves it: it takes effect when that was asked for, and never before now.

        Events that came while it waited may have been scored: they stay as they are.
        """
        earliest = head.now if head.newest == 0 else head.now + timedelta(seconds=lead_seconds)
        return ProgrammeVersion(
            community=self.community,
            programme_id=self.programme_id,
            number=self.number,
            title=self.title,
            effective_from=max(self.requested_from or earliest, earliest),
            published_at=head.now,
            published_by=self.proposed_by,
            document_sha256=self.document_sha256,
            approved_by=by,
            note=self.note,
            restores=self.restores,
        )


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version as lists show it: published, or proposed and not in force, or come to nothing.

    `published_by` is who published or proposed it, `decided_by` who approved, withdrew, superseded or sent it
    back. `changes` is the money that it changes: against what it was published or proposed over.
    """

    programme_id: str
    number: int
    title: str
    state: str
    effective_from: datetime | None
    requested_from: datetime | None
    proposed_at: datetime | None
    published_at: datetime | None
    published_by: Author
    decided_at: datetime | None
    decided_by: Author | None
    document_sha256: str
    changes: Sequence[MoneyChange]
    note: str | None
    restores: int | None
    reason: str | None
