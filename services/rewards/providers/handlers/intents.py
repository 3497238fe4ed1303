"""What is to be ordered is noted with the redemption that it is for, in one transaction."""

from services.rewards.catalogue.domain import Offer
from services.rewards.providers.domain.contract import Card
from services.rewards.providers.domain.orders import NoCardError, Order
from services.rewards.providers.store.cards import find_card
from services.rewards.providers.store.orders import add_order
from shared.transaction import Transaction


async def intend(tx: Transaction, *, community: str, redemption_id: str, offer: Offer) -> Card:
    """Note that the card of an offer is to be ordered, for a redemption that was just made; which it is.

    Raises NoCardError where nobody has said which card it is.
    """
    card = await find_card(tx.conn, community=community, reward_id=offer.reward_id)
    if card is None:
        raise NoCardError(offer.reward_id)
    await add_order(tx.conn, Order(community, redemption_id, card, created_at=tx.now, due_at=tx.now))
    return card


async def intend_again(tx: Transaction, *, community: str, redemption_id: str, card: Card) -> None:
    """Note an order that a restored database had forgotten: nobody knows whether it was placed."""
    order = Order(
        community,
        redemption_id,
        card,
        created_at=tx.now,
        due_at=tx.now,
        tries_count=1,
        was_unknown=True,
        unknown_since=tx.now,
    )
    await add_order(tx.conn, order)
