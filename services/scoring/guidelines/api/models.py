"""What is asked and answered of guidelines, cases and suspensions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.scoring.guidelines.domain.cases import Case, Reporter
from services.scoring.guidelines.domain.said import NAME_PREFIX, OWN_CHANNEL, Kind, Word
from services.scoring.voids.domain import Void
from shared.contracts.fields import NO_CONTROL, Channel, Id, Slug
from shared.contracts.programme import Guidelines
from shared.http import MemberNamed, RequestBody

StateShown = Literal["open", "upheld", "dismissed", "appealed", "overturned", "withdrawn"]
DecisionReason = Literal["against_guidelines", "within_guidelines", "mistaken", "edited"]
AppealReason = Literal["within_guidelines", "not_mine", "context", "too_hard"]
RulingReason = Literal["confirmed", "new_facts", "mistaken", "too_hard"]
Note = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Host = Annotated[str, StringConstraints(max_length=255)]
_CASE = "7e4b1c52-9d0a-4c1b-8a35-1f2e3d4c5b6a"


class CategoryItem(BaseModel):
    """Why something may be reported, and what an upheld report takes."""

    id: str = Field(examples=["spam"])
    title: str = Field(examples=["Spam"])
    penalty_points: int = Field(examples=[10])


class SuspensionStepItem(BaseModel):
    """From the so manieth upheld report on a member is suspended for so many days."""

    from_upheld: int = Field(examples=[3])
    days: int = Field(examples=[7])


class GuidelinesShown(BaseModel):
    """The guidelines in force, and what follows when a report is upheld."""

    version: str = Field(examples=["3"])
    url: str | None = Field(description="Where they are; null where the text is here", examples=[None])
    text: str | None = Field(examples=["Be kind. Say where it comes from."])
    summary: str
    categories: list[CategoryItem]
    suspensions: list[SuspensionStepItem]
    decide_within_hours: int = Field(examples=[72])
    appeal_within_days: int = Field(examples=[14])
    repeat_within_days: int = Field(examples=[365])
    accepted_count: int | None = Field(
        description="How many members accepted this version; null for who may not know", examples=[420]
    )

    @classmethod
    def of(cls, section: Guidelines, *, accepted_count: int | None) -> Self:
        """What is shown of the section."""
        return cls(
            version=section.version,
            url=section.url,
            text=section.text,
            summary=section.summary,
            categories=[CategoryItem.model_validate(one.model_dump()) for one in section.categories],
            suspensions=[SuspensionStepItem.model_validate(one.model_dump()) for one in section.suspensions],
            decide_within_hours=section.decide_within_hours,
            appeal_within_days=section.appeal_within_days,
            repeat_within_days=section.repeat_within_days,
            accepted_count=accepted_count,
        )


class CaseCommon(BaseModel):
    """What was reported of one content, and what became of that."""

    case_id: UUID = Field(examples=[_CASE])
    kind: Literal["content", "name"] = Field(description="`name`: the name that a member is shown by")
    channel: str = Field(examples=["forum"])
    host: str = Field(examples=[""])
    object_id: str = Field(description="The content's id there", examples=["post-95"])
    state: StateShown
    category: str | None = Field(examples=["spam"])
    reports: int = Field(examples=[3])
    opened_at: datetime
    due_at: datetime = Field(description="Until when somebody is to decide, or was to")
    decided_at: datetime | None
    is_being_worked_out: bool = Field(description="Whether points are still to be reversed or given back")

    @staticmethod
    def common(case: Case) -> dict[str, object]:
        """What is shown of every case."""
        content = case.content
        is_name = content.channel == OWN_CHANNEL and content.object_id.startswith(NAME_PREFIX)
        return {
            "case_id": case.case_id,
            "kind": "name" if is_name else "content",
            "channel": content.channel,
            "host": content.host,
            "object_id": content.object_id,
            "state": case.state.value,
            "category": case.category,
            "reports": case.report_count,
            "opened_at": case.opened_at,
            "due_at": case.due_at,
            "decided_at": case.decided_at,
            "is_being_worked_out": case.is_due,
        }


class CaseItem(CaseCommon):
    """A case as whoever moderates sees it in a list."""

    member_id: UUID | None = Field(description="Whose it is, as far as a report says so")
    member_name: str | None = Field(examples=["Mallory"])

    @classmethod
    def of(cls, case: Case, names: Mapping[str, str | None]) -> Self:
        """The case as it is shown."""
        name = names.get(case.member_id) if case.member_id else None
        return cls.model_validate(cls.common(case) | {"member_id": case.member_id, "member_name": name})


class WordShown(BaseModel):
    """Something that was said in a case, by a person here or a member on a platform."""

    kind: Literal["report", "decision", "appeal", "appeal_decision", "suspension", "lift"]
    said_at: datetime
    by_person: UUID | None
    by_member: UUID | None
    by_name: str | None = Field(examples=["Omar"])
    outcome: str | None = Field(examples=["upheld"])
    category: str | None = Field(examples=["spam"])
    reason: str | None = Field(examples=["against_guidelines"])
    note: str | None
    is_retracted: bool
    repeat_count: int | None = Field(description="The how manieth upheld report of the member it is")
    penalty_points: int | None
    suspended_days: int | None
    appeal_until: datetime | None

    @classmethod
    def of(cls, word: Word, names: Mapping[str, str | None]) -> Self:
        """What is shown of it to whoever moderates."""
        by = word.by
        name = by.name if by else names.get(word.by_member or "")
        return cls(
            kind=word.kind.value,
            said_at=word.said_at,
            by_person=UUID(by.person_id) if by and by.person_id else None,
            by_member=UUID(word.by_member) if word.by_member else None,
            by_name=name,
            outcome=word.outcome,
            category=word.category,
            reason=word.reason,
            note=word.note,
            is_retracted=word.is_retracted,
            repeat_count=word.repeat_count if word.kind is Kind.DECISION else None,
            penalty_points=word.penalty_points,
            suspended_days=word.suspended_days,
            appeal_until=word.appeal_until,
        )


class ReporterShown(BaseModel):
    """Who reported it, and what came of all their reports."""

    member_id: UUID
    name: str | None = Field(examples=["Grace"])
    reports: int = Field(examples=[12])
    upheld: int = Field(examples=[9])
    dismissed: int = Field(examples=[2])

    @classmethod
    def of(cls, member_id: str, found: Reporter, name: str | None) -> Self:
        """What is shown of a reporter."""
        return cls(
            member_id=UUID(member_id),
            name=name,
            reports=found.reports,
            upheld=found.upheld,
            dismissed=found.dismissed,
        )


class SuspensionShown(BaseModel):
    """From when until when a member earns nothing and stands on no board."""

    suspension_id: UUID
    member_id: UUID
    member_name: str | None = Field(examples=["Mallory"])
    case_id: UUID | None
    starts_at: datetime
    ends_at: datetime | None = Field(description="Null: until somebody lifts it")
    stands: bool = Field(description="Whether it has not been overturned")

    @classmethod
    def of(cls, void: Void, name: str | None = None) -> Self:
        """The suspension as it is shown."""
        return cls.model_validate(
            {
                "suspension_id": void.void_id,
                "member_id": void.member_id,
                "member_name": name,
                "case_id": void.case_id,
                "starts_at": void.starts_at,
                "ends_at": void.ends_at,
                "stands": void.is_standing,
            }
        )


class Reversed(BaseModel):
    """What was reversed of the author's awards for the content, and would come back."""

    awards: int = Field(examples=[4])
    points: int = Field(examples=[35])


class CaseShown(CaseItem):
    """A case with all that was said in it, and the history of both sides."""

    said: list[WordShown] = Field(description="In the order of the times at which it was said")
    reporters: list[ReporterShown]
    others: list[CaseItem] = Field(description="Other cases about the same member, the newest first")
    suspensions: list[SuspensionShown] = Field(description="Of the member, the newest first")
    reversed: Reversed
    event_uids: list[UUID] = Field(description="Some events that are about the content")
    why_not: Literal["own_content", "own_report", "decided_first"] | None = Field(
        description="Why who asks may not decide what is to be decided now"
    )


class OwnCase(CaseCommon):
    """A decision about what a member made, as they see it: not who reported it, and not who decided."""

    outcome_reason: str | None = Field(description="Why it was decided so", examples=["against_guidelines"])
    category_title: str | None = Field(examples=["Spam"])
    penalty_points: int
    reversed: Reversed
    appeal_until: datetime | None
    may_appeal: bool


class AcceptanceShown(BaseModel):
    """A version of the guidelines that a member accepted."""

    version: str = Field(examples=["3"])
    accepted_at: datetime


class MemberGuidelines(BaseModel):
    """What a member has to do with the guidelines."""

    version: str | None = Field(description="That is in force; null where the programme has none", examples=["3"])
    accepted: list[AcceptanceShown]
    is_accepted: bool = Field(description="Whether they accepted the version in force")
    suspension: SuspensionShown | None = Field(description="That lasts now")
    cases: list[OwnCase]
    reports_made: int = Field(examples=[2])


class ReportRequest(RequestBody):
    """Which content is reported, why, and whose it is where that is known."""

    channel: Channel = Field(examples=["forum"])
    host: Host = ""
    object_id: Id = Field(description="The content's id there", examples=["post-95"])
    category: Slug = Field(description="One of the guidelines' categories", examples=["spam"])
    author: MemberNamed | None = Field(
        None, description="Whose it is: an id or an identity; others may say it later", examples=["forum:mallory"]
    )


class DecisionRequest(RequestBody):
    """What is decided of a report."""

    outcome: Literal["upheld", "dismissed"] = Field(examples=["upheld"])
    reason: DecisionReason = Field(examples=["against_guidelines"])
    category: Slug | None = Field(None, description="Another than it was reported for", examples=["spam"])
    note: Note | None = Field(None, description="For who moderates; the member does not see it")


class RulingRequest(RequestBody):
    """What is decided of an appeal: the decision stands, without its penalty and suspension, or not at all."""

    outcome: Literal["upheld", "changed", "overturned"] = Field(examples=["overturned"])
    reason: RulingReason = Field(examples=["new_facts"])
    note: Note | None = None


class AppealRequest(RequestBody):
    """Why a member appeals."""

    reason: AppealReason = Field(examples=["context"])


class SuspendRequest(RequestBody):
    """Who is suspended, for how long, and for which category."""

    member: MemberNamed = Field(description="An id or an identity", examples=["forum:mallory"])
    days: Annotated[int, Field(ge=1, le=1_096)] | None = Field(None, description="Left out: until it is lifted")
    reason: Slug = Field(description="One of the guidelines' categories", examples=["spam"])


class AcceptRequest(RequestBody):
    """Which version is accepted: that which was read."""

    version: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)] = Field(
        examples=["3"]
    )
