"""Redemptions: the list, one with the awards that it uses, and whether it was handed out."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import AUDIT, REDEMPTIONS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.explorer.finding import member_of_identity, spelled
from console.pages.tables import TOO_LONG, columns, table, whole

WRITE = "rewards:write"
APPROVE = "points:approve"
LOTS_COUNT = 100
UNPROCESSABLE = 422
NOT_FOUND = 404
SEARCH_MAX_CHARS = 300
POINTS_MAX_CHARS = 12
STATES = ("reserved", "confirmed", "partly_refunded", "refunded", "cancelled", "expired")
REFUNDS = f"{REDEMPTIONS.path}/refunds"
REFUND_STATES = ("waiting", "asking", "done", "declined", "withdrawn")
REFUNDS_COUNT = 50
REASON_MAX_CHARS = 500
CSV_HEADINGS = (
    *("redemption_id", "member_id", "member_name", "reward_id", "title", "points", "state"),
    *("created_at", "expires_at", "changed_at"),
)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What states are called, of redemptions and of refunds.
STATE_WORDS = {
    "reserved": _("reserved"),
    "confirmed": _("confirmed"),
    "partly_refunded": _("refunded in part"),
    "refunded": _("refunded"),
    "cancelled": _("cancelled"),
    "expired": _("expired"),
}
REFUND_WORDS = {
    "waiting": _("waits for another person"),
    "asking": _("its provider is asked"),
    "done": _("points are back"),
    "declined": _("its provider keeps it so"),
    "withdrawn": _("withdrawn"),
}


async def show(visit: Visit) -> Response:
    """Redemptions, newest first."""
    return await _show(visit)


async def download(visit: Visit) -> Response:
    """The same as a table."""
    items, missing, is_long = await whole(visit, "rewards", "/v1/redemptions", **_listing(visit).chosen)
    if is_long:
        return await _show(visit, refused=Refusal(TOO_LONG))
    if missing is not None:
        return await _show(visit)
    return table("redemptions", CSV_HEADINGS, map(columns(*CSV_HEADINGS), items))


def _listing(visit: Visit) -> Listing:
    choices = [(state, visit.say(STATE_WORDS[state])) for state in STATES]
    states = Filter("state", visit.say(_("State")), choices, is_apart=True)
    filters = [states, Filter("member", visit.say(_("Member's id")), is_apart=True)]
    said = dict(visit.request.query_params)
    # Whoever wrote a handle into the address by hand has it nowhere else.
    if (member := spelled(said.get("member", ""))) is None:
        said.pop("member", None)
    else:
        said["member"] = member
    return Listing.of(REDEMPTIONS.path, said, filters=filters)


async def search(visit: Visit) -> Response:
    """Go to the redemptions of whoever was named. It comes in a form: handles stay out of addresses."""
    said = visit.form.get("q", "")[:SEARCH_MAX_CHARS]
    id_ = spelled(said) or await member_of_identity(visit, said)
    if id_ is None:
        return await _show(visit, refused=Refusal(_("Nobody here is known as that"), status=NOT_FOUND), said=said)
    return visit.see_other(_listing(visit).href(member=id_))


async def _show(visit: Visit, *, refused: Refusal | None = None, said: str = "") -> Response:
    listing = _listing(visit)
    answers = await visit.ask.all(
        answer=visit.ask.get(
            "rewards", "/v1/redemptions", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
        ),
        counts=visit.ask.get("rewards", "/v1/redemptions/counts"),
    )
    counts = {one["state"]: one for one in answers["counts"].items}
    return visit.page(
        "pages/redemptions/page.html",
        status=200 if refused is None else refused.status,
        answer=answers["answer"],
        listing=listing,
        views=await visit.views(listing),
        waiting=counts.get("reserved"),
        state_words=STATE_WORDS,
        # They are everybody's: of one member's the tabs say none.
        counted=dict.fromkeys(STATES, "")
        | {state: many(visit, one) for state, one in counts.items() if "member" not in listing.said},
        refused=refused,
        sought=said,
    )


def many(visit: Visit, one: Mapping[str, Any]) -> str:
    """How many there are as a tab says it."""
    return visit.writer.number(one["count"]) + ("+" if one["is_at_least"] else "")


async def one(visit: Visit) -> Response:
    """One redemption."""
    return await _one(visit)


async def confirm(visit: Visit) -> Response:
    """It was handed out, or a part of it: that many points are spent."""
    said = visit.form.get("points", "").strip()[:POINTS_MAX_CHARS]
    if said and not (said.isascii() and said.isdecimal() and int(said)):
        return await _one(visit, said=said, errors={"points": visit.say(_("Write a number of points above zero"))})
    return await _decide(visit, "confirm", "handed-out", {"points": int(said)} if said else None)


async def cancel(visit: Visit) -> Response:
    """It will not be: its points are available again."""
    return await _decide(visit, "cancel", "given-back")


async def refund(visit: Visit) -> Response:
    """Give points of it back. The form's key makes that sending it twice is the same refund."""
    key, said = visit.form_key, visit.form.get("points", "").strip()[:POINTS_MAX_CHARS]
    if key is None:
        raise NotFoundError
    reason = visit.form.get("reason", "").strip()
    errors = {}
    if not (said.isascii() and said.isdecimal() and int(said)):
        errors["points"] = visit.say(_("Write a number of points above zero"))
    if not reason or len(reason) > REASON_MAX_CHARS:
        errors["reason"] = visit.say(_("Say why, in at most {count} signs"), count=REASON_MAX_CHARS)
    if errors:
        return await _one(visit, said=said, errors=errors)
    body = {
        "points": int(said),
        "reason": reason,
        "goods": "returned" if visit.form.get("returned") else "kept",
        "ask_provider": not visit.form.get("whatever"),
    }
    path = f"/v1/redemptions/{_id(visit)}/refunds"
    answer = await visit.ask.post("rewards", path, body, key=f"console-{key}")
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer), said=said)
    return visit.see_other(f"{REDEMPTIONS.path}/{_id(visit)}", toast=f"refund-{answer.body['state']}")


async def approve_refund(visit: Visit) -> Response:
    """Another person asked for it."""
    return await _decide_refund(visit, "approve")


async def withdraw_refund(visit: Visit) -> Response:
    """Nothing is given back by it."""
    return await _decide_refund(visit, "withdraw")


async def _decide_refund(visit: Visit, verb: str) -> Response:
    refund_id = visit.request.path_params["refund_id"]
    path = f"/v1/redemptions/{_id(visit)}/refunds/{refund_id}/{verb}"
    answer = await visit.ask.command("POST", "rewards", path)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{REDEMPTIONS.path}/{_id(visit)}", toast=f"refund-{answer.body['state']}")


async def list_refunds(visit: Visit) -> Response:
    """Refunds, newest first: those that wait need another person."""
    choices = [(state, visit.say(REFUND_WORDS[state])) for state in REFUND_STATES]
    filters = [Filter("state", visit.say(_("State")), choices, is_apart=True)]
    listing = Listing.of(REFUNDS, visit.request.query_params, filters=filters)
    answer = await visit.ask.get(
        "rewards", "/v1/refunds", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/redemptions/refunds.html",
        answer=answer,
        listing=listing,
        counted=dict.fromkeys(REFUND_STATES, ""),
        refund_words=REFUND_WORDS,
    )


async def _decide(visit: Visit, verb: str, toast: str, body: Any = None) -> Response:
    path = f"/v1/redemptions/{_id(visit)}/{verb}"
    answer = await visit.ask.command("POST", "rewards", path, body)
    if not answer.ok:
        return await _one(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{REDEMPTIONS.path}/{_id(visit)}", toast=toast)


async def _one(
    visit: Visit,
    *,
    refused: Refusal | None = None,
    said: str | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    path = f"/v1/redemptions/{_id(visit)}"
    answers = await visit.ask.all(
        answer=visit.ask.get("rewards", path),
        lots=visit.ask.get("rewards", f"{path}/lots", limit=LOTS_COUNT),
        refunds=visit.ask.get("rewards", "/v1/refunds", redemption_id=_id(visit), limit=REFUNDS_COUNT),
    )
    made = answers["refunds"].items
    if answers["answer"].is_missing or answers["answer"].status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/redemptions/one.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        **answers,
        said=said,
        typed=visit.form.get("reason", "")[:REASON_MAX_CHARS],
        key=uuid4().hex,
        open_refund=next((one for one in made if one["state"] in ("waiting", "asking")), None),
        state_words=STATE_WORDS,
        refund_words=REFUND_WORDS,
        errors=errors or {},
        may_decide=visit.signed_in.may(WRITE),
        may_approve=visit.signed_in.may(APPROVE),
        may_audit=visit.signed_in.may(AUDIT.scope or ""),
        refused=refused,
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["redemption_id"])


ONE = f"{REDEMPTIONS.path}/{{redemption_id:uuid}}"
ROUTES = [
    Route(REDEMPTIONS.path, page(show, scope=REDEMPTIONS.scope), methods=["GET"]),
    Route(REDEMPTIONS.path, page(search, scope=REDEMPTIONS.scope), methods=["POST"]),
    Route(f"{REDEMPTIONS.path}.csv", page(download, scope=REDEMPTIONS.scope)),
    Route(ONE, page(one, scope=REDEMPTIONS.scope)),
    Route(f"{ONE}/confirm", page(confirm, scope=WRITE), methods=["POST"]),
    Route(REFUNDS, page(list_refunds, scope=REDEMPTIONS.scope)),
    Route(f"{ONE}/refunds", page(refund, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/refunds/{{refund_id:uuid}}/approve", page(approve_refund, scope=APPROVE), methods=["POST"]),
    Route(f"{ONE}/refunds/{{refund_id:uuid}}/withdraw", page(withdraw_refund, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/cancel", page(cancel, scope=WRITE), methods=["POST"]),
]
