"""What is celebrated, by a key that makes it once, and which milestones a number reaches.

A milestone is reached by an act of the present that takes a number to it. What was celebrated stays so, whatever
is taken back, and is not celebrated again.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from shared.contracts.facts import Celebrated, CelebratedData
from shared.contracts.facts.celebrations import CelebrationKind
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.programme import Milestone, Recognition

_NAMESPACE = prepared(UUID("2f6d3a94-4a6b-5c0d-8d57-6c1e0b9a7f38"))
#: Stands in a key for the community, where another has a member.
_ALL: Final = "*"
#: The rule, of no programme, by which it is counted that somebody joined.
JOINED: Final = "@joined"
JOINED_RULE: Final[Mapping[str, object]] = {
    "id": JOINED,
    "on": ["member.joined.v1"],
    "to": "actor",
    "own": True,
    "dated": True,
}

MemberKey = tuple[str, str]  # community, member id


@dataclass(frozen=True, slots=True)
class Celebration:
    """Something that a member reached, or the community by an act of a member (`together`).

    `number` is that of a milestone, `tier` that of a badge; `grant_id` what gave a badge or level.
    """

    community: str
    member_id: str
    kind: CelebrationKind
    name: str
    title: str
    event_time: datetime
    version: int
    number: int | None = None
    tier: str | None = None
    together: bool = False
    day: date | None = None
    event_uid: str | None = None
    award_id: str | None = None
    grant_id: str | None = None
    traceparent: str | None = None

    @property
    def id(self) -> str:
        """The same for whatever is the same: what makes it once."""
        whose = _ALL if self.together else self.member_id
        key = f"{self.community}|{whose}|{self.kind}|{self.name}|{self.tier or ''}|{self.number or 0}"
        return uuid5_text(_NAMESPACE, key)

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What is celebrated, whoever's it is."""
        return (self.kind, self.name, self.tier or "", self.number or 0)

    @property
    def subject(self) -> str:
        """Whose record it is in the topic."""
        return self.community if self.together else self.member_id

    def told(self) -> CelebratedData:
        """What the fact says."""
        data: CelebratedData = {
            "celebration_id": self.id,
            "member_id": self.member_id,
            "kind": self.kind,
            "name": self.name,
            "title": self.title,
            "event_time": self.event_time,
            "programme_version": self.version,
        }
        if self.number is not None:
            data["number"] = self.number
        if self.tier is not None:
            data["tier"] = self.tier
        if self.together:
            data["together"] = True
        if self.event_uid is not None:
            data["event_uid"] = self.event_uid
        if self.award_id is not None:
            data["award_id"] = self.award_id
        if self.grant_id is not None:
            data["grant_id"] = self.grant_id
        if self.day is not None:
            data["day"] = self.day
        return data

    @classmethod
    def of_fact(cls, fact: Celebrated) -> "Celebration":
        """What a fact told of."""
        data = fact["data"]
        return cls(
            community=fact["community"],
            member_id=data["member_id"],
            kind=data["kind"],
            name=data["name"],
            title=data["title"],
            event_time=data["event_time"],
            version=data["programme_version"],
            number=data.get("number"),
            tier=data.get("tier"),
            together=data.get("together", False),
            day=data.get("day"),
            event_uid=data.get("event_uid"),
            award_id=data.get("award_id"),
            grant_id=data.get("grant_id"),
        )


class Shown(NamedTuple):
    """A celebration as the feed has it: whose it is now, when it was made, and who reacted."""

    celebration: Celebration
    celebration_id: str
    #: None where whoever did it was forgotten.
    member_id: str | None
    member_name: str | None
    celebrated_at: datetime
    reactions: Mapping[str, int]
    own_reactions: frozenset[str]
    seen_count: int
    is_seen: bool


class FeedPlace(NamedTuple):
    """Where a page of the feed ended."""

    celebrated_at: Timestamp
    celebration_id: Uuid

    @classmethod
    def of(cls, shown: Shown) -> "FeedPlace":
        """The place of a celebration."""
        return cls(shown.celebrated_at, shown.celebration_id)


class Ladder(NamedTuple):
    """The numbers of a milestone, lowest first."""

    milestone: Milestone
    numbers: Sequence[int]

    def reached(self, before: int, now: int) -> Sequence[int]:
        """Which of them a number reaches that rises from `before` to `now`."""
        return self.numbers[bisect_right(self.numbers, before) : bisect_right(self.numbers, now)]


@dataclass(frozen=True, slots=True)
class Milestones:
    """The milestones of a programme version, by what changes the numbers they go by."""

    by_points: tuple[Ladder, ...] = ()
    #: Of each member, by the rule that events meet.
    by_events: Mapping[str, tuple[Ladder, ...]] = field(default_factory=dict)
    #: Of all members together.
    together: Mapping[str, tuple[Ladder, ...]] = field(default_factory=dict)
    #: Those of years, by the rule since whose first event they are.
    years: Mapping[str, tuple[Milestone, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, recognition: Recognition) -> "Milestones":
        """Read a programme's section."""
        by_points: list[Ladder] = []
        by_events: dict[str, tuple[Ladder, ...]] = {}
        together: dict[str, tuple[Ladder, ...]] = {}
        years: dict[str, tuple[Milestone, ...]] = {}
        for one in recognition.milestones:
            if one.since is not None:
                rule = one.rule or JOINED
                years[rule] = (*years.get(rule, ()), one)
            elif one.rule is None:
                by_points.append(Ladder(one, one.at or []))
            else:
                of_whom = together if one.together else by_events
                of_whom[one.rule] = (*of_whom.get(one.rule, ()), Ladder(one, one.at or []))
        return cls(tuple(by_points), by_events, together, years)


NO_MILESTONES: Final = Milestones()


def counted_rules(recognition: Recognition) -> set[str]:
    """The rules of the programme whose events milestones count."""
    return {one.rule for one in recognition.milestones if one.rule is not None}


def dated_rules(recognition: Recognition) -> set[str]:
    """The rules of which it is kept when members met them, for anniversaries."""
    return {one.rule for one in recognition.milestones if one.rule is not None and one.since is not None}


def joint_rules(recognition: Recognition) -> set[str]:
    """The rules that are counted of all members together."""
    return {one.rule for one in recognition.milestones if one.rule is not None and one.together}


def asks_who_joined(recognition: Recognition) -> bool:
    """Whether it is to be known when members joined."""
    return any(one.since == "joined" for one in recognition.milestones)


def reached(
    ladders: Iterable[Ladder], before: int, now: int, *, like: Callable[[], Celebration]
) -> list[Celebration]:
    """What is celebrated when a number rises; `like` says whose it is, when, and by what, once there is something.

    Nearly every event and award reaches nothing.
    """
    found = [(ladder.milestone, number) for ladder in ladders for number in ladder.reached(before, now)]
    if not found:
        return []
    said = like()
    return [
        Celebration(
            community=said.community,
            member_id=said.member_id,
            kind="milestone",
            name=milestone.id,
            title=milestone.titled(number),
            event_time=said.event_time,
            version=said.version,
            number=number,
            together=milestone.together is not None,
            day=said.day,
            event_uid=said.event_uid,
            award_id=said.award_id,
            traceparent=said.traceparent,
        )
        for milestone, number in found
    ]
