"""Bodies of the HTTP API of awards."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

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


class RuleScore(BaseModel):
    """What a member has from one rule."""

    rule_id: str = Field(examples=["answer"])
    points: int = Field(description="Awards less reversals", examples=[27])
    awards: int = Field(examples=[10])
    reversals: int = Field(examples=[1])


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
            "condition_false, condition_failed (it could not be evaluated), no_beneficiary (nobody is in the "
            "slot), own_activity (nobody earns by answering themselves), daily_cap, or retracted (before it "
            "arrived)"
        ),
        examples=["condition_failed"],
    )
    detail: str = Field(examples=["the event has no field length_chars"])


class Explanation(BaseModel):
    """Why an event earned what it did."""

    event_uid: UUID
    scored: bool = Field(description="False when scoring has not seen the event")
    retracted: bool
    awards: list[AwardItem]
    declined: list[DeclinedItem]
