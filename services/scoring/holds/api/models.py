"""What the routes of held awards take and answer."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring.programmes.domain.publication import Document
from services.scoring.signals.domain.cases import (
    CaseState,
    SignalCase,
)
from services.scoring.signals.domain.suspicion import Found
from services.scoring.signals.domain.ties import WINDOW_DAYS, Tie
from shared.contracts.fields import Name
from shared.http import (
    RequestBody,
)

#: As many as a ring has members.
DECIDED_AT_ONCE_MAX_COUNT = 30

StateName = Literal["marked", "held", "release_asked", "released", "denied", "gone"]
ReasonName = Literal["honest", "same_place", "one_person", "traded", "automated"]


class SignalDecision(RequestBody):
    """Why what is held is released, or denied. The member reads the reason, and never the note."""

    reason: ReasonName = Field(
        description=(
            "To release: honest (they just help one another), same_place (they share a home, a class or a team). "
            "To deny: traded (points were handed to and fro), one_person (the accounts are one person's), "
            "automated (acts were bought or made by a program)"
        ),
        examples=["honest"],
    )
    note: Name | None = Field(None, description="For whoever looks later", examples=["I know both of them"])


class SignalDecisions(SignalDecision):
    """One decision about several cases, as those of a ring."""

    case_ids: list[UUID] = Field(
        min_length=1,
        max_length=DECIDED_AT_ONCE_MAX_COUNT,
        examples=[["0d2f6f0e-57b4-5d0c-9a0e-3d3f5c1b7a10", "0d2f6f0e-57b4-5d0c-9a0e-3d3f5c1b7a11"]],
    )
    decision: Literal["release", "deny"] = Field(examples=["release"])


class SignalItem(BaseModel):
    """A signal, its score in percent, and in words and figures what it is made of."""

    signal: Literal["ring", "linked", "burst", "farm", "shared_account", "payer"]
    score_percent: int = Field(examples=[97])
    words: str = Field(
        examples=["A group of 3 gives 98 % of what it gives within the group, and what it gets comes from there"]
    )
    figures: Mapping[str, int] = Field(examples=[{"members": 3, "insularity_percent": 98}])
    givers_count: int | None = Field(description="Null where it is about whatever the member received")


class HeldWorth(BaseModel):
    """What the points are worth by the payout terms in force, in minor units, rounded down."""

    currency: str = Field(examples=["EUR"])
    minor: int = Field(examples=[1200])


class SignalCaseItem(BaseModel):
    """What was found about what a member received within 30 days, and what became of it."""

    case_id: UUID
    member_id: UUID
    state: StateName = Field(
        description=(
            "marked (listed only), held (waits for a person), release_asked (waits for a second), released, "
            "denied, gone (it is not found any more)"
        )
    )
    score_percent: int = Field(examples=[97])
    signals: list[SignalItem]
    starts_on: date = Field(description="The first of its 30 days")
    ends_on: date = Field(description="The last of them")
    held_points: int = Field(description="What is held, or was denied, would come to now", examples=[240])
    held_awards: int = Field(examples=[24])
    opened_at: datetime
    changed_at: datetime
    asked_at: datetime | None
    asked_by: str | None = Field(description="Who asked to release it, where that takes two", examples=["Mia"])
    asked_by_person: UUID | None
    decided_at: datetime | None
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None
    reason: ReasonName | None
    note: str | None
    programme_version: int = Field(examples=[3])

    @classmethod
    def of(cls, case: SignalCase) -> Self:
        """The case as it is answered to commands."""
        return cls.model_validate(said(case))


class NamedSignalCase(SignalCaseItem):
    """A case with its member's name, and what is held in money."""

    member_name: str | None = Field(examples=["Ada Lovelace"])
    worth: HeldWorth | None = Field(description="Null where points are not paid")


class SignalPair(BaseModel):
    """What one gave another in these 30 days, before limits, and what the other gave back."""

    giver_id: UUID
    giver_name: str | None
    receiver_id: UUID
    receiver_name: str | None
    points: int = Field(examples=[120])
    acts: int = Field(examples=[24])
    back_points: int = Field(description="What the other gave back", examples=[110])


class SignalCaseShown(NamedSignalCase):
    """A case with who gave whom how much, the others of its rings, and their cases."""

    pairs: list[SignalPair]
    ring_case_ids: list[UUID] = Field(
        description="Cases of the others of its rings that wait for the same decision"
    )
    is_about_you: bool = Field(description="Whether it names whoever asks, who then decides nothing of it")


class SignalTerms(BaseModel):
    """What the programme in force says of signals, and what waits."""

    is_on: bool = Field(description="Whether the programme has a section `signals`")
    more_than_points: int | None
    mark_from_percent: int | None
    hold_from_percent: int | None = Field(description="Null: nothing is held, it is only marked")
    second_person_from: int | None


class HeldOfMember(BaseModel):
    """Points of a member that are being looked at, or were not given, as the member sees it."""

    case_id: UUID
    member_id: UUID
    state: Literal["looked_at", "denied"]
    held_points: int = Field(examples=[240])
    held_awards: int = Field(examples=[24])
    starts_on: date
    ends_on: date
    opened_at: datetime
    decided_at: datetime | None
    reason: ReasonName | None = Field(description="Why they were not given")


def said(case: SignalCase) -> dict[str, object]:
    asked, decided = case.asked_by, case.decided_by
    return {
        "case_id": case.case_id,
        "member_id": case.key.member_id,
        "state": case.state.value,
        "score_percent": case.score_percent,
        "signals": [_signal(one) for one in case.found],
        "starts_on": case.starts_on,
        "ends_on": case.starts_on + timedelta(days=WINDOW_DAYS - 1),
        "held_points": case.held_points,
        "held_awards": case.held_awards,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "asked_at": case.asked_at,
        "asked_by": asked.name if asked else None,
        "asked_by_person": asked.person_id if asked else None,
        "decided_at": case.decided_at,
        "decided_by": decided.name if decided else None,
        "decided_by_person": decided.person_id if decided else None,
        "reason": case.reason.value if case.reason else None,
        "note": case.note,
        "programme_version": case.programme_version,
    }


def _signal(one: Found) -> dict[str, object]:
    return {
        "signal": one.signal.value,
        "score_percent": one.percent,
        "words": one.words,
        "figures": dict(one.figures),
        "givers_count": None if one.givers is None else len(one.givers),
    }


def _worth(case: SignalCase, document: Document) -> dict[str, object] | None:
    payout: Mapping[str, Any] | None = (document.get("rewards") or {}).get("payout")
    if payout is None:
        return None
    return {"currency": payout["currency"], "minor": case.held_points * payout["minor"] // payout["points"]}


def named(case: SignalCase, names: Mapping[str, str | None], document: Document) -> dict[str, object]:
    return said(case) | {"member_name": names.get(case.key.member_id), "worth": _worth(case, document)}


def pair_of(tie: Tie, names: Mapping[str, str | None], back: int) -> dict[str, object]:
    return {
        "giver_id": tie.giver,
        "giver_name": names.get(tie.giver),
        "receiver_id": tie.receiver,
        "receiver_name": names.get(tie.receiver),
        "points": tie.points,
        "acts": tie.acts,
        "back_points": back,
    }


def of_member(case: SignalCase) -> HeldOfMember:
    is_denied = case.state is CaseState.DENIED
    return HeldOfMember(
        case_id=UUID(case.case_id),
        member_id=UUID(case.key.member_id),
        state="denied" if is_denied else "looked_at",
        held_points=case.held_points,
        held_awards=case.held_awards,
        starts_on=case.starts_on,
        ends_on=case.starts_on + timedelta(days=WINDOW_DAYS - 1),
        opened_at=case.opened_at,
        decided_at=case.decided_at if is_denied else None,
        reason=case.reason.value if is_denied and case.reason else None,
    )
