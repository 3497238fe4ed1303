"""Dead letters of all services: the list, one with its record, and what an operator decides about it."""

from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import DEAD_LETTERS
from console.frame.visits import NotFoundError, Visit, page
from shared.services import SERVICES

#: More of a record than this is not shown: its bytes are the API's to give.
RECORD_MAX_CHARS = 12_000
REASON_MAX_CHARS = 300
WRITE_SCOPE = "operations:write"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES = {
    "waiting": _("waiting"),
    "asked": _("on its way again"),
    "replayed": _("replayed"),
    "discarded": _("discarded"),
}


async def show(visit: Visit) -> Response:
    """The dead letters of every service, or of one, newest first."""
    listing = Listing.of(
        DEAD_LETTERS.path,
        visit.request.query_params,
        filters=[
            Filter("service", visit.say(_("Service")), [(name, name) for name in SERVICES]),
            Filter(
                "state",
                visit.say(_("State")),
                [(name, visit.say(text)) for name, text in STATES.items()],
                usual="waiting",
            ),
        ],
    )
    one = listing.chosen.get("service")
    state = listing.chosen.get("state", "waiting")
    after = listing.said.get("after") if one else None
    answers = await visit.ask.all(
        **{
            service: visit.ask.get(service, "/v1/dead-letters", state=state, limit=PAGE_COUNT, after=after)
            for service in ([one] if one else SERVICES)
        }
    )
    letters = [{**item, "service": service} for service, answer in answers.items() for item in answer.items]
    return visit.page(
        "pages/dead_letters/page.html",
        listing=listing,
        views=await visit.views(listing),
        letters=sorted(letters, key=lambda letter: str(letter["dead_at"]), reverse=True),
        missing=[answer for answer in answers.values() if not answer.ok],
        has_more=[service for service, answer in answers.items() if answer.ok and answer.body["next"]],
        next=answers[one].body["next"] if one and answers[one].ok else None,
        state=state,
        states=STATES,
    )


async def look(visit: Visit) -> Response:
    """One dead letter with its record."""
    return await _look(visit)


async def replay(visit: Visit) -> Response:
    """Have it sent through again."""
    path = _path(visit)
    answer = await visit.ask.post(_service(visit), f"/v1/dead-letters/{_id(visit)}/replay", b"")
    return visit.see_other(path, toast="replay-asked") if answer.ok else await _look(visit, refused=answer)


async def discard(visit: Visit) -> Response:
    """Decide that it will never be processed, and say why."""
    reason = " ".join(visit.form.get("reason", "").split())
    errors = {}
    if not reason:
        errors["reason"] = visit.say(_("Say why: it stands in the audit log"))
    elif len(reason) > REASON_MAX_CHARS:
        errors["reason"] = visit.say(_("Say it in {most} characters"), most=REASON_MAX_CHARS)
    if errors:
        return await _look(visit, errors=errors)
    answer = await visit.ask.post(_service(visit), f"/v1/dead-letters/{_id(visit)}/discard", {"reason": reason})
    return visit.see_other(_path(visit), toast="discarded") if answer.ok else await _look(visit, refused=answer)


async def _look(visit: Visit, *, errors: dict[str, str] | None = None, refused: Answer | None = None) -> Response:
    service = _service(visit)
    answer = await visit.ask.get(service, f"/v1/dead-letters/{_id(visit)}")
    if answer.is_missing:
        raise NotFoundError
    record = _readable(answer.body) if answer.ok else ""
    return visit.page(
        "pages/dead_letters/look.html",
        status=422 if errors else 409 if refused else 200,
        answer=answer,
        service=service,
        here=_path(visit),
        record=record[:RECORD_MAX_CHARS],
        is_cut=len(record) > RECORD_MAX_CHARS,
        states=STATES,
        may_decide=visit.signed_in.may(WRITE_SCOPE),
        reason=visit.form.get("reason", ""),
        reason_max_count=REASON_MAX_CHARS,
        errors=errors or {},
        refused=refused,
    )


def _readable(letter: dict[str, Any]) -> str:
    """A record as somebody reads it: JSON line by line, other text as it is, bytes in base64."""
    if letter["value"] is None:
        return str(letter["value_base64"])
    try:
        return orjson.dumps(orjson.loads(letter["value"]), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        # No JSON, or nested more deeply than is written again.
        return str(letter["value"])


def _service(visit: Visit) -> str:
    service = str(visit.request.path_params["service"])
    if service not in SERVICES:
        raise NotFoundError
    return service


def _id(visit: Visit) -> str:
    letter_id: UUID = visit.request.path_params["letter_id"]
    return str(letter_id)


def _path(visit: Visit) -> str:
    return f"{DEAD_LETTERS.path}/{_service(visit)}/{_id(visit)}"


_ONE = f"{DEAD_LETTERS.path}/{{service}}/{{letter_id:uuid}}"
ROUTES = [
    Route(DEAD_LETTERS.path, page(show, scope=DEAD_LETTERS.scope)),
    Route(_ONE, page(look, scope=DEAD_LETTERS.scope)),
    Route(f"{_ONE}/replay", page(replay, scope=WRITE_SCOPE), methods=["POST"]),
    Route(f"{_ONE}/discard", page(discard, scope=WRITE_SCOPE), methods=["POST"]),
]
