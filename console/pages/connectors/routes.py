"""Connected platforms: listed, connected, their secrets rotated, and what became of each delivery."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import CONNECTORS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.connectors.trying import delivery_of, pretty
from console.pages.connectors.words import EVENT_COUNTS, OUTCOMES
from shared.contracts.fields import SLUG_PATTERN

CONNECT = "/connect"
#: Who may change what is connected.
WRITES = "connectors:write"
#: A connection's name is a part of its address.
NAME = re.compile(SLUG_PATTERN)
#: Rows of a page of deliveries, and of connections.
DELIVERIES_COUNT = 25
CONNECTIONS_COUNT = 50
#: Hours of a day, each with four outcomes.
HOURS_MAX_COUNT = 100
OVERLAP_HOURS = ("24", "1", "168", "0")
OWN = "own"
SETTING = "set-"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """A page of connected platforms, and how each does."""
    listing = Listing.of(CONNECTORS.path, visit.request.query_params)
    answer = await visit.ask.get(
        "ingest", "/v1/connectors", limit=CONNECTIONS_COUNT, after=listing.said.get("after")
    )
    return visit.page("pages/connectors/page.html", answer=answer, listing=listing, may_write=_may_write(visit))


async def connect_form(visit: Visit) -> Response:
    """Which platform it is; then what its connector wants to know."""
    return await _connect(visit)


async def connect(visit: Visit) -> Response:
    """Connect a platform, and show its address and secret, this once."""
    kind, name = visit.form.get("type", ""), visit.form.get("name", "").strip()
    errors = {}
    if not NAME.fullmatch(name):
        errors["name"] = visit.say(
            _("Give small letters, digits and -, as in team-chat: it is a part of the address")
        )
    if kind == OWN and not visit.form.get("document", "").strip():
        errors["document"] = visit.say(_("Put the connector here, as YAML"))
    if errors:
        return await _connect(visit, errors=errors)
    body: dict[str, Any] = {"name": name, "settings": _settings(visit.form)}
    body |= {"document": visit.form["document"]} if kind == OWN else {"connector": kind}
    if secret := visit.form.get("secret", "").strip():
        body["secret"] = secret
    made = await visit.ask.post("ingest", "/v1/connectors", body)
    if not made.ok:
        return await _connect(visit, refused=made)
    return _once(visit, made.body, is_new=True)


async def look(visit: Visit) -> Response:
    """One platform: how it does, what it delivered last, by hour and outcome."""
    return await _one(visit)


async def rotate(visit: Visit) -> Response:
    """Put a new secret in force; those before let in for a while."""
    name, hours = _name(visit), visit.form.get("hours", "")
    body: dict[str, Any] = {"overlap_hours": int(hours)} if hours in OVERLAP_HOURS else {}
    if secret := visit.form.get("secret", "").strip():
        body["secret"] = secret
    made = await visit.ask.post("ingest", f"{_path(name)}/rotate", body)
    if not made.ok:
        return await _one(visit, refused=made)
    if made.body["secret"] is None:
        return visit.see_other(f"{CONNECTORS.path}/{name}", toast="saved")
    return _once(visit, made.body, is_new=False)


async def change(visit: Visit) -> Response:
    """Take its deliveries or none, or say its settings anew."""
    name = _name(visit)
    body: dict[str, Any] = {"settings": _settings(visit.form)}
    toast = "saved"
    if "enabled" in visit.form:
        is_on = visit.form["enabled"] == "yes"
        body, toast = {"enabled": is_on}, "connection-on" if is_on else "connection-off"
    answer = await visit.ask.command("PATCH", "ingest", _path(name), body)
    if not answer.ok:
        return await _one(visit, refused=answer)
    return visit.see_other(f"{CONNECTORS.path}/{name}", toast=toast)


async def replay_all(visit: Visit) -> Response:
    """Map again all that became nothing."""
    name = _name(visit)
    answer = await visit.ask.post("ingest", f"{_path(name)}/replay", {})
    if not answer.ok:
        return await _one(visit, refused=answer)
    return visit.see_other(f"{CONNECTORS.path}/{name}", toast="replay-asked")


async def remove(visit: Visit) -> Response:
    """Remove it, once its name was typed."""
    name = _name(visit)
    if visit.form.get("typed", "").strip() != name:
        return await _one(visit, errors={"typed": visit.say(_("That is not its name"))})
    answer = await visit.ask.command("DELETE", "ingest", _path(name))
    if not answer.ok:
        return await _one(visit, refused=answer)
    return visit.see_other(CONNECTORS.path, toast="connection-removed")


async def look_at_delivery(visit: Visit) -> Response:
    """One delivery: what became of it, and why."""
    return await _delivery(visit)


async def replay(visit: Visit) -> Response:
    """Map one delivery again."""
    name, delivery_id = _name(visit), _delivery_id(visit)
    answer = await visit.ask.post("ingest", f"{_path(name)}/deliveries/{delivery_id}/replay", {})
    if not answer.ok:
        return await _delivery(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{CONNECTORS.path}/{name}/deliveries/{delivery_id}", toast="mapped-again")


async def trial_form(visit: Visit) -> Response:
    """The box for a delivery."""
    return await _trial(visit)


async def try_it(visit: Visit) -> Response:
    """Say what would become of a delivery. Nothing is sent."""
    headers, body = delivery_of(visit.form.get("delivery", ""))
    if not body.strip():
        return await _trial(visit, errors={"delivery": visit.say(_("Put a delivery here"))})
    answer = await visit.ask.post("ingest", f"{_path(_name(visit))}/try", {"headers": headers, "body": body})
    return await _trial(visit, tried=answer)


def by_hour(counts: Iterable[Mapping[str, Any]]) -> list[tuple[str, dict[str, int]]]:
    """How many deliveries of each hour had each outcome, the newest hour first."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for one in counts:
        found[one["hour"]][one["outcome"]] = one["deliveries"]
    return sorted(found.items(), reverse=True)


async def _connect(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Answer | None = None
) -> Response:
    kind = visit.form.get("type") or visit.request.query_params.get("type", "")
    types = await visit.ask.get("ingest", "/v1/connector-types")
    chosen = next((one for one in types.items if one["connector"] == kind), None)
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/connectors/connect.html",
        status=422 if errors else 200 if refusal is None else refusal.status,
        types=types,
        chosen=chosen,
        is_own=kind == OWN,
        shown=visit.form,
        setting=SETTING,
        errors=errors or {},
        refused=refusal,
        mistakes=[] if refused is None else refused.problem.get("errors", []),
    )


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Answer | None = None
) -> Response:
    name = _name(visit)
    words = tuple((outcome, visit.say(text)) for outcome, (text, _tone, _icon) in OUTCOMES.items())
    listing = Listing.of(
        f"{CONNECTORS.path}/{name}",
        visit.request.query_params,
        filters=(Filter("outcome", visit.say(_("What became of it")), words),),
    )
    answers: dict[str, Any] = await visit.ask.all(
        answer=visit.ask.get("ingest", _path(name)),
        deliveries=visit.ask.get(
            "ingest",
            f"{_path(name)}/deliveries",
            limit=DELIVERIES_COUNT,
            outcome=listing.said.get("outcome"),
            after=listing.said.get("after"),
        ),
        counts=visit.ask.get("ingest", f"{_path(name)}/counts", limit=HOURS_MAX_COUNT),
        types=visit.ask.get("ingest", "/v1/connector-types"),
    )
    if answers["answer"].is_missing:
        raise NotFoundError
    found = answers["answer"].body if answers["answer"].ok else None
    refusal = None if refused is None else Refusal.of(refused)
    return visit.page(
        "pages/connectors/one.html",
        status=422 if errors else 200 if refusal is None else refusal.status,
        **answers,
        name=name,
        kind=next(
            (one for one in answers["types"].items if found and one["connector"] == found["connector"]), None
        ),
        address=_address(visit, found["path"]) if found else "",
        listing=listing,
        hours=by_hour(answers["counts"].items),
        overlaps=OVERLAP_HOURS,
        outcomes=OUTCOMES,
        setting=SETTING,
        errors=errors or {},
        refused=refusal,
        may_write=_may_write(visit),
    )


async def _delivery(visit: Visit, *, refused: Refusal | None = None) -> Response:
    name, delivery_id = _name(visit), _delivery_id(visit)
    path = f"{_path(name)}/deliveries/{delivery_id}"
    answer = await visit.ask.get("ingest", path)
    if answer.is_missing:
        raise NotFoundError
    receipt = None
    if answer.ok and answer.body["receipt_id"]:
        receipt = await visit.ask.get("ingest", f"/v1/receipts/{answer.body['receipt_id']}", limit=1)
    return visit.page(
        "pages/connectors/delivery.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        receipt=receipt,
        name=name,
        outcomes=OUTCOMES,
        event_counts=EVENT_COUNTS,
        refused=refused,
        may_write=_may_write(visit),
    )


async def _trial(
    visit: Visit, *, errors: Mapping[str, str] | None = None, tried: Answer | None = None
) -> Response:
    name = _name(visit)
    answer = await visit.ask.get("ingest", _path(name))
    if answer.is_missing:
        raise NotFoundError
    refusal = None if tried is None or tried.ok else Refusal.of(tried)
    return visit.page(
        "pages/connectors/try.html",
        status=422 if errors else 200 if refusal is None else refusal.status,
        answer=answer,
        name=name,
        typed=visit.form.get("delivery", ""),
        tried=tried.body if tried is not None and tried.ok else None,
        outcomes=OUTCOMES,
        pretty=pretty,
        errors=errors or {},
        refused=refusal,
    )


def _once(visit: Visit, made: Mapping[str, Any], *, is_new: bool) -> Response:
    return visit.page(
        "pages/connectors/once.html", made=made, address=_address(visit, made["path"]), is_new=is_new
    )


def _settings(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The settings that a form says; what is left empty is as the connector has it."""
    return [
        {"name": name.removeprefix(SETTING), "value": value.strip()}
        for name, value in form.items()
        if name.startswith(SETTING) and value.strip()
    ]


def _address(visit: Visit, path: str) -> str:
    """Where the platform delivers to; the path alone where the console is not told what it lies behind."""
    return visit.console.settings.gateway_url.rstrip("/") + path


def _path(name: str) -> str:
    return f"/v1/connectors/{name}"


def _name(visit: Visit) -> str:
    """The connection of the address. Raises NotFoundError for what can be none."""
    said = str(visit.request.path_params["name"])
    if not NAME.fullmatch(said):
        raise NotFoundError
    return said


def _delivery_id(visit: Visit) -> UUID:
    found: UUID = visit.request.path_params["delivery_id"]
    return found


def _may_write(visit: Visit) -> bool:
    return visit.signed_in.may(WRITES)


ONE = f"{CONNECTORS.path}/{{name}}"
DELIVERY = f"{ONE}/deliveries/{{delivery_id:uuid}}"
ROUTES = [
    Route(CONNECTORS.path, page(show, scope=CONNECTORS.scope)),
    Route(CONNECT, page(connect_form, scope=WRITES), methods=["GET"]),
    Route(CONNECT, page(connect, scope=WRITES), methods=["POST"]),
    Route(ONE, page(look, scope=CONNECTORS.scope)),
    Route(f"{ONE}/rotate", page(rotate, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/change", page(change, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/replay", page(replay_all, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/remove", page(remove, scope=WRITES), methods=["POST"]),
    Route(f"{ONE}/try", page(trial_form, scope=CONNECTORS.scope), methods=["GET"]),
    Route(f"{ONE}/try", page(try_it, scope=CONNECTORS.scope), methods=["POST"]),
    Route(DELIVERY, page(look_at_delivery, scope=CONNECTORS.scope)),
    Route(f"{DELIVERY}/replay", page(replay, scope=WRITES), methods=["POST"]),
]
