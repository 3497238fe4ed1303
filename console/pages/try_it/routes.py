"""Try it: send an event, and watch it travel: received, accepted, the rules that it met, badges, the ledger."""

import asyncio
import time
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import TRY_IT
from console.frame.visits import NotFoundError, Visit, page
from console.pages.explorer.finding import RECEIPT_ID
from console.pages.ledger.words import ACCOUNTS
from console.pages.members.words import DECLINED
from console.pages.try_it.declared import PREFIX, example_of, from_declared
from console.pages.try_it.events import (
    TYPES,
    InvalidFormError,
    Lately,
    as_curl,
    event_of,
    from_form,
    from_json,
    pretty,
)

#: How long a page waits for its event before it is shown as it is; scripts look again, people press a button.
TRAVEL_SECONDS = 1.5
LOOK_EVERY_SECONDS = 0.1
STATEMENT_COUNT = 50

_lately = Lately()


async def show(visit: Visit) -> Response:
    """The form, with an example: of a declared type, where one is chosen."""
    known = await _event_types(visit)
    own = _own_type(known, visit.request.query_params.get("type"))
    if own is None:
        example = event_of("forum.reply.v1", actor="ada", length=214, other="kofi")
    else:
        example = example_of(own, "ada")
    return _page(visit, example, journey=None, known=known)


async def send(visit: Visit) -> Response:
    """Send what was typed, and go to where it is watched."""
    is_json = "event" in visit.form
    known = await _event_types(visit)
    own = _own_type(known, visit.form.get("type"))
    try:
        if is_json:
            event = from_json(visit.form["event"])
        else:
            event = from_form(visit.form) if own is None else from_declared(own, visit.form)
    except InvalidFormError as invalid:
        errors = {name: visit.say(text) if "{" not in text else text for name, text in invalid.errors.items()}
        # The summary above the form has the sentence alone: it says of which field it is.
        for field in own["fields"] if own else ():
            if said := errors.get(PREFIX + field["name"]):
                errors[PREFIX + field["name"]] = f"{field['title']}: {said}"
        return _page(visit, None, journey=None, known=known, errors=errors, status=422)
    content = orjson.dumps(event)
    answer = await visit.ask.post("ingest", "/v1/events", content, content_type="application/cloudevents+json")
    if not answer.ok:
        status = 422 if not answer.is_down else 503
        return _page(visit, event, journey=None, known=known, refused=answer, status=status)
    receipt = answer.body["receipt_id"]
    _lately.keep(visit.signed_in.person_id, receipt, content)
    return visit.see_other(f"/try-it/{receipt}{'?as=json' if is_json else ''}")


async def watch(visit: Visit) -> Response:
    """Where an event is on its way; waits a moment for it to arrive."""
    receipt_id = visit.request.path_params["receipt_id"]
    if not RECEIPT_ID.fullmatch(receipt_id):
        raise NotFoundError
    until = time.monotonic() + TRAVEL_SECONDS
    while True:
        journey = await _journey(visit, receipt_id)
        if journey["is_over"] or time.monotonic() >= until:
            break
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    sent = _lately.of(visit.signed_in.person_id, receipt_id)
    event = orjson.loads(sent) if sent else event_of("forum.reply.v1", actor="ada", length=214, other="kofi")
    return _page(visit, event, journey=journey, known=await _event_types(visit))


async def _event_types(visit: Visit) -> Answer:
    """The types that ingest takes, those among them that the programme declares."""
    return await visit.ask.get("ingest", "/v1/event-types")


def _declared(known: Answer) -> list[dict[str, Any]]:
    return [one for one in known.items if one["declared"] and not one["retired"]] if known.ok else []


def _own_type(known: Answer, name: str | None) -> dict[str, Any] | None:
    """The declared type of that name."""
    return next((one for one in _declared(known) if one["type"] == name), None)


async def _journey(visit: Visit, receipt_id: str) -> dict[str, Any]:
    """What each service knows of the first event of a receipt."""
    receipt = await visit.ask.get("ingest", f"/v1/receipts/{receipt_id}", limit=1)
    if receipt.is_missing:
        raise NotFoundError
    item = receipt.items[0] if receipt.items else None
    journey: dict[str, Any] = {
        "receipt_id": receipt_id,
        "receipt": receipt,
        "item": item,
        "explanation": None,
        "lineage": None,
        "ledger": [],
        "awards": [],
        "grants": [],
        "received_at": None,
        "is_over": False,
    }
    if item is None or item["outcome"] not in {"accepted", "duplicate"}:
        return {**journey, "is_over": item is not None and item["outcome"] in {"rejected", "conflict"}}
    uid = item["event_uid"]
    answers = await visit.ask.all(
        explanation=visit.ask.get("scoring", f"/v1/events/{uid}/explanation"),
        lineage=visit.ask.get("analytics", f"/v1/lineage/events/{uid}"),
    )
    awards = answers["explanation"].body["awards"] if answers["explanation"].ok else []
    statements = await _statements(visit, awards)
    is_recognised, grants = await _recognised(visit, awards, uid)
    told = answers["lineage"].body if answers["lineage"].ok else None
    journey |= answers
    journey["awards"] = awards
    journey["ledger"] = _booked(awards, statements)
    journey["grants"] = grants
    journey["received_at"] = told["event"]["received_at"] if told else None
    is_scored = answers["explanation"].ok and answers["explanation"].body["scored"]
    arrived = told is not None and {one["award"]["award_id"] for one in told["awards"]} >= {
        award["award_id"] for award in awards
    }
    may_see_ledger = visit.signed_in.may("rewards:read")
    booked = not may_see_ledger or {entry["cause_id"] for entry in journey["ledger"]} >= {
        award["award_id"] for award in awards
    }
    journey["is_over"] = bool(is_scored and arrived and booked and is_recognised)
    return journey


async def _recognised(visit: Visit, awards: list[dict[str, Any]], uid: str) -> tuple[bool, list[dict[str, Any]]]:
    """Whether recognition has added up what scoring gave the members, and what they have by this event.

    Who may not ask recognition waits for nothing.
    """
    if not visit.signed_in.may("recognition:read"):
        return True, []
    members = sorted({award["member_id"] for award in awards})
    answers = await visit.ask.all(
        **{f"score {one}": visit.ask.get("scoring", f"/v1/members/{one}/score") for one in members},
        **{f"has {one}": visit.ask.get("recognition", f"/v1/members/{one}/recognition") for one in members},
    )
    causes = {award["award_id"] for award in awards}
    grants = []
    for member_id in members:
        answer = answers[f"has {member_id}"]
        if answer.ok:
            held = [("badge", badge) for badge in answer.body["badges"]]
            held += [("level", answer.body["level"])] if answer.body["level"] else []
            grants += [
                {**one, "kind": kind, "member_id": member_id}
                for kind, one in held
                if one["award_id"] in causes or one["event_uid"] == uid
            ]
    is_added_up = all(
        answers[f"score {one}"].ok
        and answers[f"has {one}"].ok
        and answers[f"score {one}"].body["points"] == answers[f"has {one}"].body["points"]
        for one in members
    )
    return is_added_up, grants


async def _statements(visit: Visit, awards: list[dict[str, Any]]) -> list[Answer]:
    if not visit.signed_in.may("rewards:read"):
        return []
    members = {award["member_id"] for award in awards}
    return list(
        await asyncio.gather(
            *(
                visit.ask.get("rewards", f"/v1/members/{member}/statement", limit=STATEMENT_COUNT)
                for member in members
            )
        )
    )


def _booked(awards: list[dict[str, Any]], statements: list[Answer]) -> list[dict[str, Any]]:
    """The entries in the ledger that the awards caused."""
    causes = {award["award_id"] for award in awards}
    return [line for answer in statements for line in answer.items if line["cause_id"] in causes]


def _page(
    visit: Visit,
    event: dict[str, Any] | None,
    *,
    journey: dict[str, Any] | None,
    known: Answer,
    errors: dict[str, str] | None = None,
    refused: Answer | None = None,
    status: int = 200,
) -> Response:
    form = visit.form
    data = (event or {}).get("data")
    shown = {
        "type": form.get("type", (event or {}).get("type", "")),
        "actor": form.get("actor", _id_in(_in(data, "actor"))),
        "length": form.get("length", str(_in(data, "length_chars") or "")),
        "other": form.get("other", _id_in(_in(_in(data, "in_reply_to") or _in(data, "object"), "author"))),
        "event": form.get("event", pretty(event) if event else ""),
    }
    return visit.page(
        "pages/try_it/page.html",
        status=status,
        types=TYPES,
        known=known,
        declared=_declared(known),
        own=_own_type(known, visit.request.query_params.get("type") or shown["type"]),
        said=form,
        prefix=PREFIX,
        shown=shown,
        is_json="event" in form or visit.request.query_params.get("as") == "json",
        errors=errors or {},
        refused=refused,
        journey=journey,
        same=None if event is None else pretty(event),
        curl=None if event is None else as_curl(event),
        after_ms=_after_ms,
        declined=DECLINED,
        accounts=ACCOUNTS,
    )


def _id_in(said: Any) -> str:
    return str(_in(said, "id") or "")


def _in(said: Any, name: str) -> Any:
    """What is there under a name, where an object is; what is typed as JSON may be anything."""
    return said.get(name) if isinstance(said, dict) else None


def _after_ms(moment: str, start: str | None) -> int | None:
    """Milliseconds from the event's receipt to a moment."""
    if start is None:
        return None
    return max(0, round((datetime.fromisoformat(moment) - datetime.fromisoformat(start)).total_seconds() * 1000))


ROUTES = [
    Route(TRY_IT.path, page(show, scope=TRY_IT.scope), methods=["GET"]),
    Route(TRY_IT.path, page(send, scope=TRY_IT.scope), methods=["POST"]),
    Route(f"{TRY_IT.path}/{{receipt_id}}", page(watch, scope=TRY_IT.scope)),
]
