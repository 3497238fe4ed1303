"""What the routes of lineage answer with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.analytics.lineage.domain import trail
from services.analytics.lineage.domain.explanation import Reason
from services.analytics.rejections.api import RejectedEvent
from shared.http import Page


class Commit(BaseModel):
    """The event of a commit that stands."""

    id: str = Field(description="Its id at its source: the commit, where it was pushed, and whose it is")
    member_id: UUID
    time: datetime

    @classmethod
    def of(cls, commit: trail.Commit) -> Self:
        """A commit as the API shows it."""
        return cls(id=commit.id, member_id=UUID(commit.member_id), time=commit.time)


class Event(BaseModel):
    """A platform's event, as it was accepted."""

    event_uid: UUID
    source: str
    event_id: str
    type: str
    channel: str
    member_id: UUID | None = Field(
        description="Who did it; null where a channel does not tell who took back or restored"
    )
    object_member_id: UUID | None = Field(description="The author of its object")
    reply_member_id: UUID | None = Field(description="Who is answered by it")
    target_uid: UUID | None = Field(description="The event that it takes back or restores")
    event_time: datetime
    received_at: datetime
    retracted_by: UUID | None = Field(description="The event that took it back, unless it was restored since")
    trace_id: str | None = Field(
        description="The trace (W3C) by which it came, and by which logs and GET /v1/traces/{trace_id} know it",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    )

    @classmethod
    def of(cls, event: trail.EventRecord) -> Self:
        """An event as the API shows it."""
        return cls(
            event_uid=event.event_uid,
            source=event.source,
            event_id=event.event_id,
            type=event.type,
            channel=event.channel,
            member_id=event.member_id,
            object_member_id=event.object_member_id,
            reply_member_id=event.reply_member_id,
            target_uid=event.target_uid,
            event_time=event.event_time,
            received_at=event.received_at,
            retracted_by=event.retracted_by,
            trace_id=event.trace_id,
        )


class Decision(BaseModel):
    """An event that took another back or restored it; the last in the list is in force."""

    event_uid: UUID
    type: str = Field(examples=["activity.retracted.v1"])
    member_id: UUID | None = Field(description="Who did it, where the channel tells")
    event_time: datetime
    received_at: datetime

    @classmethod
    def of(cls, decision: trail.Decision) -> Self:
        """A decision as the API shows it."""
        return cls.model_validate(decision, from_attributes=True)


class Amendment(BaseModel):
    """A change of what an award amounts to."""

    award_id: UUID = Field(description="The id of the change")
    revision: int = Field(description="From 1")
    cause: str = Field(
        description="retracted or restored: so was its event; limit: a limit has other room for it, because other "
        "events came late, were retracted or restored",
        examples=["retracted"],
    )
    points: int = Field(description="What was added, or taken (below 0)")
    total: int = Field(description="What the award amounted to from then on")
    awarded_at: datetime

    @classmethod
    def of(cls, amendment: trail.Amendment) -> Self:
        """An amendment as the API shows it."""
        return cls.model_validate(amendment, from_attributes=True)


class ByHand(BaseModel):
    """Who gave an award by hand, and who approved that, where it took two."""

    person_id: UUID
    approved_by_person: UUID | None

    @classmethod
    def of(cls, award: trail.Award) -> Self | None:
        """Who gave an award, as the API shows it; None where an event did."""
        if award.given_by_person is None:
            return None
        return cls.model_validate(
            {"person_id": award.given_by_person, "approved_by_person": award.given_approved_by_person}
        )


class Award(BaseModel):
    """Points that a rule of a programme version gave for an event, and what they amount to since."""

    award_id: UUID
    member_id: UUID
    points: int = Field(description="As first awarded")
    amounts_to: int = Field(description="What it amounts to now")
    amended_count: int = Field(description="How often that changed")
    amendments: list[Amendment] = Field(description="The changes, oldest first; of many the newest 100")
    rule_id: str
    beneficiary: str
    programme_id: str
    programme_version: int
    published_by: str | None = Field(description="Who published that version; null while it has not arrived")
    approved_by: str | None = Field(
        description="Who approved it, where it changed money; null where one was enough"
    )
    publication_audit_id: str | None = Field(description="The audit's entry of that publication")
    event_uid: UUID
    event_time: datetime
    awarded_at: datetime
    by_hand: ByHand | None = Field(description="Who gave it, where no event did; null for an award of a rule")

    @classmethod
    def of(cls, award: trail.Award) -> Self:
        """An award as the API shows it."""
        return cls(
            award_id=award.award_id,
            member_id=award.member_id,
            points=award.points,
            amounts_to=award.amounts_to,
            amended_count=award.amended_count,
            amendments=[Amendment.of(amendment) for amendment in award.amendments],
            rule_id=award.rule_id,
            beneficiary=award.beneficiary,
            programme_id=award.programme_id,
            programme_version=award.programme_version,
            published_by=award.published_by,
            approved_by=award.approved_by,
            publication_audit_id=award.publication_audit_id,
            event_uid=award.event_uid,
            event_time=award.event_time,
            awarded_at=award.awarded_at,
            by_hand=ByHand.of(award),
        )


class Grant(BaseModel):
    """A badge or level that an award or an amendment of it granted, or took back when it `reverses` one."""

    caused_by: UUID = Field(description="The award or amendment")
    grant_id: UUID
    kind: str
    name: str
    title: str
    granted_at: datetime
    reverses: UUID | None
    reversed_by: UUID | None

    @classmethod
    def of(cls, grant: trail.Grant) -> Self:
        """A grant as the API shows it."""
        return cls(
            caused_by=grant.caused_by,
            grant_id=grant.grant_id,
            kind=grant.kind,
            name=grant.id,
            title=grant.title,
            granted_at=grant.granted_at,
            reverses=grant.reverses,
            reversed_by=grant.reversed_by,
        )


class PaidBy(BaseModel):
    """A payout that pays an award, or some of its points."""

    payout_id: UUID
    points: int
    state: str | None = Field(description="Null while the payout itself has not arrived")
    end_to_end_id: str | None

    @classmethod
    def of(cls, payout: trail.PaidBy) -> Self:
        """A payout as the API shows it beside an award."""
        return cls(
            payout_id=payout.payout_id,
            points=payout.points,
            state=payout.state,
            end_to_end_id=payout.end_to_end_id,
        )


class UsedBy(BaseModel):
    """A redemption that uses an award, or some of its points; one that was cancelled gave them back."""

    redemption_id: UUID
    points: int
    state: str | None = Field(description="Null while the redemption itself has not arrived")
    reward_id: str | None

    @classmethod
    def of(cls, redemption: trail.UsedBy) -> Self:
        """A redemption as the API shows it beside an award."""
        return cls(
            redemption_id=UUID(redemption.redemption_id),
            points=redemption.points,
            state=redemption.state,
            reward_id=redemption.reward_id,
        )


class AwardLineage(BaseModel):
    """An award with what it came from and what it led to."""

    award: Award
    event: Event | None = Field(description="Null while it has not arrived, and for an award by hand")
    decisions: list[Decision] = Field(
        description="What took the event back or restored it, oldest first; of many the newest 100"
    )
    grants: list[Grant]
    payouts: list[PaidBy]
    redemptions: list[UsedBy]

    @classmethod
    def of(
        cls, outcome: trail.Outcome, event: trail.EventRecord | None, decisions: Sequence[trail.Decision]
    ) -> Self:
        """An award as the API shows it between its event and what it led to."""
        return cls(
            award=Award.of(outcome.award),
            event=Event.of(event) if event else None,
            decisions=[Decision.of(decision) for decision in decisions],
            grants=[Grant.of(grant) for grant in outcome.grants],
            payouts=[PaidBy.of(payout) for payout in outcome.payouts],
            redemptions=[UsedBy.of(redemption) for redemption in outcome.redemptions],
        )


class Outcome(BaseModel):
    """An award of an event and what it led to."""

    award: Award
    grants: list[Grant]
    payouts: list[PaidBy]
    redemptions: list[UsedBy]

    @classmethod
    def of(cls, outcome: trail.Outcome) -> Self:
        """An outcome as the API shows it."""
        return cls(
            award=Award.of(outcome.award),
            grants=[Grant.of(grant) for grant in outcome.grants],
            payouts=[PaidBy.of(payout) for payout in outcome.payouts],
            redemptions=[UsedBy.of(redemption) for redemption in outcome.redemptions],
        )


class WhyNothing(BaseModel):
    """A reason why nothing was awarded."""

    code: str = Field(examples=["no_rule_for_type"])
    detail: str
    rule_id: str | None

    @classmethod
    def of(cls, reason: Reason) -> Self:
        """A reason as the API shows it."""
        return cls(
            code=reason.code,
            detail=reason.detail,
            rule_id=reason.rule_id,
        )


class EventLineage(BaseModel):
    """An event and what it led to."""

    event: Event
    decisions: list[Decision] = Field(
        description="What took it back or restored it, oldest first; of many the newest 100"
    )
    awards: list[Outcome]
    why_nothing: list[WhyNothing] = Field(description="Empty when something was awarded")
    conflicts: list[RejectedEvent] = Field(
        description="Later events with its source and id and other content; the newest 20"
    )


class PayoutState(BaseModel):
    state: str
    by: str = Field(description="The access key or token by which it was brought there")
    person_id: UUID | None = Field(description="Who did; null in facts of before")
    person_name: str | None = Field(examples=["Ada"])
    outcome_id: UUID | None = Field(description="The outcome that two people decided, where that took two")
    reason: str | None
    at: datetime
    audit_id: str | None = Field(description="The audit's entry of the command that did it; null for none")

    @classmethod
    def of(cls, change: trail.StateChange) -> Self:
        """A change of state as the API shows it."""
        return cls(
            state=change.state,
            by=change.by,
            person_id=UUID(change.person_id) if change.person_id else None,
            person_name=change.person_name,
            outcome_id=UUID(change.outcome_id) if change.outcome_id else None,
            reason=change.reason,
            at=change.at,
            audit_id=change.audit_id,
        )


class Lot(BaseModel):
    """Points of one award that the payout pays, and the event behind them."""

    award_id: UUID
    points: int = Field(description="Of the award's points, those that this payout pays")
    award: Award | None = Field(description="Null while it has not arrived")
    event: Event | None = Field(description="Null while it has not arrived")

    @classmethod
    def of(cls, lot: trail.Lot) -> Self:
        """A lot as the API shows it."""
        return cls(
            award_id=lot.award_id,
            points=lot.points,
            award=Award.of(lot.award) if lot.award else None,
            event=Event.of(lot.event) if lot.event else None,
        )


class PayoutLineage(Page[Lot]):
    """A payout, the states it went through and who brought it there, and what it pays for."""

    payout_id: UUID
    run_id: UUID | None
    member_id: UUID | None
    member_name: str | None
    points: int | None
    amount_minor: int | None = Field(description="In the currency's minor unit")
    currency: str | None
    end_to_end_id: str | None
    state: str | None
    approved_by: str | None
    states: list[PayoutState]
