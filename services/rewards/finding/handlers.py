"""Rewards on offer are found for a member, with what each would be refused them for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.rewards.catalogue.domain import KeptFrom, Left, Offer, PictureOf, limited, offers
from services.rewards.catalogue.handlers import load_kept_from
from services.rewards.catalogue.store import load_left, load_pictures, load_rewards
from services.rewards.finding import store
from services.rewards.finding.domain import Choices, FoundOrder, FoundPlace, FoundReward, Wanted
from services.rewards.ledger.domain.balances import point_balances
from services.rewards.ledger.domain.entries import POINTS, Owner
from services.rewards.ledger.store.balances import load_balances, load_due
from services.rewards.programmes.domain import InForce
from services.rewards.programmes.store import find_in_force
from services.rewards.quotes.domain import CardQuote
from services.rewards.quotes.store.quotes import load_newest
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Found:
    """Rewards that were found, in order, with all that is known of them."""

    rewards: Sequence[FoundReward]
    offers: Mapping[str, Offer]
    in_force: InForce | None
    left: Left
    pictures: Mapping[str, PictureOf]
    quotes: Mapping[str, CardQuote]
    kept_from: KeptFrom
    available_points: int


async def find_rewards(
    conn: Connection,
    wanted: Wanted,
    *,
    community: str,
    member_id: str,
    is_affordable: bool,
    now: datetime,
    order: FoundOrder,
    after: FoundPlace | None,
    limit: int,
) -> Found:
    """A page of what is on offer and wanted, for a member; `is_affordable`: only what they have points for."""
    in_force = await find_in_force(conn, community=community, now=now)
    available = await _available(conn, Owner(community, member_id), now=now)
    rewards = await store.page_of_found(
        conn,
        wanted.affordable(available) if is_affordable else wanted,
        community=community,
        declared=() if in_force is None else in_force.rewards.catalogue,
        now=now,
        order=order,
        after=after,
        limit=limit,
    )
    ids = [one.reward_id for one in rewards]
    own = await load_rewards(conn, community=community, reward_ids=ids)
    offered = {one.reward_id: one for one in offers(own, in_force, now=now) if one.reward_id in set(ids)}
    return Found(
        rewards=rewards,
        offers=offered,
        in_force=in_force,
        left=await load_left(conn, limited(offered.values()), community=community, now=now),
        pictures=await load_pictures(conn, community=community, reward_ids=ids),
        quotes=await load_newest(conn, community=community, reward_ids=ids, now=now),
        kept_from=await load_kept_from(
            conn, offered.values(), in_force=in_force, community=community, member_id=member_id, now=now
        ),
        available_points=available,
    )


async def load_choices(conn: Connection, *, community: str, now: datetime) -> Choices:
    """What there is to choose among, of all that is on offer."""
    in_force = await find_in_force(conn, community=community, now=now)
    declared = () if in_force is None else in_force.rewards.catalogue
    return await store.load_choices(conn, community=community, declared=declared, now=now)


async def _available(conn: Connection, owner: Owner, *, now: datetime) -> int:
    balances = await load_balances(conn, owner)
    due = await load_due(conn, owner, now=now, at=now)
    return point_balances({one.kind: one.amount for one in balances if one.currency == POINTS}, due)["available"]
