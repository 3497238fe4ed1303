"""Whether a member may do what levels open."""

from datetime import datetime

from services.recognition.levels import store
from services.recognition.levels.domain.rights import is_open
from services.recognition.totals.store import find_member
from shared.contracts.programme import Right, opening
from shared.merges import find_head
from shared.postgres import Connection


async def may(conn: Connection, *, community: str, member_id: str, right: Right, at: datetime) -> bool:
    """Whether a right is open to a member by the version in force at a moment and the levels that stand now.

    Of members who are one person each may what the person may. Nothing is locked.
    """
    levels = await store.load_levels_at(conn, community=community, at=at)
    if not opening(levels, right):
        return True
    head_id = await find_head(conn, community=community, member_id=member_id)
    key = (community, head_id)
    by_points = await find_member(conn, community=community, member_id=head_id)
    by_deeds = (await store.load_members(conn, keys=[key])).get(key)
    standing = [key for one in (by_points, by_deeds) if one is not None for key in one.standing]
    return is_open(levels, right, held={key.id for key in standing if key.kind == "level"})
