"""Members are written to before their points expire."""

from services.rewards.expiring import store
from services.rewards.expiring.domain import last_day
from services.rewards.metrics import EXPIRY_WARNINGS
from services.rewards.settings import Settings
from shared.calendars import PLAIN
from shared.contracts.facts import MESSAGE_REQUESTED, MessageRequestedData
from shared.followed_communities import load_calendars
from shared.topics import MESSAGES
from shared.transaction import Transaction


async def warn_of_expiry(tx: Transaction[Settings]) -> None:
    """Timer: ask for a message to whoever has points that expire within the days that their programme says."""
    days = await store.load_warning_days(tx.conn)
    left = tx.settings.upkeep_max_count
    keys = []
    for community, ahead in days.items():
        if left <= 0:
            break
        found = await store.take_unwarned(
            tx.conn, community=community, now=tx.now, until=tx.now + ahead, limit=left
        )
        left -= len(found)
        keys += found
    if not keys:
        return
    calendars = await load_calendars(tx.conn, communities={owner.community for owner, _ in keys})
    for one in await store.load_expiring(tx.conn, keys):
        community, member_id = one.owner
        data: MessageRequestedData = {
            "request_id": one.request_id,
            "kind": "points_expire",
            "member_id": member_id,
            "values": {
                "points": str(one.points),
                "day": last_day(calendars.get(community, PLAIN), one.expires_at).isoformat(),
            },
            "expires_at": one.expires_at,
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=one.request_id,
            community=community,
            subject=member_id,
            data=data,
        )
        EXPIRY_WARNINGS.inc()
