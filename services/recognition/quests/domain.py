"""How far somebody is with a quest, and when it was completed: a function of what was done, in any order."""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from services.recognition.deeds.domain import Done, Window
from services.recognition.thresholds.domain import Due, Grant, Held, ThresholdKey, gathered, grant_id
from shared.calendars import Calendar
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.programme import Quest, QuestStep, Recognition

_TEAM_NAMESPACE = prepared(UUID("3f5f6c7e-7a38-5b5e-8d0a-6f2b9a1c4e21"))

MemberKey = tuple[str, str]  # community, member id
Span = tuple[datetime | None, datetime | None]  # from a moment on, until another that is not in it
Walk = Generator[list[Window], list[list[Done]], None]
#: How often a person joins one quest: all of it is walked through whenever one of their team does something.
JOINS_MAX_COUNT: Final = 50
ALWAYS: Final[tuple[Span, ...]] = ((None, None),)
_A_DAY: Final = timedelta(days=1)
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)
_BEFORE_EVERY_UID: Final = "00000000-0000-0000-0000-000000000000"


class UnknownQuestError(Exception):
    """The programme in force has no such quest."""


class NotJoinedError(Exception):
    """Nobody joins that quest, or the member is not in a team of it; the message says which."""


class InTeamError(Exception):
    """The member is in a team of the quest already."""


class QuestOverError(Exception):
    """The days of the quest are over."""


class CompletedError(Exception):
    """The quest is completed: nobody joins or leaves any more."""


class TeamFullError(Exception):
    """As many are in the team as may be, which is `max_members`."""

    def __init__(self, max_members: int) -> None:
        super().__init__(max_members)
        self.max_members = max_members


class TeamNameTakenError(Exception):
    """Another team of the quest has that name."""


class UnknownTeamError(Exception):
    """The quest has no team of that name."""


class NobodyThereError(Exception):
    """There is no such member, or they were forgotten."""


class Join(NamedTuple):
    """That a member joined a quest, in a team or alone, and left it, where they did."""

    quest: str
    member_id: str
    joined_at: datetime
    left_at: datetime | None = None
    team_id: str | None = None


class Team(NamedTuple):
    """Members who do a quest together; it began when it was made."""

    team_id: str
    quest: str
    name: str
    made_by: str
    made_at: datetime


class Progress(NamedTuple):
    """How often each step was done, of so many times; and by which deed the quest was completed, if it was."""

    done: tuple[int, ...]
    completed_by: Done | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all was done."""
        return self.completed_by is not None


def is_open_on(quest: Quest, day: date) -> bool:
    """Whether a day is of the quest's."""
    said = day.isoformat()
    return (quest.starts is None or quest.starts <= said) and (quest.ends is None or said <= quest.ends)


def ends_at(quest: Quest, began_at: datetime, *, calendar: Calendar) -> datetime | None:
    """When the time is over of who began then; None where there is none but the quest's days.

    That is at the same time of day by the community's clocks, so many days later.
    """
    return None if quest.within_days is None else calendar.days_later(began_at, quest.within_days)


def within(quest: Quest, deeds: Iterable[Done], spans: Collection[tuple[datetime, datetime | None]]) -> list[Done]:
    """Those deeds that are of the quest's days, and in any of the spans (to the end, which is not in it)."""
    return [
        deed
        for deed in deeds
        if is_open_on(quest, deed.day)
        and any(start <= deed.event_time and (end is None or deed.event_time < end) for start, end in spans)
    ]


class Source(NamedTuple):
    """What a member did from a moment on until another, which is not in it."""

    member_id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Try(NamedTuple):
    """A quest, and what it is looked at by: once for whoever joins none, else for each time it was joined."""

    quest: Quest
    sources: tuple[Source, ...]


def walk(a_try: Try, counters: Mapping[str, str]) -> Walk:
    """Ask for the deeds that a try's progress follows from, and for no others.

    Yields windows, and is sent the first deeds of each. What comes after as many as a step asks for changes
    nothing, whoever of several did it: so many of each member are enough. In order a step goes on from where the
    one before it was through. `counters` has the counter of each rule that is counted.
    """
    quest = a_try.quest
    if not quest.in_order:
        yield [window for step in quest.steps for window in _windows(a_try, step, counters, after=None)]
        return
    after: tuple[datetime, str] | None = None
    for step in quest.steps:
        answer = yield _windows(a_try, step, counters, after=after)
        events = sorted({(deed.event_time, deed.event_uid) for deeds in answer for deed in deeds})
        if len(events) < step.times:
            return
        after = events[step.times - 1]


def deeds_at_most(quest: Quest, *, tries: int) -> int:
    """How many deeds are asked for at most for a member who is looked at, who joins a quest so many times."""
    sources = quest.team.max_members if quest.team is not None else tries if quest.is_joined else 1
    return sources * sum(step.times for step in quest.steps)


def _windows(
    a_try: Try, step: QuestStep, counters: Mapping[str, str], *, after: tuple[datetime, str] | None
) -> list[Window]:
    quest = a_try.quest
    if step.rule not in counters:
        return []
    first = date.min if quest.starts is None else date.fromisoformat(quest.starts)
    last = date.max if quest.ends is None else date.fromisoformat(quest.ends)
    # No zone's day begins or ends further from UTC's: the index knows moments, and no days.
    opens = _BEGINNING if first <= date.min + _A_DAY else datetime.combine(first - _A_DAY, time(), UTC)
    closes = _END if last >= date.max - 2 * _A_DAY else datetime.combine(last + 2 * _A_DAY, time(), UTC)
    return [
        Window(
            source.member_id,
            counters[step.rule],
            *max((max(source.starts_at or opens, opens), _BEFORE_EVERY_UID), after or (_BEGINNING, "")),
            min(source.ends_at or closes, closes),
            first,
            last,
            step.times,
        )
        for source in a_try.sources
    ]


def progress(quest: Quest, deeds: Mapping[str, Sequence[Done]]) -> Progress:
    """How far the steps are by deeds, which are by rule. One event counts once in a step, whoever's it is."""
    return _in_order(quest, deeds) if quest.in_order else _in_any_order(quest, deeds)


def _in_any_order(quest: Quest, deeds: Mapping[str, Sequence[Done]]) -> Progress:
    done: list[int] = []
    last: list[Done] = []
    for step in quest.steps:
        events: set[str] = set()
        # Whatever came after as many as it asks for changes nothing: somebody may have hundreds of thousands.
        for deed in sorted(deeds.get(step.rule, ())):
            events.add(deed.event_uid)
            if len(events) == step.times:
                last.append(deed)
                break
        done.append(len(events))
    return Progress(tuple(done), max(last) if len(last) == len(quest.steps) else None)


def _in_order(quest: Quest, deeds: Mapping[str, Sequence[Done]]) -> Progress:
    """Each event counts for the step that is next then, or for none."""
    rules = {step.rule for step in quest.steps}
    ordered = sorted(
        (deed.event_time, deed.event_uid, rule, deed) for rule in rules for deed in deeds.get(rule, ())
    )
    done = [0] * len(quest.steps)
    at = 0
    for _, of_event in groupby(ordered, key=lambda one: one[:2]):
        found = {rule: deed for _, _, rule, deed in of_event}
        step = quest.steps[at]
        if step.rule not in found:
            continue
        done[at] += 1
        if done[at] == step.times:
            at += 1
            if at == len(quest.steps):
                return Progress(tuple(done), found[step.rule])
    return Progress(tuple(done))


def spans_alone(
    quest: Quest, joins: Iterable[Join], *, calendar: Calendar
) -> list[tuple[datetime, datetime | None]]:
    """The times in which a member does a quest alone: each of its tries is one."""
    return [
        (join.joined_at, ends_at(quest, join.joined_at, calendar=calendar))
        for join in joins
        if join.team_id is None
    ]


def spans_of_team(
    quest: Quest, team: Team, joins: Iterable[Join], *, calendar: Calendar
) -> list[tuple[datetime, datetime | None]]:
    """The times in which a member was in the team, as far as the team's own goes."""
    over = ends_at(quest, team.made_at, calendar=calendar)
    return [
        (join.joined_at, min((end for end in (join.left_at, over) if end is not None), default=None))
        for join in joins
        if join.team_id == team.team_id
    ]


def best(tries: Iterable[Progress], quest: Quest) -> Progress:
    """Of several tries the one that was completed first, or else the last."""
    found = list(tries) or [Progress((0,) * len(quest.steps))]
    complete = [one for one in found if one.completed_by is not None]
    return min(complete, key=lambda one: one.completed_by or ()) if complete else found[-1]


@dataclass(slots=True)
class QuestMember:
    """The quests that stand for a member, and how often each was granted to it: its `turns`.

    A grant's id follows from its turn, so that what is decided again after a restore is the same grant.
    """

    community: str
    member_id: str
    standing: dict[str, Held] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)

    def bring(
        self, quests: Mapping[str, Quest], complete: Mapping[str, Progress], due: Due, *, version: int
    ) -> list[Grant]:
        """Have those quests stand that are `complete`, and no others; what that grants and takes back."""
        grants = [
            self.taken(quest_id, self.standing.pop(quest_id), due, version=version)
            for quest_id in sorted(self.standing.keys() - complete.keys())
        ]
        for quest_id in sorted(complete.keys() - self.standing.keys()):
            turn = self.turns[quest_id] = self.turns.get(quest_id, 0) + 1
            by, title = complete[quest_id].completed_by, quests[quest_id].title
            key = ThresholdKey("quest", quest_id)
            made = Grant(
                community=self.community,
                grant_id=grant_id(self.community, self.member_id, key, f"quest {turn}"),
                member_id=self.member_id,
                key=key,
                title=title,
                award_id=None,
                event_time=due.event_time if by is None else by.event_time,
                version=version,
                day=due.day if by is None else _said(by),
                event_uid=None if by is None else by.event_uid,
            )
            self.standing[quest_id] = Held(made.grant_id, title)
            grants.append(made)
        return grants

    def taken(self, quest_id: str, held: Held, due: Due, *, version: int, holder: str | None = None) -> Grant:
        """What takes back a grant; each is taken back once."""
        holder = holder or held.member_id or self.member_id
        key = ThresholdKey("quest", quest_id)
        return Grant(
            community=self.community,
            grant_id=grant_id(self.community, holder, key, f"back {held.grant_id}"),
            member_id=holder,
            key=key,
            title=held.title,
            award_id=None,
            event_time=due.event_time,
            version=version,
            reverses=held.grant_id,
            day=due.day,
        )


def _said(deed: Done) -> date | None:
    """The day as facts say it: left out where it is that of UTC."""
    return None if deed.day == deed.event_time.date() else deed.day


def regrouped(
    groups: Mapping[str, Collection[str]], members: Mapping[str, QuestMember], *, due: Due, version: int
) -> list[Grant]:
    """Have heads hold what stands for all who are one person with them; returns what ends what is held twice."""
    before = [
        (member.member_id, {ThresholdKey("quest", id_): held for id_, held in member.standing.items()})
        for member in members.values()
    ]
    for member in members.values():
        member.standing = {}
    grants: list[Grant] = []
    for head_id, group in sorted(groups.items()):
        head = members[head_id]
        kept, surplus = gathered(head_id, group, before)
        head.standing = {key.id: held for key, held in kept.items()}
        grants += [head.taken(one.key.id, one.held, due, version=version, holder=one.member_id) for one in surplus]
    return grants


def signature_of(recognition: Recognition) -> str:
    """What tells the quests of a version from those of others that ask for something else."""
    said = [
        quest.model_dump(mode="json", exclude={"title", "description", "gives"}) for quest in recognition.quests
    ]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def team_id_of(community: str, quest: str, member_id: str, key: str) -> str:
    """The id of the team that a request with this key makes: the same request, the same team."""
    return uuid5_text(_TEAM_NAMESPACE, f"{community}|{quest}|{member_id}|{key}")
