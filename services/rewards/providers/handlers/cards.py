"""Which card of which provider a reward of the catalogue is."""

from services.rewards.catalogue.domain import RewardKind, UnknownCatalogueRewardError
from services.rewards.catalogue.store import find_reward, lock_reward
from services.rewards.providers.domain.contract import Card
from services.rewards.providers.domain.orders import NoCardError, NoGiftCardError
from services.rewards.providers.store import cards as store
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction


async def set_card(tx: Transaction, card: Card, *, community: str, reward_id: str) -> None:
    """Say which card a reward is. Raises UnknownCatalogueRewardError and NoGiftCardError."""
    reward = await lock_reward(tx.conn, community=community, reward_id=reward_id)
    if reward is None:
        raise UnknownCatalogueRewardError(reward_id)
    if reward.terms.kind is not RewardKind.GIFT_CARD:
        raise NoGiftCardError(reward_id)
    before = await store.find_card(tx.conn, community=community, reward_id=reward_id)
    await store.put_card(tx.conn, card, community=community, reward_id=reward_id, at=tx.now)
    said = None if before is None else before._asdict()
    tx.did(Did("gift_card.set", "gift_card", reward_id, before=said, after=card._asdict()))


async def load_card(conn: Connection, *, community: str, reward_id: str) -> Card:
    """The card that a reward is. Raises UnknownCatalogueRewardError and NoCardError."""
    if await find_reward(conn, community=community, reward_id=reward_id) is None:
        raise UnknownCatalogueRewardError(reward_id)
    card = await store.find_card(conn, community=community, reward_id=reward_id)
    if card is None:
        raise NoCardError(reward_id)
    return card
