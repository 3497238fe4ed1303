"""The levels that stand for a member, and what is granted and taken back when others do."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256

import orjson

from services.recognition.levels.domain.ladder import Ladder
from services.recognition.levels.domain.walk import Reached
from services.recognition.thresholds.domain import Grant, Held, ThresholdKey, gathered, grant_id

MemberKey = tuple[str, str]  # community, member id


@dataclass(frozen=True, slots=True)
class Looked:
    """When somebody's levels are looked at, which day of the community that is, and by which version."""

    at: datetime
    day: date | None
    version: int


@dataclass(slots=True)
class LevelMember:
    """The levels that stand for a member, since when each, and how often each was granted to it: its `turns`.

    A grant's id follows from its turn, so that what is decided again after a restore is the same grant.
    """

    community: str
    member_id: str
    standing: dict[ThresholdKey, Held] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    turns: dict[ThresholdKey, int] = field(default_factory=dict)

    def align(self, found: Reached, ladder: Ladder, looked: Looked) -> list[Grant]:
        """Have stand what was reached, and nothing else; what that takes back and grants."""
        due = {
            ThresholdKey("level", rung.level.id): (rung.level.title, since)
            for rung, since in zip(ladder.rungs, found.since, strict=True)
            if since is not None
        }
        by_hand = found.hold is not None
        grants = [
            self.take_back(key, looked, by_hand=by_hand) for key in sorted(self.standing.keys() - due.keys())
        ]
        self.since = {key.id: moment_of(since) for key, (_, since) in due.items()}
        for key, (title, since) in due.items():
            if key not in self.standing:
                grants.append(self._grant(key, title, moment_of(since), looked, by_hand=by_hand))
        return grants

    def _grant(self, key: ThresholdKey, title: str, since: datetime, looked: Looked, *, by_hand: bool) -> Grant:
        turn = self.turns[key] = self.turns.get(key, 0) + 1
        grant = Grant(
            community=self.community,
            grant_id=grant_id(self.community, self.member_id, key, f"level {turn}"),
            member_id=self.member_id,
            key=key,
            title=title,
            award_id=None,
            event_time=since,
            version=looked.version,
            by_hand=by_hand,
        )
        self.standing[key] = Held(grant.grant_id, title)
        return grant

    def take_back(self, key: ThresholdKey, looked: Looked, *, by_hand: bool = False) -> Grant:
        """Have what stands stand no more."""
        held = self.standing.pop(key)
        return self.taken(key, held, held.member_id or self.member_id, looked, by_hand=by_hand)

    def taken(self, key: ThresholdKey, held: Held, holder: str, looked: Looked, *, by_hand: bool = False) -> Grant:
        """What takes back a grant of a holder; each is taken back once."""
        return Grant(
            community=self.community,
            grant_id=grant_id(self.community, holder, key, f"back {held.grant_id}"),
            member_id=holder,
            key=key,
            title=held.title,
            award_id=None,
            event_time=looked.at,
            version=looked.version,
            reverses=held.grant_id,
            day=looked.day,
            by_hand=by_hand,
        )


def regrouped(
    groups: Mapping[str, Collection[str]], members: Mapping[str, LevelMember], *, looked: Looked
) -> list[Grant]:
    """Have heads hold what stands for all who are one person with them; returns what ends what is held twice.

    `members` are the heads, and all for whom something stood as they were grouped before. Each grant goes with the
    member to whom it was made; which levels a head is to have is looked at afterwards.
    """
    before = [(member.member_id, dict(member.standing)) for member in members.values()]
    for member in members.values():
        member.standing = {}
    grants: list[Grant] = []
    for head_id, group in sorted(groups.items()):
        head = members[head_id]
        head.standing, surplus = gathered(head_id, group, before)
        grants += [head.taken(one.key, one.held, one.member_id, looked) for one in surplus]
    return grants


def moment_of(seconds: int) -> datetime:
    """A moment of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def signature_of(ladder: Ladder, counters: Iterable[tuple[str, str]]) -> str:
    """What tells levels from others that ask for something else, or count it anew; titles change nothing."""
    said = [
        [rung.level.model_dump(mode="json", exclude={"title", "description", "opens"}) for rung in ladder.rungs],
        sorted(counters),
    ]
    return sha256(orjson.dumps(said)).hexdigest()
