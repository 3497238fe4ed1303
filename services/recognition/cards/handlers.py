"""Who wants a card is kept as members.v1 tells it."""

from services.recognition.cards import store
from services.recognition.cards.domain import wants_card
from shared.followed_members import Followed
from shared.transaction import Transaction


async def keep_wanted(tx: Transaction, followed: Followed) -> None:
    """Keep who of those who were told of wants a card; who was erased wants none."""
    wanted = {(one["community"], one["data"]["member_id"]): wants_card(one) for one in followed.identified}
    wanted |= {(one["community"], one["data"]["member_id"]): False for one in followed.erased}
    # Of whom nothing was told before there is no card to be given up.
    if wanted := {key: is_so for key, is_so in wanted.items() if is_so or key not in followed.first_told}:
        await store.put_wanted(tx.conn, wanted=dict(sorted(wanted.items())))
