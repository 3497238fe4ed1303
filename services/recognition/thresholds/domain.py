"""The badges and levels of a programme version, and what is granted when a member reaches or loses one.

They are laid out so that an award finds what it crosses quickly.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.recognition.celebrations.domain import NO_MILESTONES, Celebration, Milestones
from shared.conditions.criteria import EARNED_POINTS, POINTS, Criterion, Reads, compile_criterion
from shared.conditions.errors import ConditionError
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.programme import Badge, Gives, Level, NudgeTerms, Quest, Recognition, counted_id, counted_of

_GRANT_NAMESPACE = prepared(UUID("6b1d2f0c-27a5-5c0e-9d2e-8f2c3e6b7a10"))

Kind = Literal["badge", "level", "quest"]
KINDS: tuple[Kind, ...] = ("badge", "level", "quest")


class ThresholdKey(NamedTuple):
    """What tells a badge or level from every other of the community; of a badge's tier, `id` is `badge/tier`."""

    kind: Kind
    id: str

    @classmethod
    def of_badge(cls, badge_id: str, tier_id: str | None = None) -> "ThresholdKey":
        """The key of a badge, or of one of its tiers."""
        return cls("badge", badge_id if tier_id is None else f"{badge_id}/{tier_id}")

    @property
    def base_id(self) -> str:
        """The id that the programme gives it, without the tier."""
        return self.id.partition("/")[0]

    @property
    def tier_id(self) -> str | None:
        """The tier of a badge; None where it has none."""
        return self.id.partition("/")[2] or None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A badge or level: held while the member's points, or awards from `rule`, are `at_least` so many."""

    key: ThresholdKey
    title: str
    at_least: int
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Thresholds on one number, lowest first."""

    steps: tuple[Threshold, ...] = ()
    heights: tuple[int, ...] = ()

    @classmethod
    def of(cls, thresholds: Iterable[Threshold]) -> "Ladder":
        """The thresholds in the order they are reached; equal heights in the order of their keys."""
        steps = tuple(sorted(thresholds, key=lambda threshold: (threshold.at_least, threshold.key)))
        return cls(steps, tuple(threshold.at_least for threshold in steps))

    def reached(self, value: int | None) -> int:
        """How many steps `value` reaches; None is somebody who has nothing yet, not even zero."""
        return 0 if value is None else bisect_right(self.heights, value)


NO_LADDER = Ladder()


NO_READS = Reads()


def criterion_of(badge: Badge) -> Criterion | None:
    """What a badge asks for that one number does not decide; None for all others, and for what never was one."""
    text = badge.when or badge.measure
    if text is None and badge.limited_to is not None and not badge.by_hand:
        # By what it counts: numbers are given away in one place.
        points = EARNED_POINTS if gives_points(badge.gives) else POINTS
        text = points if badge.rule is None else f'{badge.counted}("{badge.rule}")'
    if text is None:
        return None
    try:
        return compile_criterion(text)
    except ConditionError:
        return None


def gives_points(gives: Gives | None) -> bool:
    """Whether points come with a grant."""
    return gives is not None and gives.points is not None


def gives_of(recognition: Recognition, key: ThresholdKey) -> Gives | None:
    """What a version gives with a badge or a tier of one, a level or a quest."""
    if key.kind == "badge":
        badge = next((one for one in recognition.badges if one.id == key.base_id), None)
        return None if badge is None else badge.gives_of(key.tier_id)
    others: Sequence[Level | Quest] = recognition.levels if key.kind == "level" else recognition.quests
    return next((one.gives for one in others if one.id == key.id), None)


def reads_of(recognition: Recognition) -> Reads:
    """What the criteria of all badges read."""
    reads = NO_READS
    for badge in recognition.badges:
        criterion = criterion_of(badge)
        reads |= NO_READS if criterion is None else criterion.reads
    return reads


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a programme version asks for. `version` 0 is a community without a programme."""

    programme_id: str = ""
    version: int = 0
    by_points: Ladder = NO_LADDER
    #: What gives points itself: those that came with grants do not count towards it.
    by_earned: Ladder = NO_LADDER
    by_rule: Mapping[str, Ladder] = field(default_factory=dict)
    #: Of counted events, by the rule that they meet.
    by_events: Mapping[str, Ladder] = field(default_factory=dict)
    #: What badges read that one number does not decide: whoever of whom that changes is looked at again.
    reads: Reads = NO_READS
    #: The rules of the streaks among that.
    streak_rules: frozenset[str] = frozenset()
    #: What levels that ask for more than points count of members, and of all; whether there are any such.
    of_levels: frozenset[str] = frozenset()
    has_trust_levels: bool = False
    milestones: Milestones = NO_MILESTONES
    #: Those by which the steps of quests go.
    quest_rules: frozenset[str] = frozenset()
    nudges: NudgeTerms | None = None
    #: The rules of the streaks, and of the milestones, that nudges name.
    nudged_streaks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nudged_milestones: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, programme_id: str, version: int, recognition: Recognition) -> "Thresholds":
        """Read a programme's `recognition` section."""
        on_points: list[Threshold] = []
        on_earned: list[Threshold] = []
        for level in recognition.points_levels:
            height = Threshold(ThresholdKey("level", level.id), level.title, level.points or 0)
            (on_earned if gives_points(level.gives) else on_points).append(height)
        on_rules: dict[str, list[Threshold]] = {}
        on_events: dict[str, list[Threshold]] = {}
        for badge in recognition.badges:
            if not badge.is_counted_at_once:
                continue
            steps = [
                Threshold(ThresholdKey.of_badge(badge.id, tier_id), title, at_least, badge.rule)
                for tier_id, title, at_least in badge.steps
            ]
            if badge.rule is None:
                # All tiers by one number: of a badge that gives points with any of them by what was earned.
                gives = any(gives_points(badge.gives_of(tier_id)) for tier_id, _, _ in badge.steps)
                (on_earned if gives else on_points).extend(steps)
            elif badge.counted == "events":
                on_events.setdefault(badge.rule, []).extend(steps)
            else:
                on_rules.setdefault(badge.rule, []).extend(steps)
        reads = reads_of(recognition)
        return cls(
            programme_id,
            version,
            Ladder.of(on_points),
            Ladder.of(on_earned),
            {rule: Ladder.of(steps) for rule, steps in on_rules.items()},
            {rule: Ladder.of(steps) for rule, steps in on_events.items()},
            reads,
            frozenset(rule for one in recognition.streaks if one.id in reads.streaks for rule in one.rules),
            frozenset(counted_id(*one) for one in counted_of(recognition.levels)),
            bool(recognition.trust_levels),
            Milestones.of(recognition),
            frozenset(step.rule for quest in recognition.quests for step in quest.steps),
            recognition.nudges,
            *_nudged(recognition),
        )

    def asks_of_totals(self) -> frozenset[tuple[ThresholdKey, str | None, int, bool]]:
        """What each badge and level asks for of points and awards: titles change nothing of who holds it."""
        ladders = (self.by_points, self.by_earned, *self.by_rule.values())
        return frozenset(
            (step.key, step.rule, step.at_least, ladder is self.by_earned)
            for ladder in ladders
            for step in ladder.steps
        )

    def due(self, points: int, earned: int, awards_by_rule: Mapping[str, int]) -> Iterator[Threshold]:
        """Every badge and level but those for events that somebody with these totals (and an award) holds.

        `earned` are the points without those that came with grants.
        """
        yield from self.by_points.steps[: self.by_points.reached(points)]
        yield from self.by_earned.steps[: self.by_earned.reached(earned)]
        for rule, ladder in self.by_rule.items():
            yield from ladder.steps[: ladder.reached(awards_by_rule.get(rule, 0))]


def _nudged(recognition: Recognition) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The rules of the streaks and milestones that nudges name."""
    nudges = () if recognition.nudges is None else recognition.nudges.of
    streaks = {one.streak for one in nudges}
    milestones = {one.milestone for one in nudges}
    return (
        {one.id: tuple(one.rules) for one in recognition.streaks if one.id in streaks},
        {one.id: one.rule for one in recognition.milestones if one.id in milestones and one.rule is not None},
    )


NO_PROGRAMME = Thresholds()


@dataclass(frozen=True)
class ProgrammeVersion:
    """A version of a community's programme as it was published: its `recognition` section, as JSON.

    `audiences` has the titles of those that it declares, as JSON.
    """

    community: str
    programme_id: str
    version: int
    effective_from: datetime
    recognition: str
    #: The rules whose events its badges count, as JSON: id, on, to, and when.
    rules: str
    audiences: str


class ThresholdsInForce(NamedTuple):
    """The thresholds that a community's awards are held against, and since when.

    `day` is the community's day at that moment, as facts say it: None goes without saying.
    """

    thresholds: Thresholds
    effective_from: datetime
    day: date | None = None


@dataclass(frozen=True)
class RecognitionInForce:
    """The `recognition` section of the version in force; version 0 is a community without a programme."""

    version: int = 0
    recognition: Recognition = field(default_factory=Recognition)


@dataclass(frozen=True)
class Reevaluation:
    """A community whose members are not all in line with the version in force; those up to a member id are."""

    community: str
    evaluated_up_to: str


class Held(NamedTuple):
    """A standing badge or level: the grant that gave it and the title it had then.

    `member_id` is to whom it was granted, where that is another who is merged into this member.
    """

    grant_id: str
    title: str
    member_id: str | None = None


class Surplus(NamedTuple):
    """A grant of what one who is the same person holds as well, and to whom it was made."""

    key: ThresholdKey
    held: Held
    member_id: str


def gathered(
    head_id: str, group: Collection[str], standings: Iterable[tuple[str, Mapping[ThresholdKey, Held]]]
) -> tuple[dict[ThresholdKey, Held], list[Surplus]]:
    """What stands of a group of members as that of one person, and which grants of the same are too many.

    `standings` are of the members as they were grouped before, by whose they were; each grant goes with the member
    to whom it was made. Of two the one of the head stays.
    """
    grants = sorted(
        (key, holder != head_id, holder, held)
        for member_id, standing in standings
        for key, held in standing.items()
        if (holder := held.member_id or member_id) in group
    )
    kept: dict[ThresholdKey, Held] = {}
    surplus: list[Surplus] = []
    for key, is_others, holder, held in grants:
        if key in kept:
            surplus.append(Surplus(key, held, holder))
        else:
            kept[key] = held._replace(member_id=holder if is_others else None)
    return kept, surplus


def parts_of(held: Held) -> tuple[str, ...]:
    """As it is stored: the holder only where that is another."""
    return (held.grant_id, held.title) if held.member_id is None else (held.grant_id, held.title, held.member_id)


@dataclass(frozen=True, slots=True)
class Grant:
    """A badge or level given, or taken back when it `reverses` an earlier grant.

    `award_id` is the award that crossed the threshold, or `event_uid` the counted event that did; for a grant that
    a new programme version made, the last that is in the member's numbers. `event_time` is that of the causing
    event, or when the version took effect, and `day` what facts say of its day. `version` is the programme version
    whose thresholds were applied.
    """

    community: str
    grant_id: str
    member_id: str
    key: ThresholdKey
    title: str
    award_id: str | None
    event_time: datetime
    version: int
    reverses: str | None = None
    day: date | None = None
    event_uid: str | None = None
    #: Whether a person gave it, or took it back.
    by_hand: bool = False
    #: Which of a limited badge it is.
    edition: int | None = None
    #: What a member had of what a criterion reads.
    met: Mapping[str, int] | None = None
    #: What comes with it.
    gives: Gives | None = None
    #: Of what takes a limited badge back by hand the numbers that are free by it.
    freed: tuple[int, ...] = ()

    def celebration(self, traceparent: str | None) -> Celebration:
        """As what it is celebrated, by the trace of what caused it."""
        return Celebration(
            community=self.community,
            member_id=self.member_id,
            kind=self.key.kind,
            name=self.key.base_id,
            title=self.title,
            event_time=self.event_time,
            version=self.version,
            tier=self.key.tier_id,
            day=self.day,
            event_uid=self.event_uid,
            award_id=self.award_id,
            grant_id=self.grant_id,
            traceparent=traceparent,
        )

    @property
    def is_of_totals(self) -> bool:
        """Whether points or awards led to it, and neither an event, nor several things, nor a person."""
        return self.award_id is not None


class Due(NamedTuple):
    """When what changed of a member was so, by which day, and whether that was of the past."""

    event_time: datetime
    day: date | None = None
    is_backfill: bool = False

    def and_then(self, other: "Due") -> "Due":
        """Both: by the later of them; of the past only where both are."""
        later = max(self, other, key=lambda due: due.event_time)
        return later._replace(is_backfill=self.is_backfill and other.is_backfill)


class LatestGrant(NamedTuple):
    """A grant of a community as it is listed: whose it is, when it was made, and whether it stands."""

    grant: Grant
    member_name: str | None
    granted_at: datetime
    is_taken_back: bool


class LatestPlace(NamedTuple):
    """Where a page of the latest grants ended."""

    granted_at: Timestamp
    grant_id: Uuid

    @classmethod
    def of(cls, latest: LatestGrant) -> "LatestPlace":
        """The place of a grant."""
        return cls(latest.granted_at, latest.grant.grant_id)


def grant_id(community: str, member_id: str, key: ThresholdKey, cause: str) -> str:
    """The id of a grant: UUIDv5 of whose it is, what it is, and the award or programme version that caused it."""
    return uuid5_text(_GRANT_NAMESPACE, f"{community}|{member_id}|{key.kind}|{key.id}|{cause}")


def holder_changes(grants: Iterable[Grant]) -> dict[tuple[str, ThresholdKey], int]:
    """How many holders each badge and level of a community gains, in the order of community and key."""
    changes: dict[tuple[str, ThresholdKey], int] = {}
    for grant in grants:
        key = (grant.community, grant.key)
        changes[key] = changes.get(key, 0) + (-1 if grant.reverses else 1)
    return {key: changes[key] for key in sorted(changes) if changes[key]}
