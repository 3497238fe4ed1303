"""The explorer: any id, where it comes from, and what became of it."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.components.tables import Listing
from console.frame.navigation import EXPLORER, MEMBERS
from console.frame.visits import NotFoundError, Visit, page
from console.pages.explorer.finding import MEMBER_AWARDS_COUNT, Found, find, member_of_identity, spelled
from console.pages.explorer.money import of_redemption, of_run, of_transfer
from console.pages.explorer.pictures import of_awards, of_payout
from console.pages.ledger.words import ACCOUNTS, TRANSFERS
from console.pages.members.searching import TEXT_MIN_CHARS, members_like
from console.pages.members.words import DECLINED, event_words

SEARCH_MAX_CHARS = 255
LOTS_COUNT = 100
#: Members who are shown where several are called so.
NAMED_COUNT = 20


async def show(visit: Visit) -> Response:
    """The form, and what it takes."""
    return visit.page("pages/explorer/page.html", found=Found(None), said="", tried=False)


async def search(visit: Visit) -> Response:
    """Go to what was searched for. It comes in a form: names and handles stay out of addresses."""
    said = visit.form.get("q", "")[:SEARCH_MAX_CHARS]
    id_ = spelled(said) or await member_of_identity(visit, said)
    if id_ is not None:
        return visit.see_other(f"/explorer/{id_}")
    if visit.signed_in.may(MEMBERS.scope or "") and len(said.strip()) >= TEXT_MIN_CHARS:
        found = await members_like(visit, " ".join(said.split()), limit=NAMED_COUNT)
        if len(found.items) == 1:
            return visit.see_other(f"{MEMBERS.path}/{found.items[0]['member_id']}")
        if found.items:
            return visit.page("pages/explorer/named.html", members=found.items, said=said)
    return visit.page("pages/explorer/page.html", status=404, found=Found(None), said=said, tried=True)


async def look(visit: Visit) -> Response:
    """What an id is, with its lineage both ways."""
    said = visit.request.path_params["id"]
    id_ = spelled(said)
    if id_ is None:
        raise NotFoundError
    if id_ != said:
        return visit.see_other(f"/explorer/{id_}")
    found = await find(visit, id_)
    if found.kind is None or found.answer is None:
        status = 503 if found.silent else 404
        return visit.page("pages/explorer/page.html", status=status, found=found, said=id_, tried=True)
    more = await _MORE.get(found.kind, _nothing)(visit, found.answer.body, id_)
    return visit.page(
        f"pages/explorer/{found.kind}.html",
        thing=found.answer.body,
        said=id_,
        took_ms=found.answer.took_ms,
        **more,
    )


async def programme(visit: Visit) -> Response:
    """A version of the programme, as it was written."""
    answer = await visit.ask.get("scoring", f"/v1/programmes/{visit.request.path_params['version']}")
    return visit.page("pages/explorer/programme.html", answer=answer, version=visit.request.path_params["version"])


async def _event(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    questions = {"explanation": visit.ask.get("scoring", f"/v1/events/{id_}/explanation")}
    # Whose words are read is in the audit: they are shown when somebody asks for them.
    if visit.request.query_params.get("kept") and visit.signed_in.may(MEMBERS.scope or ""):
        questions["kept"] = visit.ask.get("ingest", f"/v1/texts/{id_}")
    # Where a channel does not tell who took something back, nobody did it.
    if actor := thing["event"]["member_id"]:
        questions["actor"] = visit.ask.get("recognition", f"/v1/members/{actor}/recognition")
    answers = await visit.ask.all(**questions)
    return {
        "actor": None,
        "kept": None,
        "declined": DECLINED,
        "words": event_words(thing["event"])[0],
        **answers,
        "picture": of_awards(visit, thing["event"], thing["awards"], id_),
    }


async def _award(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    award = thing["award"]
    questions = {"member": visit.ask.get("recognition", f"/v1/members/{award['member_id']}/recognition")}
    if award["by_hand"]:
        questions["by_hand"] = visit.ask.get("scoring", f"/v1/manual-awards/{award['event_uid']}")
    answers = await visit.ask.all(**questions)
    hand = answers.pop("by_hand", None)
    titles = {award["rule_id"]: hand.body["title"]} if hand is not None and hand.ok else {}
    picture = of_awards(visit, thing["event"], [thing], id_, titles=titles)
    return {**answers, "titles": titles, "picture": picture}


async def _payout(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    return {"picture": of_payout(visit, thing, id_)}


async def _member(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    ask, may = visit.ask, visit.signed_in.may
    questions = {"awards": ask.get("scoring", "/v1/awards", member=id_, limit=MEMBER_AWARDS_COUNT)}
    if may("rewards:read"):
        questions["balance"] = ask.get("rewards", f"/v1/members/{id_}/balance")
        questions["payouts"] = ask.get("rewards", f"/v1/members/{id_}/payouts", limit=5)
    answers = await ask.all(**questions)
    return {"balance": None, "payouts": None, **answers}


async def _run(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    payouts = await visit.ask.get("rewards", "/v1/payouts", run=id_, limit=50)
    return {"payouts": payouts, "picture": of_run(visit, thing)}


async def _redemption(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    lots = await visit.ask.get("rewards", f"/v1/redemptions/{id_}/lots", limit=LOTS_COUNT)
    return {"picture": of_redemption(visit, thing, lots.items)}


async def _transfer(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    return {"picture": of_transfer(visit, thing), "one": thing, "accounts": ACCOUNTS, "transfers": TRANSFERS}


async def _receipt(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    return {"listing": Listing.of(visit.request.url.path, visit.request.query_params)}


async def _nothing(visit: Visit, thing: dict[str, Any], id_: str) -> dict[str, Any]:
    return {}


_MORE = {
    "event": _event,
    "award": _award,
    "payout": _payout,
    "member": _member,
    "redemption": _redemption,
    "transfer": _transfer,
    "run": _run,
    "receipt": _receipt,
    "trace": _receipt,
}

ROUTES = [
    Route(EXPLORER.path, page(show, scope=EXPLORER.scope), methods=["GET"]),
    Route(EXPLORER.path, page(search, scope=EXPLORER.scope), methods=["POST"]),
    Route("/explorer/programme/{version:int}", page(programme, scope="programmes:read")),
    Route("/explorer/{id}", page(look, scope=EXPLORER.scope)),
]
