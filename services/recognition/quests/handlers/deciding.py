"""Whoever did something that a quest goes by is looked at again, and those who are in a team with them.

Locks are taken in this order: programmes, merges, who is due, deciding, members, numbers of holders.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from services.recognition.deeds import store as deeds_store
from services.recognition.metrics import QUEST_MEMBERS
from services.recognition.quests import store
from services.recognition.quests.domain import (
    JOINS_MAX_COUNT,
    QuestMember,
    deeds_at_most,
    regrouped,
    signature_of,
)
from services.recognition.quests.handlers.party import (
    Party,
    QuestsInForce,
    load_joined,
    load_party,
    quests_in_force,
)
from services.recognition.quests.store import QuestSweep
from services.recognition.settings import Settings
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.contracts.facts import GuidelineFact
from shared.followed_communities import load_calendar
from shared.merges import load_heads, lock_persons
from shared.postgres import Connection
from shared.transaction import Transaction

#: Members who are looked at in one transaction, at most.
PIECE_COUNT = 500
KEEP_EVERY_SECONDS = 0.5
KIND: Final = "quest"


async def keep_quests(tx: Transaction[Settings]) -> bool:
    """Look at members of a community of whom something changed, or at all whose quests ask for others by now.

    A timer calls this while it returns True. In pieces: what is committed is not done again, whatever ends.
    """
    due = await store.load_due_communities(tx.conn)
    stale = await store.load_stale(tx.conn)

    async def work(kind: Work, community: str) -> bool:
        if kind is Work.QUESTS_ANEW:
            return await _sweep(tx, community)
        return await _some(tx, community)

    waiting = [*((Work.QUESTS, one) for one in due), *((Work.QUESTS_ANEW, one) for one in stale)]
    return await take_turn(tx, waiting, work=work)


async def _some(tx: Transaction[Settings], community: str) -> bool:
    """Look at members of a community of whom something changed; whether there was any."""
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    # Nobody merges members meanwhile: whoever does has them looked at again, behind the same lock as this.
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL)])
    in_force = await quests_in_force(tx.conn, community=community)
    due = await store.take_due(tx.conn, community=community, limit_count=_piece(tx.settings, in_force))
    await decide(tx, community=community, due=due)
    return bool(due)


def _piece(settings: Settings, in_force: QuestsInForce) -> int:
    """How many members are looked at in one transaction: what they did is held at once."""
    most = max(1, sum(deeds_at_most(quest, tries=JOINS_MAX_COUNT) for quest in in_force.recognition.quests))
    return max(1, min(PIECE_COUNT, settings.quests_deeds_max_count // most))


async def _sweep(tx: Transaction[Settings], community: str) -> bool:
    """Have the next members of a community looked at by a version with other quests; whether somebody may be."""
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    # Before deciding, as whoever is due: a merge may wait between two who decide in another order.
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL)])
    if not await thresholds_store.may_decide(tx.conn, kind=KIND, community=community):
        return False
    in_force = await quests_in_force(tx.conn, community=community)
    signature = f"{signature_of(in_force.recognition)} {sorted(in_force.counters.items())}"
    before = await store.find_sweep(tx.conn, community=community)
    if before is None or before.version != in_force.version:
        is_same = (before is not None and before.is_done and before.quests == signature) or (
            before is None and not in_force.recognition.quests
        )
        before = QuestSweep(community, in_force.version, signature, None, is_same)
        if is_same:
            await store.put_sweep(tx.conn, before)
            return True
    piece = _piece(tx.settings, in_force)
    members = await store.page_of_members(
        tx.conn, community=community, after=before.after_member, limit_count=piece
    )
    due = Due(tx.now, is_backfill=True)
    await decide(tx, community=community, due=dict.fromkeys(members, due))
    is_done = len(members) < piece
    after = members[-1] if members else before.after_member
    await store.put_sweep(tx.conn, before._replace(after_member=after, is_done=is_done))
    return True


async def decide(tx: Transaction, *, community: str, due: Mapping[str, Due]) -> None:
    """Have these members, and who is in teams with them, hold the quests that they completed, and no others."""
    if not due:
        return
    in_force = await quests_in_force(tx.conn, community=community)
    heads = await lock_persons(tx.conn, keys=[(community, member_id) for member_id in due])
    # Each of a team is due alone, and with each all are looked at: nobody decides by what was so before this.
    await thresholds_store.lock_deciding(tx.conn, kind=KIND, community=community)
    of_heads: dict[str, Due] = {}
    for member_id, one in due.items():
        head_id = heads.get((community, member_id), member_id)
        of_heads[head_id] = of_heads[head_id].and_then(one) if head_id in of_heads else one
    quests = {quest.id: quest for quest in in_force.recognition.quests}
    party = await load_joined(tx.conn, community=community, head_ids=of_heads)
    # With each all are looked at who are in teams with them.
    for head_id in list(of_heads):
        for quest in quests.values():
            for team in party.teams_of(head_id, quest.id) if quest.team is not None else ():
                for other in party.heads_in(team):
                    of_heads.setdefault(other, of_heads[head_id])
    party = await load_party(tx.conn, community=community, head_ids=of_heads, in_force=in_force)
    complete = {
        head_id: {
            quest.id: found
            for quest in quests.values()
            if (found := party.progress(head_id, quest, in_force.counters)).is_complete
        }
        for head_id in of_heads
    }
    standing = await store.load_members(tx.conn, keys=[(community, head_id) for head_id in of_heads])
    concerned = [
        (community, head_id)
        for head_id, found in complete.items()
        if found.keys()
        != (standing[community, head_id].standing.keys() if (community, head_id) in standing else set())
    ]
    QUEST_MEMBERS.inc(len(of_heads))
    if not concerned:
        return
    members = await store.lock_members(tx.conn, keys=concerned)
    grants: list[Traced] = []
    changed: dict[tuple[str, str], Due] = {}
    for key in sorted(concerned):
        when = of_heads[key[1]]
        made = members[key].bring(quests, complete[key[1]], when, version=in_force.version)
        grants += [Traced(grant, is_backfill=when.is_backfill) for grant in made]
        changed[key] = when
    await store.set_members(tx.conn, members=members.values())
    await _have_badges_looked_at(tx, community=community, due=changed)
    await make_grants(tx, grants=grants)


async def _have_badges_looked_at(tx: Transaction, *, community: str, due: Mapping[tuple[str, str], Due]) -> None:
    """Badges that ask for quests are looked at next."""
    in_force = await thresholds_store.load_thresholds(tx.conn, communities=[community])
    if community in in_force and in_force[community].thresholds.reads.quests:
        await thresholds_store.put_due(tx.conn, due=due)


async def look_at_suspended(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Have the quests of whoever is suspended, or is so no more, looked at."""
    told = [fact for fact in facts if fact["type"] == "guidelines.suspension_changed.v1"]
    keys = {(fact["community"], fact["data"]["member_id"]) for fact in told}
    heads = await load_heads(tx.conn, keys=keys) if keys else {}
    if keys:
        due = {(key[0], heads.get(key, key[1])): Due(tx.now) for key in keys}
        await deeds_store.put_due(tx.conn, due=due)


async def regroup(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have members hold quests as the persons that `groups` say, by who stays; what all did is looked at next.

    Nobody decides about members of the community meanwhile: the lock of merges is held.
    """
    keys = [(community, member_id) for group in groups.values() for member_id in group]
    found = await store.load_members(tx.conn, keys=keys)
    in_force = await quests_in_force(tx.conn, community=community)
    day = (await load_calendar(tx.conn, community=community)).said_day(tx.now)
    due = Due(tx.now, day)
    if found:
        locked = await store.lock_members(tx.conn, keys=[*found, *((community, head_id) for head_id in groups)])
        members = {member_id: member for (_, member_id), member in locked.items()}
        grants = regrouped(groups, members, due=due, version=in_force.version)
        await store.set_members(tx.conn, members=members.values())
        await make_grants(tx, grants=[Traced(grant) for grant in grants])
    if in_force.recognition.quests or found:
        await deeds_store.put_due(tx.conn, due={(community, head_id): due for head_id in groups})


async def find_member(
    conn: Connection, *, community: str, member_id: str
) -> tuple[QuestsInForce, Party, QuestMember]:
    """The quests in force, what a person's follow from, and which stand for them."""
    in_force = await quests_in_force(conn, community=community)
    party = await load_party(conn, community=community, head_ids=[member_id], in_force=in_force)
    key = (community, member_id)
    member = (await store.load_members(conn, keys=[key])).get(key) or QuestMember(*key)
    return in_force, party, member
