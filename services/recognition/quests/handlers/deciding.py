"""Whoever did something that a quest goes by is looked at again, and those who are in a team with them.

Locks are taken in this order: programmes, merges, who is due, deciding, members, numbers of holders.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.deeds import store as deeds_store
from services.recognition.deeds.domain import Done
from services.recognition.metrics import QUEST_MEMBERS
from services.recognition.quests import store
from services.recognition.quests.domain import (
    Join,
    Progress,
    QuestMember,
    Team,
    best,
    is_open_on,
    progress,
    regrouped,
    signature_of,
    spans_alone,
    spans_of_team,
    within,
)
from services.recognition.quests.store import QuestSweep
from services.recognition.suspensions import store as suspensions
from services.recognition.suspensions.domain import Spell, is_suspended
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due
from services.recognition.thresholds.handlers import Traced, make_grants
from shared.calendars import Calendar
from shared.contracts.facts import GuidelineFact
from shared.contracts.programme import Quest, Recognition
from shared.followed_communities import load_calendar
from shared.merges import load_groups, load_heads, lock_persons
from shared.postgres import Connection
from shared.transaction import Transaction

#: Members who are looked at in one transaction.
PIECE_COUNT = 500
KEEP_EVERY_SECONDS = 0.5
KIND: Final = "quest"


@dataclass(frozen=True, slots=True)
class QuestsInForce:
    """The quests of the version whose events are all counted, and the counter of each rule that they go by."""

    version: int = 0
    recognition: Recognition = field(default_factory=Recognition)
    counters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Party:
    """All that quests of some persons follow from: who is whom, what they joined, their teams and deeds.

    `of_members` has the head of each member, `deeds` what each did by counter, `spells` when persons are
    suspended, by who stays; `calendar` is the community's. It is of thousands where all who are looked at are in
    teams: nobody goes through all of it for one of them.
    """

    of_members: Mapping[str, str]
    joins: Sequence[Join]
    teams: Mapping[str, Team]
    deeds: Mapping[str, Mapping[str, Sequence[Done]]]
    spells: Mapping[tuple[str, str], Sequence[Spell]]
    community: str
    calendar: Calendar

    @cached_property
    def _groups(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for member_id, head_id in self.of_members.items():
            found[head_id].append(member_id)
        return found

    @cached_property
    def _joins_of(self) -> Mapping[tuple[str | None, str], list[Join]]:
        """What persons joined, by who stays and quest."""
        found: defaultdict[tuple[str | None, str], list[Join]] = defaultdict(list)
        for one in self.joins:
            found[self.of_members.get(one.member_id), one.quest].append(one)
        return found

    @cached_property
    def _joins_in(self) -> Mapping[str | None, list[Join]]:
        """Who joined, by team."""
        found: defaultdict[str | None, list[Join]] = defaultdict(list)
        for one in self.joins:
            found[one.team_id].append(one)
        return found

    @cached_property
    def _of_teams(self) -> dict[tuple[str, str], Progress]:
        """How far teams are that were asked for, by team and quest: it is the same for each of a team."""
        return {}

    def group(self, head_id: str) -> list[str]:
        """All members who are one person."""
        return self._groups.get(head_id, [])

    def joins_of(self, head_id: str, quest_id: str) -> list[Join]:
        """What a person joined of a quest, earliest first."""
        return self._joins_of.get((head_id, quest_id), [])

    def teams_of(self, head_id: str, quest_id: str) -> list[Team]:
        """The teams of a quest that a person is in, the last joined last: several members may be in several."""
        ids = [one.team_id for one in self.joins_of(head_id, quest_id) if one.team_id and one.left_at is None]
        return [self.teams[team_id] for team_id in dict.fromkeys(ids) if team_id in self.teams]

    def team_of(self, head_id: str, quest_id: str) -> Team | None:
        """The team of a quest that a person is in; the last of several."""
        return next(reversed(self.teams_of(head_id, quest_id)), None)

    def heads_in(self, team: Team) -> list[str]:
        """The persons who are in a team, in the order in which they came."""
        found = [one.member_id for one in self._joins_in.get(team.team_id, ()) if one.left_at is None]
        return list(dict.fromkeys(self.of_members.get(member_id, member_id) for member_id in found))

    def progress(self, head_id: str, quest: Quest, counters: Mapping[str, str]) -> Progress:
        """How far a person is with a quest, by their best try or with their team.

        What their team completes while they are suspended they do not.
        """
        found = self._progress(head_id, quest, counters)
        spells = self.spells.get((self.community, head_id), ())
        if found.completed_by is not None and is_suspended(spells, found.completed_by.event_time):
            return found._replace(completed_by=None)
        return found

    def _progress(self, head_id: str, quest: Quest, counters: Mapping[str, str]) -> Progress:
        if quest.team is not None:
            teams = self.teams_of(head_id, quest.id)
            return best([self.of_team(team, quest, counters) for team in teams], quest)
        if not quest.is_joined:
            return progress(quest, self._deeds([head_id], quest, counters))
        spans = spans_alone(quest, self.joins_of(head_id, quest.id), calendar=self.calendar)
        mine = self._deeds([head_id], quest, counters)
        return best(
            [
                progress(quest, {rule: within(quest, done, [span]) for rule, done in mine.items()})
                for span in spans
            ],
            quest,
        )

    def of_team(self, team: Team, quest: Quest, counters: Mapping[str, str]) -> Progress:
        """How far a team is: what each did while in it is all of theirs."""
        key = (team.team_id, quest.id)
        if key not in self._of_teams:
            self._of_teams[key] = self._of_team(team, quest, counters)
        return self._of_teams[key]

    def _of_team(self, team: Team, quest: Quest, counters: Mapping[str, str]) -> Progress:
        found: dict[str, list[Done]] = {step.rule: [] for step in quest.steps}
        for head_id in {self.of_members.get(one.member_id) for one in self._joins_in.get(team.team_id, ())}:
            if head_id is None:
                continue
            spans = spans_of_team(quest, team, self.joins_of(head_id, quest.id), calendar=self.calendar)
            for rule, done in self._deeds([head_id], quest, counters).items():
                found[rule] += within(quest, done, spans)
        return progress(quest, found)

    def _deeds(self, head_ids: Iterable[str], quest: Quest, counters: Mapping[str, str]) -> dict[str, list[Done]]:
        group = [member_id for head_id in head_ids for member_id in self.group(head_id)]
        # Those of a quest that is joined are looked at by when that was.
        is_whole = quest.is_joined or (quest.starts is None and quest.ends is None)
        return {
            step.rule: [
                done
                for member_id in group
                for done in self.deeds.get(member_id, {}).get(counters.get(step.rule, ""), ())
                if is_whole or is_open_on(quest, done.day)
            ]
            for step in quest.steps
        }


async def quests_in_force(conn: Connection, *, community: str) -> QuestsInForce:
    """The quests of the version whose events are all counted."""
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    version = plan.thresholds.version
    recognition = await thresholds_store.find_section(conn, community=community, version=version)
    return QuestsInForce(version, recognition, plan.quest_counters)


async def load_party(
    conn: Connection, *, community: str, head_ids: Collection[str], counters: Collection[str]
) -> Party:
    """All that quests of these persons follow from, and of those who are in their teams."""
    of_members = await _members_of(conn, community=community, head_ids=head_ids)
    joins = await store.load_joins(conn, community=community, member_ids=of_members)
    team_ids = {one.team_id for one in joins if one.team_id is not None}
    if team_ids:
        in_teams = await store.load_joins(conn, community=community, team_ids=team_ids)
        others = {one.member_id for one in in_teams} - of_members.keys()
        if others:
            heads = await load_heads(conn, keys=[(community, member_id) for member_id in sorted(others)])
            of_others = {heads.get((community, member_id), member_id) for member_id in others}
            of_members |= await _members_of(conn, community=community, head_ids=of_others)
        joins = await store.load_joins(conn, community=community, member_ids=of_members, team_ids=team_ids)
    teams = await store.load_teams(
        conn, community=community, team_ids={one.team_id for one in joins if one.team_id is not None}
    )
    deeds = await deeds_store.load_deeds(conn, community=community, member_ids=of_members, counters=counters)
    persons = {(community, head_id) for head_id in of_members.values()}
    spells = await suspensions.load_spells(conn, persons=persons)
    calendar = await load_calendar(conn, community=community)
    return Party(of_members, joins, teams, deeds, spells, community, calendar)


async def _members_of(conn: Connection, *, community: str, head_ids: Collection[str]) -> dict[str, str]:
    """The members of some persons, each with its head."""
    groups = await load_groups(conn, keys=[(community, head_id) for head_id in sorted(set(head_ids))])
    found = {head_id: head_id for head_id in head_ids}
    for (_, head_id), group in groups.items():
        found |= dict.fromkeys(group, head_id)
    return found


async def keep_quests(tx: Transaction) -> bool:
    """Look at members of whom something changed, then have all of a community whose quests ask for others.

    A timer calls this while it returns True. In pieces: what is committed is not done again, whatever ends.
    """
    communities = await store.load_due_communities(tx.conn, limit_count=PIECE_COUNT)
    await thresholds_store.lock_programmes_shared(tx.conn, communities=communities)
    # Nobody merges members meanwhile: whoever does has them looked at again, behind the same lock as this.
    await lock_persons(tx.conn, keys=[(community, store.BEFORE_ALL) for community in communities])
    left, count = PIECE_COUNT, 0
    for community in communities:
        due = await store.take_due(tx.conn, community=community, limit_count=left)
        await decide(tx, community=community, due=due)
        count += len(due)
        left -= len(due)
        if not left:
            return True
    return await _sweep(tx) or count > 0


async def _sweep(tx: Transaction) -> bool:
    """Have the next members of a community looked at by a version with other quests; whether there was one."""
    community = await store.find_stale(tx.conn)
    if community is None:
        return False
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
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
    members = await store.page_of_members(
        tx.conn, community=community, after=before.after_member, limit_count=PIECE_COUNT
    )
    due = Due(tx.now, is_backfill=True)
    await decide(tx, community=community, due=dict.fromkeys(members, due))
    is_done = len(members) < PIECE_COUNT
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
    party = await load_party(
        tx.conn, community=community, head_ids=of_heads, counters=set(in_force.counters.values())
    )
    alone = len(of_heads)
    for head_id in list(of_heads):
        for quest in quests.values():
            for team in party.teams_of(head_id, quest.id) if quest.team is not None else ():
                for other in party.heads_in(team):
                    of_heads.setdefault(other, of_heads[head_id])
    if len(of_heads) > alone:
        # Of those in teams all is loaded too, whatever else they are at.
        party = await load_party(
            tx.conn, community=community, head_ids=of_heads, counters=set(in_force.counters.values())
        )
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
    party = await load_party(
        conn, community=community, head_ids=[member_id], counters=set(in_force.counters.values())
    )
    key = (community, member_id)
    member = (await store.load_members(conn, keys=[key])).get(key) or QuestMember(*key)
    return in_force, party, member
