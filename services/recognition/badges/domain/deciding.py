"""Which badges a member holds by what they have: a function of that, and what changes by it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import NamedTuple

import cel
import orjson

from services.recognition.thresholds.domain import (
    Due,
    Grant,
    Held,
    ThresholdKey,
    criterion_of,
    gathered,
    grant_id,
    reads_of,
)
from shared.conditions.criteria import Criterion, Reads, Values
from shared.contracts.programme import Badge, Recognition, Streak

MemberKey = tuple[str, str]  # community, member id


class Step(NamedTuple):
    """A badge, or a tier of one, that is held from a height on."""

    key: ThresholdKey
    title: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A badge that is decided here, and what it asks for."""

    badge: Badge
    criterion: Criterion
    steps: tuple[Step, ...]

    def reached(self, context: cel.Context) -> tuple[Step, ...]:
        """What somebody holds of it who has what is in the context."""
        if self.badge.when is not None:
            return self.steps if self.criterion.holds(context) else ()
        number = self.criterion.number(context)
        return tuple(step for step in self.steps if number >= step.at_least)


@dataclass(frozen=True, slots=True)
class Criteria:
    """The badges of a programme version that are decided here; `counters` are those of the rules that they count.

    `signature` is the same for versions that ask for the same.
    """

    version: int = 0
    effective_from: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    day: date | None = None
    asked: tuple[Asked, ...] = ()
    reads: Reads = field(default_factory=Reads)
    streaks: tuple[Streak, ...] = ()
    counters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        recognition: Recognition,
        *,
        version: int,
        effective_from: datetime,
        day: date | None,
        counters: Mapping[str, str],
    ) -> "Criteria":
        """Read a version's badges; `counters` has the counter of each of its counted rules."""
        reads = reads_of(recognition)
        asked = [(badge, criterion_of(badge)) for badge in recognition.badges]
        return cls(
            version,
            effective_from,
            day,
            tuple(
                Asked(
                    badge,
                    criterion,
                    tuple(
                        Step(ThresholdKey.of_badge(badge.id, tier_id), title, at_least)
                        for tier_id, title, at_least in badge.steps
                    ),
                )
                for badge, criterion in asked
                if criterion is not None
            ),
            reads,
            tuple(streak for streak in recognition.streaks if streak.id in reads.streaks),
            counters,
        )

    def reading(self, reads: Reads, counters: Mapping[str, str]) -> "Criteria":
        """The same, which read more besides: what one number decides, too."""
        return replace(self, reads=reads, counters={**counters, **self.counters})

    @property
    def limits(self) -> dict[str, int]:
        """How many there are of each badge that is limited."""
        return {one.badge.id: one.badge.limited_to for one in self.asked if one.badge.limited_to is not None}

    @property
    def signature(self) -> str:
        """What tells these from others that ask for something else."""
        streaks = {streak.id: streak for streak in self.streaks}
        said = [
            [
                one.badge.id,
                one.badge.when,
                one.badge.measure,
                one.badge.rule,
                one.badge.counted,
                one.badge.limited_to,
                # Of points those that were earned, where it gives some.
                one.criterion.reads.earned_points,
                [(step.key.id, step.at_least) for step in one.steps],
                sorted(self.counters.get(rule, "") for rule in one.criterion.reads.events),
                [streaks[id_].model_dump(exclude={"title", "description"}) for id_ in sorted(streaks)],
            ]
            for one in self.asked
        ]
        return sha256(orjson.dumps(said)).hexdigest()


class Change(NamedTuple):
    """What changes of one member: steps to be granted, and keys of what is to be taken back."""

    grants: tuple[tuple[Asked, Step], ...] = ()
    taken_back: tuple[ThresholdKey, ...] = ()


def change_of(
    standing: Collection[ThresholdKey], values: Values, criteria: Criteria, *, withheld: Collection[str] = ()
) -> Change:
    """What somebody with these values is to be granted, but for what is `withheld`, and what is to be taken."""
    if not criteria.asked and not standing:
        return Change()
    context = values.context(criteria.reads)
    due = {
        step.key: (asked, step)
        for asked in criteria.asked
        if asked.badge.id not in withheld
        for step in asked.reached(context)
    }
    return Change(
        tuple(due[key] for key in sorted(due.keys() - set(standing))),
        tuple(sorted(set(standing) - due.keys())),
    )


@dataclass(slots=True)
class BadgeMember:
    """The badges by criteria that stand for a member, and how often each was granted to it: its `turns`.

    A grant's id follows from its turn, so that what is decided again after a restore is the same grant.
    """

    community: str
    member_id: str
    standing: dict[ThresholdKey, Held] = field(default_factory=dict)
    turns: dict[ThresholdKey, int] = field(default_factory=dict)

    def grant(self, step: Step, due: Due, *, version: int, met: Mapping[str, int]) -> Grant:
        """Have a step stand from now on."""
        return self.grant_numbered(step, due, version=version, met=met, edition=None, holder=self)

    def grant_numbered(
        self,
        step: Step,
        due: Due,
        *,
        version: int,
        met: Mapping[str, int],
        edition: int | None,
        holder: "BadgeMember",
    ) -> Grant:
        """Have a step stand from now on by a grant to a holder, who is one person with this one.

        That is to whom the number belongs: both go with them when they part.
        """
        turn = holder.turns[step.key] = holder.turns.get(step.key, 0) + 1
        cause = f"criteria {turn}"
        grant = self._made(step.key, step.title, cause, due, version=version, holder=holder.member_id)
        other_id = None if holder.member_id == self.member_id else holder.member_id
        self.standing[step.key] = Held(grant.grant_id, step.title, other_id)
        return _with(grant, met=met, edition=edition)

    def take_back(self, key: ThresholdKey, due: Due, *, version: int, by_hand: bool = False) -> Grant:
        """Have what stands stand no more."""
        held = self.standing.pop(key)
        return self.taken(key, held, held.member_id or self.member_id, due, version=version, by_hand=by_hand)

    def taken(
        self, key: ThresholdKey, held: Held, holder: str, due: Due, *, version: int, by_hand: bool = False
    ) -> Grant:
        """What takes back a grant of a holder; each is taken back once."""
        grant = self._made(key, held.title, f"back {held.grant_id}", due, version=version, holder=holder)
        return _with(grant, reverses=held.grant_id, by_hand=by_hand)

    def _made(
        self, key: ThresholdKey, title: str, cause: str, due: Due, *, version: int, holder: str | None = None
    ) -> Grant:
        holder = holder or self.member_id
        return Grant(
            community=self.community,
            grant_id=grant_id(self.community, holder, key, cause),
            member_id=holder,
            key=key,
            title=title,
            award_id=None,
            event_time=due.event_time,
            version=version,
            day=due.day,
        )


def _with(
    grant: Grant,
    *,
    met: Mapping[str, int] | None = None,
    edition: int | None = None,
    reverses: str | None = None,
    by_hand: bool = False,
) -> Grant:
    return Grant(
        grant.community,
        grant.grant_id,
        grant.member_id,
        grant.key,
        grant.title,
        None,
        grant.event_time,
        grant.version,
        reverses,
        grant.day,
        None,
        by_hand,
        edition,
        met,
    )


def regrouped(
    groups: Mapping[str, Collection[str]], members: Mapping[str, BadgeMember], *, due: Due, version: int
) -> list[Grant]:
    """Have heads hold what stands for all who are one person with them; returns what ends what is held twice.

    `members` are the heads, and all for whom something stood as they were grouped before. Each grant goes with the
    member to whom it was made, as for all badges; what a head is to have more or less is decided afterwards.
    """
    before = [(member.member_id, dict(member.standing)) for member in members.values()]
    for member in members.values():
        member.standing = {}
    grants: list[Grant] = []
    for head_id, group in sorted(groups.items()):
        head = members[head_id]
        head.standing, surplus = gathered(head_id, group, before)
        grants += [head.taken(one.key, one.held, one.member_id, due, version=version) for one in surplus]
    return grants


class Number(NamedTuple):
    """Which of a limited badge it is, and whose: of who is one person with others, it stays with that member."""

    edition: int
    member_id: str


class Room(NamedTuple):
    """The numbers of a limited badge: how many of `limit` were given, and which of those came back."""

    limit: int
    given: int = 0
    freed: tuple[int, ...] = ()

    @property
    def left(self) -> int:
        """How many more there are."""
        return max(0, self.limit - self.given) + sum(number <= self.limit for number in self.freed)

    def take(self) -> tuple[int | None, "Room"]:
        """The lowest number that is free, and what is left; None where all are given."""
        free = sorted(number for number in self.freed if number <= self.limit)
        if free:
            return free[0], self._replace(freed=tuple(number for number in self.freed if number != free[0]))
        if self.given < self.limit:
            return self.given + 1, self._replace(given=self.given + 1)
        return None, self

    def give_back(self, numbers: Iterable[int]) -> "Room":
        """Have numbers be free again."""
        return self._replace(freed=tuple(sorted({*self.freed, *numbers})))
