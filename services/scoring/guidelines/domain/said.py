"""What is said in cases: reports, decisions, appeals and what became of these; by platforms, and here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from services.scoring.programmes.domain.publication import Author
from services.scoring.voids.domain import content_id
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Guidelines

#: What is derived from a case is named under this; it must never change.
NAMESPACE: Final = UUID("d3b6f1e4-6c0a-5b0f-9e55-4f2d8c1a7b90")
#: The channel of what is Plaudit's own, such as the name that a member is shown by.
OWN_CHANNEL: Final = "plaudit"
NAME_PREFIX: Final = "name:"
ACCEPTED_TYPE: Final = "policy.accepted.v1"


class Kind(StrEnum):
    """What somebody said."""

    REPORT = "report"
    DECISION = "decision"
    APPEAL = "appeal"
    APPEAL_DECISION = "appeal_decision"
    SUSPENSION = "suspension"
    LIFT = "lift"


class Outcome(StrEnum):
    """What was decided: of a report the first two; of an appeal whether the decision stands, in part, or not."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    CHANGED = "changed"
    OVERTURNED = "overturned"


OF_EVENTS: Final[Mapping[str, Kind]] = {
    "moderation.reported.v1": Kind.REPORT,
    "moderation.decided.v1": Kind.DECISION,
    "moderation.appealed.v1": Kind.APPEAL,
    "moderation.appeal_decided.v1": Kind.APPEAL_DECISION,
}


@dataclass(frozen=True, slots=True)
class Content:
    """What a case is about: a thing on a channel, by its id there."""

    community: str
    channel: str
    host: str
    object_id: str

    @property
    def case_id(self) -> str:
        """The id of its case, which is that of the content."""
        return content_id(community=self.community, channel=self.channel, host=self.host, object_id=self.object_id)


@dataclass(frozen=True, slots=True)
class Word:
    """Something that was said in a case. `ref` is how others refer to it, and `about` what it is about itself.

    `repeat_count`, `penalty_points`, `suspended_days` and `appeal_until` are what followed from a decision as
    things     were known when it was first taken in, and stay.
    """

    community: str
    word_id: str
    kind: Kind
    ref: str
    about: str
    said_at: datetime
    said_id: str
    by_member: str | None = None
    by: Author | None = None
    member_id: str | None = None
    content: Content | None = None
    outcome: str | None = None
    category: str | None = None
    reason: str | None = None
    note: str | None = None
    ends_at: datetime | None = None
    programme_version: int | None = None
    repeat_count: int | None = None
    penalty_points: int | None = None
    suspended_days: int | None = None
    appeal_until: datetime | None = None
    is_retracted: bool = False

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Of several the last counts."""
        return self.said_at, self.said_id, self.word_id

    @property
    def suspension_id(self) -> str:
        """The suspension that follows from a decision."""
        return self.word_id if self.kind is Kind.SUSPENSION else named("suspension", self.word_id)

    @property
    def penalty_uid(self) -> str:
        """What the award that takes points for a decision has in place of an event's uid."""
        return named("penalty", self.word_id)

    @property
    def is_settled(self) -> bool:
        """Whether it is known what follows from it."""
        return self.repeat_count is not None


def named(*parts: str) -> str:
    """An id that follows from what it is of."""
    return str(uuid5(NAMESPACE, "|".join(parts)))


def word_of(event: AcceptedEvent, section: Guidelines | None, *, is_retracted: bool) -> Word | None:
    """What a platform says in a case; None where it says nothing of that, or of nothing.

    A decision counts where the programme says which way its label decides.
    """
    kind, data, community = OF_EVENTS[event["type"]], event["data"], event["community"]
    thing = data.get("in_reply_to") if kind is Kind.APPEAL else data.get("object")
    if thing is None:
        return None
    content = Content(community, data["channel"], data.get("host", ""), thing["id"])
    outcome = _outcome(kind, data, section)
    if outcome is None and kind in (Kind.DECISION, Kind.APPEAL_DECISION):
        return None
    own = Content(community, data["channel"], data.get("host", ""), event["id"])
    return Word(
        community=community,
        word_id=event["uid"],
        kind=kind,
        ref=own.case_id,
        about=content.case_id,
        said_at=event["time"].astimezone(UTC),
        said_id=event["id"],
        by_member=event.get("member"),
        member_id=event.get("objectmember") if kind in (Kind.REPORT, Kind.DECISION) else None,
        content=content if kind in (Kind.REPORT, Kind.DECISION) else None,
        outcome=outcome,
        category=data.get("category"),
        is_retracted=is_retracted,
    )


def listed_word(event: AcceptedEvent, *, is_retracted: bool) -> Word:
    """That a word of a list stands in what somebody wrote: no member reports it, and it is of whoever wrote it."""
    data, listed = event["data"], event["listed"]
    content = Content(event["community"], data["channel"], data.get("host", ""), data["object"]["id"])
    return Word(
        event["community"],
        event["uid"],
        Kind.REPORT,
        event["uid"],
        content.case_id,
        event["time"].astimezone(UTC),
        event["id"],
        member_id=event["member"],
        content=content,
        category=listed["category"],
        reason=listed["word"],
        is_retracted=is_retracted,
    )


def _outcome(kind: Kind, data: Mapping[str, Any], section: Guidelines | None) -> str | None:
    if kind is Kind.APPEAL_DECISION:
        return str(data["outcome"])
    if kind is not Kind.DECISION or section is None:
        return None
    labels = section.platform_decisions
    if data["decision"] in labels.upheld:
        return Outcome.UPHELD
    return Outcome.DISMISSED if data["decision"] in labels.dismissed else None
