"""What a provider of gift cards has: how it differs from what was accepted, and accepting it."""

from starlette.responses import Response

from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import GIFT_CARDS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit
from console.pages.gift_cards.words import (
    DIFFERENCE_ICONS,
    DIFFERENCE_TONES,
    DIFFERENCE_WORDS,
    PART_WORDS,
    PROVIDERS,
)

WRITE = "rewards:write"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What differs, or all that it has."""
    return await _show(visit)


async def refresh(visit: Visit) -> Response:
    """Have the provider asked now."""
    done = await visit.ask.command("POST", "rewards", f"/v1/providers/{name_of(visit)}/refresh", None)
    if not done.ok:
        return await _show(visit, refused=Refusal.of(done))
    return visit.see_other(_path(visit), toast="provider-asked")


async def accept(visit: Visit) -> Response:
    """Accept one product, or all that differ where none is named."""
    revision = visit.form.get("revision", "")
    if not (revision.isascii() and revision.isdigit()):
        raise NotFoundError
    product_id, currency = visit.form.get("product_id", ""), visit.form.get("currency", "")
    named = [{"product_id": product_id, "currency": currency}] if product_id else None
    path = f"/v1/providers/{name_of(visit)}/products/accept"
    done = await visit.ask.command("POST", "rewards", path, {"revision": int(revision[:10]), "products": named})
    if not done.ok:
        return await _show(visit, refused=Refusal.of(done))
    return visit.see_other(f"{_path(visit)}?differs=true", toast="done")


def name_of(visit: Visit) -> str:
    """The provider in the address of a page."""
    name = str(visit.request.path_params["provider"])
    if name not in PROVIDERS:
        raise NotFoundError
    return name


def _path(visit: Visit) -> str:
    return f"{GIFT_CARDS.path}/providers/{name_of(visit)}/products"


async def _show(visit: Visit, *, refused: Refusal | None = None) -> Response:
    name = name_of(visit)
    choices = [("true", visit.say(_("what differs"))), ("false", visit.say(_("what is as accepted")))]
    filters = [Filter("differs", visit.say(_("Differences")), choices)]
    listing = Listing.of(_path(visit), visit.request.query_params, filters=filters)
    answers = await visit.ask.all(
        refresh=visit.ask.get("rewards", f"/v1/providers/{name}/refresh"),
        products=visit.ask.get(
            "rewards",
            f"/v1/providers/{name}/products",
            limit=PAGE_COUNT,
            after=listing.said.get("after"),
            **listing.chosen,
        ),
    )
    return visit.page(
        "pages/gift_cards/products.html",
        status=refused.status if refused is not None else 200,
        name=name,
        names=PROVIDERS,
        refresh=answers["refresh"],
        answer=answers["products"],
        listing=listing,
        may_write=visit.signed_in.may(WRITE),
        differences=DIFFERENCE_WORDS,
        difference_tones=DIFFERENCE_TONES,
        difference_icons=DIFFERENCE_ICONS,
        part_words=PART_WORDS,
        refused=refused,
    )
