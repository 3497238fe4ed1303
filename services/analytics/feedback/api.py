"""HTTP routes of what surveys say."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
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
    TooManyAnswersError,
    response_percent,
    slices_together,
    together,
)
from services.analytics.periods.api import INVALID_DAYS, AskedCalendar, AskedDays, Reader
from services.analytics.settings import Settings
from shared.contracts.fields import Slug
from shared.contracts.programme import SurveyKind
from shared.http import (
    Conn,
    FieldError,
    Limit,
    Page,
    Problem,
    ProblemType,
    after,
    configured,
    problem_responses,
)
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
    """A survey, and what it says in some months: those with fewer than five answers are left out."""

    survey: Slug = Field(examples=["would-recommend"])
    title: str = Field(examples=["Would you recommend us?"])
    kind: SurveyKind
    anonymous: bool
    asked: int = Field(description="Members who were asked in those months", examples=[188])
    response_percent: float | None = Field(
        description="Of those asked by then who answered; null where more answered than were asked in the months",
        examples=[44.68],
    )
    feedback: FeedbackShown | None = Field(description="Null where fewer than five answered")

    @classmethod
    def of(cls, survey: AskedSurvey, periods: Sequence[PeriodFeedback]) -> Self:
        """As the API shows it."""
        found = together(survey.kind, periods)
        asked = sum(one.asked for one in periods)
        answered = 0 if found is None else found.answers
        by_then = sum(one.asked_by_then for one in periods)
        percent = None if found is None else response_percent(answered, by_then)
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
    calendar: AskedCalendar,
    place: Annotated[SurveyPlace | None, after(SurveyPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[SurveyShown]:
    """Of each survey, what was answered in the months that the days are in. Of the month that is not over, answers
    by name are counted five or more at a time. Who is merged answers once on one occasion.
    """
    community = principal.community
    surveys = await store.page_of_surveys(conn, community=community, after=place, limit=limit + 1)
    today = calendar.day_of(datetime.now(UTC))
    shown = {
        one: SurveyShown.of(
            one,
            await handlers.load_periods(conn, community=community, survey=one, days=days, today=today, by="month"),
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
    calendar: AskedCalendar,
    conn: Conn,
    survey: Annotated[Slug, Path(description="The survey's id in the programme")],
    by: Grain = "month",
) -> SurveyPeriodsShown:
    """With the interval of 95 %, and how often which answer was given, in the months that the days are in.

    Anonymous answers are of the day on which five of them were together. Of the month that is not over, answers by
    name are counted five or more at a time.
    """
    found = await store.page_of_surveys(conn, community=principal.community, after=None, limit=1, survey_id=survey)
    if not found:
        raise Problem(UNKNOWN_SURVEY, "GET /v1/feedback has those there are")
    periods = await handlers.load_periods(
        conn,
        community=principal.community,
        survey=found[0],
        days=days,
        today=calendar.day_of(datetime.now(UTC)),
        by=by,
    )
    return SurveyPeriodsShown(
        **SurveyShown.of(found[0], periods).model_dump(),
        periods=[
            PeriodShown(starts_on=one.starts_on, asked=one.asked, feedback=FeedbackShown.of(one.feedback))
            for one in periods
        ],
    )


class SlicePeriodShown(BaseModel):
    """What those of an audience say in a month or quarter."""

    starts_on: date
    feedback: FeedbackShown | None = Field(description="Null where it would tell what fewer than five answered")


class SliceShown(BaseModel):
    """What those say who were in an audience as they answered; without one, everybody in the same months."""

    audience: Slug | None = Field(description="Null of everybody", examples=["champions"])
    title: str | None = Field(examples=["Champions"])
    feedback: FeedbackShown | None = Field(description="Of the periods that are shown; null where none is")
    periods: list[SlicePeriodShown]


class SlicesShown(BaseModel):
    """A survey by audience: everybody first, then audiences as the programme has them."""

    survey: Slug = Field(examples=["would-recommend"])
    title: str = Field(examples=["Would you recommend us?"])
    kind: SurveyKind
    anonymous: bool = Field(description="Of what is anonymous nobody knows who was in which audience: no slices")
    starts_on: date | None = Field(description="The first day of the months looked at; null where none is over")
    ends_on: date | None
    slices: list[SliceShown]

    @classmethod
    def of(cls, survey: AskedSurvey, found: handlers.Slices) -> Self:
        """As the API shows it."""

        def one(audience: str | None, title: str | None) -> SliceShown:
            periods = [
                (period.starts_on, period.everybody if audience is None else period.of[audience])
                for period in found.periods
            ]
            return SliceShown(
                audience=audience,
                title=title,
                feedback=FeedbackShown.of(slices_together(survey.kind, found.periods, audience)),
                periods=[
                    SlicePeriodShown(starts_on=start, feedback=FeedbackShown.of(said)) for start, said in periods
                ],
            )

        audiences = [one(*item) for item in found.audiences.items()]
        return cls(
            survey=survey.survey_id,
            title=survey.title,
            kind=survey.kind,
            anonymous=survey.is_anonymous,
            starts_on=None if found.months is None else found.months.starts_on,
            ends_on=None if found.months is None else found.months.ends_on,
            slices=[] if survey.is_anonymous else [one(None, None), *audiences],
        )


@router.get(
    "/v1/feedback/{survey}/slices",
    summary="What a survey says by audience",
    responses=problem_responses(INVALID_DAYS, UNKNOWN_SURVEY),
)
async def get_survey_slices(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    survey: Annotated[Slug, Path(description="The survey's id in the programme")],
    by: Grain = "month",
) -> SlicesShown:
    """Of those who were in an audience as they answered, in whole months that are over. An audience is shown where
    whatever is subtracted from whatever else is of five answers or more.
    """
    surveys = await store.page_of_surveys(
        conn, community=principal.community, after=None, limit=1, survey_id=survey
    )
    if not surveys:
        raise Problem(UNKNOWN_SURVEY, "GET /v1/feedback has those there are")
    try:
        found = await handlers.load_slices(
            conn,
            settings,
            community=principal.community,
            survey=surveys[0],
            days=days,
            today=calendar.day_of(datetime.now(UTC)),
            by=by,
        )
    except TooManyAnswersError as error:
        detail = f"More than {error.most_count:,} answers are in these days: ask for less by `from` and `to`"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="from", detail=detail)]) from error
    return SlicesShown.of(surveys[0], found)
