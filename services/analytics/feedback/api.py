"""HTTP routes of what surveys say."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.analytics.feedback import handlers, store
from services.analytics.feedback.domain import (
    AskedSurvey,
    By,
    Feedback,
    Figure,
    PeriodFeedback,
    SurveyPlace,
    response_percent,
    together,
)
from services.analytics.periods.api import INVALID_DAYS, AskedDays, Reader
from shared.contracts.fields import Slug
from shared.contracts.programme import SurveyKind
from shared.http import Conn, Limit, Page, Problem, ProblemType, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_SURVEY = ProblemType("unknown-survey", 404, "No such survey")

router = APIRouter(tags=["analytics"])
Grain = Annotated[By, Query(description="By month or by quarter")]


class FigureShown(BaseModel):
    """A value with its interval of 95 %."""

    value: float = Field(examples=[30.0])
    low: float = Field(examples=[14.05])
    high: float = Field(examples=[44.2])

    @classmethod
    def of(cls, figure: Figure | None) -> Self | None:
        """As the API shows it, to the hundredth."""
        return None if figure is None else cls(**{name: round(one, 2) for name, one in figure._asdict().items()})


class FeedbackShown(BaseModel):
    """What answers come to."""

    answers: int = Field(examples=[100])
    counts: dict[str, int] = Field(
        description="How often which answer was given; `words` are answers in words", examples=[{"9": 50, "6": 20}]
    )
    score: FigureShown | None = Field(
        description="NPS from -100 to 100, CSAT in percent, or the mean of a CES or scale; null of others"
    )
    share: FigureShown | None = Field(
        description="Of a CES who found it easy (5 to 7), in percent; null of others"
    )

    @classmethod
    def of(cls, found: Feedback | None) -> Self | None:
        """As the API shows it."""
        if found is None:
            return None
        return cls(
            answers=found.answers,
            counts=dict(found.counts),
            score=FigureShown.of(found.score),
            share=FigureShown.of(found.share),
        )


class SurveyShown(BaseModel):
    """A survey, and what it says of some days: months with fewer than five answers are left out."""

    survey: Slug = Field(examples=["would-recommend"])
    title: str = Field(examples=["Would you recommend us?"])
    kind: SurveyKind
    anonymous: bool
    asked: int = Field(description="Members who were asked in those days", examples=[188])
    response_percent: float | None = Field(
        description="Of those asked who answered; null where more answered than were asked in the days",
        examples=[44.68],
    )
    feedback: FeedbackShown | None = Field(description="Null where fewer than five answered")

    @classmethod
    def of(cls, survey: AskedSurvey, periods: Sequence[PeriodFeedback]) -> Self:
        """As the API shows it."""
        found = together(survey.kind, periods)
        asked = sum(one.asked for one in periods)
        answered = 0 if found is None else found.answers
        percent = None if found is None else response_percent(answered, asked)
        return cls(
            survey=survey.survey_id,
            title=survey.title,
            kind=survey.kind,
            anonymous=survey.is_anonymous,
            asked=asked,
            response_percent=None if percent is None else round(percent, 2),
            feedback=FeedbackShown.of(found),
        )


class PeriodShown(BaseModel):
    """What a survey says in a month or quarter."""

    starts_on: date
    asked: int = Field(examples=[64])
    feedback: FeedbackShown | None = Field(description="Null where fewer than five answered")


class SurveyPeriodsShown(SurveyShown):
    """A survey by month or quarter, newest first; 120 of them at most."""

    periods: list[PeriodShown]


@router.get("/v1/feedback", summary="What surveys say", responses=problem_responses(INVALID_DAYS, INVALID_CURSOR))
async def get_feedback(
    principal: Reader,
    days: AskedDays,
    place: Annotated[SurveyPlace | None, after(SurveyPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[SurveyShown]:
    """Of each survey, what was answered in those days. Who is merged answers once on one occasion."""
    community = principal.community
    surveys = await store.page_of_surveys(conn, community=community, after=place, limit=limit + 1)
    shown = {
        one: SurveyShown.of(
            one, await handlers.load_periods(conn, community=community, survey=one, days=days, by="month")
        )
        for one in surveys[:limit]
    }
    return Page.of(
        surveys,
        limit,
        item=lambda one: shown[one],
        place=lambda one: SurveyPlace(one.survey_id),
    )


@router.get(
    "/v1/feedback/{survey}",
    summary="What a survey says by month or quarter",
    responses=problem_responses(INVALID_DAYS, UNKNOWN_SURVEY),
)
async def get_survey_feedback(
    principal: Reader,
    days: AskedDays,
    conn: Conn,
    survey: Annotated[Slug, Path(description="The survey's id in the programme")],
    by: Grain = "month",
) -> SurveyPeriodsShown:
    """With the interval of 95 %, and how often which answer was given. Anonymous answers are of the day on which
    five of them were together.
    """
    found = await store.page_of_surveys(conn, community=principal.community, after=None, limit=1, survey_id=survey)
    if not found:
        raise Problem(UNKNOWN_SURVEY, "GET /v1/feedback has those there are")
    periods = await handlers.load_periods(conn, community=principal.community, survey=found[0], days=days, by=by)
    return SurveyPeriodsShown(
        **SurveyShown.of(found[0], periods).model_dump(),
        periods=[
            PeriodShown(starts_on=one.starts_on, asked=one.asked, feedback=FeedbackShown.of(one.feedback))
            for one in periods
        ],
    )
