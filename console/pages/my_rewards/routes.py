"""The catalogue for a member, choosing from it, and what became of what was chosen."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Filter, Listing
from console.frame.navigation import MY_REWARDS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.catalogue.pictures import picture
from console.pages.ledger.words import TRANSFERS
from console.pages.my_rewards.quoted import at_quotes

CHOSEN_COUNT = 20
LINES_COUNT = 30
QUOTES = "/v1/catalogue/quotes"
#: Accounts whose entries a member reads as points that came or went; the other side of a transfer is the house's.
OWN_ACCOUNTS = {"available", "pending"}


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """What is offered, what was chosen, and what came and went."""
    return await _list(visit)


async def look(visit: Visit) -> Response:
    """One reward, before it is chosen."""
    return await _one(visit)


async def code(visit: Visit) -> Response:
    """What a voucher says that the member has."""
    redemption_id = visit.request.path_params["redemption_id"]
    answer = await visit.ask.get("rewards", f"{_own(visit)}/redemptions/{redemption_id}/code")
    if answer.is_missing and answer.problem_slug != "no-code":
        raise NotFoundError
    return visit.page(
        "pages/my_rewards/code.html", status=404 if answer.problem_slug == "no-code" else 200, code=answer
    )


async def choose(visit: Visit) -> Response:
    """Reserve the points of a reward. The form's key makes that sending it twice is the same choice."""
    reward_id, key = visit.request.path_params["reward_id"], visit.form_key
    if key is None:
        raise NotFoundError
    body = {"reward_id": reward_id} | ({"quote_id": quote} if (quote := visit.form.get("quote", "")) else {})
    made = await visit.ask.post("rewards", f"{_own(visit)}/redemptions", body, key=key)
    if made.ok and made.body["has_code"]:
        return visit.see_other(f"{MY_REWARDS.path}/chosen/{made.body['redemption_id']}", toast="claimed")
    if made.ok and made.body["needs_address"]:
        return visit.see_other(f"{MY_REWARDS.path}/chosen/{made.body['redemption_id']}/goods", toast="chosen")
    if made.ok:
        return visit.see_other(f"{MY_REWARDS.path}#chosen", toast="chosen")
    return await _one(visit, refused=Refusal.of(made))


async def give_up(visit: Visit) -> Response:
    """Give a reward up that is reserved: the points are available again."""
    redemption_id = visit.request.path_params["redemption_id"]
    done = await visit.ask.command("POST", "rewards", f"{_own(visit)}/redemptions/{redemption_id}/cancel")
    if done.ok:
        return visit.see_other(f"{MY_REWARDS.path}#chosen", toast="cancelled")
    if done.is_missing:
        raise NotFoundError
    return await _list(visit, refused=Refusal.of(done))


def _own(visit: Visit) -> str:
    return f"/v1/members/{visit.signed_in.member_id}"


async def _list(visit: Visit, refused: Refusal | None = None) -> Response:
    ask, own = visit.ask, _own(visit)
    answers: dict[str, Answer] = await ask.all(
        catalogue=ask.get("rewards", f"{own}/catalogue"),
        quotes=ask.get("rewards", QUOTES),
        balance=ask.get("rewards", f"{own}/balance"),
        chosen=ask.get("rewards", f"{own}/redemptions", limit=CHOSEN_COUNT),
        statement=ask.get(
            "rewards", f"{own}/statement", limit=LINES_COUNT, after=visit.request.query_params.get("after")
        ),
    )
    offers = at_quotes(answers["catalogue"].items, answers["quotes"])
    items = [in_language(one, visit.language) for one in offers]
    listing = _listing(visit, items)
    return visit.page(
        "pages/my_rewards/page.html",
        status=200 if refused is None else refused.status,
        **answers,
        offered=_wanted(items, listing, available(answers["balance"])),
        available=available(answers["balance"]),
        days=days_of(visit, answers["statement"].items),
        listing=listing,
        alt_in=alt_in,
        transfers=TRANSFERS,
        refused=refused,
    )


async def _one(visit: Visit, refused: Refusal | None = None) -> Response:
    ask = visit.ask
    answers: dict[str, Answer] = await ask.all(
        catalogue=ask.get("rewards", f"{_own(visit)}/catalogue"),
        quotes=ask.get("rewards", QUOTES),
        balance=ask.get("rewards", f"{_own(visit)}/balance"),
    )
    offered: Mapping[str, Any] | None = next(
        (
            in_language(one, visit.language)
            for one in at_quotes(answers["catalogue"].items, answers["quotes"])
            if one["id"] == visit.request.path_params["reward_id"]
        ),
        None,
    )
    if answers["catalogue"].ok and offered is None and refused is None:
        raise NotFoundError
    return visit.page(
        "pages/my_rewards/reward.html",
        status=200 if refused is None else refused.status,
        **answers,
        reward=offered,
        alt_in=alt_in,
        available=available(answers["balance"]),
        key=uuid4().hex,
        refused=refused,
    )


def in_language(reward: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """A reward of the catalogue as a reader of that language is shown it."""
    said = next((one for one in reward["translations"] if one["language"] == language), None)
    if said is None:
        return reward
    return {**reward, "title": said["title"], "description": said["description"] or reward["description"]}


def alt_in(reward: Mapping[str, Any], language: str) -> str:
    """What a reward's picture shows, in a reader's language where that was said."""
    picture = reward["picture"]
    others = {one["language"]: one["alt"] for one in picture["translations"]}
    return str(others.get(language, picture["alt"]))


def _listing(visit: Visit, items: list[Mapping[str, Any]]) -> Listing:
    categories = sorted({one["category"] for one in items if one["category"]})
    filters = [Filter("q", visit.say(_("Find")))]
    if categories:
        filters.append(Filter("category", visit.say(_("Category")), [(one, one) for one in categories]))
    filters.append(Filter("can", visit.say(_("Show")), [("yes", visit.say(_("what I have points for")))]))
    return Listing.of(MY_REWARDS.path, visit.request.query_params, filters=filters)


def _wanted(items: list[Mapping[str, Any]], listing: Listing, points: int | None) -> list[Mapping[str, Any]]:
    """The rewards that the filters leave, the cheapest first."""
    text = listing.said.get("q", "").casefold()
    category = listing.said.get("category")
    return sorted(
        (
            one
            for one in items
            if text in f"{one['title']} {one['description']}".casefold()
            and category in (None, one["category"])
            and ("can" not in listing.said or one["points"] <= (points or 0))
        ),
        key=lambda one: (one["points"], one["title"]),
    )


def available(balance: Answer) -> int | None:
    """The points that a member may spend; 0 for whom rewards has never heard of, None where it does not answer."""
    if balance.ok:
        return int(balance.body["available"])
    return 0 if balance.is_missing else None


def days_of(visit: Visit, lines: list[dict[str, Any]]) -> list[tuple[str, int, list[dict[str, Any]]]]:
    """Entries on the member's own points by day of event time, with each day's sum."""
    own = [line for line in lines if line["account"] in OWN_ACCOUNTS and line["currency"] == "PTS"]
    days = []
    for day, entries in groupby(own, key=lambda line: visit.writer.weekday(line["event_time"])):
        listed = list(entries)
        days.append((day, sum(entry["amount"] for entry in listed), listed))
    return days


ROUTES = [
    Route(MY_REWARDS.path, page(show, for_members=True)),
    Route(f"{MY_REWARDS.path}/chosen/{{redemption_id:uuid}}", page(code, for_members=True)),
    Route(f"{MY_REWARDS.path}/{{reward_id}}/picture", page(picture, for_members=True)),
    Route(f"{MY_REWARDS.path}/{{reward_id}}", page(look, for_members=True), methods=["GET"]),
    Route(f"{MY_REWARDS.path}/{{reward_id}}", page(choose, for_members=True), methods=["POST"]),
    Route(
        f"{MY_REWARDS.path}/chosen/{{redemption_id:uuid}}/give-up",
        page(give_up, for_members=True),
        methods=["POST"],
    ),
]
