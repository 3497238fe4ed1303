"""The scorecard of the twelve practices, and the pages behind it: growth, retention and answers."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.components.activities import DONE
from console.components.charts import columns, piles
from console.components.circles import SIZE, Tie, circle
from console.components.figures import FIGURES
from console.frame.navigation import (
    ACTIVITY,
    ANSWERS,
    GROUPS,
    GROWTH,
    NETWORK,
    ORBIT,
    RETENTION,
    SCORECARD,
    SENTIMENT,
)
from console.frame.visits import NotFoundError, Visit, page
from console.pages.deciding import beside
from console.pages.insight.slicing import OFFERED_COUNT, asked_slice, offered_slices
from console.pages.insight.words import PRACTICES
from console.pages.periods import DAYS, asked_days

#: Periods that are shown, by their kind: a quarter of weeks, a year of months.
PERIODS_COUNT = {"week": 13, "month": 12}
_PERIOD_DAYS = {"week": 7, "month": 31}
OPEN_COUNT = 20
TABLES = (
    "growth",
    "cohorts",
    "retention",
    "silences",
    "activation",
    "response-times",
    "scorecard",
    "channel-mix",
    "stickiness",
    "concentration",
    "orbit",
)
#: Tables that are of months or whole, and ask for no other period.
_WITHOUT_PERIOD = ("retention", "stickiness", "concentration", "orbit")
#: Tables of a slice, where the page beside them is of one.
_SLICED = ("growth", "cohorts", "retention", "silences", "activation")
#: The colours of the levels, from the first on.
_LEVEL_TONES = ("f1", "f2", "f3", "f0")
#: Tables of the last days, as the page beside them has them.
TABLES_OF_DAYS = ("sentiment", "ties", "question-topics")
#: Ties that are asked for to draw them, newcomers and connecting members that are listed.
TIES_COUNT = 500
LISTED_COUNT = 20
MOVERS_COUNT = 50


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
        indicator_words=FIGURES,
        page_names={link.path: link.title for group in GROUPS for link in group.links},
    )


async def show_growth(visit: Visit) -> Response:
    """New, retained, resurrected and churned members, period by period."""
    by, first, last = _asked_periods(visit)
    of = asked_slice(visit)
    answer = await visit.ask.get("analytics", "/v1/growth", by=by, from_=first, to=last, limit=60, **of.query)
    periods = answer.items[-PERIODS_COUNT[by] :]
    over = [one for one in periods if one["is_over"]]
    slices = await offered_slices(visit, period=by, day=over[-1]["starts_on"] if over else None)
    came = [one["new"] + one["resurrected"] for one in periods]
    gone = [one["churned"] if one["is_over"] else 0 for one in periods]
    return visit.page(
        "pages/insight/growth.html",
        decided=await beside(visit, "active_members", "new_members"),
        answer=answer,
        by=by,
        of=of,
        slices=slices,
        periods=periods,
        latest=over[-1] if over else None,
        before=over[-2] if len(over) > 1 else None,
        is_empty=not any(one["active_members"] or one["active_before"] for one in periods),
        drawn=columns(came, gone),
    )


async def show_retention(visit: Visit) -> Response:
    """Who of the new comes back, who leaves without a word, and who takes part."""
    by, first, last = _asked_periods(visit)
    of = asked_slice(visit)
    ask, asked = visit.ask, {"from_": first, "to": last, **of.query}
    answers = await ask.all(
        cohorts=ask.get("analytics", "/v1/cohorts", by=by, periods=PERIODS_COUNT[by], limit=60, **asked),
        curve=ask.get("analytics", "/v1/retention", **asked),
        silences=ask.get("analytics", "/v1/silences", by=by, limit=60, **asked),
        activation=ask.get("analytics", "/v1/activation", by=by, limit=60, **asked),
    )
    cohorts = [one for one in answers["cohorts"].items if one["members"]]
    return visit.page(
        "pages/insight/retention.html",
        decided=await beside(visit, "newcomers_activated"),
        answers=answers,
        by=by,
        of=of,
        slices=await offered_slices(visit, period=by),
        cohorts=cohorts,
        width=max((len(one["present"]) for one in cohorts), default=0),
        curve=answers["curve"].body if answers["curve"].ok else None,
        silences=[one for one in answers["silences"].items if one["left"] or one["returned"]],
        activation=[one for one in answers["activation"].items if one["new_members"]],
    )


async def show_answers(visit: Visit) -> Response:
    """How long questions wait, by period, channel and topic, and which still do."""
    topic = visit.request.query_params.get("topic") or None
    audience = visit.request.query_params.get("audience") or None
    days = asked_days(visit.request.query_params, visit.writer.zone)
    ask = visit.ask
    answers = await ask.all(
        times=ask.get("analytics", "/v1/response-times", by="week", from_=days.first, to=days.last),
        open=ask.get("analytics", "/v1/open-questions", limit=OPEN_COUNT, topic=topic, audience=audience),
        topics=ask.get("analytics", "/v1/question-topics", from_=days.first, to=days.last),
        audiences=ask.get("analytics", "/v1/slices", by="audience", limit=OFFERED_COUNT),
        **({"knowing": ask.get("analytics", "/v1/topic-answerers", topic=topic)} if topic else {}),
    )
    return visit.page(
        "pages/insight/answers.html",
        decided=await beside(
            visit, "answered_in_time", "median_response", "first_question_answered", "questions_solved"
        ),
        answers=answers,
        days=days,
        choices=DAYS,
        times=answers["times"].body if answers["times"].ok else None,
        questions=answers["open"].items,
        topic=topic,
        audience=audience,
        audiences=[one for one in answers["audiences"].items if one["title"]],
        knowing=answers["knowing"].body["members"] if topic and answers["knowing"].ok else None,
        topics=answers["topics"].body if answers["topics"].ok else None,
    )


async def show_activity(visit: Visit) -> Response:
    """How often the active come, on which channels, and on how few members it rests."""
    first, today = _last_months(visit)
    ask = visit.ask
    answers = await ask.all(
        stickiness=ask.get("analytics", "/v1/stickiness", from_=first, to=today),
        mix=ask.get("analytics", "/v1/channel-mix", by="month", from_=today, to=today),
        concentration=ask.get("analytics", "/v1/concentration", from_=first, to=today),
    )
    months = answers["stickiness"].body["months"] if answers["stickiness"].ok else []
    mixes = answers["mix"].items
    return visit.page(
        "pages/insight/activity.html",
        decided=await beside(visit, "events", "largest_channel", "effective_channels"),
        answers=answers,
        months=months,
        mix=mixes[0] if mixes else None,
        is_empty=answers["stickiness"].ok and not any(one["active_members"] for one in months),
    )


async def show_orbit(visit: Visit) -> Response:
    """Members by level, month by month, and who moved in this one."""
    first, today = _last_months(visit)
    ask = visit.ask
    answers = await ask.all(
        orbit=ask.get("analytics", "/v1/orbit", from_=first, to=today),
        movers=ask.get("analytics", "/v1/orbit-moves", limit=MOVERS_COUNT),
    )
    months = answers["orbit"].items
    levels = [[one["levels"][f"level_{level}"] for level in (1, 2, 3, 4)] for one in months]
    return visit.page(
        "pages/insight/orbit.html", answers=answers, months=months, drawn=piles(levels, _LEVEL_TONES)
    )


async def show_sentiment(visit: Visit) -> Response:
    """How what members write sounds, and whether that changed."""
    days = asked_days(visit.request.query_params, visit.writer.zone)
    by = "day" if days.count < _PERIOD_DAYS["month"] else "week"
    answer = await visit.ask.get("analytics", "/v1/sentiment", by=by, from_=days.first, to=days.last)
    found = answer.body if answer.ok else None
    periods = found["periods"] if found else []
    return visit.page(
        "pages/insight/sentiment.html",
        answer=answer,
        days=days,
        choices=DAYS,
        found=found,
        types=DONE,
        drawn=columns([one["positive"] for one in periods], [one["negative"] for one in periods]),
    )


async def show_network(visit: Visit) -> Response:
    """Who answers and thanks whom, who connects others, and the newcomers whom nobody answered."""
    days = asked_days(visit.request.query_params, visit.writer.zone)
    ask, asked = visit.ask, {"from_": days.first, "to": days.last}
    answers = await ask.all(
        network=ask.get("analytics", "/v1/network", **asked),
        ties=ask.get("analytics", "/v1/ties", limit=TIES_COUNT, **asked),
        bridges=ask.get("analytics", "/v1/bridging-members", limit=LISTED_COUNT, **asked),
        isolated=ask.get("analytics", "/v1/isolated-newcomers", limit=LISTED_COUNT, **asked),
    )
    ties = answers["ties"].items
    return visit.page(
        "pages/insight/network.html",
        decided=await beside(visit, "answers_absence_factor"),
        answers=answers,
        days=days,
        choices=DAYS,
        network=answers["network"].body if answers["network"].ok else None,
        ties=ties,
        bridges=answers["bridges"].items,
        isolated=answers["isolated"].items,
        size=SIZE,
        drawn=circle(
            [
                Tie(one["from_member_id"], one["from_name"], one["to_member_id"], one["to_name"], one["times"])
                for one in ties
            ]
        ),
    )


async def download(visit: Visit) -> Response:
    """A table of analytics, passed on as it comes."""
    name = visit.request.path_params["name"]
    asked: dict[str, Any] = {}
    if name in TABLES_OF_DAYS:
        days = asked_days(visit.request.query_params, visit.writer.zone)
        asked = {"from_": days.first, "to": days.last}
    elif name not in TABLES:
        raise NotFoundError
    elif name != "scorecard":
        by, first, last = _asked_periods(visit)
        asked = {"from_": first, "to": last} | ({} if name in _WITHOUT_PERIOD else {"by": by})
        if name in _SLICED:
            asked |= asked_slice(visit).query
    answer, chunks = await visit.ask.download("analytics", f"/v1/{name}.csv", **asked)
    if not answer.ok:
        raise NotFoundError
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


def _last_months(visit: Visit) -> tuple[date, date]:
    """The first day of the months that are shown, and today."""
    today = datetime.now(visit.writer.zone).date()
    return today - timedelta(days=(PERIODS_COUNT["month"] - 1) * _PERIOD_DAYS["month"]), today


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
    Route(SENTIMENT.path, page(show_sentiment, scope=SENTIMENT.scope)),
    Route(ACTIVITY.path, page(show_activity, scope=ACTIVITY.scope)),
    Route(ORBIT.path, page(show_orbit, scope=ORBIT.scope)),
    Route(NETWORK.path, page(show_network, scope=NETWORK.scope)),
    Route("/insight/tables/{name}.csv", page(download, scope=SCORECARD.scope)),
]
