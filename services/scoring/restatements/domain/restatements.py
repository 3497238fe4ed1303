"""A restatement: what was asked, by whom, who decided, how far it is, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from services.scoring.awards.domain.awards import Award
from services.scoring.backtests.domain.summing import Asked
from services.scoring.programmes.domain.publication import Author
from shared.contracts.fields import Count, Timestamp, Uuid
from shared.contracts.programme import SPENDABLE

ATTEMPTS_MAX_COUNT = 4
REASON_MAX_CHARS = 500


class RestatementState(StrEnum):
    """What became of a restatement."""

    COMPUTING = "computing"
    READY = "ready"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    POSTING = "posting"
    POSTED = "posted"
    REVERSING = "reversing"
    REVERSED = "reversed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_S = RestatementState
#: What may follow on a state. What was approved is worked out once more: it is posted, or was another thing.
STEPS: Final = {
    _S.COMPUTING: frozenset({_S.READY, _S.FAILED, _S.CANCELLED}),
    _S.READY: frozenset({_S.SUBMITTED, _S.CANCELLED}),
    _S.SUBMITTED: frozenset({_S.APPROVED, _S.CANCELLED}),
    _S.APPROVED: frozenset({_S.POSTING, _S.SUBMITTED, _S.FAILED, _S.CANCELLED}),
    _S.POSTING: frozenset({_S.POSTED}),
    _S.POSTED: frozenset({_S.REVERSING}),
    _S.REVERSING: frozenset({_S.REVERSED}),
    _S.REVERSED: frozenset[RestatementState](),
    _S.FAILED: frozenset[RestatementState](),
    _S.CANCELLED: frozenset[RestatementState](),
}
#: States in which somebody's work is under way, of which a community has so many at most.
OPEN: Final = frozenset({_S.COMPUTING, _S.READY, _S.SUBMITTED, _S.APPROVED, _S.POSTING, _S.REVERSING})
#: States in which facts stand, or are about to.
STANDS: Final = frozenset({_S.APPROVED, _S.POSTING, _S.POSTED, _S.REVERSING})


class RestatementFailure(StrEnum):
    """Why a restatement failed."""

    TOO_MANY_EVENTS = "too_many_events"
    TOO_MANY_DIFFERENCES = "too_many_differences"
    TOO_ENTANGLED = "too_entangled"
    TOO_LONG = "too_long"
    TOO_MUCH_MEMORY = "too_much_memory"
    NO_PROGRAMME = "no_programme"
    BROKE = "broke"


class UnknownRestatementError(Exception):
    """There is no such restatement."""


class UnknownRestatedVersionError(Exception):
    """No such version was published."""


class RestatementStepError(Exception):
    """That does not follow on the state that it is in."""

    def __init__(self, state: RestatementState) -> None:
        super().__init__(state)
        self.state = state


class RestatementChangedError(Exception):
    """What was approved is not what it comes to: that has this digest."""

    def __init__(self, digest: str | None) -> None:
        super().__init__(digest)
        self.digest = digest


class SameRestaterError(Exception):
    """Whoever asked for it decides nothing of it."""


class NotAskedBackError(Exception):
    """Nobody asked to have it reversed."""


class TooManyRestatementsError(Exception):
    """As many restatements of the community are open as may."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


class RestatedSinceError(Exception):
    """A later restatement of the same time stands: that has to be reversed first."""

    def __init__(self, restatement_id: str) -> None:
        super().__init__(restatement_id)
        self.restatement_id = restatement_id


class RestatementFailedError(Exception):
    """It cannot be worked out."""

    def __init__(self, failure: RestatementFailure) -> None:
        super().__init__(failure)
        self.failure = failure


class RestatementPlace(NamedTuple):
    """Where a restatement stands in the list of them: what was asked last comes first."""

    asked_at: Timestamp
    restatement_id: Uuid


class DifferencePlace(NamedTuple):
    """Where a difference stands among those of its restatement."""

    place: Count


class Difference(NamedTuple):
    """What one award came to, and comes to by the restatement; below 0 what is taken.

    `posted_id` is the award or amendment that posts it, once it is.
    """

    place: int
    award_id: str
    member_id: str
    rule_id: str
    score: str
    event_uid: str
    event_type: str
    event_time: datetime
    before: int
    after: int
    posted_id: str | None = None

    @classmethod
    def of(cls, place: int, award: Award, *, is_posted: bool) -> "Difference":
        """What an award, or an amendment of one, changes."""
        after = award.points if award.total is None else award.total
        return cls(
            place,
            award.amends or award.award_id,
            award.member_id,
            award.rule_id,
            award.score or SPENDABLE,
            award.event_uid,
            award.event_type,
            award.event_time,
            after - award.points,
            after,
            award.award_id if is_posted else None,
        )


@dataclass(frozen=True, slots=True)
class Restatement:
    """A restatement as it is: `version` is applied to the events of `asked`.

    Of `parts_count` parts that it is posted in `parts_done` are; `digest` is of all its differences.
    """

    community: str
    restatement_id: str
    state: RestatementState
    asked: Asked
    version: int
    reason: str
    asked_at: datetime
    asked_by: Author
    moved_at: datetime
    submitted_at: datetime | None = None
    submitted_by: Author | None = None
    approved_at: datetime | None = None
    approved_by: Author | None = None
    reversal_asked_at: datetime | None = None
    reversal_asked_by: Author | None = None
    reversal_approved_at: datetime | None = None
    reversal_approved_by: Author | None = None
    #: When what was approved turned out to be another thing, so that it has to be approved again.
    changed_at: datetime | None = None
    records_count: int = 0
    read_count: int = 0
    events_count: int = 0
    used_seconds: float = 0.0
    attempts: int = 0
    waits_for_live: bool = False
    parts_count: int = 0
    parts_done: int = 0
    #: Of how many pieces of the log parts were made.
    parted_count: int = 0
    posted_at: datetime | None = None
    ended_at: datetime | None = None
    failure: RestatementFailure | None = None
    digest: str | None = None
    result: dict[str, Any] | None = None

    @property
    def percent(self) -> int:
        """How much of what is under way is done: of the log that is read, or of the parts that are posted."""
        if self.state is _S.COMPUTING:
            return min(99, self.read_count * 100 // self.records_count) if self.records_count else 0
        if self.state in (_S.POSTING, _S.REVERSING):
            return min(99, self.parts_done * 100 // self.parts_count) if self.parts_count else 0
        return 100

    @property
    def broke(self) -> bool:
        """Whether it was tried as often as it may be without getting on."""
        return self.attempts >= ATTEMPTS_MAX_COUNT

    def stepped(self, state: RestatementState, *, now: datetime) -> "Restatement":
        """It in another state. Raises RestatementStepError when that does not follow."""
        if state not in STEPS[self.state]:
            raise RestatementStepError(self.state)
        ended = state in (_S.REVERSED, _S.FAILED, _S.CANCELLED)
        return replace(
            self,
            state=state,
            moved_at=now,
            attempts=0,
            ended_at=now if ended else None,
            waits_for_live=False,
            parts_done=0 if state is _S.REVERSING else self.parts_done,
            posted_at=now if state is _S.POSTED else self.posted_at,
        )

    def submitted(self, *, by: Author, now: datetime) -> "Restatement":
        """It, up for another person's approval."""
        return replace(self.stepped(_S.SUBMITTED, now=now), submitted_at=now, submitted_by=by)

    def approved(self, *, by: Author, digest: str, now: datetime) -> "Restatement":
        """It, approved. Raises SameRestaterError, and RestatementChangedError when it comes to something else."""
        after = self.stepped(_S.APPROVED, now=now)
        if by.person_id in (self.asked_by.person_id, self.submitted_by and self.submitted_by.person_id):
            raise SameRestaterError
        if digest != self.digest:
            raise RestatementChangedError(self.digest)
        return replace(after, approved_at=now, approved_by=by, changed_at=None)

    def sent_back(self, *, now: datetime) -> "Restatement":
        """It, to be approved again: it came to something else meanwhile."""
        after = self.stepped(_S.SUBMITTED, now=now)
        return replace(after, approved_at=None, approved_by=None, changed_at=now)

    def asked_back(self, *, by: Author, now: datetime) -> "Restatement":
        """It, with somebody asking for its reversal."""
        if self.state is not _S.POSTED:
            raise RestatementStepError(self.state)
        return replace(self, reversal_asked_at=now, reversal_asked_by=by, moved_at=now)

    def taken_back(self, *, by: Author, now: datetime) -> "Restatement":
        """It, being reversed. Raises SameRestaterError, and NotAskedBackError when nobody asked for that."""
        after = self.stepped(_S.REVERSING, now=now)
        if self.reversal_asked_by is None:
            raise NotAskedBackError
        if by.person_id == self.reversal_asked_by.person_id:
            raise SameRestaterError
        return replace(after, reversal_approved_at=now, reversal_approved_by=by)


def turns_of(waiting: Iterable[Restatement]) -> list[Restatement]:
    """What waits to be worked out in the order of its turns: what breaks again and again is behind all others."""
    return sorted(waiting, key=lambda one: one.broke)


def digest_of(restatement: Restatement, differences: Iterable[Difference]) -> str:
    """The SHA-256 of what a restatement is, and of all its differences, in the order of their awards."""
    asked = restatement.asked
    said: list[Any] = [
        [asked.since.isoformat(), asked.until.isoformat(), asked.audience, restatement.version],
        *sorted([one.award_id, one.before, one.after] for one in differences),
    ]
    return sha256(orjson.dumps(said)).hexdigest()


def result_of(differences: Sequence[Difference], *, events_count: int) -> dict[str, Any]:
    """What differences sum up to: in all, and by rule."""
    points: Counter[tuple[str, str]] = Counter()
    awards: Counter[tuple[str, str]] = Counter()
    moves: Counter[str] = Counter()
    for one in differences:
        more = one.after - one.before
        points[one.rule_id, one.score] += more
        awards[one.rule_id, one.score] += 1
        if one.score == SPENDABLE:
            moves[one.member_id] += more
    more_of = [one.after - one.before for one in differences if one.score == SPENDABLE]
    return {
        "events_count": events_count,
        "awards_count": len(differences),
        "points": sum(more_of),
        "points_given": sum(more for more in more_of if more > 0),
        "points_taken": -sum(more for more in more_of if more < 0),
        "members_count": len({one.member_id for one in differences}),
        "winners_count": sum(move > 0 for move in moves.values()),
        "losers_count": sum(move < 0 for move in moves.values()),
        "rules": [
            {"rule": rule, "score": score, "points": points[rule, score], "awards_count": awards[rule, score]}
            for rule, score in sorted(points)
        ],
    }
