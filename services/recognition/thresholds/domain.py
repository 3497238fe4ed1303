"""The badges and levels of a programme version, laid out so that an award finds what it crosses quickly."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from shared.contracts.programme import Recognition

Kind = Literal["badge", "level"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A badge or level: held while the member's points, or awards from `rule`, are `at_least` so many."""

    kind: Kind
    name: str
    title: str
    at_least: int
    rule: str | None = None

    @property
    def key(self) -> str:
        """What tells this badge or level from every other of the community."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Thresholds on one number, lowest first."""

    steps: tuple[Threshold, ...] = ()
    heights: tuple[int, ...] = ()

    @classmethod
    def of(cls, thresholds: Iterable[Threshold]) -> "Ladder":
        """The thresholds in the order they are reached; equal heights in the order of their keys."""
        steps = tuple(sorted(thresholds, key=lambda one: (one.at_least, one.key)))
        return cls(steps, tuple(one.at_least for one in steps))

    def reached(self, value: int | None) -> int:
        """How many steps `value` reaches; None is somebody who has nothing yet, not even nought."""
        return 0 if value is None else bisect_right(self.heights, value)


NO_LADDER = Ladder()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a programme version asks for. `version` 0 is a community without a programme."""

    programme_id: str = ""
    version: int = 0
    by_points: Ladder = NO_LADDER
    by_rule: Mapping[str, Ladder] = field(default_factory=dict)

    @classmethod
    def of(cls, programme_id: str, version: int, recognition: Recognition) -> "Thresholds":
        """Read a programme's `recognition` section."""
        on_points = [Threshold("level", one.id, one.title, one.points) for one in recognition.levels]
        on_rules: dict[str, list[Threshold]] = {}
        for badge in recognition.badges:
            threshold = Threshold("badge", badge.id, badge.title, badge.at_least, badge.rule)
            if badge.rule is None:
                on_points.append(threshold)
            else:
                on_rules.setdefault(badge.rule, []).append(threshold)
        return cls(
            programme_id,
            version,
            Ladder.of(on_points),
            {rule: Ladder.of(steps) for rule, steps in on_rules.items()},
        )

    def due(self, points: int, awards_by_rule: Mapping[str, int]) -> Iterator[Threshold]:
        """Every badge and level that somebody with these totals (and at least one award) holds."""
        yield from self.by_points.steps[: self.by_points.reached(points)]
        for rule, ladder in self.by_rule.items():
            yield from ladder.steps[: ladder.reached(awards_by_rule.get(rule, 0))]


NO_PROGRAMME = Thresholds()


class Held(NamedTuple):
    """A standing badge or level: the grant that gave it and the title it had then."""

    grant_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A badge or level given, or taken back when it `reverses` an earlier grant.

    `award_id` is the award that crossed the threshold; for a grant that a new programme version made,
    the last award that the member's totals contain. `event_time` is that of the causing event, or when
    the version took effect. `version` is the programme version whose thresholds were applied.
    """

    community: str
    grant_id: str
    member_id: str
    kind: Kind
    name: str
    title: str
    award_id: str
    event_time: datetime
    version: int
    reverses: str | None = None


def holder_changes(grants: Iterable[Grant]) -> dict[tuple[str, str, str], int]:
    """How many holders each badge and level of a community gains, in the order of their keys."""
    changes: dict[tuple[str, str, str], int] = {}
    for grant in grants:
        key = (grant.community, grant.kind, grant.name)
        changes[key] = changes.get(key, 0) + (-1 if grant.reverses else 1)
    return {key: changes[key] for key in sorted(changes) if changes[key]}
