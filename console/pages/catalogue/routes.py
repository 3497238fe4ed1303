"""The catalogue: its rewards, one with its prices and stock, and the form that adds and changes them."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.languages import NAMES
from console.components.tables import PAGE_COUNT, Filter, Listing
from console.frame.navigation import CATALOGUE
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.catalogue.forms import KINDS, faults, read, shown
from console.pages.catalogue.pictures import picture
from console.pages.catalogue.words import KIND_WORDS
from console.pages.gift_cards.words import PROVIDERS
from shared.currencies import exponent

WRITE = "rewards:write"
UNPROCESSABLE = 422
#: A form takes no more than some 800 kB, and a picture comes in base64.
PICTURE_MAX_BYTES = 500_000
ALT_MAX_CHARS = 200
DATA_URL = re.compile(r"data:image/(?:jpeg|png|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})")
CODES_COUNT = 20


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """The catalogue's own rewards, and what the programme has beside them."""
    kinds = Filter("kind", visit.say(_("Kind")), [(kind, visit.say(KIND_WORDS[kind])) for kind in KINDS])
    filters = [
        kinds,
        Filter("category", visit.say(_("Category"))),
        Filter("tag", visit.say(_("Tag"))),
        Filter("q", visit.say(_("Title"))),
    ]
    listing = Listing.of(CATALOGUE.path, visit.request.query_params, filters=filters)
    answers = await visit.ask.all(
        rewards=visit.ask.get(
            "rewards", "/v1/catalogue/rewards", limit=PAGE_COUNT, after=listing.said.get("after"), **listing.chosen
        ),
        offered=visit.ask.get("rewards", "/v1/catalogue"),
    )
    return visit.page(
        "pages/catalogue/page.html",
        rewards=answers["rewards"],
        of_programme=[one for one in answers["offered"].items if one["source"] == "programme"],
        listing=listing,
        kinds=KIND_WORDS,
        may_write=visit.signed_in.may(WRITE),
    )


async def add_form(visit: Visit) -> Response:
    """An empty form."""
    return await _form(visit, fields={"kind": KINDS[0]})


async def add(visit: Visit) -> Response:
    """Add what the form says."""
    body, errors = read(visit.form, visit)
    if errors:
        return await _form(visit, fields=visit.form, errors=errors)
    made = await visit.ask.post(
        "rewards", "/v1/catalogue/rewards", body | {"id": visit.form.get("id", "").strip()}
    )
    if not made.ok:
        return await _form(visit, fields=visit.form, errors=faults(visit, made), refused=Refusal.of(made))
    return visit.see_other(f"{CATALOGUE.path}/{made.body['id']}", toast="saved")


async def _form(
    visit: Visit,
    *,
    fields: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
) -> Response:
    return visit.page(
        "pages/catalogue/add.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        shown=fields,
        kinds=KIND_WORDS,
        names=NAMES,
        errors=errors or {},
        refused=refused,
    )


async def one(visit: Visit) -> Response:
    """One reward."""
    return await _one(visit)


async def change(visit: Visit) -> Response:
    """Change it to what the form says, unless somebody else changed it since the form was made."""
    revision = visit.form.get("revision", "")
    before = await visit.ask.get("rewards", _path(visit))
    if before.is_missing or not revision.isdecimal():
        raise NotFoundError
    if not before.ok:
        return await _one(visit, refused=Refusal.of(before))
    body, errors = read(visit.form, visit, before=before.body)
    if errors:
        return await _one(visit, fields=visit.form, errors=errors)
    done = await visit.ask.command("PUT", "rewards", _path(visit), body | {"revision": int(revision[:9])})
    if not done.ok:
        return await _one(visit, fields=visit.form, errors=faults(visit, done), refused=Refusal.of(done))
    return visit.see_other(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}", toast="saved")


async def import_codes(visit: Visit) -> Response:
    """Take in codes that were pasted. They are shown to nobody again, not even where some are refused."""
    text = visit.form.get("csv", "").strip()
    if not text:
        return await _one(visit, errors={"csv": visit.say(_("Paste the codes, one a line"))})
    headings = re.split(r"[,;\t]", text.partition("\n")[0].lower())
    if "code" not in (heading.strip() for heading in headings):
        text = f"code\n{text}"
    done = await visit.ask.post("rewards", f"{_path(visit)}/codes", {"csv": text})
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done), lines=done.problem.get("errors", ()))
    return visit.see_other(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}#codes", toast="codes-added")


async def set_card(visit: Visit) -> Response:
    """Say which card of which provider it is."""
    said = {name: visit.form.get(name, "").strip() for name in ("provider", "product_id", "currency", "face")}
    errors = {}
    if said["provider"] not in PROVIDERS:
        errors["provider"] = visit.say(_("Choose the provider"))
    if not said["product_id"]:
        errors["product_id"] = visit.say(_("Give the provider's id of the product"))
    minor = minor_of(said["face"], said["currency"])
    if minor is None:
        errors["face"] = visit.say(_("Give an amount and its currency, such as 10.00 and EUR"))
    if errors:
        return await _one(visit, errors=errors)
    body = {key: said[key] for key in ("provider", "product_id", "currency")} | {"face_minor": minor}
    done = await visit.ask.command("PUT", "rewards", f"{_path(visit)}/card", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}#card", toast="saved")


async def put_picture(visit: Visit) -> Response:
    """What it looks like: a file that was opened in the page, and words for whoever does not see it."""
    said = {name: visit.form.get(name, "").strip() for name in ("content", "alt", "alt_it")}
    found = DATA_URL.fullmatch(said["content"])
    errors = {}
    if found is None:
        errors["content"] = visit.say(_("Choose a picture"))
    elif len(found[1]) * 3 // 4 > PICTURE_MAX_BYTES:
        errors["content"] = visit.say(_("It has more than 500 kB: make it smaller, or use plaudit reward picture"))
    for name in ("alt", "alt_it"):
        if not said[name] or len(said[name]) > ALT_MAX_CHARS:
            text = visit.say(_("Say what it shows, in at most {count} signs"), count=ALT_MAX_CHARS)
            errors[name] = text
    if found is None or errors:
        return await _one(visit, errors=errors)
    body = {
        "content": found[1],
        "alt": said["alt"],
        "translations": [{"language": "it", "alt": said["alt_it"]}],
    }
    done = await visit.ask.command("PUT", "rewards", f"{_path(visit)}/picture", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}", toast="saved")


async def remove_picture(visit: Visit) -> Response:
    """It has none any more."""
    done = await visit.ask.command("DELETE", "rewards", f"{_path(visit)}/picture")
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}", toast="saved")


async def set_price(visit: Visit) -> Response:
    """Have its price follow a rate or its provider, or (both fields empty) be the catalogue's again."""
    said = {name: visit.form.get(name, "").strip() for name in ("priced_in", "minor_per_point", "follows")}
    body = {
        "currency": said["priced_in"] or None,
        "minor_per_point": said["minor_per_point"] or None,
        "follows": said["follows"] or "rates",
    }
    done = await visit.ask.command("PUT", "rewards", f"{_path(visit)}/card/price", body)
    if not done.ok:
        return await _one(visit, refused=Refusal.of(done))
    return visit.see_other(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}#card", toast="saved")


def minor_of(amount: str, currency: str, *, least: int = 1) -> int | None:
    """An amount that was typed, in minor units; None for what is none, or less than `least`."""
    if not re.fullmatch(r"[A-Z]{3}", currency) or not re.fullmatch(r"\d{1,9}([.,]\d{1,4})?", amount):
        return None
    minor = Decimal(amount.replace(",", ".")).scaleb(exponent(currency))
    return int(minor) if minor == minor.to_integral_value() and minor >= least else None


def _path(visit: Visit) -> str:
    return f"/v1/catalogue/rewards/{visit.request.path_params['reward_id']}"


async def _one(
    visit: Visit,
    *,
    fields: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: Refusal | None = None,
    lines: Any = (),
) -> Response:
    listing = Listing.of(f"{CATALOGUE.path}/{visit.request.path_params['reward_id']}", visit.request.query_params)
    answers: dict[str, Answer] = await visit.ask.all(
        reward=visit.ask.get("rewards", _path(visit)),
        codes=visit.ask.get(
            "rewards", f"{_path(visit)}/codes", limit=CODES_COUNT, after=listing.said.get("after")
        ),
        card=visit.ask.get("rewards", f"{_path(visit)}/card"),
        price=visit.ask.get("rewards", f"{_path(visit)}/card/price"),
    )
    reward = answers["reward"]
    if reward.is_missing or reward.status == UNPROCESSABLE:
        raise NotFoundError
    known = shown(reward.body, visit) if reward.ok else {}
    return visit.page(
        "pages/catalogue/one.html",
        status=refused.status if refused is not None else UNPROCESSABLE if errors else 200,
        reward=reward,
        codes=answers["codes"],
        card=answers["card"].body if answers["card"].ok else None,
        price=answers["price"].body if answers["price"].ok else {},
        typed=visit.form,
        providers=PROVIDERS,
        listing=listing,
        shown=known if fields is None else fields,
        revision=(fields or {}).get("revision") or (reward.body["revision"] if reward.ok else ""),
        kinds=KIND_WORDS,
        names=NAMES,
        picture_max_bytes=PICTURE_MAX_BYTES,
        may_write=visit.signed_in.may(WRITE),
        errors=errors or {},
        lines=lines,
        refused=refused,
    )


ADD = "/add-reward"
ONE = f"{CATALOGUE.path}/{{reward_id}}"
ROUTES = [
    Route(CATALOGUE.path, page(show, scope=CATALOGUE.scope)),
    Route(ADD, page(add_form, scope=WRITE), methods=["GET"]),
    Route(ADD, page(add, scope=WRITE), methods=["POST"]),
    Route(ONE, page(one, scope=CATALOGUE.scope), methods=["GET"]),
    Route(ONE, page(change, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/card", page(set_card, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/card/price", page(set_price, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/picture", page(picture, scope=CATALOGUE.scope), methods=["GET"]),
    Route(f"{ONE}/picture", page(put_picture, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/picture/remove", page(remove_picture, scope=WRITE), methods=["POST"]),
    Route(f"{ONE}/codes", page(import_codes, scope=WRITE), methods=["POST"]),
]
