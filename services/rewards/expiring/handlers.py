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


async def warn_of_expiry(tx: Transaction[Settings]) -> bool:
    """Timer: ask for a message to whoever has points that expire within the days that their programme says.

    Each community has a share of what is taken at once: one with many keeps none waiting. True where there may be
    more.
    """
    days = await store.load_warning_days(tx.conn)
    share = max(1, tx.settings.upkeep_max_count // max(1, len(days)))
    keys = []
    for community, ahead in days.items():
        found = await store.take_unwarned(
            tx.conn, community=community, now=tx.now, until=tx.now + ahead, limit=share
        )
        keys += found
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
    return bool(keys)
