"""Restatements: a version applied to the past, looked at, decided by two people, posted, and reversed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import PAGE_COUNT, Listing
from console.frame.navigation import PROGRAMME
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

RESTATEMENTS = f"{PROGRAMME.path}/restatements"
WRITE, APPROVE = "programmes:write", "programmes:approve"
UNPROCESSABLE = 422
REASON_MIN_CHARS = 3


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATES: Final = {
    "computing": _("is worked out"),
    "ready": _("ready to be submitted"),
    "submitted": _("waits for another person"),
    "approved": _("is worked out once more"),
    "posting": _("is posted"),
    "posted": _("posted"),
    "reversing": _("is reversed"),
    "reversed": _("reversed"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}
FAILURES: Final = {
    "too_many_events": _("There are more events than a restatement may be of: ask for a shorter time."),
    "too_many_differences": _("It would change more awards than it may: ask for a shorter time."),
    "too_entangled": _("Too many others share limits with what it would change: ask for a shorter time."),
    "too_long": _("It took longer than a restatement may: ask for a shorter time."),
    "too_much_memory": _("It took more memory than a restatement may: ask for a shorter time."),
    "no_programme": _("The version is no programme any more."),
    "broke": _("It broke. Whoever runs the services finds out why."),
}
#: What a form may do, with the scope that takes it, and what is told once it was done.
STEPS: Final = {
    "submit": (WRITE, "restatement-submitted"),
    "approve": (APPROVE, "restatement-approved"),
    "cancel": (WRITE, "restatement-cancelled"),
    "reverse": (WRITE, "restatement-asked-back"),
    "approve-reversal": (APPROVE, "restatement-taken-back"),
}
BUSY = frozenset({"computing", "approved", "posting", "reversing"})


async def show(visit: Visit) -> Response:
    """What was asked for, and a form that asks."""
    return await _list(visit)


async def begin(visit: Visit) -> Response:
    """Have a version worked out for the past."""
    said = {name: visit.form.get(name, "").strip() for name in ("since", "until", "version", "reason")}
    errors = {}
    if _moment(said["since"]) is None:
        errors["since"] = visit.say(_("Say from which day on"))
    if len(said["reason"]) < REASON_MIN_CHARS:
        errors["reason"] = visit.say(_("Say why: members read it"))
    if errors:
        return await _list(visit, errors=errors)
    last = _moment(said["until"])
    body: dict[str, Any] = {
        "since": said["since"] + "T00:00:00Z",
        "reason": said["reason"],
        # The last day is one of them.
        "until": None if last is None else (last + timedelta(days=1)).isoformat(),
        "version": int(said["version"]) if said["version"].isdecimal() else None,
    }
    answer = await visit.ask.post("scoring", "/v1/restatements", body)
    if not answer.ok:
        return await _list(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{RESTATEMENTS}/{answer.body['restatement_id']}")


def _moment(day: str) -> datetime | None:
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return None


async def look(visit: Visit) -> Response:
    """One: how far it is, what it comes to, and what may be done with it."""
    return await _one(visit)


async def step(visit: Visit) -> Response:
    """Have one take the step that the path ends with."""
    restatement_id = visit.request.path_params["restatement"]
    verb = visit.request.url.path.rpartition("/")[2]
    _, toast = STEPS[verb]
    path = f"/v1/restatements/{restatement_id}/{verb}"
    if verb == "approve":
        answer = await visit.ask.post("scoring", path, {"digest": visit.form.get("digest", "")})
    else:
        answer = await visit.ask.command("POST", "scoring", path)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{RESTATEMENTS}/{restatement_id}", toast=toast)


async def _list(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    listing = Listing.of(visit.request.url.path, visit.request.query_params)
    answers: dict[str, Answer] = await visit.ask.all(
        restatements=visit.ask.get(
            "scoring", "/v1/restatements", limit=PAGE_COUNT, after=listing.said.get("after")
        ),
        versions=visit.ask.get("scoring", "/v1/programmes", limit=50),
    )
    return visit.page(
        "pages/programme/restatements.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        restatements=answers["restatements"],
        versions=answers["versions"].items if answers["versions"].ok else (),
        listing=listing,
        typed={name: visit.form.get(name, "") for name in ("since", "until", "version", "reason")},
        errors=errors or {},
        refused=refused,
        states=_said(visit, STATES),
        may_write=visit.signed_in.may(WRITE),
    )


async def _one(visit: Visit, *, refused: Refusal | None = None) -> Response:
    restatement_id = visit.request.path_params["restatement"]
    listing = Listing.of(f"{RESTATEMENTS}/{restatement_id}", visit.request.query_params)
    answers: dict[str, Answer] = await visit.ask.all(
        found=visit.ask.get("scoring", f"/v1/restatements/{restatement_id}"),
        differences=visit.ask.get(
            "scoring",
            f"/v1/restatements/{restatement_id}/differences",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
        ),
        rules=visit.ask.get("scoring", "/v1/rules"),
    )
    answer = answers["found"]
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    rules = answers["rules"].body["rules"] if answers["rules"].ok else ()
    return visit.page(
        "pages/programme/restatement.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        found=answer.body if answer.ok else None,
        differences=answers["differences"],
        titles={one["rule_id"]: one["title"] for one in rules},
        listing=listing,
        refused=refused,
        states=_said(visit, STATES),
        failures=_said(visit, FAILURES),
        busy=BUSY,
        may_write=visit.signed_in.may(WRITE),
        may_approve=visit.signed_in.may(APPROVE),
    )


def _said(visit: Visit, words: Mapping[str, str]) -> dict[str, str]:
    return {name: visit.say(text) for name, text in words.items()}


ROUTES = [
    Route(RESTATEMENTS, page(show, scope=PROGRAMME.scope)),
    Route(RESTATEMENTS, page(begin, scope=WRITE), methods=["POST"]),
    Route(f"{RESTATEMENTS}/{{restatement}}", page(look, scope=PROGRAMME.scope)),
    *(
        Route(f"{RESTATEMENTS}/{{restatement}}/{verb}", page(step, scope=scope), methods=["POST"])
        for verb, (scope, __) in STEPS.items()
    ),
]
