"""How long points can be used that come back to a lot after its time: what the community's programme says."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.domain.grace import GraceTerms
from services.rewards.lots.domain.lots import Lot
from services.rewards.programmes.store import find_in_force
from shared.followed_communities import load_calendars
from shared.transaction import Transaction


async def load_graces(tx: Transaction[Any], lots: Mapping[Owner, Iterable[Lot]]) -> dict[str, GraceTerms]:
    """The terms of each community with lots whose time is over; of one that gives no grace there are none."""
    over = {
        owner.community
        for owner, held in lots.items()
        if any(lot.is_over(tx.now) and not lot.had_grace for lot in held)
    }
    if not over:
        return {}
    calendars = await load_calendars(tx.conn, communities=over)
    graces: dict[str, GraceTerms] = {}
    for community in sorted(over):
        found = await find_in_force(tx.conn, community=community, now=tx.now)
        said = found.rewards.expiry if found is not None else None
        said_days = None if said is None else said.grace_days
        days = tx.settings.points_grace_days if said_days is None else said_days
        if days:
            graces[community] = GraceTerms(days, calendars.get(community))
    return graces
