"""Bodies of the HTTP API of awards."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring.awards.domain.awards import RecordedAward, RulePoints
from services.scoring.rules.domain.matching import Declined
from shared.contracts.programme import Slot


class AwardItem(BaseModel):
    """Points for a member, or (negative, with `reverses`) what took an earlier award back."""

    award_id: UUID
    member_id: UUID
    points: int = Field(examples=[3])
    rule_id: str = Field(examples=["answer"])
    slot: Slot
    programme_id: str = Field(examples=["starter"])
    programme_version: int = Field(examples=[1])
    event_uid: UUID
    event_type: str = Field(examples=["forum.reply.v1"])
    event_time: datetime
    received_at: datetime
    recorded_at: datetime
    reverses: UUID | None = None

    @classmethod
    def of(cls, recorded: RecordedAward) -> Self:
        """The award as the API shows it."""
        award = recorded.award
        return cls(
            award_id=UUID(award.award_id),
            member_id=UUID(award.member_id),
            points=award.points,
            rule_id=award.rule_id,
            slot=award.beneficiary,
            programme_id=award.programme_id,
            programme_version=award.programme_version,
            event_uid=UUID(award.event_uid),
            event_type=award.event_type,
            event_time=award.event_time,
            received_at=award.received_at,
            recorded_at=recorded.recorded_at,
            reverses=None if award.reverses is None else UUID(award.reverses),
        )


class RuleScore(BaseModel):
    """What a member has from one rule."""

    rule_id: str = Field(examples=["answer"])
    points: int = Field(description="Awards less reversals", examples=[27])
    awards: int = Field(examples=[10])
    reversals: int = Field(examples=[1])

    @classmethod
    def of(cls, rule: RulePoints) -> Self:
        """What a member has from a rule, as the API shows it."""
        return cls(rule_id=rule.rule_id, points=rule.points, awards=rule.awards, reversals=rule.reversals)


class Score(BaseModel):
    """A member's points, of events until `at`, as they were recorded until `as_known_at`."""

    member_id: UUID
    at: datetime
    as_known_at: datetime
    points: int = Field(examples=[27])
    rules: list[RuleScore]


class DeclinedItem(BaseModel):
    """A rule that listens to the event's type and gave nothing, or less than its points."""

    rule_id: str = Field(examples=["answer"])
    slot: Slot
    reason: str = Field(
        description=(
            "condition_false, condition_failed (it could not be evaluated), too_slow (its condition took more of "
            "the processor than it may), no_beneficiary (nobody is in the slot), "
            "bot (who is there is no person), unearning (their community leaves "
            "them out), own_activity (nobody earns by "
            "answering themselves), daily_cap, or retracted (before it arrived)"
        ),
        examples=["condition_failed"],
    )
    detail: str = Field(examples=["the event has no field length_chars"])

    @classmethod
    def of(cls, declined: Declined) -> Self:
        """What a rule declined, as the API shows it."""
        return cls(
            rule_id=declined.rule_id,
            slot=declined.beneficiary,
            reason=declined.reason,
            detail=declined.detail,
        )


class Explanation(BaseModel):
    """Why an event earned what it did."""

    event_uid: UUID
    scored: bool = Field(description="False when scoring has not seen the event")
    retracted: bool
    awards: list[AwardItem]
    declined: list[DeclinedItem]
