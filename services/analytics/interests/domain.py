"""What somebody is interested in and what they know, from when they wrote, read and answered about topics."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from shared.contracts.fields import Timestamp, Uuid

#: What of one person is looked at, the latest: what is older weighs little, and the question stays quick.
LOOKED_AT_MAX_COUNT: Final = 1_000
#: What says that somebody read about a topic; whatever else says one was written.
READING_TYPES: Final = frozenset({"content.read.v1"})
_DAY_SECONDS: Final = 86_400


class How(StrEnum):
    """What somebody did about a topic."""

    WROTE = "wrote"
    READ = "read"
    ANSWERED = "answered"


class SourcePlace(NamedTuple):
    """A source's place among those of somebody: the newest first."""

    at: Timestamp
    event_uid: Uuid


class Source(NamedTuple):
    """What it is known from that somebody is concerned with a topic: an event of theirs, or a question.

    `event_uid` of what was `answered` is that of the question that they were the first to answer, at `at`.
    """

    topic: str
    at: datetime
    event_uid: str
    type: str
    channel: str
    source: str
    event_id: str
    is_answer: bool = False

    @property
    def how(self) -> How:
        """What they did."""
        if self.is_answer:
            return How.ANSWERED
        return How.READ if self.type in READING_TYPES else How.WROTE

    @property
    def place(self) -> SourcePlace:
        """Its place among others."""
        return SourcePlace(self.at, self.event_uid)


class Concern(NamedTuple):
    """How much somebody is concerned with a topic: what they did about it, when last, and what that weighs."""

    topic: str
    wrote: int
    read: int
    answered: int
    last_at: datetime
    weight: float


class Concerns(NamedTuple):
    """What somebody is interested in, and what they know; what weighs most first."""

    interests: Sequence[Concern] = ()
    expertise: Sequence[Concern] = ()


def concerns(sources: Iterable[Source], *, now: datetime, half_life_days: int, limit_count: int) -> Concerns:
    """What follows from what somebody did: interests from what they wrote and read, expertise from answers.

    Each weighs 1 when it is done, and half of that after each half-life; at most `limit_count` topics of either.
    """
    by_topic: dict[tuple[bool, str], list[Source]] = defaultdict(list)
    for source in sources:
        by_topic[source.is_answer, source.topic].append(source)
    found: dict[bool, list[Concern]] = {False: [], True: []}
    for (is_answer, topic), theirs in by_topic.items():
        found[is_answer].append(_concern(topic, theirs, now=now, half_life_days=half_life_days))
    ordered = {
        is_answer: sorted(those, key=lambda one: (-one.weight, one.topic))[:limit_count]
        for is_answer, those in found.items()
    }
    return Concerns(ordered[False], ordered[True])


def _concern(topic: str, sources: Sequence[Source], *, now: datetime, half_life_days: int) -> Concern:
    ways = [source.how for source in sources]
    ages = ((now - source.at).total_seconds() / _DAY_SECONDS for source in sources)
    return Concern(
        topic,
        ways.count(How.WROTE),
        ways.count(How.READ),
        ways.count(How.ANSWERED),
        max(source.at for source in sources),
        sum(0.5 ** (age / half_life_days) for age in ages),
    )
