"""What the API takes and shows of notes, decisions and objectives."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.ingest.decisions.domain import (
    TEXT_MAX_CHARS,
    Decision,
    DecisionStep,
    Objective,
    Review,
    ShownDecision,
)
from shared.contracts.facts import DecisionKind, FigureValue
from shared.contracts.fields import Slug
from shared.contracts.figures import FigureName, IndicatorName
from shared.http import RequestBody

DecisionText = Annotated[
    str, StringConstraints(min_length=1, max_length=TEXT_MAX_CHARS, pattern=r"^[^\x00]*\S[^\x00]*$")
]
ReviewDay = Annotated[date | None, Field(examples=["2030-02-28"])]


class DecisionWanted(RequestBody):
    """What somebody notes or decides on a figure that they saw."""

    kind: DecisionKind = Field("decision", description="A note says what was seen, and is not reviewed")
    figure: FigureName = Field(description="The figure that it answers", examples=["answered_in_time"])
    about: Slug | None = Field(None, description="The goal, where the figure is `goal`", examples=[None])
    value: FigureValue | None = Field(
        None,
        description="Its value as it was seen: a share of 1, a number, or seconds",
        examples=[0.62],
    )
    seen_on: date | None = Field(
        None, description="The day on which it was seen; today by default", examples=[None]
    )
    review_on: ReviewDay = Field(
        None, description="The day on which to look again; whoever decided is written to then"
    )
    text: DecisionText = Field(
        description="What is seen, and what is done about it. It stays sealed here; name no member",
        examples=["Too many questions wait over the weekend: two of us answer on Saturdays from now on."],
    )


class ReviewWanted(RequestBody):
    """What a review comes to."""

    outcome: Literal["kept", "changed", "dropped"] = Field(examples=["kept"])
    text: DecisionText = Field(description="Why", examples=["It is 0.81 now: we keep the Saturdays."])
    review_on: ReviewDay = Field(None, description="The day on which to look once more")


class WithdrawalWanted(RequestBody):
    """Why it is taken back."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")] = (
        Field(description="It goes into the audit log", examples=["It was about another figure."])
    )


class ObjectiveWanted(RequestBody):
    """What an indicator is to aim at."""

    objective: FigureValue = Field(description="A share of 1, a number, or seconds", examples=[0.7])
    starts_on: date | None = Field(
        None,
        description="From this day of the community's on; today by default, and never before it",
        examples=[None],
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")] = (
        Field(description="Why, in plain words", examples=["We are two, not five: this can be reached."])
    )


class DecisionShown(BaseModel):
    """What somebody noted or decided on a figure."""

    decision_id: UUID
    kind: DecisionKind
    figure: FigureName
    about: str | None = Field(description="The goal, where the figure is `goal`", examples=["answers"])
    value: float | None = Field(description="As it was seen then", examples=[0.62])
    seen_on: date
    review_on: date | None
    is_due: bool = Field(description="It is to be looked at again, and was not yet")
    state: DecisionStep
    text: str | None = Field(
        description="Null where it is not kept any more",
        examples=["Too many questions wait over the weekend: two of us answer on Saturdays from now on."],
    )
    person_id: UUID | None
    person_name: str | None = Field(description="Who noted or decided it", examples=["Mara"])
    made_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, shown: ShownDecision, *, today: date) -> Self:
        """As the API shows it on a day."""
        return cls(**fields_of(shown, today=today))


class ReviewShown(BaseModel):
    """What a review came to."""

    outcome: DecisionStep
    text: str | None = Field(examples=["It is 0.81 now: we keep the Saturdays."])
    review_on: date | None
    person_name: str | None = Field(examples=["Mara"])
    reviewed_at: datetime

    @classmethod
    def of(cls, review: Review) -> Self:
        """As the API shows it."""
        return cls(
            outcome=review.outcome,
            text=review.text,
            review_on=review.review_on,
            person_name=review.person_name,
            reviewed_at=review.reviewed_at,
        )


class DecisionWithReviews(DecisionShown):
    """A decision, and what its reviews came to, oldest first."""

    reviews: list[ReviewShown]
    may_be_reviewed: bool


class DecisionDone(BaseModel):
    """A note or decision as it stands now."""

    decision_id: UUID
    kind: DecisionKind
    figure: FigureName
    state: DecisionStep
    review_on: date | None
    made_at: datetime

    @classmethod
    def of(cls, one: Decision) -> Self:
        """As the API shows it."""
        return cls(
            decision_id=UUID(one.decision_id),
            kind=one.kind,
            figure=one.figure,
            state=one.state,
            review_on=one.review_on,
            made_at=one.made_at,
        )


class ObjectiveShown(BaseModel):
    """What an indicator aims at from a day on."""

    indicator: IndicatorName
    objective: float = Field(examples=[0.7])
    starts_on: date
    reason: str | None = Field(examples=["We are two, not five: this can be reached."])
    person_name: str | None = Field(examples=["Mara"])
    set_at: datetime
    revision: int = Field(description="The how manieth time that it was set", examples=[1])

    @classmethod
    def of(cls, one: Objective) -> Self:
        """As the API shows it."""
        return cls(
            indicator=one.indicator,
            objective=one.objective,
            starts_on=one.starts_on,
            reason=one.reason,
            person_name=one.person_name,
            set_at=one.set_at,
            revision=one.revision,
        )


def fields_of(shown: ShownDecision, *, today: date) -> dict[str, Any]:
    """A decision as the API shows it on a day, by the names of its fields."""
    one = shown.decision
    return {
        "decision_id": UUID(one.decision_id),
        "kind": one.kind,
        "figure": one.figure,
        "about": one.about,
        "value": one.value,
        "seen_on": one.seen_on,
        "review_on": one.review_on,
        "is_due": one.review_on is not None and one.review_on <= today,
        "state": one.state,
        "text": shown.text,
        "person_id": None if one.person_id is None else UUID(one.person_id),
        "person_name": shown.person_name,
        "made_at": one.made_at,
        "changed_at": one.changed_at,
    }
