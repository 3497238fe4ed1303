"""Members join quests, alone or in a team, and leave teams."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.recognition.deeds import store as deeds_store
from services.recognition.metrics import QUESTS_JOINED
from services.recognition.quests import store
from services.recognition.quests.domain import (
    JOINS_MAX_COUNT,
    CompletedError,
    InTeamError,
    Join,
    NobodyThereError,
    NotJoinedError,
    QuestOverError,
    Team,
    TeamFullError,
    TeamNameTakenError,
    UnknownQuestError,
    UnknownTeamError,
    ends_at,
    team_id_of,
)
from services.recognition.quests.handlers.party import Party, QuestsInForce, load_party, quests_in_force
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from shared.audit import Did
from shared.contracts.facts import QUEST_JOINED, QUEST_LEFT, QuestJoinedData, QuestLeftData
from shared.contracts.programme import Quest
from shared.followed_members import Followed, find_name
from shared.merges import lock_heads
from shared.topics import BY_HAND
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class JoinWanted:
    """Who joins which quest; of one in teams the name, and whether the team is to be made."""

    member_id: str
    quest_id: str
    team: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    quest: Quest
    in_force: QuestsInForce
    party: Party


async def join(tx: Transaction, *, community: str, wanted: JoinWanted) -> Join:
    """Have a member be in a quest from now on; who is already, is as before.

    Raises UnknownQuestError, NobodyThereError, NotJoinedError for one that nobody joins, that they joined too
    often, or without a team where there are teams, QuestOverError, CompletedError, InTeamError, UnknownTeamError,
    TeamNameTakenError, and TeamFullError.
    """
    found = await _find(tx, community=community, member_id=wanted.member_id, quest_id=wanted.quest_id)
    quest, party = found.quest, found.party
    if not quest.is_joined:
        raise NotJoinedError("nobody has to join it: whatever is done counts")
    if (quest.team is None) != (wanted.team is None):
        raise NotJoinedError("it is done in teams: name one" if quest.team else "it is done alone, in no team")
    today = party.calendar.day_of(tx.now).isoformat()
    if quest.ends is not None and quest.ends < today:
        raise QuestOverError
    mine = party.joins_of(wanted.member_id, quest.id)
    team: Team | None = None
    if quest.team is None:
        for one in mine:
            over = ends_at(quest, one.joined_at, calendar=party.calendar)
            if over is not None and over > tx.now:
                return _joined(tx, one, is_new=False)
        _check_open(found, wanted.member_id)
        _check_count(mine)
        made = Join(quest.id, wanted.member_id, tx.now)
    else:
        now_in = party.team_of(wanted.member_id, quest.id)
        if now_in is not None:
            if now_in.name.casefold() == (wanted.team or "").casefold():
                known = next(one for one in mine if one.team_id == now_in.team_id and one.left_at is None)
                return _joined(tx, known, is_new=False)
            raise InTeamError
        _check_count(mine)
        team = await _team(tx, community=community, wanted=wanted, max_members=quest.team.max_members)
        await _check_team(tx, team, found=found, community=community)
        made = Join(quest.id, wanted.member_id, tx.now, None, team.team_id)
    await store.add_join(tx.conn, community=community, join=made)
    _tell_joined(tx, made, community=community, team=team)
    await deeds_store.put_due(tx.conn, due={(community, wanted.member_id): Due(tx.now)})
    QUESTS_JOINED.labels("alone" if made.team_id is None else "team").inc()
    return _joined(tx, made, is_new=wanted.is_new)


def _tell_joined(tx: Transaction, join: Join, *, community: str, team: Team | None) -> None:
    """On a topic of its own, so that a restored database has it again; a team's name is told nowhere."""
    data: QuestJoinedData = {"member_id": join.member_id, "quest": join.quest, "joined_at": join.joined_at}
    if team is not None:
        data["team"] = {"team_id": team.team_id, "made_by": team.made_by, "made_at": team.made_at}
    tx.tell(
        BY_HAND,
        QUEST_JOINED,
        fact_id=f"{join.member_id}/{join.quest}/joined/{join.joined_at.isoformat()}",
        community=community,
        subject=join.member_id,
        data=data,
    )


def _tell_left(tx: Transaction, join: Join, *, community: str, team_id: str) -> None:
    data: QuestLeftData = {
        "member_id": join.member_id,
        "quest": join.quest,
        "team_id": team_id,
        "left_at": tx.now,
    }
    tx.tell(
        BY_HAND,
        QUEST_LEFT,
        fact_id=f"{join.member_id}/{join.quest}/left/{tx.now.isoformat()}",
        community=community,
        subject=join.member_id,
        data=data,
    )


def _joined(tx: Transaction, join: Join, *, is_new: bool) -> Join:
    after = {"team_id": join.team_id, "is_new": is_new}
    tx.did(Did("quest.join", "quest", join.quest, member_id=join.member_id, after=after))
    return join


async def leave(tx: Transaction, *, community: str, member_id: str, quest_id: str) -> None:
    """Have a member be in the team of a quest no more; what they did in it stays the team's.

    Raises UnknownQuestError, NobodyThereError, NotJoinedError for who is in none, and CompletedError.
    """
    found = await _find(tx, community=community, member_id=member_id, quest_id=quest_id)
    team = found.party.team_of(member_id, quest_id)
    if team is None:
        raise NotJoinedError("the member is in no team of it")
    if found.party.of_team(team, found.quest, found.in_force.counters).is_complete:
        raise CompletedError
    group = found.party.group(member_id)
    await store.set_left(
        tx.conn, community=community, quest=quest_id, member_ids=group, team_id=team.team_id, at=tx.now
    )
    for one in found.party.joins_of(member_id, quest_id):
        if one.team_id == team.team_id and one.left_at is None:
            _tell_left(tx, one, community=community, team_id=team.team_id)
    due = {(community, head_id): Due(tx.now) for head_id in {member_id, *found.party.heads_in(team)}}
    await deeds_store.put_due(tx.conn, due=due)
    before, after = {"team_id": team.team_id}, {"team_id": None}
    tx.did(Did("quest.leave", "quest", quest_id, member_id=member_id, before=before, after=after))


async def forget(tx: Transaction, followed: Followed) -> None:
    """Forget what those who were erased called their teams."""
    erased: dict[str, list[str]] = {}
    for one in followed.erased:
        erased.setdefault(one["community"], []).append(one["data"]["member_id"])
    for community, member_ids in sorted(erased.items()):
        await store.forget_names(tx.conn, community=community, member_ids=member_ids)


async def _find(tx: Transaction, *, community: str, member_id: str, quest_id: str) -> _Found:
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    in_force = await quests_in_force(tx.conn, community=community)
    quest = next((one for one in in_force.recognition.quests if one.id == quest_id), None)
    if quest is None:
        raise UnknownQuestError
    named = await find_name(tx.conn, community=community, member_id=member_id)
    if named is None or named.is_erased:
        raise NobodyThereError
    await lock_heads(tx.conn, keys=[(community, member_id)])
    await store.lock_joining(tx.conn, community=community, member_id=member_id)
    party = await load_party(tx.conn, community=community, head_ids=[member_id], in_force=in_force)
    return _Found(quest, in_force, party)


def _check_open(found: _Found, member_id: str) -> None:
    if found.party.progress(member_id, found.quest, found.in_force.counters).is_complete:
        raise CompletedError


def _check_count(joins: Sequence[Join]) -> None:
    if len(joins) >= JOINS_MAX_COUNT:
        raise NotJoinedError(f"a member joins it {JOINS_MAX_COUNT} times at most")


async def _team(tx: Transaction, *, community: str, wanted: JoinWanted, max_members: int) -> Team:
    name = wanted.team or ""
    if wanted.is_new:
        made = Team(
            team_id_of(community, wanted.quest_id, wanted.member_id, tx.now.isoformat()),
            wanted.quest_id,
            name,
            wanted.member_id,
            tx.now,
        )
        if not await store.add_team(tx.conn, community=community, team=made):
            raise TeamNameTakenError
        return made
    team = await store.lock_team(tx.conn, community=community, quest=wanted.quest_id, name=name)
    if team is None:
        raise UnknownTeamError
    joins = await store.load_joins(tx.conn, community=community, team_ids=[team.team_id])
    if len({one.member_id for one in joins if one.left_at is None}) >= max_members:
        raise TeamFullError(max_members)
    return team


async def _check_team(tx: Transaction, team: Team, *, found: _Found, community: str) -> None:
    """Raises QuestOverError for a team whose time is over, and CompletedError for one that is through."""
    over = ends_at(found.quest, team.made_at, calendar=found.party.calendar)
    if over is not None and over <= tx.now:
        raise QuestOverError
    joins = await store.load_joins(tx.conn, community=community, team_ids=[team.team_id])
    if joins:
        counters = found.in_force.counters
        party = await load_party(
            tx.conn,
            community=community,
            head_ids={one.member_id for one in joins},
            in_force=found.in_force,
        )
        if party.of_team(team, found.quest, counters).is_complete:
            raise CompletedError
