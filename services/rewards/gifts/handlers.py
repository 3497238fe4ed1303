"""Grants that carry a reward or a ticket give it, once each; what levels open is kept.

Locks are taken in this order: a person's gifts, a draw, a reward.
"""

from services.rewards.draws.handlers import give_ticket_back, take_ticket
from services.rewards.gifts import store
from services.rewards.gifts.domain import Gift, GiftState
from services.rewards.metrics import GIFTS
from services.rewards.redemptions.domain import OutOfStockError, UnknownRewardError
from services.rewards.redemptions.handlers.reserving import give
from services.rewards.settings import Settings
from shared.consumer import Subscription
from shared.contracts.draws import Ticket
from shared.contracts.facts import RECOGNITION_FACT, RecognitionFact
from shared.followed_levels import keep_levels
from shared.followed_members import find_name
from shared.merges import find_head, load_group, lock_heads
from shared.topics import RECOGNITION
from shared.transaction import Transaction

BY_GRANT = "recognition"


async def on_recognition(tx: Transaction[Settings], facts: list[RecognitionFact]) -> None:
    """Keep levels, give what grants carry, and take back tickets of those taken back while their draw is open.

    What a board gives comes as with a grant, of each period by itself, and stays.
    """
    await keep_levels(tx, facts)
    for fact in facts:
        community = fact["community"]
        if fact["type"] == "recognition.granted.v1" and "reverses" in fact["data"]:
            await give_ticket_back(tx, community=community, ticket_ids={fact["data"]["reverses"]})
            continue
        gives = fact["data"].get("gives", {})
        grant_id, kind, name = _granted(fact)
        member_id = fact["data"]["member_id"]
        if "reward" in gives:
            gift = Gift(community, grant_id, member_id, kind, name, gives["reward"], GiftState.GIVEN)
            await _give(tx, gift)
        if "ticket" in gives:
            ticket = Ticket(grant_id, member_id)
            await take_ticket(tx, community=community, draw_id=gives["ticket"], ticket=ticket)


def _granted(fact: RecognitionFact) -> tuple[str, str, str]:
    """The id, kind and name of what was granted or won; the prize of a board is another one in each period."""
    if fact["type"] == "recognition.prize_won.v1":
        won = fact["data"]
        return won["prize_id"], "board", f"{won['board']}/{won['id']}/{won['starts_on']}"
    data = fact["data"]
    return data["grant_id"], data["kind"], f"{data['id']}/{data['tier']}" if "tier" in data else data["id"]


async def _give(tx: Transaction[Settings], gift: Gift) -> None:
    """What was taken back and granted anew gives nothing again: its reward was never taken back."""
    community, member_id = gift.community, gift.member_id
    await lock_heads(tx.conn, keys=[(community, member_id)])
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    await store.lock_gifts(tx.conn, community=community, member_id=head_id)
    if await store.is_known(tx.conn, community=community, grant_id=gift.grant_id):
        return
    gift = await _decided(tx, gift, head_id=head_id)
    await store.add_gift(tx.conn, gift, at=tx.now)
    GIFTS.labels(gift.state).inc()


async def _decided(tx: Transaction[Settings], gift: Gift, *, head_id: str) -> Gift:
    named = await find_name(tx.conn, community=gift.community, member_id=head_id)
    if named is not None and named.is_erased:
        return gift._replace(state=GiftState.NOBODY)
    group = await load_group(tx.conn, community=gift.community, head_id=head_id)
    if await store.was_given(tx.conn, gift=gift, member_ids=group):
        return gift._replace(state=GiftState.HAD)
    try:
        given = await give(
            tx,
            community=gift.community,
            member_id=gift.member_id,
            reward_id=gift.reward_id,
            cause=f"grant {gift.grant_id}",
            by=BY_GRANT,
        )
    except OutOfStockError:
        return gift._replace(state=GiftState.GONE)
    except UnknownRewardError:
        return gift._replace(state=GiftState.UNKNOWN)
    return gift._replace(redemption_id=given.redemption_id)


FOLLOWED_GRANTS = Subscription(RECOGNITION, RECOGNITION_FACT, on_recognition)
