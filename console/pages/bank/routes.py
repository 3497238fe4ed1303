"""What banks answered: import a file, see what became of its lines, and decide of those that match nothing."""

import re

from starlette.responses import Response
from starlette.routing import Route

from console.components.opened import bytes_of
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import BANK
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page

WRITE = "payouts:write"
FILES_COUNT = 20
UNPROCESSABLE = 422
CONFLICT = 409


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: In the order in which somebody wants to see them.
STATES = {
    "open": _("To look at"),
    "proposed": _("Waits for another person"),
    "noted": _("Noted"),
    "matched": _("Being noted"),
    "unmatched": _("Matches no payout"),
    "differs": _("Differs"),
    "refused": _("Cannot be so"),
    "set_aside": _("Set aside"),
    "again": _("Counted already"),
    "pending": _("Not booked yet"),
    "said": _("Changes nothing"),
    "unrelated": _("Other business"),
}
#: Those that have a tab whatever is looked at.
TABS = ("open", "proposed", "noted")
EMPTY = _("Open a file of the bank, or paste what is in it")
NO_REASON = _("Say why it is about no payout")
NO_PAYOUT = _("Give the id of a payout")
ONE_PAYOUT = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


async def show(visit: Visit) -> Response:
    """Lines that wait, files, and the form for another one."""
    return await _show(visit)


async def hand_in(visit: Visit) -> Response:
    """Import a file."""
    text = visit.form.get("file", "")
    if not text.strip():
        return await _show(visit, errors={"file": visit.say(EMPTY)})
    content = bytes_of(text)
    answer = await visit.ask.command(
        "POST", "rewards", "/v1/bank-messages", content, content_type="application/xml"
    )
    if not answer.ok:
        return await _show(visit, refused=Refusal.of(answer))
    toast = "bank-imported" if answer.body["is_new"] else "bank-imported-before"
    return visit.see_other(f"{BANK.path}?message={answer.body['message_key']}", toast=toast)


async def _show(visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None) -> Response:
    ask = visit.ask
    choices = [(state, visit.say(text)) for state, text in STATES.items()]
    states = Filter("state", visit.say(_("State")), choices, is_apart=True)
    filters = [states, *(Filter(name, visit.say(label), is_apart=True) for name, label in OF)]
    listing = Listing.of(BANK.path, visit.request.query_params, filters=filters)
    after = listing.said.get("after")
    answers = await ask.all(
        lines=ask.get("rewards", "/v1/bank-lines", limit=PAGE_COUNT, after=after, **listing.chosen),
        waiting=ask.get("rewards", "/v1/bank-lines", state="open", limit=PAGE_COUNT),
        files=ask.get("rewards", "/v1/bank-messages", limit=FILES_COUNT),
    )
    return visit.page(
        "pages/bank/page.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        **answers,
        listing=listing,
        tabs=dict.fromkeys(TABS, ""),
        states=STATES,
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
    )


#: What lines are asked for by, besides their state.
OF = (("message", _("File")), ("run", _("Payout run")), ("payout", _("Payout")))


async def line(visit: Visit) -> Response:
    """A line, and the payouts that it may be about."""
    return await _line(visit)


async def match(visit: Visit) -> Response:
    """Say which payout it is about."""
    said = visit.form.get("payout", "").strip()
    if not ONE_PAYOUT.fullmatch(said):
        return await _line(visit, errors={"payout": visit.say(NO_PAYOUT)})
    body = {"payout_id": said, "confirm_amount": visit.form.get("confirm") == "yes"}
    answer = await visit.ask.post("rewards", f"/v1/bank-lines/{_id(visit)}/match", body)
    if not answer.ok:
        return await _line(visit, refused=Refusal.of(answer), asked=said if answer.status == CONFLICT else "")
    return visit.see_other(f"{BANK.path}/lines/{_id(visit)}", toast="bank-matched")


async def set_aside(visit: Visit) -> Response:
    """Say that it is about none."""
    reason = visit.form.get("reason", "").strip()
    if not reason:
        return await _line(visit, errors={"reason": visit.say(NO_REASON)})
    answer = await visit.ask.post("rewards", f"/v1/bank-lines/{_id(visit)}/set-aside", {"reason": reason})
    if not answer.ok:
        return await _line(visit, refused=Refusal.of(answer))
    return visit.see_other(f"{BANK.path}?state=open", toast="bank-set-aside")


async def _line(
    visit: Visit, *, errors: dict[str, str] | None = None, refused: Refusal | None = None, asked: str = ""
) -> Response:
    answer = await visit.ask.get("rewards", f"/v1/bank-lines/{_id(visit)}")
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/bank/line.html",
        status=UNPROCESSABLE if errors else 200 if refused is None else refused.status,
        answer=answer,
        states=STATES,
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        refused=refused,
        asked=asked,
        typed=visit.form,
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["line_id"])


LINE = f"{BANK.path}/lines/{{line_id:uuid}}"
ROUTES = [
    Route(BANK.path, page(show, scope=BANK.scope), methods=["GET"]),
    Route(BANK.path, page(hand_in, scope=WRITE), methods=["POST"]),
    Route(LINE, page(line, scope=BANK.scope), methods=["GET"]),
    Route(f"{LINE}/match", page(match, scope=WRITE), methods=["POST"]),
    Route(f"{LINE}/set-aside", page(set_aside, scope=WRITE), methods=["POST"]),
]
