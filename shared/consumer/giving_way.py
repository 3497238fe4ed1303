"""Topics that give way: what stands in them is read while nothing else waits, slowly, and never not at all."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka import TopicPartition


@dataclass(frozen=True)
class GivesWay:
    """How a topic gives way to all others that a worker reads.

    At most `batch_max_count` of its records are taken in one transaction, on the average no more than
    `per_second`. While others wait it is read after `wait_max_seconds` all the same, one batch.
    """

    batch_max_count: int
    per_second: float
    wait_max_seconds: float


class Turn(NamedTuple):
    """The partitions that are read next, all where it is None, and how many records of them at most."""

    partitions: Collection[TopicPartition] | None
    max_count: int


class Turns:
    """Whose turn it is, of a consumer loop's topics.

    `is_closed` says of those that do not give way what is not read. Times are of a clock in seconds. Where nothing
    gives way it costs nothing.
    """

    def __init__(
        self,
        topics: Mapping[str, GivesWay],
        is_closed: Callable[[TopicPartition], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topics = topics
        self._is_closed = is_closed
        self._clock = clock
        self._last_at = dict.fromkeys(topics, clock())
        self._next_at = dict.fromkeys(topics, 0.0)

    def waiting(self, lags: Mapping[TopicPartition, int]) -> int:
        """How many of the records that wait are to be read now."""
        if not self._topics:
            return sum(lag for partition, lag in lags.items() if not self._is_closed(partition))
        others_wait = self._others_wait(lags)
        return sum(
            lag
            for one, lag in lags.items()
            if (
                self._is_open(one.topic, others_wait=others_wait)
                if one.topic in self._topics
                else not self._is_closed(one)
            )
        )

    def next(
        self, assigned: Collection[TopicPartition], lags: Mapping[TopicPartition, int], batch_max_count: int
    ) -> Turn:
        """What is read next.

        What gives way comes alone where it has waited too long; else with the others, which then have nothing:
        what comes of them meanwhile is read first, and what gives way is left.
        """
        if not self._topics:
            return Turn(None, batch_max_count)
        others_wait = self._others_wait(lags)
        waiting: Counter[str] = Counter()
        for partition, lag in lags.items():
            waiting[partition.topic] += lag
        opened = set()
        for topic in self._topics:
            if not waiting[topic]:
                # How long it waits is counted from now.
                self._last_at[topic] = self._clock()
            elif self._is_open(topic, others_wait=others_wait):
                opened.add(topic)
        if opened:
            batch_max_count = min(batch_max_count, *(self._topics[topic].batch_max_count for topic in opened))
        if opened and others_wait:
            return Turn([one for one in assigned if one.topic in opened], batch_max_count)
        wanted = [one for one in assigned if one.topic in opened or one.topic not in self._topics]
        return Turn(wanted, batch_max_count)

    def left(self, records: Sequence[Any], lags: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Where each partition begins of which not all of the records that were fetched are taken now.

        Of what gives way nothing is taken where others came with it, or wait by now, unless it has waited too
        long. What is taken of it is counted: the next may be when so many have been due.
        """
        stops: dict[TopicPartition, int] = {}
        if not self._topics:
            return stops
        others_wait: bool | None = None
        for topic, terms in self._topics.items():
            of_topic = [record for record in records if record.topic == topic]
            if not of_topic:
                continue
            if others_wait is None:
                others_wait = any(record.topic not in self._topics for record in records)
                others_wait = others_wait or self._others_wait(lags)
            count = terms.batch_max_count if self._is_open(topic, others_wait=others_wait) else 0
            for record in of_topic[count:]:
                stops.setdefault(TopicPartition(topic, record.partition), record.offset)
            if count:
                self._took(topic, min(count, len(of_topic)))
        return stops

    def _others_wait(self, lags: Mapping[TopicPartition, int]) -> bool:
        return any(lag and one.topic not in self._topics and not self._is_closed(one) for one, lag in lags.items())

    def _is_open(self, topic: str, *, others_wait: bool) -> bool:
        now = self._clock()
        is_overdue = now - self._last_at[topic] > self._topics[topic].wait_max_seconds
        return now >= self._next_at[topic] and (not others_wait or is_overdue)

    def _took(self, topic: str, count: int) -> None:
        terms, now = self._topics[topic], self._clock()
        # A moment that was lost between two batches is made up for, a rest is not.
        due = self._next_at[topic]
        has_rested = now - due > terms.batch_max_count / terms.per_second
        self._next_at[topic] = (now if has_rested else due) + count / terms.per_second
        self._last_at[topic] = now
