"""Bodies of the HTTP API of awards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring.awards.domain.awards import Cause, RecordedAward, RestatedBy, RulePoints
from services.scoring.rules.domain.attributes import AttributeRead
from services.scoring.rules.domain.audiences import how_asked
from services.scoring.rules.domain.declining import Calculated, Declined
from shared.contracts.fields import AttributeValue
from shared.contracts.programme import SPENDABLE, Slot


class AwardItem(BaseModel):
    """Points for a member, below 0 taken; or, with `amends`, what an earlier award amounts to more or less."""

    award_id: UUID
    member_id: UUID
    points: int = Field(examples=[3])
    rule_id: str = Field(examples=["answer"])
    beneficiary: Slot = Field(description="Whom the rule's points go to")
    programme_id: str = Field(examples=["starter"])
    programme_version: int = Field(examples=[1])
    event_uid: UUID
    event_type: str = Field(examples=["forum.reply.v1"])
    event_time: datetime
    received_at: datetime
    recorded_at: datetime
    amends: UUID | None = Field(None, description="The award whose amount it changes")
    revision: int | None = Field(None, description="The how manieth change of that award it is", examples=[1])
    cause: Cause | None = Field(
        None,
        description=(
            "The event was retracted or restored, others changed the room that it has under a limit, or the"
            " content that it is for has another quality"
        ),
    )
    total: int | None = Field(None, description="What the award amounts to from then on", examples=[0])
    restatement_id: UUID | None = Field(None, description="The restatement that made it, where one did")
    score: str = Field(description="The score that it counts for; `points` can be spent", examples=["points"])
    available_at: datetime | None = Field(None, description="From when on it can be spent, where the rule says so")
    expires_at: datetime | None = Field(None, description="Until when it can be spent, where the rule says so")

    @classmethod
    def of(cls, recorded: RecordedAward) -> Self:
        """The award as the API shows it."""
        award = recorded.award
        return cls(
            award_id=UUID(award.award_id),
            member_id=UUID(award.member_id),
            points=award.points,
            rule_id=award.rule_id,
            beneficiary=award.beneficiary,
            programme_id=award.programme_id,
            programme_version=award.programme_version,
            event_uid=UUID(award.event_uid),
            event_type=award.event_type,
            event_time=award.event_time,
            received_at=award.received_at,
            recorded_at=recorded.recorded_at,
            amends=None if award.amends is None else UUID(award.amends),
            revision=award.revision,
            cause=award.cause,
            total=award.total,
            restatement_id=None if award.restatement_id is None else UUID(award.restatement_id),
            score=award.score or SPENDABLE,
            available_at=award.available_at,
            expires_at=award.expires_at,
        )


class RuleScore(BaseModel):
    """What a member has from one rule, of one score."""

    rule_id: str = Field(examples=["answer"])
    score: str = Field(examples=["points"])
    points: int = Field(description="What the awards amount to", examples=[27])
    awards: int = Field(description="Awards that amount to anything", examples=[10])
    amendments: int = Field(description="How often what one amounts to changed", examples=[1])

    @classmethod
    def of(cls, rule: RulePoints) -> Self:
        """What a member has from a rule, as the API shows it."""
        return cls(**rule._asdict())


class Score(BaseModel):
    """A member's points, of events until `at`, as they were recorded until `known_at`."""

    member_id: UUID
    at: datetime
    known_at: datetime
    points: int = Field(description="Those that can be spent", examples=[27])
    scores: dict[str, int] = Field(description="All scores, `points` among them", examples=[{"points": 27}])
    faded: dict[str, float] = Field(
        description="What of scores that fade is left, by the version that applies now", examples=[{"help": 24.3}]
    )
    rules: list[RuleScore]


class DeclinedItem(BaseModel):
    """A rule that listens to the event's type and gave nothing, or less than its points."""

    rule_id: str = Field(examples=["answer"])
    beneficiary: Slot = Field(description="Whom the rule's points would go to")
    reason: str = Field(
        description=(
            "condition_false, condition_failed (it could not be evaluated), too_slow (its condition took more of "
            "the processor than it may), no_beneficiary (nobody is named as it), bot (who is there is no person), "
            "unearning (their community leaves them out), "
            "own_act (nobody earns by what they do to their own, unless the rule says so), "
            "twice (they get it as somebody else already), points_failed (its points could not be calculated), "
            "no_points (they came to 0), quality (who judged was not trusted so far, or the content not so good), "
            "limit (with what fits), cooldown (it gave something shortly before), "
            "diminished (a further one is worth less), floor (no more is taken than there is), "
            "campaign (it was not in its time), holdout (it leaves a share of the members out), budget (it had no "
            "more), pacing (it spent faster than planned), stopped (a person stopped it), waiting (its room "
            "is being looked for), or retracted"
        ),
        examples=["condition_failed"],
    )
    detail: str = Field(examples=["the event has no field length_chars"])
    programme_version: int | None = Field(description="By which it declined; null for what was declined long ago")
    met: dict[str, AttributeValue | None] = Field(
        description="The values of the event that its condition met, where that is why; of a list its size",
        examples=[{"data.length_chars": 7}],
    )

    @classmethod
    def of(cls, declined: Declined) -> Self:
        """What a rule declined, as the API shows it."""
        return cls(
            rule_id=declined.rule_id,
            beneficiary=declined.beneficiary,
            reason=declined.reason,
            detail=declined.detail,
            programme_version=declined.programme_version,
            met=dict(declined.met or {}),
        )


class RuleSaid(BaseModel):
    """What a version of the programme says of a rule that gave something, or declined."""

    programme_version: int
    rule_id: str = Field(examples=["answer"])
    title: str = Field(examples=["Answered somebody"])
    points: int = Field(
        description="Where they are calculated, the most that it gives; 0 for a reason for awards by hand",
        examples=[3],
    )
    condition: str | None = Field(examples=["data.length_chars >= 20"])
    points_by: str | None = Field(None, description="The expression that its points are calculated by")
    score: str | None = Field(None, description="What the score is called that it counts for; null for points")
    goal: str | None = Field(None, description="What the goal is called that it serves")

    @classmethod
    def of(cls, version: int, rule: Mapping[str, Any]) -> Self:
        """The rule of a published document, with titles in place of ids, as the API shows it."""
        return cls(
            programme_version=version,
            rule_id=rule["id"],
            title=rule["title"],
            points=rule.get("points", 0),
            condition=rule.get("when"),
            points_by=(rule.get("points_by") or {}).get("cel"),
            score=rule.get("score") if rule.get("score") != SPENDABLE else None,
            goal=rule.get("goal"),
        )


class CalculatedItem(BaseModel):
    """What calculated points of a rule came to for somebody, before its limits, and by which values."""

    rule_id: str = Field(examples=["long-answer"])
    beneficiary: Slot
    points: int = Field(examples=[12])
    met: dict[str, AttributeValue | None] = Field(
        description="The values of the event that its expressions read; of a list its size",
        examples=[{"data.length_chars": 1_200}],
    )

    @classmethod
    def of(cls, calculated: Calculated) -> Self:
        """What points came to, as the API shows it."""
        return cls(
            rule_id=calculated.rule_id,
            beneficiary=calculated.beneficiary,
            points=calculated.points,
            met=dict(calculated.met),
        )


class AttributeReadItem(BaseModel):
    """What a rule read of whom its points were for, as of the event's time."""

    rule_id: str = Field(examples=["gold-answer"])
    name: str = Field(examples=["tier"])
    written: str = Field(
        description="As conditions ask for it: an attribute, an audience, or a counter",
        examples=["member.tier", '"helpers" in audiences', 'counter("answers")'],
    )
    member_id: str
    since: datetime | None = Field(description="From when on it was so; null where nothing was known")
    value: AttributeValue | None = Field(examples=["gold"])

    @classmethod
    def of(cls, read: AttributeRead) -> Self:
        """What a rule read, as the API shows it."""
        return cls(
            rule_id=read.rule_id,
            name=read.name,
            written=how_asked(read.name),
            member_id=read.member_id,
            since=read.since,
            value=read.value,
        )


class RestatedItem(BaseModel):
    """A restatement that changed what the event earned: a version was applied to the past."""

    restatement_id: UUID
    version: int
    reason: str = Field(examples=["Answers gave 5 points too few in January"])

    @classmethod
    def of(cls, restated: RestatedBy) -> Self:
        """The restatement, as the API shows it."""
        return cls(**restated._asdict())


class Explanation(BaseModel):
    """Why an event earned what it did."""

    event_uid: UUID
    scored: bool = Field(description="False when scoring has not seen the event")
    retracted: bool
    awards: list[AwardItem]
    declined: list[DeclinedItem]
    attributes: list[AttributeReadItem]
    calculated: list[CalculatedItem] = Field(description="What calculated points came to before limits")
    rules: list[RuleSaid] = Field(description="The rules behind what it earned and what was declined")
    restatements: list[RestatedItem] = Field(default=[], description="Those that changed what it earned")


class Explanations(BaseModel):
    """Why events earned what they did, in the order in which they were asked for; one not seen is not `scored`."""

    items: list[Explanation]
