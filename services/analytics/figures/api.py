"""The HTTP routes of figures, and of the decisions that answer them."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.analytics.decisions import store
from services.analytics.decisions.domain import Decision, DecisionPlace
from services.analytics.figures.handlers import Figure, load_values
from services.analytics.periods.api import AskedCalendar, Reader
from services.analytics.settings import Settings
from shared.contracts.facts import DecisionKind, DecisionState
from shared.contracts.fields import Slug
from shared.contracts.figures import FIGURE_NAMES, FIGURE_UNITS, FigureName
from shared.http import Conn, Limit, Page, Problem, ProblemType, after, configured, problem_responses
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_FIGURE = ProblemType("unknown-figure", 404, "No such figure")

router = APIRouter(tags=["analytics"])
OwnSettings = Annotated[Settings, configured(Settings)]
Unit = Literal["share", "count", "seconds"]


class FigureShown(BaseModel):
    """A figure as it is now."""

    figure: FigureName
    about: str | None = Field(description="The goal, where the figure is `goal`", examples=["answers"])
    unit: Unit = Field(examples=["share"])
    value: float | None = Field(
        description="Null where it has no value, or is beyond anything seen", examples=[0.81]
    )


class AnsweringDecision(BaseModel):
    """A note or decision that answers a figure: its value as it was seen, and as it is now."""

    decision_id: UUID
    kind: DecisionKind
    figure: FigureName
    about: str | None = Field(description="The goal, where the figure is `goal`", examples=["answers"])
    unit: Unit = Field(examples=["share"])
    value: float | None = Field(description="As it was seen then", examples=[0.62])
    value_now: float | None = Field(
        description="As it is now; null where it has no value, or is beyond anything seen", examples=[0.81]
    )
    seen_on: date
    review_on: date | None
    state: DecisionState
    made_at: datetime

    @classmethod
    def of(cls, one: Decision, *, now: float | None) -> Self:
        """As the API shows it."""
        return cls(
            decision_id=UUID(one.decision_id),
            kind=one.kind,
            figure=one.figure,
            about=one.about,
            unit=FIGURE_UNITS[one.figure],
            value=one.value,
            value_now=None if now is None else round(now, 4),
            seen_on=one.seen_on,
            review_on=one.review_on,
            state=one.state,
            made_at=one.made_at,
        )


@router.get(
    "/v1/decided-figures",
    summary="Decisions, with their figures then and now",
    responses=problem_responses(INVALID_CURSOR),
)
async def get_answering_decisions(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[DecisionPlace | None, after(DecisionPlace)],
    figure: Annotated[
        list[FigureName] | None,
        Query(max_length=len(FIGURE_NAMES), description="On these figures alone", examples=[["answered_in_time"]]),
    ] = None,
    about: Annotated[Slug | None, Query(description="On this goal alone", examples=["answers"])] = None,
    limit: Limit = 100,
) -> Page[AnsweringDecision]:
    """The newest first, without those withdrawn. What was written of each is at ingest, under the same ids."""
    found = await store.page_of_decisions(
        conn, community=principal.community, figures=figure or (), about=about, after=place, limit_count=limit
    )
    values = await load_values(
        conn,
        community=principal.community,
        calendar=calendar,
        figures={Figure(one.figure, one.about) for one in found},
        now=datetime.now(UTC),
        activation_days=settings.activation_days,
    )
    return Page.of(
        found,
        limit,
        item=lambda one: AnsweringDecision.of(one, now=values[Figure(one.figure, one.about)]),
        place=lambda one: DecisionPlace(one.decision_id),
    )


@router.get("/v1/figures/{figure}", summary="A figure as it is now", responses=problem_responses(UNKNOWN_FIGURE))
async def get_figure(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    figure: Annotated[str, Path(description="As decisions call it", examples=["answered_in_time"])],
    about: Annotated[
        Slug | None, Query(description="The goal, of the figure `goal`", examples=["answers"])
    ] = None,
) -> FigureShown:
    """An indicator by the last 28 days that are over, what is of a week by the last 7, a goal with today."""
    name = next((one for one in FIGURE_NAMES if one == figure), None)
    if name is None:
        raise Problem(UNKNOWN_FIGURE, f"Figures are {', '.join(FIGURE_NAMES)}")
    one = Figure(name, about)
    values = await load_values(
        conn,
        community=principal.community,
        calendar=calendar,
        figures=[one],
        now=datetime.now(UTC),
        activation_days=settings.activation_days,
    )
    value = values[one]
    return FigureShown(
        figure=name, about=about, unit=FIGURE_UNITS[name], value=None if value is None else round(value, 4)
    )
