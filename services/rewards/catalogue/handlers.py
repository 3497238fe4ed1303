"""The catalogue: rewards are added and changed by people; what is on offer is asked for."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.rewards.catalogue import store
from services.rewards.catalogue.domain import (
    CatalogueFullError,
    KeptFrom,
    Offer,
    Price,
    Reward,
    RewardExistsError,
    RewardKind,
    RewardTerms,
    StaleRewardError,
    UnknownCatalogueRewardError,
    UnusableRewardError,
    limited,
    offers,
    prices_to_come,
)
from services.rewards.metrics import REWARDS_LOW
from services.rewards.programmes.domain import InForce
from services.rewards.programmes.store import find_in_force
from services.rewards.settings import Settings
from shared.audit import Did
from shared.followed_audiences import is_in
from shared.followed_levels import has_level
from shared.merges import load_group
from shared.pictures import Picture, cleaned_photo
from shared.postgres import Connection
from shared.transaction import Transaction


async def load_offers(conn: Connection, *, community: str, now: datetime) -> tuple[list[Offer], InForce | None]:
    """All that is on offer, and the programme version in force."""
    in_force = await find_in_force(conn, community=community, now=now)
    own = await store.load_rewards(conn, community=community)
    return offers(own, in_force, now=now), in_force


async def load_kept_from(
    conn: Connection,
    offered: Collection[Offer],
    *,
    in_force: InForce | None,
    community: str,
    member_id: str,
    now: datetime,
) -> KeptFrom:
    """Which of these rewards a member would be refused, and why."""
    redeeming = {} if in_force is None else in_force.redeeming
    is_below = bool(redeeming) and not await has_level(
        conn, community=community, member_id=member_id, level_ids=redeeming
    )
    outside = {
        audience
        for audience in sorted({one.terms.audience for one in offered if one.terms.audience is not None})
        if not await is_in(conn, community=community, audience_id=audience, member_id=member_id)
    }
    lacking = {
        level
        for level in sorted({one.terms.level for one in offered if one.terms.level is not None})
        if not await has_level(conn, community=community, member_id=member_id, level_ids=[level])
    }
    return KeptFrom(
        not_for_them=[one.reward_id for one in offered if one.terms.audience in outside],
        needs_level=list(redeeming.values()) if is_below else [],
        level_lacking=[one.reward_id for one in offered if one.terms.level in lacking],
        had_enough=await _had_enough(conn, offered, community=community, member_id=member_id, now=now),
    )


async def _had_enough(
    conn: Connection, offered: Collection[Offer], *, community: str, member_id: str, now: datetime
) -> list[str]:
    limits = {one.reward_id: one.terms.limit for one in offered if one.terms.limit is not None}
    if not limits:
        return []
    since = {
        reward_id: None if limit.days is None else now - timedelta(days=limit.days)
        for reward_id, limit in limits.items()
    }
    group = await load_group(conn, community=community, head_id=member_id)
    had = await store.load_had(conn, since, community=community, member_ids=group)
    return [reward_id for reward_id, limit in limits.items() if had.get(reward_id, 0) >= limit.max_count]


async def find_offer(
    conn: Connection, *, community: str, reward_id: str, now: datetime
) -> tuple[Offer | None, InForce | None]:
    """A reward that is on offer, None where it is not, and the programme version in force."""
    in_force = await find_in_force(conn, community=community, now=now)
    own = await store.find_reward(conn, community=community, reward_id=reward_id)
    if own is not None:
        return Offer.of(own, now=now), in_force
    declared = in_force.reward(reward_id) if in_force else None
    return None if declared is None else Offer.of_programme(declared), in_force


async def add_reward(
    tx: Transaction[Settings],
    *,
    community: str,
    reward_id: str,
    terms: RewardTerms,
    points: int,
    later: Iterable[Price],
) -> Reward:
    """Add a reward; one that the programme declares under that id is this one from now on.

    Raises RewardExistsError, CatalogueFullError, and UnusableRewardError.
    """
    _check(terms)
    await store.lock_catalogue(tx.conn, community=community)
    max_count = tx.settings.catalogue_rewards_max_count
    reward = Reward(
        community, reward_id, terms, [Price(tx.now, points), *prices_to_come(later, now=tx.now)], 1, tx.now
    )
    if await store.find_reward(tx.conn, community=community, reward_id=reward_id) is not None:
        raise RewardExistsError(reward_id)
    if await store.count_rewards(tx.conn, community=community) >= max_count:
        raise CatalogueFullError(max_count)
    await store.add_reward(tx.conn, reward)
    tx.did(Did("reward.add", "reward", reward_id, after=_noted(reward, now=tx.now)))
    return reward


async def change_reward(
    tx: Transaction[Settings],
    *,
    community: str,
    reward_id: str,
    revision: int,
    terms: RewardTerms,
    points: int,
    later: Iterable[Price],
) -> Reward:
    """Change a reward that has this revision. What was reserved keeps its price and title.

    Raises UnknownCatalogueRewardError, StaleRewardError, and UnusableRewardError.
    """
    _check(terms)
    known = await store.lock_reward(tx.conn, community=community, reward_id=reward_id)
    if known is None:
        raise UnknownCatalogueRewardError(reward_id)
    if known.revision != revision:
        raise StaleRewardError(revision, known.revision)
    changed = known.changed(terms, points=points, later=later, now=tx.now)
    await store.set_reward(tx.conn, changed)
    before, after = _noted(known, now=tx.now), _noted(changed, now=tx.now)
    tx.did(Did("reward.change", "reward", reward_id, before=before, after=after))
    return changed


async def withdraw(tx: Transaction, reward_ids: Iterable[str], *, community: str) -> list[str]:
    """Have nobody choose some rewards any more; which of them could be. What was reserved goes on.

    They are locked in the order of their ids. Whoever commands it says so in their own entry.
    """
    withdrawn = []
    for reward_id in sorted(reward_ids):
        known = await store.lock_reward(tx.conn, community=community, reward_id=reward_id)
        if known is not None and not known.terms.is_withdrawn:
            await store.set_reward(tx.conn, known.withdrawn(tx.now))
            withdrawn.append(reward_id)
    return withdrawn


async def put_picture(
    tx: Transaction, content: bytes, *, community: str, reward_id: str, alts: Mapping[str, str]
) -> Picture:
    """Have a reward of the catalogue look like this; `alts` says in words what it shows, by language.

    Raises UnknownCatalogueRewardError, and PictureError for what is no picture that is served.
    """
    # Pixels are worked at in a thread, before anything is locked: others are answered meanwhile.
    picture = await asyncio.to_thread(cleaned_photo, content)
    if await store.lock_reward(tx.conn, community=community, reward_id=reward_id) is None:
        raise UnknownCatalogueRewardError(reward_id)
    before = (await store.load_pictures(tx.conn, community=community)).get(reward_id)
    await store.put_picture(tx.conn, picture, community=community, reward_id=reward_id, alts=alts, at=tx.now)
    said = {"etag": picture.etag, "media_type": picture.media_type}
    tx.did(Did("reward.put_picture", "reward", reward_id, before={"etag": before and before.etag}, after=said))
    return picture


async def delete_picture(tx: Transaction, *, community: str, reward_id: str) -> None:
    """Have a reward of the catalogue have no picture. Raises UnknownCatalogueRewardError."""
    if await store.lock_reward(tx.conn, community=community, reward_id=reward_id) is None:
        raise UnknownCatalogueRewardError(reward_id)
    before = (await store.load_pictures(tx.conn, community=community)).get(reward_id)
    await store.delete_picture(tx.conn, community=community, reward_id=reward_id)
    gone = {"etag": before and before.etag}
    tx.did(Did("reward.drop_picture", "reward", reward_id, before=gone, after={"etag": None}))


def _check(terms: RewardTerms) -> None:
    if terms.kind is RewardKind.VOUCHER and terms.stock is not None:
        raise UnusableRewardError("stock", "a voucher's stock are its codes; leave this out")
    if terms.low_count is not None and terms.stock is None and terms.kind is not RewardKind.VOUCHER:
        raise UnusableRewardError("low_count", "there is any number of it; say a stock, or leave this out")
    if terms.opens_at is not None and terms.closes_at is not None and terms.closes_at <= terms.opens_at:
        raise UnusableRewardError("closes_at", "it closes after it opens")


def _noted(reward: Reward, *, now: datetime) -> dict[str, Any]:
    terms = reward.terms
    return {
        "revision": reward.revision,
        "kind": terms.kind,
        "title": terms.title,
        "points": reward.price_at(now),
        "stock": terms.stock,
        "is_withdrawn": terms.is_withdrawn,
    }


async def count_low(tx: Transaction) -> None:
    """Timer: count the rewards of which so few are left that somebody should see to it."""
    low = 0
    for community in await store.load_communities(tx.conn):
        offered, _ = await load_offers(tx.conn, community=community, now=tx.now)
        scarce = limited(offered)
        left = await store.load_left(tx.conn, scarce, community=community, now=tx.now)
        low += sum(left.is_low(offer) for offer in scarce)
    REWARDS_LOW.set(low)
