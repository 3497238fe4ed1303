"""The scorecard of the twelve practices, and the pages behind it: growth, retention and answers."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.components.charts import columns
from console.frame.navigation import ANSWERS, GROUPS, GROWTH, RETENTION, SCORECARD
from console.frame.visits import NotFoundError, Visit, page
from console.pages.insight.words import INDICATORS, PRACTICES
from console.pages.periods import DAYS, asked_days

#: Periods that are shown, by their kind: a quarter of weeks, a year of months.
PERIODS_COUNT = {"week": 13, "month": 12}
_PERIOD_DAYS = {"week": 7, "month": 31}
OPEN_COUNT = 20
TABLES = ("growth", "cohorts", "retention", "silences", "activation", "response-times", "scorecard")


async def show_scorecard(visit: Visit) -> Response:
    """The twelve practices: red ones first with what to do, then all of them."""
    answer = await visit.ask.get("analytics", "/v1/scorecard")
    practices = answer.body["practices"] if answer.ok else []
    return visit.page(
        "pages/insight/scorecard.html",
        answer=answer,
        practices=practices,
        red=[one for one in practices if one["state"] == "red"],
        unsure=[one for one in practices if one["state"] == "unsure"],
        is_empty=all(one["state"] == "grey" for one in practices),
        practice_words=PRACTICES,
        indicator_words=INDICATORS,
        page_names={link.path: link.title for group in GROUPS for link in group.links},
    )


async def show_growth(visit: Visit) -> Response:
    """New, retained, resurrected and churned members, period by period."""
    by, first, last = _asked_periods(visit)
    answer = await visit.ask.get("analytics", "/v1/growth", by=by, from_=first, to=last, limit=60)
    periods = answer.items[-PERIODS_COUNT[by] :]
    over = [one for one in periods if one["is_over"]]
    came = [one["new"] + one["resurrected"] for one in periods]
    gone = [one["churned"] if one["is_over"] else 0 for one in periods]
    return visit.page(
        "pages/insight/growth.html",
        answer=answer,
        by=by,
        periods=periods,
        latest=over[-1] if over else None,
        before=over[-2] if len(over) > 1 else None,
        is_empty=not any(one["active_members"] or one["active_before"] for one in periods),
        drawn=columns(came, gone),
    )


async def show_retention(visit: Visit) -> Response:
    """Who of the new comes back, who leaves without a word, and who takes part."""
    by, first, last = _asked_periods(visit)
    ask, asked = visit.ask, {"from_": first, "to": last}
    answers = await ask.all(
        cohorts=ask.get("analytics", "/v1/cohorts", by=by, periods=PERIODS_COUNT[by], limit=60, **asked),
        curve=ask.get("analytics", "/v1/retention", **asked),
        silences=ask.get("analytics", "/v1/silences", by=by, limit=60, **asked),
        activation=ask.get("analytics", "/v1/activation", by=by, limit=60, **asked),
    )
    cohorts = [one for one in answers["cohorts"].items if one["members"]]
    return visit.page(
        "pages/insight/retention.html",
        answers=answers,
        by=by,
        cohorts=cohorts,
        width=max((len(one["present"]) for one in cohorts), default=0),
        curve=answers["curve"].body if answers["curve"].ok else None,
        silences=[one for one in answers["silences"].items if one["left"] or one["returned"]],
        activation=[one for one in answers["activation"].items if one["new_members"]],
    )


async def show_answers(visit: Visit) -> Response:
    """How long questions wait, by period and channel, and which still do."""
    days = asked_days(visit.request.query_params, visit.writer.zone)
    ask = visit.ask
    answers = await ask.all(
        times=ask.get("analytics", "/v1/response-times", by="week", from_=days.first, to=days.last),
        open=ask.get("analytics", "/v1/open-questions", limit=OPEN_COUNT),
    )
    return visit.page(
        "pages/insight/answers.html",
        answers=answers,
        days=days,
        choices=DAYS,
        times=answers["times"].body if answers["times"].ok else None,
        questions=answers["open"].items,
    )


async def download(visit: Visit) -> Response:
    """A table of analytics, passed on as it comes."""
    name = visit.request.path_params["name"]
    if name not in TABLES:
        raise NotFoundError
    asked: dict[str, Any] = {}
    if name != "scorecard":
        by, first, last = _asked_periods(visit)
        asked = {"from_": first, "to": last} | ({} if name == "retention" else {"by": by})
    answer, chunks = await visit.ask.download("analytics", f"/v1/{name}.csv", **asked)
    if not answer.ok:
        raise NotFoundError
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


def _asked_periods(visit: Visit) -> tuple[str, date, date]:
    """By what the URL asks for (`by=month`), and the days that so many of them fall into."""
    by = visit.request.query_params.get("by", "week")
    by = by if by in PERIODS_COUNT else "week"
    today = datetime.now(visit.writer.zone).date()
    return by, today - timedelta(days=(PERIODS_COUNT[by] - 1) * _PERIOD_DAYS[by]), today


ROUTES: Sequence[Route] = [
    Route(SCORECARD.path, page(show_scorecard, scope=SCORECARD.scope)),
    Route(GROWTH.path, page(show_growth, scope=GROWTH.scope)),
    Route(RETENTION.path, page(show_retention, scope=RETENTION.scope)),
    Route(ANSWERS.path, page(show_answers, scope=ANSWERS.scope)),
    Route("/insight/tables/{name}.csv", page(download, scope=SCORECARD.scope)),
]
