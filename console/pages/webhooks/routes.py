"""Webhooks: listed, added, changed, tried, their secrets rotated, and what was delivered."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import WEBHOOKS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.webhooks.words import FACTS, STATES, TROUBLES
from shared.contracts.fields import SLUG_PATTERN
from shared.webhooks.offered import TELLERS

ADD = "/add-webhook"
#: Who may change where facts go.
WRITES = "webhooks:write"
NAME = re.compile(SLUG_PATTERN)
WEBHOOKS_COUNT = 100
DELIVERIES_COUNT = 20
FACT_MAX_CHARS = 12_000
OVERLAP_HOURS = ("24", "1", "168", "0")
TYPE = "type-"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Each webhook, and how all services do with it."""
    listing = Listing.of(WEBHOOKS.path, visit.request.query_params)
    lanes, answer = await asyncio.gather(
        _lanes(visit),
        visit.ask.get("ingest", "/v1/webhook-endpoints", limit=WEBHOOKS_COUNT, after=listing.said.get("after")),
    )
    return visit.page(
        "pages/webhooks/page.html",
        answer=answer,
        listing=listing,
        standings={one["endpoint_id"]: _standing(lanes, one["endpoint_id"]) for one in answer.items},
        missing=[lane for lane in lanes.values() if not lane.ok],
        troubles=TROUBLES,
        may_write=_may_write(visit),
    )


async def add_form(visit: Visit) -> Response:
    """Where facts go, and which."""
    return await _add(visit)


async def add(visit: Visit) -> Response:
    """Add it, and show its secret, this once."""
    name, url = visit.form.get("name", "").strip(), visit.form.get("url", "").strip()
    errors = _mistakes(visit, url=url)
    if not NAME.fullmatch(name):
        errors["name"] = visit.say(_("Give small letters, digits and -, as in data-warehouse"))
    if errors:
        return await _add(visit, errors=errors)
    made = await visit.ask.post(
        "ingest", "/v1/webhook-endpoints", {"name": name, "url": url, "types": _types(visit.form)}
    )
    if not made.ok:
        return await _add(visit, refused=made)
    return visit.page("pages/webhooks/once.html", made=made.body, is_new=True)


async def look(visit: Visit) -> Response:
    """One webhook: where it leads, how it does, and what was delivered last."""
    return await _one(visit)


async def change(visit: Visit) -> Response:
    """Have it lead elsewhere or get other facts; or have it get nothing, or something again."""
    name = _name(visit)
    if "enabled" in visit.form:
        is_on = visit.form["enabled"] == "yes"
        body: dict[str, Any] = {"enabled": is_on}
        toast = "webhook-on" if is_on else "webhook-off"
    else:
        url = visit.form.get("url", "").strip()
        errors = _mistakes(visit, url=url)
        if errors:
            return await _one(visit, errors=errors)
        found = await visit.ask.get("ingest", _path(name))
        is_elsewhere = not found.ok or found.body["url"] != url
        body, toast = {"types": _types(visit.form)} | ({"url": url} if is_elsewhere else {}), "saved"
    answer = await visit.ask.command("PATCH", "ingest", _path(name), body)
    if not answer.ok:
        return await _one(visit, refused=answer)
    return visit.see_other(f"{WEBHOOKS.path}/{name}", toast=toast)


async def rotate(visit: Visit) -> Response:
    """Put a new secret in force; the one before signs beside it for a while."""
    hours = visit.form.get("hours", "")
    body: dict[str, Any] = {"overlap_hours": int(hours)} if hours in OVERLAP_HOURS else {}
    made = await visit.ask.post("ingest", f"{_path(_name(visit))}/rotate", body)
    if not made.ok:
        return await _one(visit, refused=made)
    return visit.page("pages/webhooks/once.html", made=made.body, is_new=False)


async def try_it(visit: Visit) -> Response:
    """Deliver a fact that says nothing, and show what becomes of it."""
    name = _name(visit)
    answer = await visit.ask.post("ingest", f"{_path(name)}/test", b"")
    if not answer.ok:
        return await _one(visit, refused=answer)
    return visit.see_other(_delivery_path(name, "ingest", answer.body["delivery_id"]), toast="webhook-tried")


async def remove(visit: Visit) -> Response:
    """Remove it, once its name was typed."""
    name = _name(visit)
    if visit.form.get("typed", "").strip() != name:
        return await _one(visit, errors={"typed": visit.say(_("That is not its name"))})
    answer = await visit.ask.command("DELETE", "ingest", _path(name))
    if not answer.ok:
        return await _one(visit, refused=answer)
    return visit.see_other(WEBHOOKS.path, toast="webhook-removed")


async def replay_all(visit: Visit) -> Response:
    """Have every service deliver again what failed, or what it held."""
    name = _name(visit)
    found = await visit.ask.get("ingest", _path(name))
    if found.is_missing:
        raise NotFoundError
    if not found.ok:
        return await _one(visit, refused=found)
    body = {"endpoint_id": found.body["endpoint_id"], "states": ["failed", "held"]}
    answers = await visit.ask.all(
        **{service: visit.ask.post(service, "/v1/webhook-deliveries/replay", body) for service in TELLERS}
    )
    refused = next((answer for answer in answers.values() if not answer.ok), None)
    if refused is not None:
        return await _one(visit, refused=refused)
    return visit.see_other(f"{WEBHOOKS.path}/{name}", toast="replay-asked")


async def look_at_delivery(visit: Visit) -> Response:
    """One delivery with its fact."""
    return await _delivery(visit)


async def replay(visit: Visit) -> Response:
    """Deliver one fact again."""
    name, service, delivery_id = _name(visit), _service(visit), _delivery_id(visit)
    answer = await visit.ask.post(service, f"/v1/webhook-deliveries/{delivery_id}/replay", b"")
    if not answer.ok:
        return await _delivery(visit, refused=Refusal.of(answer))
    return visit.see_other(_delivery_path(name, service, delivery_id), toast="replay-asked")


async def _add(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Answer | None = None
) -> Response:
    types = await visit.ask.get("ingest", "/v1/webhook-types")
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/webhooks/add.html",
        status=422 if errors else 200 if refusal is None else refusal.status,
        types=types,
        facts=FACTS,
        chosen=_types(visit.form),
        shown=visit.form,
        prefix=TYPE,
        errors=errors or {},
        refused=refusal,
    )


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Answer | None = None
) -> Response:
    name = _name(visit)
    listing = Listing.of(
        f"{WEBHOOKS.path}/{name}",
        visit.request.query_params,
        filters=(
            Filter("service", visit.say(_("Told by")), tuple((one, one) for one in TELLERS)),
            Filter(
                "state",
                visit.say(_("What became of it")),
                tuple((state, visit.say(text)) for state, (text, _tone, _icon) in STATES.items()),
            ),
        ),
    )
    answers: dict[str, Any] = await visit.ask.all(
        answer=visit.ask.get("ingest", _path(name)), types=visit.ask.get("ingest", "/v1/webhook-types")
    )
    if answers["answer"].is_missing:
        raise NotFoundError
    found = answers["answer"].body if answers["answer"].ok else None
    service, after = listing.chosen.get("service"), listing.said.get("after")
    asked = [service] if service else list(TELLERS)
    lanes: dict[str, Answer] = {}
    logs: dict[str, Answer] = {}
    if found is not None:
        lanes, logs = await asyncio.gather(
            _lanes(visit),
            visit.ask.all(
                **{
                    one: visit.ask.get(
                        one,
                        "/v1/webhook-deliveries",
                        endpoint_id=found["endpoint_id"],
                        state=listing.chosen.get("state"),
                        limit=DELIVERIES_COUNT,
                        after=after if service else None,
                    )
                    for one in asked
                }
            ),
        )
    rows = [{**item, "service": one} for one, log in logs.items() for item in log.items]
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/webhooks/one.html",
        status=422 if errors else 200 if refusal is None else refusal.status,
        **answers,
        name=name,
        listing=listing,
        standing=_standing(lanes, found["endpoint_id"]) if found else None,
        missing=[answer for answer in {**lanes, **logs}.values() if not answer.ok],
        rows=sorted(rows, key=lambda row: str(row["made_at"]), reverse=True)[: DELIVERIES_COUNT * 2],
        next=logs[service].body["next"] if service and service in logs and logs[service].ok else None,
        has_more=not service and any(log.ok and log.body["next"] for log in logs.values()),
        facts=FACTS,
        states=STATES,
        troubles=TROUBLES,
        overlaps=OVERLAP_HOURS,
        prefix=TYPE,
        errors=errors or {},
        refused=refusal,
        may_write=_may_write(visit),
    )


async def _delivery(visit: Visit, *, refused: Refusal | None = None) -> Response:
    name, service, delivery_id = _name(visit), _service(visit), _delivery_id(visit)
    answer = await visit.ask.get(service, f"/v1/webhook-deliveries/{delivery_id}")
    if answer.is_missing:
        raise NotFoundError
    fact = orjson.dumps(answer.body["fact"], option=orjson.OPT_INDENT_2).decode() if answer.ok else ""
    return visit.page(
        "pages/webhooks/delivery.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        name=name,
        service=service,
        here=_delivery_path(name, service, delivery_id),
        fact=fact[:FACT_MAX_CHARS],
        is_cut=len(fact) > FACT_MAX_CHARS,
        facts=FACTS,
        states=STATES,
        refused=refused,
        may_write=_may_write(visit),
    )


async def _lanes(visit: Visit) -> dict[str, Answer]:
    """How each service that delivers does with the community's webhooks."""
    answers: dict[str, Answer] = await visit.ask.all(
        **{service: visit.ask.get(service, "/v1/webhook-lanes") for service in TELLERS}
    )
    return answers


def _standing(lanes: Mapping[str, Answer], endpoint_id: str) -> dict[str, Any]:
    """How all services that answered do with one webhook."""
    found = [lane for answer in lanes.values() for lane in answer.items if lane["endpoint_id"] == endpoint_id]
    return {
        "waiting": sum(lane["waiting"] for lane in found),
        "held": sum(lane["held"] for lane in found),
        "oldest_at": min((lane["oldest_at"] for lane in found if lane["oldest_at"]), default=None),
        "failing_since": min((lane["failing_since"] for lane in found if lane["failing_since"]), default=None),
        "last_at": max((lane["last_delivered_at"] for lane in found if lane["last_delivered_at"]), default=None),
    }


def _mistakes(visit: Visit, *, url: str) -> dict[str, str]:
    errors = {}
    if not url:
        errors["url"] = visit.say(_("Give the address that takes facts, beginning with https://"))
    if not _types(visit.form):
        errors["types"] = visit.say(_("Choose one fact at least"))
    return errors


def _types(form: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(TYPE) for name in form if name.startswith(TYPE)]


def _path(name: str) -> str:
    return f"/v1/webhook-endpoints/{name}"


def _delivery_path(name: str, service: str, delivery_id: object) -> str:
    return f"{WEBHOOKS.path}/{name}/deliveries/{service}/{delivery_id}"


def _name(visit: Visit) -> str:
    """The webhook of the address. Raises NotFoundError for what can be none."""
    said = str(visit.request.path_params["name"])
    if not NAME.fullmatch(said):
        raise NotFoundError
    return said


def _service(visit: Visit) -> str:
    said = str(visit.request.path_params["service"])
    if said not in TELLERS:
        raise NotFoundError
    return said


def _delivery_id(visit: Visit) -> UUID:
    found: UUID = visit.request.path_params["delivery_id"]
    return found


def _may_write(visit: Visit) -> bool:
    return visit.signed_in.may(WRITES)


ONE = f"{WEBHOOKS.path}/{{name}}"
DELIVERY = f"{ONE}/deliveries/{{service}}/{{delivery_id:uuid}}"
ROUTES = [
    Route(WEBHOOKS.path, page(show, scope=WEBHOOKS.scope)),
    Route(ADD, page(add_form, scope=WRITES), methods=["GET"]),
    Route(ADD, page(add, scope=WRITES), methods=["POST"]),
    Route(ONE, page(look, scope=WEBHOOKS.scope)),
    Route(f"{ONE}/change", page(change, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/rotate", page(rotate, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/try", page(try_it, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/remove", page(remove, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/replay", page(replay_all, scope=WRITES), methods=["POST"]),
    Route(DELIVERY, page(look_at_delivery, scope=WEBHOOKS.scope)),
    Route(f"{DELIVERY}/replay", page(replay, scope=WRITES), methods=["POST"]),
]
