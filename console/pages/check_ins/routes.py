"""Occasions: listed, added, and a screen with the code of the moment; and a member says that they are there."""

import re
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import segno
from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.languages import zone
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import CHECK_INS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

HERE = "/here"
HOURS = ("1", "2", "3", "4", "6", "8", "12", "24")
CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: A screen asks for the next code a moment after there is one, and never more often than so.
LOOK_MIN_SECONDS = 2


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """A page of occasions, those that begin last first."""
    listing = Listing.of(CHECK_INS.path, visit.request.query_params)
    answer = await visit.ask.get("ingest", "/v1/occasions", limit=PAGE_COUNT, after=listing.said.get("after"))
    now = _now()
    states = {one["occasion_id"]: state_of(one, now) for one in answer.items} if answer.ok else {}
    return visit.page("pages/check_ins/page.html", answer=answer, listing=listing, states=states)


async def add_form(visit: Visit) -> Response:
    """The form that adds an occasion."""
    return _form(visit)


async def add(visit: Visit) -> Response:
    """Add an occasion, at a time of the community's."""
    errors: dict[str, str] = {}
    title, begins = visit.form.get("title", "").strip(), _begins(visit)
    capacity, hours = visit.form.get("capacity", "").strip(), visit.form.get("hours", "")
    if not title:
        errors["title"] = visit.say(_("Say what it is called"))
    if begins is None:
        errors["begins_at"] = visit.say(_("Say from when on one can check in"))
    if capacity and not (capacity.isascii() and capacity.isdigit() and int(capacity[:9]) > 0):
        errors["capacity"] = visit.say(_("Give a whole number, or leave it empty"))
    if begins is None or errors or hours not in HOURS:
        return _form(visit, errors=errors)
    body = {
        "title": title,
        "begins_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=int(hours))).isoformat(),
        "capacity": int(capacity) if capacity else None,
    }
    made = await visit.ask.post("ingest", "/v1/occasions", body)
    if not made.ok:
        return _form(visit, refused=Refusal.of(made))
    return visit.see_other(f"{CHECK_INS.path}/{made.body['occasion_id']}", toast="added")


async def screen(visit: Visit) -> Response:
    """The code of the moment, for those who are there; it looks again by itself when there is another."""
    answer = await _code(visit)
    if answer.is_missing:
        raise NotFoundError
    now, picture, state = _now(), None, "down"
    if answer.ok:
        state = state_of(answer.body["occasion"], now)
        address = f"{visit.console.settings.console_url}{HERE}/{answer.body['code']}"
        picture = _picture(address, label=visit.say(_("Code to check in by: scan it with a phone")))
    shown = visit.page(
        "pages/check_ins/screen.html",
        answer=answer,
        occasion=answer.body["occasion"] if answer.ok else None,
        picture=picture if state == "open" else None,
        state=state,
    )
    if state == "open":
        left = (datetime.fromisoformat(answer.body["next_at"]) - now).total_seconds()
        shown.headers["refresh"] = str(max(LOOK_MIN_SECONDS, ceil(left) + 1))
    return shown


async def here(visit: Visit) -> Response:
    """Whoever scanned a code says that they are there: looking alone changes nothing."""
    return visit.page("pages/check_ins/here.html", code=_scanned(visit), done=None, refused=None)


async def check_in(visit: Visit) -> Response:
    """Check the member in who signed in."""
    code = _scanned(visit)
    answer = await visit.ask.post("ingest", "/v1/check-ins", {"code": code})
    refused = None if answer.ok else Refusal.of(answer)
    return visit.page(
        "pages/check_ins/here.html",
        status=200 if refused is None else refused.status,
        code=code,
        done=answer.body if answer.ok else None,
        refused=refused,
    )


def state_of(occasion: dict[str, Any], now: datetime) -> str:
    """Whether an occasion is to_come, open, full or over."""
    if now < datetime.fromisoformat(occasion["begins_at"]):
        return "to_come"
    if now > datetime.fromisoformat(occasion["ends_at"]):
        return "over"
    is_full = occasion["capacity"] is not None and occasion["checked_in_count"] >= occasion["capacity"]
    return "full" if is_full else "open"


def _scanned(visit: Visit) -> str:
    code = str(visit.request.path_params["code"])
    if not CODE.fullmatch(code):
        raise NotFoundError
    return code


async def _code(visit: Visit) -> Answer:
    return await visit.ask.get("ingest", f"/v1/occasions/{visit.request.path_params['occasion_id']}/code")


def _begins(visit: Visit) -> datetime | None:
    """The moment of a form, which browsers give without a zone: the community's."""
    try:
        said = datetime.fromisoformat(visit.form.get("begins_at", ""))
    except ValueError:
        return None
    return said.replace(tzinfo=zone(visit.community.time_zone)) if said.tzinfo is None else None


def _picture(address: str, *, label: str) -> Markup:
    """The code as a drawing: dark on light whatever the theme, for cameras want it so."""
    drawn = segno.make(address, micro=False, error="m")
    svg = drawn.svg_inline(scale=8, border=4, dark="#000", light="#fff", omitsize=True, title=label)
    return Markup(svg.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 -- segno escapes the title


def _form(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    at = _now().astimezone(zone(visit.community.time_zone))
    suggested = {"begins_at": f"{at:%Y-%m-%dT%H:00}", "hours": "2"}
    return visit.page(
        "pages/check_ins/add.html",
        status=422 if errors else 200 if refused is None else refused.status,
        shown={**suggested, **visit.form},
        hours=HOURS,
        errors=errors or {},
        refused=refused,
    )


def _now() -> datetime:
    return datetime.now(UTC)


ROUTES = [
    Route(CHECK_INS.path, page(show, scope=CHECK_INS.scope)),
    Route(f"{CHECK_INS.path}/add", page(add_form, scope=CHECK_INS.scope), methods=["GET"]),
    Route(f"{CHECK_INS.path}/add", page(add, scope=CHECK_INS.scope), methods=["POST"]),
    Route(f"{CHECK_INS.path}/{{occasion_id:uuid}}", page(screen, scope=CHECK_INS.scope)),
    Route(f"{HERE}/{{code}}", page(here, for_members=True), methods=["GET"]),
    Route(f"{HERE}/{{code}}", page(check_in, for_members=True), methods=["POST"]),
]
