"""A member's cart as their browser keeps it."""

import re
from typing import Final

from console.frame.visits import Visit, cookie

PIECES_MAX_COUNT: Final = 20
#: Whose it is, then rewards with how many of each: "<member>~mug.2~books.1".
ITEM: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,99})\.([1-9][0-9]?)")


def items_in_cart(visit: Visit) -> dict[str, int]:
    """What is in the visitor's cart: how many of each reward. What another member put in is not theirs."""
    said = visit.request.cookies.get(cookie("cart", visit.console.settings), "")
    member_id, *items = said.split("~")
    if member_id != visit.signed_in.member_id:
        return {}
    found = [match.groups() for item in items[:PIECES_MAX_COUNT] if (match := ITEM.fullmatch(item))]
    return {reward_id: min(int(count), PIECES_MAX_COUNT) for reward_id, count in found}
