"""Payouts by providers: the list, and one with all that its provider said and what people do about it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import AUDIT, PROVIDER_PAYOUTS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.gift_cards.words import PAYING
from console.pages.provider_payouts.words import ICONS, STATE_WORDS, TONES, TROUBLE_WORDS, state_of

WRITE = "payouts:write"
UNPROCESSABLE = 422
WORDS_MAX_CHARS = 500


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Payouts at providers, the oldest first."""
    filters = [
        Filter("open", visit.say(_("State")), [("true", visit.say(_("open"))), ("false", visit.say(_("over")))]),
        Filter("troubled", visit.say(_("Trouble")), [("true", visit.say(_("people have to put it right")))]),
    ]
    listing = Listing.of(PROVIDER_PAYOUTS.path, visit.request.query_params, filters=filters, kept=("run",))
    answers = await visit.ask.all(
        remittances=visit.ask.get(
            "rewards",
            "/v1/remittances",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
            run=listing.said.get("run"),
            **listing.chosen,
        ),
        providers=visit.ask.get("rewards", "/v1/payout-providers"),
    )
    return visit.page(
        "pages/provider_payouts/page.html",
        answer=answers["remittances"],
        providers=answers["providers"],
        listing=listing,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "names": PAYING,
        "words": STATE_WORDS,
        "tones": TONES,
        "icons": ICONS,
        "troubles": TROUBLE_WORDS,
        "state_of": state_of,
    }


async def one(visit: Visit) -> Response:
    """One payout at a provider."""
    return await _one(visit)


async def ask_now(visit: Visit) -> Response:
    """Have its provider asked now."""
    return await _do(visit, "ask", "provider-asked")


async def cancel(visit: Visit) -> Response:
    """Have it taken back."""
    return await _do(visit, "cancel", "provider-asked")


async def put_right(visit: Visit) -> Response:
    """Note that trouble was put right."""
    note = visit.form.get("note", "").strip()[:WORDS_MAX_CHARS]
    if not note:
        return await _one(visit, errors={"note": visit.say(_("Say how it was put right"))})
    return await _do(visit, "acknowledge", "done", {"note": note})


async def _do(visit: Visit, verb: str, toast: str, body: Any = None) -> Response:
    done = await visit.ask.command("POST", "rewards", f"/v1/remittances/{_id(visit)}/{verb}", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{PROVIDER_PAYOUTS.path}/{_id(visit)}", toast=toast)


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answer = await visit.ask.get("rewards", f"/v1/remittances/{_id(visit)}")
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/provider_payouts/one.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        answer=answer,
        now=datetime.now(UTC),
        may_write=visit.signed_in.may(WRITE),
        may_audit=visit.signed_in.may(AUDIT.scope or ""),
        typed=dict(visit.form),
        errors=errors or {},
        refused=refused,
        **_words(),
    )


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["payout_id"])


ONE = f"{PROVIDER_PAYOUTS.path}/{{payout_id:uuid}}"
ROUTES = [
    Route(PROVIDER_PAYOUTS.path, page(show, scope=PROVIDER_PAYOUTS.scope)),
    Route(ONE, page(one, scope=PROVIDER_PAYOUTS.scope)),
    *(
        Route(f"{ONE}/{verb}", page(work, scope=WRITE), methods=["POST"])
        for verb, work in (("ask", ask_now), ("cancel", cancel), ("put-right", put_right))
    ),
]
