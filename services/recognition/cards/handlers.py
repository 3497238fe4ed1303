"""Who wants a card, and who is hidden, is kept as members.v1 tells it."""

from services.recognition.cards import store
from services.recognition.cards.domain import CardWish, wish_of
from shared.followed_members import Followed
from shared.transaction import Transaction


async def keep_wishes(tx: Transaction, followed: Followed) -> None:
    """Keep who of those who were told of wants a card or is hidden; who was erased wants none."""
    wishes = {(one["community"], one["data"]["member_id"]): wish_of(one) for one in followed.identified}
    wishes |= {(one["community"], one["data"]["member_id"]): CardWish() for one in followed.erased}
    # Of whom nothing was told before there is no card to be given up.
    if wishes := {key: wish for key, wish in wishes.items() if any(wish) or key not in followed.first_told}:
        await store.put_wishes(tx.conn, wishes=dict(sorted(wishes.items())))
