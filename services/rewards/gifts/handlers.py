"""Grants that carry a reward or a ticket give it, once each; what levels open is kept.

Locks are taken in this order: a person's gifts, a draw, a reward.
"""

from services.rewards.draws.handlers import give_ticket_back, take_ticket
from services.rewards.gifts import store
from services.rewards.gifts.domain import Gift, GiftState
from services.rewards.levels.handlers import keep_levels
from services.rewards.metrics import GIFTS
from services.rewards.redemptions.domain import OutOfStockError, UnknownRewardError
from services.rewards.redemptions.handlers import give
from services.rewards.settings import Settings
from shared.consumer import Subscription
from shared.contracts.draws import Ticket
from shared.contracts.facts import RECOGNITION_FACT, RecognitionFact, RecognitionGranted
from shared.followed_members import find_name
from shared.merges import find_head, load_group, lock_heads
from shared.topics import RECOGNITION
from shared.transaction import Transaction

BY_GRANT = "recognition"


async def on_recognition(tx: Transaction[Settings], facts: list[RecognitionFact]) -> None:
    """Keep levels, give what grants carry, and take back tickets of those taken back while their draw is open.

    Prizes of boards are handed out by people: nothing follows from them here.
    """
    grants = [fact for fact in facts if fact["type"] == "recognition.granted.v1"]
    await keep_levels(tx, grants)
    for fact in grants:
        data = fact["data"]
        if "reverses" in data:
            await give_ticket_back(tx, community=fact["community"], ticket_ids={data["reverses"]})
            continue
        gives = data.get("gives", {})
        if "reward" in gives:
            await _give(tx, fact, reward_id=gives["reward"])
        if "ticket" in gives:
            ticket = Ticket(data["grant_id"], data["member_id"])
            await take_ticket(tx, community=fact["community"], draw_id=gives["ticket"], ticket=ticket)


async def _give(tx: Transaction[Settings], fact: RecognitionGranted, *, reward_id: str) -> None:
    """What was taken back and granted anew gives nothing again: its reward was never taken back."""
    data, community = fact["data"], fact["community"]
    member_id = data["member_id"]
    await lock_heads(tx.conn, keys=[(community, member_id)])
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    await store.lock_gifts(tx.conn, community=community, member_id=head_id)
    if await store.is_known(tx.conn, community=community, grant_id=data["grant_id"]):
        return
    name = f"{data['id']}/{data['tier']}" if "tier" in data else data["id"]
    gift = Gift(community, data["grant_id"], member_id, data["kind"], name, reward_id, GiftState.GIVEN)
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
