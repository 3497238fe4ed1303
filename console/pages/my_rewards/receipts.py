"""The receipt of what a member chose, and what was chosen with it."""

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import MY_REWARDS
from console.frame.visits import NotFoundError, Visit, page
from console.pages.my_rewards.words import EVENT_WORDS, said_of


async def show(visit: Visit) -> Response:
    """All that became of it."""
    own = f"/v1/members/{visit.signed_in.member_id}"
    path = f"{own}/redemptions/{visit.request.path_params['redemption_id']}"
    receipt = await visit.ask.get("rewards", path, language=visit.language)
    if receipt.is_missing:
        raise NotFoundError
    order = None
    if receipt.ok and (order_id := receipt.body["order_id"]) is not None:
        order = await visit.ask.get("rewards", f"{own}/orders/{order_id}", language=visit.language)
    return visit.page(
        "pages/my_rewards/receipt.html", receipt=receipt, order=order, said_of=said_of, event_words=EVENT_WORDS
    )


ROUTES = [
    Route(f"{MY_REWARDS.path}/chosen/{{redemption_id:uuid}}/receipt", page(show, for_members=True)),
]
