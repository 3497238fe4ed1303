"""All that quests of persons follow from, and no more of what they did than their steps ask for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.deeds import store as deeds_store
from services.recognition.deeds.domain import Deeds, Done, Window
from services.recognition.quests import store
from services.recognition.quests.domain import (
    ALWAYS,
    Join,
    Progress,
    Source,
    Span,
    Team,
    Try,
    Walk,
    best,
    is_open_on,
    progress,
    spans_alone,
    spans_of_team,
    walk,
    within,
)
from services.recognition.suspensions import store as suspensions
from services.recognition.suspensions.domain import Spell, is_suspended
from services.recognition.thresholds import store as thresholds_store
from shared.calendars import Calendar
from shared.contracts.programme import Quest, Recognition
from shared.followed_communities import load_calendar
from shared.merges import load_groups, load_heads
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class QuestsInForce:
    """The quests of the version whose events are all counted, and the counter of each rule that they go by."""

    version: int = 0
    recognition: Recognition = field(default_factory=Recognition)
    counters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Party:
    """All that quests of some persons follow from: who is whom, what they joined, their teams and deeds.

    `of_members` has the head of each member, `deeds` as much of what each did by counter as their quests ask for,
    `spells` when persons are suspended, by who stays; `calendar` is the community's. It is of thousands where all
    who are looked at are in teams: nobody goes through all of it for one of them.
    """

    of_members: Mapping[str, str]
    joins: Sequence[Join]
    teams: Mapping[str, Team]
    deeds: Deeds
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

    def tries(self, head_ids: Collection[str], quests: Sequence[Quest]) -> Iterator[Try]:
        """Whatever quests are looked at by: each try of these persons, and of all teams that are known of."""
        for quest in quests:
            if quest.team is not None:
                for team in self.teams.values():
                    if team.quest == quest.id:
                        yield Try(quest, self._sources_of_team(team, quest))
                continue
            for head_id in head_ids:
                spans: Sequence[Span] = ALWAYS
                if quest.is_joined:
                    spans = spans_alone(quest, self.joins_of(head_id, quest.id), calendar=self.calendar)
                for span in spans:
                    yield Try(quest, tuple(Source(member_id, *span) for member_id in self.group(head_id)))

    def _sources_of_team(self, team: Team, quest: Quest) -> tuple[Source, ...]:
        return tuple(
            Source(member_id, *span)
            for head_id in self._heads_ever_in(team)
            for span in spans_of_team(quest, team, self.joins_of(head_id, quest.id), calendar=self.calendar)
            for member_id in self.group(head_id)
        )

    def _heads_ever_in(self, team: Team) -> list[str]:
        found = {self.of_members.get(one.member_id) for one in self._joins_in.get(team.team_id, ())}
        return sorted(head_id for head_id in found if head_id is not None)

    def of_team(self, team: Team, quest: Quest, counters: Mapping[str, str]) -> Progress:
        """How far a team is: what each did while in it is all of theirs."""
        key = (team.team_id, quest.id)
        if key not in self._of_teams:
            self._of_teams[key] = self._of_team(team, quest, counters)
        return self._of_teams[key]

    def _of_team(self, team: Team, quest: Quest, counters: Mapping[str, str]) -> Progress:
        found: dict[str, list[Done]] = {step.rule: [] for step in quest.steps}
        for head_id in self._heads_ever_in(team):
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
    conn: Connection, *, community: str, head_ids: Collection[str], in_force: QuestsInForce
) -> Party:
    """All that quests of these persons follow from, and of those who are in their teams."""
    party = await load_joined(conn, community=community, head_ids=head_ids)
    tries = party.tries(head_ids, in_force.recognition.quests)
    return replace(party, deeds=await _load_deeds(conn, tries, community=community, counters=in_force.counters))


async def load_joined(conn: Connection, *, community: str, head_ids: Collection[str]) -> Party:
    """Who these persons are in quests with, without anything that any of them did."""
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
    persons = {(community, head_id) for head_id in of_members.values()}
    spells = await suspensions.load_spells(conn, persons=persons)
    calendar = await load_calendar(conn, community=community)
    return Party(of_members, joins, teams, {}, spells, community, calendar)


async def _members_of(conn: Connection, *, community: str, head_ids: Collection[str]) -> dict[str, str]:
    """The members of some persons, each with its head."""
    groups = await load_groups(conn, keys=[(community, head_id) for head_id in sorted(set(head_ids))])
    found = {head_id: head_id for head_id in head_ids}
    for (_, head_id), group in groups.items():
        found |= dict.fromkeys(group, head_id)
    return found


async def _load_deeds(
    conn: Connection, tries: Iterable[Try], *, community: str, counters: Mapping[str, str]
) -> Deeds:
    """What members did, by member and counter, as far as steps still need it: in rounds, of all tries at once."""
    walks = [walk(one, counters) for one in tries]
    asked = [next(one, None) for one in walks]
    found: defaultdict[tuple[str, str], set[Done]] = defaultdict(set)
    while any(one is not None for one in asked):
        windows = [window for one in asked for window in one or ()]
        loaded = await deeds_store.load_first(conn, community=community, windows=windows)
        for window, done in zip(windows, loaded, strict=True):
            found[window.member_id, window.counter].update(done)
        answers = iter(loaded)
        asked = [
            None if one is None else _go_on(a_walk, [next(answers) for _ in one])
            for a_walk, one in zip(walks, asked, strict=True)
        ]
    deeds: dict[str, dict[str, list[Done]]] = {}
    for (member_id, counter), of_both in found.items():
        deeds.setdefault(member_id, {})[counter] = sorted(of_both)
    return deeds


def _go_on(a_walk: Walk, answer: list[list[Done]]) -> list[Window] | None:
    """What a walk asks for next; None where it is through."""
    try:
        return a_walk.send(answer)
    except StopIteration:
        return None
