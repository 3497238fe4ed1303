"""What is told of members changes their levels: since when they are known, with whom they are one, suspensions."""

from collections.abc import Mapping, Sequence

from services.recognition.levels import store
from services.recognition.levels.domain.standing import LevelMember, Looked, MemberKey, regrouped
from services.recognition.tallies import store as tallies_store
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.handlers import Traced, make_grants
from shared.contracts.facts import GuidelineFact
from shared.followed_communities import load_calendar
from shared.followed_members import Followed
from shared.merges import load_heads
from shared.transaction import Transaction


async def keep_known(tx: Transaction, followed: Followed) -> None:
    """Keep since when members are known, and forget those who were erased."""
    known = {
        (fact["community"], fact["data"]["member_id"]): fact["data"]["first_seen_at"]
        for fact in followed.identified
        # A fact that does not say it moves nothing.
        if "first_seen_at" in fact["data"]
    }
    if known:
        await _put_due(tx, await store.put_known(tx.conn, known=known))
    erased: dict[str, list[str]] = {}
    for one in followed.erased:
        erased.setdefault(one["community"], []).append(one["data"]["member_id"])
    for community, member_ids in sorted(erased.items()):
        await store.forget(tx.conn, community=community, member_ids=member_ids)


async def look_at_suspended(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Have the levels of whoever is suspended, or is so no more, looked at."""
    await _put_due(
        tx,
        {
            (fact["community"], fact["data"]["member_id"])
            for fact in facts
            if fact["type"] == "guidelines.suspension_changed.v1"
        },
    )


async def _put_due(tx: Transaction, keys: set[MemberKey]) -> None:
    """Have the levels of these members looked at, where there are any that ask for more than points."""
    if not keys:
        return
    in_force = await thresholds_store.load_thresholds(tx.conn, communities={community for community, _ in keys})
    concerned = {key for key in keys if key[0] in in_force and in_force[key[0]].thresholds.has_trust_levels}
    heads = await load_heads(tx.conn, keys=concerned) if concerned else {}
    due = {(key[0], heads.get(key, key[1])): False for key in concerned}
    await tallies_store.put_due(tx.conn, due=due, at=tx.now)


async def regroup(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have members hold levels as the persons that `groups` say, by who stays; what all did is looked at next.

    So it is of those who had to do with any of them: two with whom one had to do are one now. Nobody looks at
    members of the community meanwhile: the lock of merges is held.
    """
    keys = [(community, member_id) for group in groups.values() for member_id in group]
    found = await store.load_members(tx.conn, keys=keys)
    in_force = (await thresholds_store.load_thresholds(tx.conn, communities=[community])).get(community)
    version = 0 if in_force is None else in_force.thresholds.version
    day = (await load_calendar(tx.conn, community=community)).said_day(tx.now)
    if found:
        members = {member_id: member for (_, member_id), member in found.items()}
        for head_id in groups:
            members.setdefault(head_id, LevelMember(community, head_id))
        grants = regrouped(groups, members, looked=Looked(tx.now, day, version))
        await store.put_members(tx.conn, members=members.values())
        await make_grants(tx, grants=[Traced(grant) for grant in grants])
    others = await tallies_store.load_acted_with(
        tx.conn, community=community, member_ids=[member_id for _, member_id in keys]
    )
    heads = await load_heads(tx.conn, keys=[(community, one) for one in others]) if others else {}
    due = {(community, heads.get((community, one), one)): False for one in others}
    if found or (in_force is not None and in_force.thresholds.has_trust_levels):
        due |= {(community, head_id): False for head_id in groups}
    await tallies_store.put_due(tx.conn, due=due, at=tx.now)
