"""The routes of growth, cohorts, retention, silence and activation, each a list and the same as a table."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from services.analytics.periods.api import CSV_ANSWER, INVALID_DAYS, Reader, table
from services.analytics.retention.api.asking import (
    Asked,
    AskedPlace,
    Asking,
    Limit,
    OwnSettings,
    WeekOrMonth,
)
from services.analytics.retention.api.models import (
    CohortShown,
    PeriodActivation,
    PeriodGrowth,
    PeriodSilence,
    RetentionCurve,
)
from services.analytics.retention.api.slicing import INVALID_SLICE, SMALL_GROUP, AskedSlice
from services.analytics.retention.domain.questions import Growth, Silence
from services.analytics.retention.domain.slices import Slice
from services.analytics.retention.handlers.folding import terms_of
from services.analytics.retention.store import reading
from shared.calendars import Span
from shared.http import Conn, Page, problem_responses
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS, INVALID_SLICE, SMALL_GROUP, INVALID_CURSOR)
CSV: Final = {**problem_responses(INVALID_DAYS, INVALID_SLICE, SMALL_GROUP), **CSV_ANSWER}
#: Periods of a cohort that one answer follows.
COHORT_MAX_COUNT: Final = 53

Periods = Annotated[
    int,
    Query(ge=1, le=COHORT_MAX_COUNT, description="How many periods each cohort is followed, its own the first"),
]


@router.get("/v1/growth", summary="Why the number of active members changed", responses=PROBLEMS)
async def get_growth(
    principal: Reader,
    asked: Asked,
    of: AskedSlice,
    conn: Conn,
    place: AskedPlace,
    by: WeekOrMonth = "week",
    limit: Limit = 100,
) -> Page[PeriodGrowth]:
    """New, retained, resurrected and churned members, by week or month.

    A function of what counts now: of what was taken back nothing is in it, and members who are merged are one. It
    follows what is new within some seconds.
    """
    page = asked.page(by, place, limit)
    found = await reading.load_growth(conn, community=principal.community, by=by, spans=page.spans, of=of)
    return page.of(lambda span, growth: PeriodGrowth.shown(span, growth, today=asked.today), found, quiet=Growth())


@router.get("/v1/growth.csv", summary="Growth as a table", response_class=Response, responses=CSV)
async def get_growth_csv(
    principal: Reader, asked: Asked, of: AskedSlice, conn: Conn, by: WeekOrMonth = "week"
) -> Response:
    """Every period of the days asked for."""
    spans = asked.all_of(by)
    found = await reading.load_growth(conn, community=principal.community, by=by, spans=spans, of=of)
    shown = [PeriodGrowth.shown(span, found.get(span.starts_on, Growth()), today=asked.today) for span in spans]
    days = ("starts_on", "ends_on", "is_over")
    counts = (*days, "active_members", "active_before", "new", "retained", "resurrected", "churned")
    shares = ("quick_ratio", "retention", "churn")
    return table(
        "growth",
        [*counts, *shares],
        [
            [*(getattr(one, name) for name in counts), *(getattr(one, name).cell for name in shares)]
            for one in shown
        ],
    )


@router.get("/v1/cohorts", summary="How many of those who were new come back", responses=PROBLEMS)
async def get_cohorts(
    principal: Reader,
    asked: Asked,
    of: AskedSlice,
    conn: Conn,
    place: AskedPlace,
    by: WeekOrMonth = "week",
    periods: Periods = 13,
    limit: Limit = 100,
) -> Page[CohortShown]:
    """By the week or month in which members were new: how many were active in it and in each since."""
    page = asked.page(by, place, limit)
    return Page(
        items=await _cohorts(
            conn, principal.community, asked=asked, by=by, spans=page.spans, count=periods, of=of
        ),
        next=page.next,
    )


@router.get("/v1/cohorts.csv", summary="Cohorts as a table", response_class=Response, responses=CSV)
async def get_cohorts_csv(
    principal: Reader, asked: Asked, of: AskedSlice, conn: Conn, by: WeekOrMonth = "week", periods: Periods = 13
) -> Response:
    """A line for each cohort and each of its periods that have begun."""
    shown = await _cohorts(
        conn, principal.community, asked=asked, by=by, spans=asked.all_of(by), count=periods, of=of
    )
    rows = [
        [cohort.starts_on, cohort.ends_on, cohort.members, place, number]
        for cohort in shown
        for place, number in enumerate(cohort.present)
    ]
    return table("cohorts", ["starts_on", "ends_on", "members", "periods_later", "present"], rows)


async def _cohorts(
    conn: Connection,
    community: str,
    *,
    asked: Asking,
    by: WeekOrMonth,
    spans: Sequence[Span],
    count: int,
    of: Slice,
) -> list[CohortShown]:
    following = asked.following(by, spans[0], spans[-1], count) if spans else ()
    found = await reading.load_cohorts(
        conn, community=community, by=by, spans=spans, following=following, periods_count=count, of=of
    )
    return [CohortShown.shown(span, found.get(span.starts_on), today=asked.today) for span in spans]


@router.get(
    "/v1/retention",
    summary="Who is still there N days after their first",
    responses=problem_responses(INVALID_DAYS, INVALID_SLICE, SMALL_GROUP),
)
async def get_retention(principal: Reader, asked: Asked, of: AskedSlice, conn: Conn) -> RetentionCurve:
    """Of members whose first day is from `from` to `to`: who was active on day N, on it or later, or in a bracket.

    Whose day N is not over is in neither number of a share.
    """
    curve = await reading.load_curve(
        conn, community=principal.community, days=asked.days, today=asked.today, of=of
    )
    return RetentionCurve.shown(asked.days, curve)


@router.get("/v1/retention.csv", summary="Retention as a table", response_class=Response, responses=CSV)
async def get_retention_csv(principal: Reader, asked: Asked, of: AskedSlice, conn: Conn) -> Response:
    """A line for each day N."""
    curve = RetentionCurve.shown(
        asked.days,
        await reading.load_curve(conn, community=principal.community, days=asked.days, today=asked.today, of=of),
    )
    rows = [
        [one.day, one.on_day.of, one.on_day.number, one.on_day.cell, one.from_day.number, one.from_day.cell]
        for one in curve.days
    ]
    headings = ["day", "members", "on_day", "on_day_share", "from_day", "from_day_share"]
    return table("retention", headings, rows)


@router.get("/v1/silences", summary="Who left without a word, and who came back", responses=PROBLEMS)
async def get_silences(
    principal: Reader,
    asked: Asked,
    of: AskedSlice,
    conn: Conn,
    place: AskedPlace,
    settings: OwnSettings,
    by: WeekOrMonth = "week",
    limit: Limit = 100,
) -> Page[PeriodSilence]:
    """Members who left by `PLAUDIT_SILENCE_DAYS` whole silent days, by the day after the last of them.

    Won back is who did something within `PLAUDIT_WIN_BACK_DAYS` from then on.
    """
    page = asked.page(by, place, limit)
    found = await reading.load_silences(
        conn, community=principal.community, spans=page.spans, today=asked.today, terms=terms_of(settings), of=of
    )
    return page.of(
        lambda span, silence: PeriodSilence.shown(span, silence, today=asked.today), found, quiet=Silence()
    )


@router.get("/v1/silences.csv", summary="Silences as a table", response_class=Response, responses=CSV)
async def get_silences_csv(
    principal: Reader, asked: Asked, of: AskedSlice, conn: Conn, settings: OwnSettings, by: WeekOrMonth = "week"
) -> Response:
    """Every period of the days asked for."""
    spans = asked.all_of(by)
    found = await reading.load_silences(
        conn, community=principal.community, spans=spans, today=asked.today, terms=terms_of(settings), of=of
    )
    rows = []
    for span in spans:
        one = PeriodSilence.shown(span, found.get(span.starts_on, Silence()), today=asked.today)
        back = one.won_back
        rows.append(
            [one.starts_on, one.ends_on, one.left, back.of, back.number, back.cell, one.waiting, one.returned]
        )
    headings = ["starts_on", "ends_on", "left", "due", "won_back", "won_back_share", "waiting", "returned"]
    return table("silences", headings, rows)


@router.get("/v1/activation", summary="Who of the newcomers took part", responses=PROBLEMS)
async def get_activation(
    principal: Reader,
    asked: Asked,
    of: AskedSlice,
    conn: Conn,
    place: AskedPlace,
    settings: OwnSettings,
    by: WeekOrMonth = "week",
    limit: Limit = 100,
) -> Page[PeriodActivation]:
    """New members by the channel of their first event, and who of them took part in time.

    Taking part is any event but a reaction, a star, a visit, reading, joining or accepting the guidelines, within
    `PLAUDIT_ACTIVATION_DAYS` local days of the first.
    """
    page = asked.page(by, place, limit)
    found = await reading.load_activations(
        conn, community=principal.community, spans=page.spans, today=asked.today, terms=terms_of(settings), of=of
    )
    return page.of(
        lambda span, channels: PeriodActivation.shown(span, channels, today=asked.today), found, quiet=[]
    )


@router.get("/v1/activation.csv", summary="Activation as a table", response_class=Response, responses=CSV)
async def get_activation_csv(
    principal: Reader, asked: Asked, of: AskedSlice, conn: Conn, settings: OwnSettings, by: WeekOrMonth = "week"
) -> Response:
    """A line for each period and channel in which somebody was new."""
    spans = asked.all_of(by)
    found = await reading.load_activations(
        conn, community=principal.community, spans=spans, today=asked.today, terms=terms_of(settings), of=of
    )
    rows = []
    for span in spans:
        for one in PeriodActivation.shown(span, found.get(span.starts_on, []), today=asked.today).channels:
            share = one.activated
            rows.append(
                [
                    span.starts_on,
                    span.ends_on,
                    one.channel,
                    one.new_members,
                    share.of,
                    share.number,
                    share.cell,
                    one.waiting,
                ]
            )
    headings = ["starts_on", "ends_on", "channel", "new_members", "due", "activated", "activated_share", "waiting"]
    return table("activation", headings, rows)
