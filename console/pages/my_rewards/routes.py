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
from console.pages.catalogue.words import KIND_WORDS
from console.pages.ledger.words import TRANSFERS
from console.pages.my_rewards.kept import items_in_cart
from console.pages.my_rewards.words import said_of

CHOSEN_COUNT = 20
LINES_COUNT = 30
OFFERED_COUNT = 24
CHOICES = "/v1/catalogue/choices"
SEARCH_MAX_CHARS = 100
POINTS_MAX_DIGITS = 9
PRICE_MAX_DIGITS = 15
#: Accounts whose entries a member reads as points that came or went; the other side of a transfer is the house's.
OWN_ACCOUNTS = {"available", "pending"}


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


USUAL = "points"
ORDERS = (("points", _("cheapest first")), ("-points", _("dearest first")), ("title", _("by name")))


async def show(visit: Visit) -> Response:
    """What is offered, what was chosen, and what came and went."""
    return await _list(visit)


async def look(visit: Visit) -> Response:
    """One reward, before it is chosen."""
    return await _one(visit)


async def code(visit: Visit) -> Response:
    """What a voucher says that the member has."""
    redemption_id = visit.request.path_params["redemption_id"]
    path = f"{_own(visit)}/redemptions/{redemption_id}/code"
    answer = await visit.ask.get("rewards", path, language=visit.language)
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
    body: dict[str, Any] = {"reward_id": reward_id}
    if quote := visit.form.get("quote", ""):
        body["quote_id"] = quote
    # At another price than the page showed nothing is taken.
    points = visit.form.get("points", "")
    if points.isascii() and points.isdecimal() and len(points) <= PRICE_MAX_DIGITS:
        body["points"] = int(points)
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
    said = visit.request.query_params
    choices = await ask.get("rewards", CHOICES)
    listing = _listing(visit, choices)
    answers: dict[str, Answer] = await ask.all(
        offered=ask.get("rewards", f"{own}/offered-rewards", **_asked(visit, listing)),
        balance=ask.get("rewards", f"{own}/balance"),
        chosen=ask.get("rewards", f"{own}/redemptions", limit=CHOSEN_COUNT, language=visit.language),
        statement=ask.get("rewards", f"{own}/statement", limit=LINES_COUNT, after=said.get("after")),
    )
    return visit.page(
        "pages/my_rewards/page.html",
        status=200 if refused is None else refused.status,
        **answers,
        offers_count=choices.body["rewards_count"] if choices.ok else None,
        available=available(answers["balance"]),
        days=days_of(visit, answers["statement"].items),
        listing=listing,
        alt_in=alt_in,
        said_of=said_of,
        pieces=sum(items_in_cart(visit).values()),
        transfers=TRANSFERS,
        refused=refused,
    )


async def _one(visit: Visit, refused: Refusal | None = None) -> Response:
    ask = visit.ask
    answers: dict[str, Answer] = await ask.all(
        offered=ask.get(
            "rewards",
            f"{_own(visit)}/offered-rewards",
            reward_id=visit.request.path_params["reward_id"],
            language=visit.language,
        ),
        balance=ask.get("rewards", f"{_own(visit)}/balance"),
    )
    found = answers["offered"]
    reward: Mapping[str, Any] | None = next(iter(found.items), None) if found.ok else None
    # What can be no id is none.
    is_unknown = (found.ok and reward is None) or found.problem_slug == "invalid-request"
    if is_unknown and refused is None:
        raise NotFoundError
    return visit.page(
        "pages/my_rewards/reward.html",
        status=200 if refused is None else refused.status,
        **answers,
        reward=reward,
        alt_in=alt_in,
        available=available(answers["balance"]),
        key=uuid4().hex,
        refused=refused,
    )


def alt_in(reward: Mapping[str, Any], language: str) -> str:
    """What a reward's picture shows, in a reader's language where that was said."""
    picture = reward["picture"]
    others = {one["language"]: one["alt"] for one in picture["translations"]}
    return str(others.get(language, picture["alt"]))


def _listing(visit: Visit, choices: Answer) -> Listing:
    """What the list can be narrowed by: what there are several of, where the service says so."""
    said = choices.body if choices.ok else {}
    territories, kinds = visit.writer.countries, {name: visit.say(text) for name, text in KIND_WORDS.items()}
    filters = [Filter("q", visit.say(_("Find")))]
    for name, part, title, words in (
        ("kind", "kinds", _("Kind"), kinds),
        ("category", "categories", _("Category"), {}),
        ("tag", "tags", _("Tag"), {}),
        ("country", "countries", _("Country"), territories),
        ("currency", "currencies", _("Currency"), {}),
    ):
        counts = {one["value"]: one["rewards_count"] for one in said.get(part, ())}
        if len(counts) > 1 or (name == "tag" and counts) or name in visit.request.query_params:
            choices_of = sorted((one, _counted(visit, words.get(one, one), counts[one])) for one in counts)
            filters.append(Filter(name, visit.say(title), choices_of))
    filters += [
        Filter("most", visit.say(_("Points at most"))),
        Filter("can", visit.say(_("Show")), [("yes", visit.say(_("what I have points for")))]),
        Filter("order", visit.say(_("Order")), [(name, visit.say(text)) for name, text in ORDERS], usual=USUAL),
    ]
    return Listing.of(MY_REWARDS.path, visit.request.query_params, filters=filters)


def _counted(visit: Visit, text: str, count: int) -> str:
    """A choice, and how many rewards on offer have it."""
    return f"{text} ({visit.writer.number(count)})"


def _asked(visit: Visit, listing: Listing) -> dict[str, Any]:
    """The question to the service; what is no number of points is left out."""
    said = listing.said
    most = said.get("most", "")
    return {
        "q": said.get("q", "")[:SEARCH_MAX_CHARS] or None,
        "language": visit.language,
        "kind": said.get("kind"),
        "category": said.get("category"),
        "tag": said.get("tag"),
        "country": said.get("country"),
        "currency": said.get("currency"),
        "max_points": int(most)
        if most.isascii() and most.isdecimal() and len(most) <= POINTS_MAX_DIGITS
        else None,
        "affordable": "true" if "can" in said else None,
        "order": said.get("order"),
        "limit": OFFERED_COUNT,
        "after": said.get("page"),
    }


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
