"""The catalogue for a member, choosing from it, and what became of what was chosen."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.components.tables import Listing
from console.frame.navigation import MY_REWARDS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, page
from console.pages.ledger.words import TRANSFERS

CHOSEN_COUNT = 20
LINES_COUNT = 30
#: Accounts whose entries a member reads as points that came or went; the other side of a transfer is the house's.
OWN_ACCOUNTS = {"available", "pending"}


async def show(visit: Visit) -> Response:
    """What is offered, what was chosen, and what came and went."""
    return await _list(visit)


async def look(visit: Visit) -> Response:
    """One reward, before it is chosen."""
    return await _one(visit)


async def choose(visit: Visit) -> Response:
    """Reserve the points of a reward. The form's key makes that sending it twice is the same choice."""
    reward_id, key = visit.request.path_params["reward_id"], visit.form_key
    if key is None:
        raise NotFoundError
    made = await visit.ask.post("rewards", f"{_own(visit)}/redemptions", {"reward_id": reward_id}, key=key)
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
    listing = Listing.of(MY_REWARDS.path, visit.request.query_params)
    answers: dict[str, Answer] = await ask.all(
        catalogue=ask.get("rewards", f"{own}/catalogue"),
        balance=ask.get("rewards", f"{own}/balance"),
        chosen=ask.get("rewards", f"{own}/redemptions", limit=CHOSEN_COUNT),
        statement=ask.get("rewards", f"{own}/statement", limit=LINES_COUNT, after=listing.said.get("after")),
    )
    return visit.page(
        "pages/my_rewards/page.html",
        status=200 if refused is None else refused.status,
        **answers,
        available=available(answers["balance"]),
        days=days_of(visit, answers["statement"].items),
        listing=listing,
        transfers=TRANSFERS,
        refused=refused,
    )


async def _one(visit: Visit, refused: Refusal | None = None) -> Response:
    ask = visit.ask
    answers: dict[str, Answer] = await ask.all(
        catalogue=ask.get("rewards", f"{_own(visit)}/catalogue"),
        balance=ask.get("rewards", f"{_own(visit)}/balance"),
    )
    offered: Mapping[str, Any] | None = next(
        (one for one in answers["catalogue"].items if one["id"] == visit.request.path_params["reward_id"]), None
    )
    if answers["catalogue"].ok and offered is None and refused is None:
        raise NotFoundError
    return visit.page(
        "pages/my_rewards/reward.html",
        status=200 if refused is None else refused.status,
        **answers,
        reward=offered,
        available=available(answers["balance"]),
        key=uuid4().hex,
        refused=refused,
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
    Route(f"{MY_REWARDS.path}/{{reward_id}}", page(look, for_members=True), methods=["GET"]),
    Route(f"{MY_REWARDS.path}/{{reward_id}}", page(choose, for_members=True), methods=["POST"]),
    Route(
        f"{MY_REWARDS.path}/chosen/{{redemption_id:uuid}}/give-up",
        page(give_up, for_members=True),
        methods=["POST"],
    ),
]
