"""A member's totals and standing badges and levels, and what an award or a new programme version changes.

Awards are applied one at a time in the order of the log, so what comes out does not depend on how they
were batched. What stands always equals what the totals say under the version that was applied last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from services.recognition.thresholds.domain import (
    Grant,
    Held,
    Ladder,
    Threshold,
    ThresholdKey,
    Thresholds,
    gathered,
    grant_id,
)
from shared.contracts.facts import RECOGNITION_GRANTED, AwardData

MemberKey = tuple[str, str]  # community, member id
AwardKey = tuple[str, str]  # award id, community: in the order of the table's key


def _counted(award: AwardData) -> int:
    """What an award or amendment adds to the number of awards: one counts while it amounts to something.

    What came with a grant is no award of a rule.
    """
    if award["event_type"] == RECOGNITION_GRANTED.name:
        return 0
    if "amends" not in award:
        return 1
    return (award["total"] != 0) - (award["total"] - award["points"] != 0)


def _spendable(award: AwardData) -> int:
    """What an award or amendment adds to the points that can be spent; nothing where it is of another score."""
    return 0 if "score" in award else award["points"]


def _granted(award: AwardData) -> int:
    """What of it came with a badge, level or quest: that counts towards nothing which gives points."""
    return _spendable(award) if award["event_type"] == RECOGNITION_GRANTED.name else 0


def _score(scores: dict[str, int], award: AwardData) -> dict[str, int]:
    """What a member has of scores that cannot be spent, with an award or amendment."""
    score = award.get("score")
    return scores if score is None else {**scores, score: scores.get(score, 0) + award["points"]}


@dataclass(slots=True)
class OwnTotals:
    """What a member has itself of the totals of a person."""

    points: int = 0
    awards_by_rule: dict[str, int] = field(default_factory=dict)
    last_award_id: str | None = None
    scores: dict[str, int] = field(default_factory=dict)
    granted_points: int = 0

    def add(self, award: AwardData) -> None:
        """Add one award or amendment that was not applied before."""
        self.points += _spendable(award)
        self.granted_points += _granted(award)
        self.scores = _score(self.scores, award)
        self.last_award_id = award["award_id"]
        if counted := _counted(award):
            rule = award["rule_id"]
            self.awards_by_rule[rule] = self.awards_by_rule.get(rule, 0) + counted


class Group(NamedTuple):
    """Members who are one person: who stays, and what each of them has itself, the head too."""

    community: str
    head_id: str
    own: Mapping[str, OwnTotals]


@dataclass(slots=True)
class Member:
    """One member's totals. `version` is the programme version that `standing` follows.

    Awards are added to it in place: a value made anew for each of a batch would cost more than the award does.
    `standing` alone is replaced, and only by what changes it: most awards do not.
    """

    community: str
    member_id: str
    points: int = 0
    awards_by_rule: dict[str, int] = field(default_factory=dict)
    standing: Mapping[ThresholdKey, Held] = field(default_factory=dict)
    last_award_id: str | None = None
    version: int = 0
    #: Of those that cannot be spent.
    scores: dict[str, int] = field(default_factory=dict)
    #: Those among `points` that came with badges, levels and quests.
    granted_points: int = 0

    @property
    def earned_points(self) -> int:
        """The points without those that came with grants."""
        return self.points - self.granted_points

    @classmethod
    def of_group(
        cls,
        group: "Group",
        before: Iterable["Member"],
        *,
        thresholds: Thresholds,
        cause: str,
        at: datetime,
        day: date | None,
    ) -> tuple["Member", list[Grant]]:
        """The totals of members who are one person from `at` on, and what that grants and takes back.

        `before` are the rows of all of them as they were grouped until then; `day` is what facts say of that day.
        """
        standing, surplus = gathered(
            group.head_id, group.own, [(member.member_id, member.standing) for member in before]
        )
        own = [group.own[group.head_id], *(own for _, own in sorted(group.own.items()))]
        member = cls(
            group.community,
            group.head_id,
            standing=standing,
            last_award_id=next((one.last_award_id for one in own if one.last_award_id is not None), None),
            version=thresholds.version,
        )
        for one in group.own.values():
            member.points += one.points
            member.granted_points += one.granted_points
            for rule, count in one.awards_by_rule.items():
                member.awards_by_rule[rule] = member.awards_by_rule.get(rule, 0) + count
            for score, points in one.scores.items():
                member.scores[score] = member.scores.get(score, 0) + points
        if member.last_award_id is None:
            return member, []
        return member, [
            *(
                member._changed(
                    one.key,
                    one.held.title,
                    cause=cause,
                    time=at,
                    day=day,
                    reverses=one.held.grant_id,
                    holder=one.member_id,
                )
                for one in surplus
            ),
            *member._bring(thresholds, cause, time=at, day=day),
        ]

    def apply(self, award: AwardData, thresholds: Thresholds) -> list[Grant]:
        """Add one award or amendment that was not applied before; return what it grants and what it takes back.

        `thresholds` must be the version that the member follows: call `follow` first when it is not.
        """
        is_first = self.last_award_id is None
        before, earned_before = (None, None) if is_first else (self.points, self.earned_points)
        rule = award["rule_id"]
        count_before = self.awards_by_rule.get(rule, 0)
        count = count_before + _counted(award)
        self.points += _spendable(award)
        self.granted_points += _granted(award)
        self.scores = _score(self.scores, award)
        self.last_award_id = award["award_id"]
        if count:
            self.awards_by_rule[rule] = count
        else:
            self.awards_by_rule.pop(rule, None)
        grants: list[Grant] = []
        ladder, of_rule = thresholds.by_points, thresholds.by_rule.get(rule)
        if ladder.reached(before) != ladder.reached(self.points):
            grants += self._step(ladder, before, self.points, award)
        earned = thresholds.by_earned
        if earned.steps and earned.reached(earned_before) != earned.reached(self.earned_points):
            grants += self._step(earned, earned_before, self.earned_points, award)
        if of_rule is not None and of_rule.reached(count_before) != of_rule.reached(count):
            grants += self._step(of_rule, count_before, count, award)
        return grants

    def follow(self, thresholds: Thresholds, effective_from: datetime, day: date | None = None) -> list[Grant]:
        """Bring what stands in line with another programme version; the same version changes nothing.

        `day` is what facts say of the day at which it took effect.
        """
        if self.version == thresholds.version:
            return []
        self.version = thresholds.version
        if self.last_award_id is None:
            return []
        return self._bring(
            thresholds, f"{thresholds.programme_id}@{thresholds.version}", time=effective_from, day=day
        )

    def _bring(self, thresholds: Thresholds, cause: str, *, time: datetime, day: date | None) -> list[Grant]:
        """Take back what stands and is not due, and grant what is due and does not stand."""
        due = {step.key: step for step in thresholds.due(self.points, self.earned_points, self.awards_by_rule)}
        return [
            *(self._take_back(key, cause, time, day) for key in sorted(self.standing.keys() - due.keys())),
            *(self._grant(due[key], cause, time, day) for key in sorted(due.keys() - self.standing.keys())),
        ]

    def settle(self, told: Iterable[Grant]) -> list[Grant]:
        """Make one grant stand for each badge and level that is due: the first that was `told` and stands.

        After a restore the same history may have been read under another version, which gives other ids. Returns
        what is too much, and is to be told as taken back.
        """
        by_key: dict[ThresholdKey, list[Grant]] = {}
        for grant in told:
            by_key.setdefault(grant.key, []).append(grant)
        changes: list[Grant] = []
        for key, grants in sorted(by_key.items()):
            held, kept = self.standing.get(key), grants[0]
            if held is not None:
                holder = None if kept.member_id == self.member_id else kept.member_id
                self.standing = {**self.standing, key: Held(kept.grant_id, kept.title, holder)}
            for grant in grants:
                if held is None or grant is not kept:
                    changes.append(self._settled(key, grant.title, like=grant, reverses=grant.grant_id))
        return changes

    def _settled(self, key: ThresholdKey, title: str, *, like: Grant, reverses: str) -> Grant:
        return Grant(
            community=self.community,
            grant_id=grant_id(self.community, like.member_id, key, f"settled|{reverses}"),
            member_id=like.member_id,
            key=key,
            title=title,
            award_id=self.last_award_id or like.award_id,
            event_time=like.event_time,
            version=self.version,
            reverses=reverses,
        )

    def _step(self, ladder: Ladder, was: int | None, now: int, award: AwardData) -> list[Grant]:
        low, high = ladder.reached(was), ladder.reached(now)
        cause, time, day = award["award_id"], award["event_time"], award.get("day")
        return [
            *(self._grant(step, cause, time, day) for step in ladder.steps[low:high]),
            *(self._take_back(step.key, cause, time, day) for step in reversed(ladder.steps[high:low])),
        ]

    def _grant(self, step: Threshold, cause: str, time: datetime, day: date | None) -> Grant:
        grant = self._changed(step.key, step.title, cause=cause, time=time, day=day, reverses=None)
        self.standing = {**self.standing, step.key: Held(grant.grant_id, step.title)}
        return grant

    def _take_back(self, key: ThresholdKey, cause: str, time: datetime, day: date | None) -> Grant:
        held = self.standing[key]
        self.standing = {other: kept for other, kept in self.standing.items() if other != key}
        return self._changed(
            key, held.title, cause=cause, time=time, day=day, reverses=held.grant_id, holder=held.member_id
        )

    def _changed(
        self,
        key: ThresholdKey,
        title: str,
        *,
        cause: str,
        time: datetime,
        day: date | None,
        reverses: str | None,
        holder: str | None = None,
    ) -> Grant:
        holder = holder or self.member_id
        return Grant(
            community=self.community,
            grant_id=grant_id(self.community, holder, key, cause),
            member_id=holder,
            key=key,
            title=title,
            award_id=str(self.last_award_id),
            event_time=time,
            version=self.version,
            reverses=reverses,
            day=day,
        )
