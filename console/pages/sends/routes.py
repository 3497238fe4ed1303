"""Rewards sent to a list of people: a table is looked at, made a draft, handed in, approved and followed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.languages import zone
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.approvers import approvers
from console.frame.navigation import CATALOGUE
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.catalogue.routes import WRITE
from console.pages.sends.words import LINE_WORDS, SEND_WORDS, TONES, WHY_WORDS

PATH = "/sends"
ONE = f"{PATH}/{{send_id:uuid}}"
TITLE_MAX_CHARS = 200
USUAL_DAYS = 30
UNPROCESSABLE = 422
#: What people may do with a send, and what is told when it is done.
DEEDS = {"submit": "send-submitted", "approve": "send-approved", "cancel": "done", "retry": "done"}


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Sends, newest first."""
    listing = Listing.of(PATH, visit.request.query_params)
    sends = await visit.ask.get("rewards", "/v1/sends", limit=PAGE_COUNT, after=listing.said.get("after"))
    return visit.page(
        "pages/sends/page.html",
        sends=sends,
        listing=listing,
        states=SEND_WORDS,
        tones=TONES,
        may_write=visit.signed_in.may(WRITE),
    )


async def form(visit: Visit) -> Response:
    """The form of a new one."""
    return await _form(visit)


async def make(visit: Visit) -> Response:
    """Make a draft of a table. The form's key makes that sending it twice is the same draft."""
    key, said = visit.form_key, visit.form
    if key is None:
        raise NotFoundError
    title, table = said.get("title", "").strip(), said.get("table", "").strip()
    errors = {}
    if not title or len(title) > TITLE_MAX_CHARS:
        errors["title"] = visit.say(_("Say what it is for, in at most {count} signs"), count=TITLE_MAX_CHARS)
    if not said.get("reward"):
        errors["reward"] = visit.say(_("Choose what it gives"))
    if not table:
        errors["table"] = visit.say(_("Open a table, or write who gets it"))
    try:
        day = datetime.fromisoformat(said.get("ends", "").strip())
        ends = day.replace(hour=0, minute=0, tzinfo=zone(visit.community.time_zone)) + timedelta(days=1)
    except ValueError:
        errors["ends"] = visit.say(_("Give a day"))
    starts = None
    if said.get("starts", "").strip():
        try:
            first = datetime.fromisoformat(said["starts"].strip())
            starts = first.replace(hour=0, minute=0, tzinfo=zone(visit.community.time_zone))
        except ValueError:
            errors["starts"] = visit.say(_("Give a day"))
    if errors:
        return await _form(visit, errors=errors)
    days = max(1, (ends - datetime.now(UTC)).days + 1)
    people = await visit.ask.post("ingest", "/v1/recipients/table", {"csv": table, "days": min(days, 366)})
    if not people.ok:
        return await _form(visit, refused=Refusal.of(people), lines=_lines(people))
    body = {
        "title": title,
        "reward_id": said["reward"],
        "claims_end_at": ends.isoformat(),
        "starts_at": None if starts is None else starts.isoformat(),
        "lines": [
            {name: one[name] for name in ("member_id", "recipient_id", "reward_id", "line")}
            for one in people.body["lines"]
        ],
    }
    made = await visit.ask.post("rewards", "/v1/sends", body, key=f"console-{key}")
    if not made.ok:
        return await _form(visit, refused=Refusal.of(made), lines=_lines(made))
    return visit.see_other(f"{PATH}/{made.body['send_id']}", toast="send-made")


def _lines(refused: Answer) -> list[Mapping[str, Any]]:
    """What a service says of lines of the table."""
    return [one for one in refused.problem.get("errors", ()) if one.get("line")]


async def _form(
    visit: Visit,
    *,
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
) -> Response:
    offered = await visit.ask.get("rewards", "/v1/catalogue")
    usual = datetime.now(UTC).astimezone(zone(visit.community.time_zone)) + timedelta(days=USUAL_DAYS)
    return visit.page(
        "pages/sends/new.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        offered=offered,
        shown={"ends": usual.date().isoformat()} | dict(visit.form),
        key=visit.form_key or uuid4().hex,
        errors=errors or {},
        refused=refused,
        lines=lines,
    )


async def one(visit: Visit) -> Response:
    """One send, with its lines."""
    return await _one(visit)


async def act(visit: Visit) -> Response:
    """Hand it in, approve it, call it off, or try what failed once more."""
    send_id, verb = visit.request.path_params["send_id"], visit.request.path_params["verb"]
    if verb not in DEEDS:
        raise NotFoundError
    done = await visit.ask.post("rewards", f"/v1/sends/{send_id}/{verb}", b"")
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    waits = verb == "submit" and done.body["state"] == "waiting"
    return visit.see_other(f"{PATH}/{send_id}", toast="send-waits" if waits else DEEDS[verb])


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    send_id = visit.request.path_params["send_id"]
    choices = [(state, visit.say(text)) for state, text in LINE_WORDS.items()]
    filters = [Filter("state", visit.say(_("State")), choices, is_apart=True)]
    listing = Listing.of(f"{PATH}/{send_id}", visit.request.query_params, filters=filters)
    answers = await visit.ask.all(
        send=visit.ask.get("rewards", f"/v1/sends/{send_id}"),
        lines=visit.ask.get(
            "rewards",
            f"/v1/sends/{send_id}/lines",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
            **listing.chosen,
        ),
        offered=visit.ask.get("rewards", "/v1/catalogue"),
    )
    send = answers["send"]
    if send.is_missing:
        raise NotFoundError
    people: list[dict[str, Any]] = []
    if send.ok and send.body["state"] == "waiting":
        people = [
            one for one in await approvers(visit, WRITE) if one["person_id"] != str(send.body["made_by_person"])
        ]
    return visit.page(
        "pages/sends/one.html",
        status=200 if refused is None else refused.status,
        **answers,
        titles={one["id"]: one["title"] for one in answers["offered"].items},
        listing=listing,
        tabs={
            state: (visit.writer.number(count) if count else "")
            for state, count in (send.body["lines"].items() if send.ok else ())
        },
        states=SEND_WORDS,
        line_states=LINE_WORDS,
        whys=WHY_WORDS,
        tones=TONES,
        approvers=people,
        is_own=send.ok and str(send.body["made_by_person"]) == visit.signed_in.person_id,
        may_write=visit.signed_in.may(WRITE),
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=CATALOGUE.scope)),
    Route(f"{PATH}/new", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{PATH}/new", page(make, scope=WRITE), methods=["POST"]),
    Route(ONE, page(one, scope=CATALOGUE.scope), methods=["GET"]),
    Route(f"{ONE}/{{verb}}", page(act, scope=WRITE), methods=["POST"]),
]
