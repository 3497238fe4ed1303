"""What is on file of payees: tax forms, and that somebody is old enough; and the form that notes it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import PAYOUT_POLICIES
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page
from console.pages.two_people import UNPROCESSABLE, WRITE

PATH = f"{PAYOUT_POLICIES.path}/on-file"
SERVICE_PATH = "/v1/payee-attestations"
TYPED_MAX_CHARS = 200
#: What the form asks, beside the kind.
FIELDS = ("member", "form", "country", "received_on", "valid_until", "age_years")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


KINDS = {"tax_form": _("Tax form"), "age": _("Age")}


async def show(visit: Visit) -> Response:
    """All of it, newest first, and the form for more."""
    return await _show(visit)


async def note(visit: Visit) -> Response:
    """Note what somebody has seen; noted again, what stands is the answer."""
    typed = {name: " ".join(visit.form.get(name, "").split())[:TYPED_MAX_CHARS] for name in FIELDS}
    kind = "age" if visit.form.get("kind") == "age" else "tax_form"
    errors = {}
    body: dict[str, Any] = {"kind": kind}
    if not typed["member"]:
        errors["member"] = visit.say(_("Say who it is"))
    if kind == "age":
        if typed["age_years"].isdecimal():
            body["age_years"] = int(typed["age_years"])
        else:
            errors["age_years"] = visit.say(_("Say how many, in digits"))
    else:
        for name, text in (("form", _("Say what the form is called")), ("received_on", _("Say a day"))):
            body[name] = typed[name]
            if not typed[name]:
                errors[name] = visit.say(text)
        body["valid_until"] = typed["valid_until"] or None
        body["country"] = typed["country"].upper() or None
    if errors:
        return await _show(visit, errors=errors)
    path = f"/v1/payees/{quote(typed['member'], safe='')}/attestations"
    answer = await visit.ask.command("POST", "rewards", path, body)
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    return visit.see_other(PATH, toast="saved")


async def withdraw(visit: Visit) -> Response:
    """Say that one holds no more."""
    path = f"{SERVICE_PATH}/{visit.request.path_params['attestation_id']}/withdraw"
    answer = await visit.ask.command("POST", "rewards", path)
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    return visit.see_other(PATH, toast="withdrawn")


async def _show(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    kinds = Filter("kind", visit.say(_("Kind")), [(kind, visit.say(text)) for kind, text in KINDS.items()])
    listing = Listing.of(PATH, visit.request.query_params, filters=[kinds])
    answer = await visit.ask.get(
        "rewards", SERVICE_PATH, limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/payout_policies/on_file.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        kinds=KINDS,
        typed={name: visit.form.get(name, "") for name in (*FIELDS, "kind")},
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(PATH, page(show, scope=PAYOUT_POLICIES.scope), methods=["GET"]),
    Route(PATH, page(note, scope=WRITE), methods=["POST"]),
    Route(f"{PATH}/{{attestation_id:uuid}}/withdraw", page(withdraw, scope=WRITE), methods=["POST"]),
]
