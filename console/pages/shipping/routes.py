"""Goods that the community sends: what waits, what one has in hand, and where that goes."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import AUDIT, SHIPPING
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.shipping.words import ICONS, STATE_WORDS, TONES
from console.pages.tables import TOO_LONG, table, whole

WRITE = "rewards:write"
UNPROCESSABLE = 422
REASON_MAX_CHARS = 300
#: What is done by hand is in these states.
STATES = ("reserved", "in_hand", "fulfilled", "compensated")
CSV_HEADINGS = (
    *("redemption_id", "title", "name", "line_1", "line_2", "line_3", "postcode", "city", "region", "country"),
)
LINES_COUNT = 3


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The queue, what waits longest first."""
    return await _show(visit)


async def download(visit: Visit) -> Response:
    """Where the goods go that one has in hand, as a table for whoever carries them."""
    items, missing, is_long = await whole(visit, "rewards", "/v1/fulfilments/addresses")
    if is_long:
        return await _show(visit, refused=Refusal(TOO_LONG))
    if missing is not None:
        return await _show(visit, refused=Refusal.of(missing))
    return table("shipping", CSV_HEADINGS, [_row(one) for one in items if one["address"] is not None])


def _row(one: Mapping[str, Any]) -> list[str]:
    address = one["address"]
    lines = (*address["lines"], *([""] * LINES_COUNT))[:LINES_COUNT]
    rest = (address[name] for name in ("postcode", "city", "region", "country"))
    return [one["redemption_id"], one["title"], address["name"], *lines, *rest]


async def _show(visit: Visit, *, refused: Refusal | None = None) -> Response:
    choices = [(state, visit.say(STATE_WORDS[state])) for state in STATES]
    mine = Filter("mine", visit.say(_("Whose hand")), [("true", visit.say(_("what I have in hand")))])
    filters = [Filter("state", visit.say(_("State")), choices, is_apart=True), mine]
    listing = Listing.of(SHIPPING.path, visit.request.query_params, filters=filters)
    answer = await visit.ask.get(
        "rewards", "/v1/fulfilments", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
    )
    return visit.page(
        "pages/shipping/page.html",
        status=200 if refused is None else refused.status,
        answer=answer,
        listing=listing,
        counted=dict.fromkeys(STATES, ""),
        words=STATE_WORDS,
        tones=TONES,
        icons=ICONS,
        may_write=visit.signed_in.may(WRITE),
        refused=refused,
    )


async def one(visit: Visit) -> Response:
    """One of them."""
    return await _one(visit)


async def take(visit: Visit) -> Response:
    """Take it in hand."""
    return await _do(visit, "take", "in-hand")


async def put_back(visit: Visit) -> Response:
    """Put it back, for others."""
    return await _do(visit, "put-back", "put-back")


async def ship(visit: Visit) -> Response:
    """It is on its way."""
    body = {"carrier": visit.form.get("carrier", "").strip()}
    if address := visit.form.get("tracking_url", "").strip():
        body["tracking_url"] = address
    return await _do(visit, "ship", "sent", body)


async def cannot(visit: Visit) -> Response:
    """It cannot be sent: the points are back."""
    reason = visit.form.get("reason", "").strip()[:REASON_MAX_CHARS]
    if not reason:
        return await _one(visit, errors={"reason": visit.say(_("Say why: its member reads it"))})
    return await _do(visit, "cannot", "given-back", {"reason": reason})


async def _do(visit: Visit, verb: str, toast: str, body: Any = None) -> Response:
    done = await visit.ask.command("POST", "rewards", f"/v1/fulfilments/{_id(visit)}/{verb}", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{SHIPPING.path}/{_id(visit)}", toast=toast)


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("rewards", f"/v1/fulfilments/{_id(visit)}")
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    address = None
    if answer.ok and answer.body["is_yours"] and visit.signed_in.may(WRITE):
        address = await visit.ask.get("rewards", "/v1/fulfilments/addresses", redemption=_id(visit))
    return visit.page(
        "pages/shipping/one.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        answer=answer,
        address=address,
        countries=visit.writer.countries,
        words=STATE_WORDS,
        tones=TONES,
        icons=ICONS,
        may_write=visit.signed_in.may(WRITE),
        may_audit=visit.signed_in.may(AUDIT.scope or ""),
        typed=visit.form,
        errors=errors or {},
        refused=refused,
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["redemption_id"])


ONE = f"{SHIPPING.path}/{{redemption_id:uuid}}"
ROUTES = [
    Route(SHIPPING.path, page(show, scope=SHIPPING.scope)),
    Route(f"{SHIPPING.path}.csv", page(download, scope=WRITE)),
    Route(ONE, page(one, scope=SHIPPING.scope)),
    *(
        Route(f"{ONE}/{verb}", page(work, scope=WRITE), methods=["POST"])
        for verb, work in (("take", take), ("put-back", put_back), ("ship", ship), ("cannot", cannot))
    ),
]
