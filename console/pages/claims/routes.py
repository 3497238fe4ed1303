"""What a link gives, for the member who has it: shown first, then claimed."""

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import MY_REWARDS
from console.frame.refusals import Refusal
from console.frame.visits import Visit, page

NOT_FOUND = 404


async def look(visit: Visit) -> Response:
    """What it gives."""
    return await _look(visit)


async def claim(visit: Visit) -> Response:
    """Take it. Whoever has it already has the same again."""
    member_id = visit.signed_in.member_id
    made = await visit.ask.post("rewards", f"/v1/members/{member_id}/reward-claims", {"token": _token(visit)})
    if not made.ok:
        return await _look(visit, refused=Refusal.of(made))
    if made.body["has_code"]:
        return visit.see_other(f"{MY_REWARDS.path}/chosen/{made.body['redemption_id']}", toast="claimed")
    if made.body["needs_address"]:
        return visit.see_other(f"{MY_REWARDS.path}/chosen/{made.body['redemption_id']}/goods", toast="claimed")
    return visit.see_other(f"{MY_REWARDS.path}#chosen", toast="claimed")


def _token(visit: Visit) -> str:
    return str(visit.request.path_params["token"])


async def _look(visit: Visit, *, refused: Refusal | None = None) -> Response:
    path = f"/v1/reward-links/open?language={visit.language}"
    opened: Answer = await visit.ask.post("rewards", path, {"token": _token(visit)})
    is_unknown = not opened.ok and not opened.is_down
    return visit.page(
        "pages/claims/page.html",
        status=refused.status if refused is not None else NOT_FOUND if is_unknown else 200,
        opened=opened,
        token=_token(visit),
        refused=refused,
    )


CLAIM = "/claim/{token}"
ROUTES = [
    Route(CLAIM, page(look, for_members=True), methods=["GET"]),
    Route(CLAIM, page(claim, for_members=True), methods=["POST"]),
]
