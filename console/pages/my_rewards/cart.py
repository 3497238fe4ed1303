"""A member's cart: kept in their browser until it is ordered, all of it or nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import MY_REWARDS
from console.frame.refusals import Refusal
from console.frame.visits import NotFoundError, Visit, cookie, page
from console.pages.my_rewards.kept import ITEM, PIECES_MAX_COUNT, items_in_cart
from console.pages.my_rewards.routes import available

KEPT_SECONDS = 7 * 24 * 3600
COUNT_MAX_DIGITS = 4
CART = "/me/cart"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


def _keep(visit: Visit, items: Mapping[str, int]) -> None:
    kept = "~".join((str(visit.signed_in.member_id), *(f"{one}.{count}" for one, count in items.items() if count)))
    visit.cookies[cookie("cart", visit.console.settings)] = (kept, KEPT_SECONDS) if items else ("", 0)


async def look(visit: Visit) -> Response:
    """What is in it, and what it costs."""
    return await _look(visit)


async def put(visit: Visit) -> Response:
    """Put a reward in, or say how many of it there are; none takes it out."""
    reward_id, said = visit.request.path_params["reward_id"], visit.form.get("count", "").strip()
    items = items_in_cart(visit)
    if not ITEM.fullmatch(f"{reward_id}.1"):
        raise NotFoundError
    if not said:
        items[reward_id] = items.get(reward_id, 0) + 1
    elif said.isdecimal() and len(said) <= COUNT_MAX_DIGITS and int(said) <= PIECES_MAX_COUNT:
        items[reward_id] = int(said)
    else:
        return await _look(visit, errors={f"count-{reward_id}": visit.say(_("Between 0 and 20"))})
    items = {one: count for one, count in items.items() if count}
    if sum(items.values()) > PIECES_MAX_COUNT:
        return await _look(visit, errors={f"count-{reward_id}": visit.say(_("A cart takes 20 pieces at most"))})
    _keep(visit, items)
    return visit.see_other(CART, toast="in-cart" if not said else "saved")


async def order(visit: Visit) -> Response:
    """Reserve all that is in it. The form's key makes that sending it twice is the same order."""
    key, points = visit.form_key, visit.form.get("points", "")
    items = items_in_cart(visit)
    if key is None or not points.isdecimal():
        raise NotFoundError
    body = {
        "items": [{"reward_id": one, "count": count} for one, count in items.items()],
        "points": int(points[:16]),
    }
    path = f"/v1/members/{visit.signed_in.member_id}/orders"
    made = await visit.ask.post("rewards", path, body, key=key)
    if not made.ok:
        return await _look(visit, refused=Refusal.of(made))
    _keep(visit, {})
    return visit.see_other(f"{MY_REWARDS.path}#chosen", toast="chosen")


async def _look(
    visit: Visit, *, errors: Mapping[str, str] | None = None, refused: Refusal | None = None
) -> Response:
    own = f"/v1/members/{visit.signed_in.member_id}"
    items = items_in_cart(visit)
    answers: dict[str, Answer] = await visit.ask.all(
        catalogue=visit.ask.get(
            "rewards",
            f"{own}/offered-rewards",
            reward_id=list(items) or None,
            language=visit.language,
            limit=max(1, len(items)),
        ),
        balance=visit.ask.get("rewards", f"{own}/balance"),
    )
    offered: dict[str, Mapping[str, Any]] = {one["id"]: one for one in answers["catalogue"].items}
    lines = [(offered[one], count) for one, count in items.items() if one in offered]
    return visit.page(
        "pages/my_rewards/cart.html",
        status=refused.status if refused is not None else 422 if errors else 200,
        catalogue=answers["catalogue"],
        balance=answers["balance"],
        lines=lines,
        gone=[one for one in items if one not in offered] if answers["catalogue"].ok else [],
        costs=sum(reward["points"] * count for reward, count in lines),
        available=available(answers["balance"]),
        key=uuid4().hex,
        pieces_max_count=PIECES_MAX_COUNT,
        errors=errors or {},
        refused=refused,
    )


ROUTES = [
    Route(CART, page(look, for_members=True), methods=["GET"]),
    Route(CART, page(order, for_members=True), methods=["POST"]),
    Route(f"{CART}/{{reward_id}}", page(put, for_members=True), methods=["POST"]),
]
