"""When payout runs are prepared: schedules that one person proposes and another approves, and their times."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import PAYOUT_RUNS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.gift_cards.words import PAYING
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

PATH = f"{PAYOUT_RUNS.path}/schedules"
SERVICE_PATH = "/v1/payout-schedules"
TYPED_MAX_CHARS = 20
EVERY: Final = ("week", "month", "quarter")

ENTRIES = Entries(
    PATH, SERVICE_PATH, "schedule_id", "pages/payout_schedules/schedule.html", words={"names": PAYING}
)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """All schedules, newest first."""
    listing = Listing.of(PATH, visit.request.query_params)
    answer = await visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page("pages/payout_schedules/page.html", answer=answer, listing=listing)


async def times(visit: Visit) -> Response:
    """The times of a schedule that have come, and what became of each."""
    schedule_id = str(visit.request.path_params["schedule_id"])
    listing = Listing.of(f"{PATH}/{schedule_id}/times", visit.request.query_params)
    answers = await visit.ask.all(
        schedule=visit.ask.get("rewards", f"{SERVICE_PATH}/{schedule_id}"),
        answer=visit.ask.get(
            "rewards",
            f"{SERVICE_PATH}/{schedule_id}/times",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
        ),
    )
    if answers["schedule"].is_missing:
        raise NotFoundError
    return visit.page(
        "pages/payout_schedules/times.html",
        schedule=answers["schedule"],
        answer=answers["answer"],
        listing=listing,
        names=PAYING,
    )


async def stop(visit: Visit) -> Response:
    """Have no more runs prepared."""
    answer = await visit.ask.command("POST", "rewards", f"{ENTRIES.at_service(visit)}/stop")
    if not answer.ok:
        return await ENTRIES.show(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{visit.request.path_params['schedule_id']}", toast="saved")


async def form(visit: Visit) -> Response:
    """Ask when runs are to be prepared."""
    return _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form_key
    if key is None:
        raise NotFoundError
    typed = {name: visit.form.get(name, usual).strip()[:TYPED_MAX_CHARS] for name, usual in _USUAL.items()}
    errors = {}
    body: dict[str, Any] = {"effective_from": typed["effective_from"], "at": typed["at"]}
    body["every"] = typed["every"] if typed["every"] in EVERY else "month"
    if not typed["effective_from"]:
        errors["effective_from"] = visit.say(_("Say a day"))
    if typed["on_day"].isdecimal():
        body["on_day"] = int(typed["on_day"])
    else:
        errors["on_day"] = visit.say(_("Say which, in digits"))
    if body["every"] == "quarter":
        if typed["month_of_quarter"].isdecimal():
            body["month_of_quarter"] = int(typed["month_of_quarter"])
        else:
            errors["month_of_quarter"] = visit.say(_("Say which, in digits"))
    if errors:
        return _form(visit, key, errors=errors)
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if not answer.ok:
        return _form(visit, key, refused=Refusal.of(answer))
    return visit.see_other(f"{PATH}/{answer.body['schedule_id']}", toast="waits")


_USUAL = {"effective_from": "", "every": "month", "on_day": "28", "month_of_quarter": "", "at": "09:00"}


def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    return visit.page(
        "pages/payout_schedules/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        key=key,
        typed={name: visit.form.get(name, text) for name, text in _USUAL.items()},
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=PAYOUT_RUNS.scope)),
    Route(f"{PATH}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/propose", page(propose, scope=WRITE), methods=["POST"]),
    Route(f"{PATH}/{{schedule_id:uuid}}/times", page(times, scope=PAYOUT_RUNS.scope)),
    Route(f"{PATH}/{{schedule_id:uuid}}/stop", page(stop, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(PAYOUT_RUNS.scope),
]
