"""Backtests: what drafts would have given for the past, asked for, looked at while they run, and compared."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import PROGRAMME
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

BACKTESTS = f"{PROGRAMME.path}/backtests"
WRITE = "programmes:write"
UNPROCESSABLE = 422
#: What scoring lets be compared at once.
DRAFTS_MAX_COUNT = 4
DAYS: Final = (30, 90, 180, 365)
USUAL_DAYS = 90


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES: Final = {
    "queued": _("waits for its turn"),
    "running": _("runs"),
    "done": _("done"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}
FAILURES: Final = {
    "too_many_events": _("There are more events than a backtest may be of: ask for a shorter time."),
    "too_long": _("It took longer than a backtest may: ask for a shorter time."),
    "too_much_memory": _("It took more memory than a backtest may: ask for a shorter time, or fewer drafts."),
    "no_programme": _("A draft is no programme any more: look at it in the editor."),
    "broke": _("It broke. Whoever runs the services finds out why."),
}
REASONS: Final = {
    "limit": _("a limit"),
    "cooldown": _("a cooldown"),
    "diminished": _("diminishing returns"),
    "floor": _("a floor"),
    "budget": _("a budget"),
    "pacing": _("a pace"),
}


class RuleRow(NamedTuple):
    """What a rule gives on both sides."""

    rule: str
    score: str
    before: int
    after: int


class Compared(NamedTuple):
    """A draft beside what was in force: its rules, and its weeks as a chart has them."""

    side: Mapping[str, Any]
    rules: list[RuleRow]
    days: list[date]
    values: list[int]
    before: list[int]
    worth_minor: int | None
    #: What rules, campaigns and audiences are called, by what they are and their ids.
    titles: Mapping[str, Mapping[str, str]]


async def show(visit: Visit) -> Response:
    """What was asked for, and a form that asks."""
    return await _list(visit)


async def begin(visit: Visit) -> Response:
    """Have drafts backtested."""
    drafts = [name.removeprefix("draft-") for name in visit.form if name.startswith("draft-")]
    if not drafts:
        return await _list(visit, errors={"drafts": visit.say(_("Choose a draft"))})
    days = visit.form.get("days", "")
    since = datetime.now(UTC) - timedelta(days=int(days) if days.isdecimal() and len(days) < 5 else USUAL_DAYS)
    body: dict[str, Any] = {
        "since": since.isoformat(),
        "drafts": [{"draft_id": one} for one in drafts[:DRAFTS_MAX_COUNT]],
    }
    if audience := visit.form.get("audience", ""):
        body["audience"] = audience
    answer = await visit.ask.post("scoring", "/v1/backtests", body)
    if not answer.ok:
        return await _list(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{BACKTESTS}/{answer.body['backtest_id']}")


async def look(visit: Visit) -> Response:
    """One, with how far it is, or what it found."""
    return await _one(visit)


async def cancel(visit: Visit) -> Response:
    """Have one end without a result."""
    backtest_id = visit.request.path_params["backtest"]
    answer = await visit.ask.command("POST", "scoring", f"/v1/backtests/{backtest_id}/cancel")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{BACKTESTS}/{backtest_id}", toast="backtest-cancelled")


async def _list(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    listing = Listing.of(visit.request.url.path, visit.request.query_params)
    answers: dict[str, Answer] = await visit.ask.all(
        backtests=visit.ask.get("scoring", "/v1/backtests", limit=PAGE_COUNT, after=listing.said.get("after")),
        drafts=visit.ask.get("scoring", "/v1/programme-drafts", limit=50),
        audiences=visit.ask.get("scoring", "/v1/audiences"),
    )
    chosen = {visit.request.query_params.get("draft", "")}
    return visit.page(
        "pages/programme/backtests.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        backtests=answers["backtests"],
        drafts=answers["drafts"],
        audiences=answers["audiences"].body["items"] if answers["audiences"].ok else (),
        chosen=chosen | {name.removeprefix("draft-") for name in visit.form if name.startswith("draft-")},
        listing=listing,
        errors=errors or {},
        refused=refused,
        days=DAYS,
        usual_days=USUAL_DAYS,
        states=_said(visit, STATES),
        may_write=visit.signed_in.may(WRITE),
    )


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    backtest_id = visit.request.path_params["backtest"]
    answer = await visit.ask.get("scoring", f"/v1/backtests/{backtest_id}")
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    found = answer.body if answer.ok else None
    result = found["result"] if found is not None else None
    live, *drafts = result["sides"] if result is not None else (None,)
    return visit.page(
        "pages/programme/backtest.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        found=found,
        live=live,
        compared=[compared_of(live, side) for side in drafts if live is not None],
        refused=refused,
        states=_said(visit, STATES),
        failures=_said(visit, FAILURES),
        reasons=_said(visit, REASONS),
        may_write=visit.signed_in.may(WRITE),
    )


def compared_of(live: Mapping[str, Any], side: Mapping[str, Any]) -> Compared:
    """A draft beside what was in force."""
    before = {(one["rule"], one["score"]): one["points"] for one in live["rules"]}
    after = {(one["rule"], one["score"]): one["points"] for one in side["rules"]}
    rules = [RuleRow(*key, before.get(key, 0), after.get(key, 0)) for key in sorted({*before, *after})]
    was = {one["week"]: one["points"] for one in live["weeks"]}
    now = {one["week"]: one["points"] for one in side["weeks"]}
    weeks = sorted({*was, *now})
    worth = None
    if side["worth"] is not None and (live["worth"] or side["worth"])["currency"] == side["worth"]["currency"]:
        worth = side["worth"]["minor"] - (live["worth"]["minor"] if live["worth"] is not None else 0)
    return Compared(
        side,
        rules,
        [date.fromisoformat(week) for week in weeks],
        [now.get(week, 0) for week in weeks],
        [was.get(week, 0) for week in weeks],
        worth,
        {kind: live["titles"][kind] | side["titles"][kind] for kind in side["titles"]},
    )


def _said(visit: Visit, words: Mapping[str, str]) -> dict[str, str]:
    return {name: visit.say(text) for name, text in words.items()}


ROUTES = [
    Route(BACKTESTS, page(show, scope=PROGRAMME.scope)),
    Route(BACKTESTS, page(begin, scope=WRITE), methods=["POST"]),
    Route(f"{BACKTESTS}/{{backtest}}", page(look, scope=PROGRAMME.scope)),
    Route(f"{BACKTESTS}/{{backtest}}/cancel", page(cancel, scope=WRITE), methods=["POST"]),
]
