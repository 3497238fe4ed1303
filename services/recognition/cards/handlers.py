"""Who wants a card is kept as members.v1 tells it."""

from services.recognition.cards import store
from services.recognition.cards.domain import wants_card
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, MemberFact
from shared.followed_members import follow
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, members: list[MemberFact]) -> None:
    """Keep members' names, identities and who wants a card, as the highest revision says them."""
    newest = await follow(tx, members)
    if newest:
        wanted = {(one["community"], one["data"]["member_id"]): wants_card(one, tx.now) for one in newest}
        await store.put_wanted(tx.conn, wanted=wanted)


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
