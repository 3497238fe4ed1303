"""Gift cards: orders at providers, one with what people do about it, and accounts there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import AUDIT, GIFT_CARDS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.catalogue.routes import minor_of
from console.pages.gift_cards import products
from console.pages.gift_cards.words import (
    FIELD_WORDS,
    ICONS,
    OUTCOME_WORDS,
    PAYING,
    PROVIDERS,
    STATE_WORDS,
    TONES,
    TROUBLE_WORDS,
    state_of,
)

WRITE = "rewards:write"
UNPROCESSABLE = 422
WORDS_MAX_CHARS = 500


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Orders, the oldest first, and the accounts at providers."""
    filters = [
        Filter("open", visit.say(_("State")), [("true", visit.say(_("open"))), ("false", visit.say(_("over")))]),
        Filter("troubled", visit.say(_("Trouble")), [("true", visit.say(_("people have to put it right")))]),
    ]
    listing = Listing.of(GIFT_CARDS.path, visit.request.query_params, filters=filters)
    answers = await visit.ask.all(
        orders=visit.ask.get(
            "rewards", "/v1/provider-orders", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
        ),
        providers=visit.ask.get("rewards", "/v1/providers"),
    )
    return visit.page(
        "pages/gift_cards/page.html",
        answer=answers["orders"],
        providers=answers["providers"],
        listing=listing,
        may_write=visit.signed_in.may(WRITE),
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "names": PROVIDERS | PAYING,
        "words": STATE_WORDS,
        "tones": TONES,
        "icons": ICONS,
        "troubles": TROUBLE_WORDS,
        "outcomes": OUTCOME_WORDS,
        "state_of": state_of,
    }


async def one(visit: Visit) -> Response:
    """One order."""
    return await _one(visit)


async def ask_again(visit: Visit) -> Response:
    """Have its provider asked now."""
    return await _do(visit, "ask", "provider-asked")


async def cancel(visit: Visit) -> Response:
    """Have it cancelled."""
    return await _do(visit, "cancel", "provider-asked")


async def say(visit: Visit) -> Response:
    """Say what became of it; another person confirms that."""
    reason = visit.form.get("reason", "").strip()[:WORDS_MAX_CHARS]
    errors = {}
    if visit.form.get("outcome") not in OUTCOME_WORDS:
        errors["outcome"] = visit.say(_("Choose what became of it"))
    if not reason:
        errors["reason"] = visit.say(_("Say how you know"))
    if errors:
        return await _one(visit, errors=errors)
    body = {"outcome": visit.form["outcome"], "reason": reason}
    body |= {name: said for name in ("code", "pin") if (said := visit.form.get(name, "").strip())}
    return await _do(visit, "outcome", "outcome-said", body)


async def confirm(visit: Visit) -> Response:
    """Confirm what another person found out."""
    return await _do(visit, "outcome/confirm", "done")


async def put_right(visit: Visit) -> Response:
    """Note that trouble was put right."""
    note = visit.form.get("note", "").strip()[:WORDS_MAX_CHARS]
    if not note:
        return await _one(visit, errors={"note": visit.say(_("Say how it was put right"))})
    if "refunded" not in visit.form:
        return await _do(visit, "acknowledge", "done", {"note": note})
    # In which currency it was charged the order says.
    found = await visit.ask.get("rewards", f"/v1/provider-orders/{_id(visit)}")
    cost = found.body["cost"] if found.ok else None
    minor = None if cost is None else minor_of(visit.form["refunded"].strip(), cost["currency"], least=0)
    if minor is None:
        return await _one(visit, errors={"refunded": visit.say(_("Say an amount, or 0"))})
    return await _do(visit, "acknowledge", "done", {"note": note, "refunded_minor": minor})


async def _do(visit: Visit, verb: str, toast: str, body: Any = None) -> Response:
    done = await visit.ask.command("POST", "rewards", f"/v1/provider-orders/{_id(visit)}/{verb}", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{GIFT_CARDS.path}/{_id(visit)}", toast=toast)


async def _one(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    answers = await visit.ask.all(
        order=visit.ask.get("rewards", f"/v1/provider-orders/{_id(visit)}"),
        redemption=visit.ask.get("rewards", f"/v1/redemptions/{_id(visit)}"),
    )
    order = answers["order"]
    if order.is_missing or order.status == UNPROCESSABLE:
        raise NotFoundError
    return visit.page(
        "pages/gift_cards/one.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        answer=order,
        redemption=answers["redemption"],
        now=datetime.now(UTC),
        may_write=visit.signed_in.may(WRITE),
        may_audit=visit.signed_in.may(AUDIT.scope or ""),
        # What was typed as a code is not shown again.
        typed={name: said for name, said in visit.form.items() if name not in ("code", "pin")},
        errors=errors or {},
        refused=refused,
        **_words(),
    )


async def provider(visit: Visit) -> Response:
    """An account at a provider."""
    return await _provider(visit)


async def connect(visit: Visit) -> Response:
    """Connect an account; what was typed is shown to nobody again."""
    name = _name(visit)
    said = {field: visit.form.get(field, "").strip() for field in (*FIELD_WORDS, "webhook_secret")}
    body = {field: value for field, value in said.items() if value}
    done = await visit.ask.command("PUT", "rewards", f"/v1/providers/{name}", body)
    if not done.ok:
        wrong = done.problem.get("errors", ())
        errors = {str(one["field"])[1:]: visit.service_words(str(one["detail"])) for one in wrong}
        return await _provider(visit, errors=errors, refused=Refusal.of(done))
    return visit.see_other(f"{GIFT_CARDS.path}/providers/{name}", toast="saved")


async def disconnect(visit: Visit) -> Response:
    """Disconnect an account."""
    return await _change(visit, "disconnect")


async def end_old_secret(visit: Visit) -> Response:
    """Have the secret of before count no more."""
    return await _change(visit, "end-old-secret")


async def _change(visit: Visit, verb: str) -> Response:
    done = await visit.ask.command("POST", "rewards", f"/v1/providers/{_name(visit)}/{verb}", None)
    if not done.ok:
        return await _provider(visit, refused=Refusal.of(done))
    return visit.see_other(f"{GIFT_CARDS.path}/providers/{_name(visit)}", toast="saved")


async def _provider(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    name = _name(visit)
    answer = await visit.ask.get("rewards", "/v1/providers")
    found = next((one for one in answer.items if one["provider"] == name), None) if answer.ok else None
    return visit.page(
        "pages/gift_cards/provider.html",
        status=refused.status if refused is not None else 200,
        name=name,
        answer=answer,
        account=found,
        labels=FIELD_WORDS,
        errors=errors or {},
        refused=refused,
        **_words(),
    )


def _name(visit: Visit) -> str:
    name = str(visit.request.path_params["provider"])
    if name not in PROVIDERS | PAYING:
        raise NotFoundError
    return name


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["redemption_id"])


ONE = f"{GIFT_CARDS.path}/{{redemption_id:uuid}}"
PROVIDER = f"{GIFT_CARDS.path}/providers/{{provider}}"
ROUTES = [
    Route(GIFT_CARDS.path, page(show, scope=GIFT_CARDS.scope)),
    Route(PROVIDER, page(provider, scope=WRITE), methods=["GET"]),
    Route(PROVIDER, page(connect, scope=WRITE), methods=["POST"]),
    Route(f"{PROVIDER}/products", page(products.show, scope=GIFT_CARDS.scope), methods=["GET"]),
    Route(f"{PROVIDER}/products/refresh", page(products.refresh, scope=WRITE), methods=["POST"]),
    Route(f"{PROVIDER}/products/accept", page(products.accept, scope=WRITE), methods=["POST"]),
    Route(f"{PROVIDER}/disconnect", page(disconnect, scope=WRITE), methods=["POST"]),
    Route(f"{PROVIDER}/end-old-secret", page(end_old_secret, scope=WRITE), methods=["POST"]),
    Route(ONE, page(one, scope=GIFT_CARDS.scope)),
    *(
        Route(f"{ONE}/{verb}", page(work, scope=WRITE), methods=["POST"])
        for verb, work in (
            ("ask", ask_again),
            ("cancel", cancel),
            ("say", say),
            ("confirm", confirm),
            ("put-right", put_right),
        )
    ),
]
