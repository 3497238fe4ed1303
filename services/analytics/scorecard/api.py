"""The route of the scorecard."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from math import isinf
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.analytics.periods.api import INVALID_DAYS, AskedCalendar, Reader
from services.analytics.periods.domain import FIRST_DAY, LAST_DAY
from services.analytics.scorecard.domain.reading import (
    Measured,
    Reading,
    practice_state,
)
from services.analytics.scorecard.domain.weeks import (
    BAD_WEEKS_MAX_COUNT,
    WEEKS_COUNT,
    WINDOW_WEEKS,
    weeks_before,
)
from services.analytics.scorecard.handlers import load_card, load_current_card
from services.analytics.settings import Settings
from shared.calendars import Span
from shared.http import Conn, Day, FieldError, Problem, configured, problem_responses
from shared.spreadsheets import csv_lines

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS)
OwnSettings = Annotated[Settings, configured(Settings)]
AskedDay = Annotated[
    Day | None,
    Query(
        description="The day after the last of the weeks; by default today, which is not over. Of a large "
        "community it is yesterday until those up to today are counted, some minutes after midnight"
    ),
]
StateName = Literal["good", "red", "unsure", "grey"]


class IndicatorShown(BaseModel):
    """What is measured of a practice, in the last 28 days that are over."""

    name: str = Field(examples=["answered_in_time"])
    unit: Literal["share", "count", "seconds"]
    objective: float = Field(description="What holds on the day that is looked at", examples=[0.8])
    objective_since: date | None = Field(
        description="From when on the community aims at it; null where it is the starting value"
    )
    at_most: bool = Field(description="The objective is the most that it should be; otherwise the least")
    state: StateName = Field(
        description="`unsure` is missed, on too little to tell; `grey` is without a value", examples=["good"]
    )
    why_grey: Literal["nothing_heard"] | None = Field(description="Nothing of the kind was heard of")
    value: float | None = Field(examples=[0.86])
    is_beyond: bool = Field(
        description="It is longer than anything seen: half of the questions are not answered yet", examples=[False]
    )
    cases: int = Field(description="On so many it stands", examples=[64])
    interval: list[float] | None = Field(
        description="Of a share: where it is, at 95 % (Wilson)", examples=[[0.75, 0.92]]
    )
    before: float | None = Field(description="In the 28 days before", examples=[0.79])
    bad_weeks: int = Field(description="Of the weeks, those that missed the objective", examples=[1])
    weeks: list[StateName] = Field(description="Each of the weeks, oldest first")
    week_values: list[float | None] = Field(
        description="Its value in each of them; null where it has none, or is beyond anything seen",
        examples=[[0.79, None, 0.86]],
    )

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """An indicator as the API shows it."""
        indicator = reading.indicator
        return cls(
            name=indicator.name,
            unit=indicator.unit,
            objective=indicator.objective,
            objective_since=reading.aimed_since,
            at_most=indicator.at_most,
            state=reading.state.value,
            why_grey=reading.why_grey.value if reading.why_grey else None,
            value=_value(reading.now),
            is_beyond=reading.now.value is not None and isinf(reading.now.value),
            cases=reading.now.cases,
            interval=[round(end, 4) for end in reading.interval] if reading.interval else None,
            before=_value(reading.before),
            bad_weeks=reading.bad_weeks,
            weeks=[state.value for state in reading.weeks],
            week_values=[_value(measured) for measured in reading.values],
        )


def _value(measured: Measured) -> float | None:
    return None if measured.value is None or isinf(measured.value) else round(measured.value, 4)


class PracticeShown(BaseModel):
    """One of the twelve; it is what its worst indicator is, and grey only where none has a value."""

    practice: int = Field(ge=1, le=12, examples=[8])
    state: StateName
    indicators: list[IndicatorShown]


class Scorecard(BaseModel):
    """The twelve practices. There is no sum of them: they do not offset each other."""

    starts_on: date = Field(description="The first of the days looked at")
    ends_on: date = Field(description="The last")
    window_starts_on: date = Field(description="From here on values are, to the last day")
    bad_weeks_allowed: int = Field(description="Of the weeks, for each indicator", examples=[1])
    practices: list[PracticeShown]


@router.get("/v1/scorecard", summary="The twelve practices, and which need care", responses=PROBLEMS)
async def get_scorecard(
    principal: Reader, calendar: AskedCalendar, conn: Conn, settings: OwnSettings, day: AskedDay = None
) -> Scorecard:
    """By the last 28 days, each indicator compared with the 28 before and with 13 weeks, of seven days each.

    Red asks for enough: of a share its whole 95 % interval misses the objective.
    """
    now, days = datetime.now(UTC), settings.activation_days
    community = principal.community
    if day is None:
        spans, readings_of_all = await load_current_card(
            conn, community=community, calendar=calendar, now=now, activation_days=days
        )
    else:
        spans = _weeks(day)
        readings_of_all = await load_card(
            conn, community=community, calendar=calendar, spans=spans, now=now, activation_days=days
        )
    practices = []
    for practice, group in groupby(readings_of_all, key=lambda reading: reading.indicator.practice):
        readings = list(group)
        practices.append(
            PracticeShown(
                practice=practice,
                state=practice_state(readings).value,
                indicators=[IndicatorShown.of(reading) for reading in readings],
            )
        )
    return Scorecard(
        starts_on=spans[0].starts_on,
        ends_on=spans[-1].ends_on,
        window_starts_on=spans[-WINDOW_WEEKS].starts_on,
        bad_weeks_allowed=BAD_WEEKS_MAX_COUNT,
        practices=practices,
    )


@router.get(
    "/v1/scorecard.csv",
    summary="The scorecard as a table",
    response_class=Response,
    responses={
        **PROBLEMS,
        200: {"description": "RFC 4180, in UTF-8", "content": {"text/csv": {}}},
    },
)
async def get_scorecard_csv(
    principal: Reader, calendar: AskedCalendar, conn: Conn, settings: OwnSettings, day: AskedDay = None
) -> Response:
    """A line for each indicator."""
    shown = await get_scorecard(principal, calendar, conn, settings, day)
    names = ("name", "unit", "state", "value", "objective", "at_most", "cases", "before", "bad_weeks")
    rows = [
        [one.practice, *(getattr(indicator, name) for name in names)]
        for one in shown.practices
        for indicator in one.indicators
    ]
    headers = {"Content-Disposition": 'attachment; filename="scorecard.csv"'}
    return Response(
        csv_lines([["practice", *names], *rows]), media_type="text/csv; charset=utf-8", headers=headers
    )


def _weeks(day: date) -> Sequence[Span]:
    """The 13 times seven days that end with the one before `day`. Raises Problem 422 out of reach."""
    first = FIRST_DAY + timedelta(days=7 * WEEKS_COUNT)
    if not first <= day <= LAST_DAY:
        detail = f"Give a day from {first} to {LAST_DAY}"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="day", detail=detail)])
    return weeks_before(day)
