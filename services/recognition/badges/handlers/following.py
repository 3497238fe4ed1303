"""What is told of members changes their badges: who is one person with whom, where they live, who was erased."""

from collections.abc import Collection, Mapping, Sequence

from services.recognition.badges.domain.deciding import MemberKey, regrouped
from services.recognition.badges.handlers.deciding import criteria_in_force
from services.recognition.badges.handlers.withholding import align
from services.recognition.badges.store import by_hand as by_hand_store
from services.recognition.badges.store import standing as store
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from services.recognition.thresholds.handlers import Traced, make_grants
from shared.followed_communities import load_calendar
from shared.followed_members import Followed
from shared.transaction import Transaction


async def keep_moved(tx: Transaction, moved: Collection[MemberKey]) -> None:
    """Have those looked at again who said where they live, where badges read streaks: these go by their dates."""
    if not moved:
        return
    in_force = await thresholds_store.load_thresholds(tx.conn, communities={key[0] for key in moved})
    due = {
        key: Due(tx.now, is_backfill=True)
        for key in moved
        if key[0] in in_force and in_force[key[0]].thresholds.reads.streaks
    }
    if due:
        await thresholds_store.put_due(tx.conn, due=due)


async def forget(tx: Transaction, followed: Followed) -> None:
    """Forget what was written about those who were erased."""
    erased: dict[str, list[str]] = {}
    for one in followed.erased:
        erased.setdefault(one["community"], []).append(one["data"]["member_id"])
    for community, member_ids in sorted(erased.items()):
        await by_hand_store.forget_words(tx.conn, community=community, member_ids=member_ids)


async def regroup(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have members hold badges as the persons that `groups` say, by who stays; what all have is looked at next.

    Nobody decides about members of the community meanwhile: the lock of merges is held.
    """
    keys = [(community, member_id) for group in groups.values() for member_id in group]
    found = await store.load_members(tx.conn, keys=keys)
    criteria = await criteria_in_force(tx.conn, community=community)
    day = (await load_calendar(tx.conn, community=community)).said_day(tx.now)
    due = Due(tx.now, day)
    if found:
        locked = await store.lock_members(tx.conn, keys=[*found, *((community, head_id) for head_id in groups)])
        members = {member_id: member for (_, member_id), member in locked.items()}
        grants = regrouped(groups, members, due=due, version=criteria.version)
        await store.set_members(tx.conn, members=members.values())
        await make_grants(tx, grants=[Traced(grant) for grant in grants], celebrates=False)
    await align(tx, community=community, groups=groups, due=due, version=criteria.version)
    if criteria.asked or found:
        await thresholds_store.put_due(tx.conn, due={(community, head_id): due for head_id in groups})
