"""Bodies of scoring's HTTP API, and the schemas of a programme for its OpenAPI."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.programme import Programme, Slot

MEDIA_TYPES = ("application/yaml", "text/yaml", "application/x-yaml", "text/plain", "application/json")
EXAMPLE = """\
programme: starter
title: Starter
rules:
  - id: answer
    title: Answered somebody
    on: [forum.reply.v1]
    when: data.length_chars >= 20
    points: 3
    daily_cap: 30
"""
JSON_EXAMPLE: dict[str, Any] = {
    "programme": "starter",
    "title": "Starter",
    "rules": [{"id": "answer", "title": "Answered somebody", "on": ["forum.reply.v1"], "points": 3}],
}

_PROGRAMME = Programme.model_json_schema(ref_template="#/components/schemas/{model}")
SCHEMAS: dict[str, Any] = _PROGRAMME.pop("$defs") | {"Programme": _PROGRAMME}
_BODY = {"schema": {"$ref": "#/components/schemas/Programme"}, "example": JSON_EXAMPLE}
PROGRAMME_BODY: dict[str, Any] = {
    "required": True,
    "content": dict.fromkeys(MEDIA_TYPES, _BODY)
    | {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}},
}


class ProgrammeVersion(BaseModel):
    """A published version, without its text."""

    programme_id: str = Field(examples=["starter"])
    version: int = Field(examples=[3])
    title: str = Field(examples=["Starter"])
    effective_from: datetime = Field(description="Applies to events received then or later")
    published_at: datetime
    published_by: str = Field(description="Name of the access key that published it", examples=["community team"])
    document_sha256: str = Field(description="Of the content: comments and layout do not count")


class ProgrammeDocument(ProgrammeVersion):
    """A published version with its text as it was sent, and what was read from it."""

    text: str
    document: dict[str, Any]


class Publication(BaseModel):
    """What a publication did. A dry run and a text that says the same as the newest version change nothing."""

    programme_id: str = Field(examples=["starter"])
    version: int | None = Field(None, description="Null for a dry run", examples=[3])
    effective_from: datetime | None = Field(None, description="Null for a dry run")
    document_sha256: str
    is_new: bool = Field(description="Whether this request made the version")
    dry_run: bool


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
