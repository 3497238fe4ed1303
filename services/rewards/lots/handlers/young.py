"""Points that were earned too late to be paid yet."""

from collections.abc import Mapping
from datetime import datetime

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots import store
from shared.postgres import Connection


async def payable_of(
    conn: Connection, available: Mapping[Owner, int], *, earned_until: datetime | None
) -> dict[Owner, int]:
    """Of members with points that were earned after a moment, what is available to them without these, 0 or more.

    Of the others there is nothing, and of nobody where no points have to wait (None). Who owes points owes them.
    """
    if earned_until is None:
        return {}
    young = await store.load_young(conn, available, earned_until=earned_until)
    return {
        owner: min(available[owner], max(available[owner] - found.points, 0)) for owner, found in young.items()
    }
