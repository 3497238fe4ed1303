"""Rates between currencies: those in force, files of a central bank, and policies that two people decide."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.opened import bytes_of
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import RATES
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.two_people import UNPROCESSABLE, WRITE, Entries
from console.sign_in.domain import new_secret

SERVICE_PATH, FILES_PATH = "/v1/finance/rate-policies", "/v1/finance/rate-files"
FILES_COUNT = 10
FIELDS = {
    "effective_from": "",
    "base": "EUR",
    "source": "file",
    "units": "",
    "max_move_percent": "5",
    "spread_percent": "0",
    "max_age_days": "7",
}
TYPED_MAX_CHARS = 10_000
_UNITS = re.compile(r"([A-Za-z]{3})[\s=:]+(\S+)")
_PERCENT = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?", re.ASCII)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


SOURCES = {"file": _("files of a central bank"), "table": _("the policy's own table")}
REFUSED = {"no_rate": _("the file has none"), "moved_too_far": _("too far from the policy's")}
#: What is wrong with a field that rewards does not take.
WRONG = {
    "effective_from": _("Say a day"),
    "base": _("Say a currency by its three letters, like EUR"),
    "units": _("Say a currency and its rate on each line, like USD 1.0956, and none twice"),
    "max_move_percent": _("Say a percentage up to 50, with at most two digits after the point"),
    "spread_percent": _("Say a percentage up to 50, with at most two digits after the point"),
    "max_age_days": _("Say a number of days"),
}
#: Fields of the form, by what the service calls them.
NAMES = {"max_move_basis_points": "max_move_percent", "spread_basis_points": "spread_percent"}
EMPTY = _("Open a file of the central bank, or paste what is in it")


ENTRIES = Entries(
    f"{RATES.path}/policies", SERVICE_PATH, "policy_id", "pages/rates/policy.html", {"sources": SOURCES}
)


async def show(visit: Visit) -> Response:
    """The rates in force, files, and policies, newest first."""
    return await _show(visit)


async def hand_in(visit: Visit) -> Response:
    """Take a file of a central bank."""
    text = visit.form.get("file", "")
    if not text.strip():
        return await _show(visit, errors={"file": visit.say(EMPTY)})
    content = bytes_of(text)
    is_xml = content.lstrip().startswith(b"<")
    answer = await visit.ask.command(
        "POST", "rewards", FILES_PATH, content, content_type="application/xml" if is_xml else "text/csv"
    )
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    return visit.see_other(RATES.path, toast="saved")


async def _show(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    listing = Listing.of(RATES.path, visit.request.query_params)
    answers = await visit.ask.all(
        rates=visit.ask.get("rewards", "/v1/finance/rates"),
        files=visit.ask.get("rewards", FILES_PATH, limit=FILES_COUNT),
        policies=visit.ask.get("rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after")),
    )
    return visit.page(
        "pages/rates/page.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        **answers,
        listing=listing,
        sources=SOURCES,
        why=REFUSED,
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


async def form(visit: Visit) -> Response:
    """Ask by which rates amounts are to be converted."""
    return await _form(visit, new_secret())


async def propose(visit: Visit) -> Response:
    """Propose it. The form's key makes that sending it twice is the same."""
    key = visit.form.get("key") or new_secret()
    said = {name: visit.form.get(name, "").strip()[:TYPED_MAX_CHARS] for name in FIELDS}
    body: dict[str, Any] = {name: said[name] for name in ("effective_from", "base", "source")}
    lines = [_UNITS.fullmatch(line.strip()) for line in said["units"].splitlines() if line.strip()]
    units = {line[1].upper(): line[2] for line in lines if line}
    body["units"] = units
    moves = {name: _basis_points(said[field]) for name, field in NAMES.items()}
    body |= moves
    body["max_age_days"] = int(said["max_age_days"]) if _is_number(said["max_age_days"]) else None
    wrong = {NAMES[name] for name, value in moves.items() if value is None}
    if len(units) < len(lines) or not units:
        wrong.add("units")
    if body["max_age_days"] is None:
        wrong.add("max_age_days")
    if wrong:
        return await _form(visit, key, errors={name: visit.say(WRONG[name]) for name in FIELDS if name in wrong})
    answer = await visit.ask.post("rewards", SERVICE_PATH, body, key=key)
    if answer.ok:
        return visit.see_other(f"{RATES.path}/policies/{answer.body['policy_id']}", toast="waits")
    fields = [one["field"].lstrip("/").partition("/")[0] for one in answer.problem.get("errors", ())]
    named = [NAMES.get(name, name) for name in fields]
    errors = {name: visit.say(WRONG[name]) for name in named if name in WRONG}
    if answer.problem_slug != "invalid-request" or not errors:
        return await _form(visit, key, refused=Refusal.of(answer))
    return await _form(visit, key, errors=errors)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < len("10000")


def _basis_points(text: str) -> int | None:
    """A percentage in hundredths of a percent; None for what is none."""
    found = _PERCENT.fullmatch(text)
    return None if found is None else int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


async def _form(
    visit: Visit, key: str, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    return visit.page(
        "pages/rates/propose.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        sources=SOURCES,
        key=key,
        typed={name: visit.form.get(name, usual) for name, usual in FIELDS.items()},
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(RATES.path, page(show, scope=RATES.scope), methods=["GET"]),
    Route(RATES.path, page(hand_in, scope=WRITE), methods=["POST"]),
    Route(f"{RATES.path}/propose", page(form, scope=WRITE), methods=["GET"]),
    Route(f"{RATES.path}/propose", page(propose, scope=WRITE), methods=["POST"]),
    *ENTRIES.routes(RATES.scope),
]
