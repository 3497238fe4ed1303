"""What a worker says of itself: how many records it takes a second, how many wait, and how old they are."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from aiokafka import TopicPartition

from shared.pipeline.domain import RECENT_COUNT, TopicReport, WorkerReport, ages_since

#: Reports that a rate is taken over.
RATE_REPORTS_COUNT = 5


class Meter:
    """Counts what a consumer loop takes; `report` says what that comes to, once every few seconds."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._last_at: dict[TopicPartition, float] = {}
        self._none_waited_at: dict[TopicPartition, float] = {}
        self._samples: deque[tuple[float, Counter[str]]] = deque(maxlen=RECENT_COUNT + 1)
        self._ages: deque[Mapping[str, Sequence[int]]] = deque(maxlen=RECENT_COUNT + 1)

    def took(self, counts: Mapping[str, int]) -> None:
        """Count records that were committed, by topic."""
        self._taken.update(counts)

    def reached(self, records: Iterable[Any]) -> None:
        """Note the last record that was committed of each partition."""
        for record in records:
            self._last_at[TopicPartition(record.topic, record.partition)] = record.timestamp / 1000

    def report(
        self,
        *,
        at: float,
        lags: Mapping[TopicPartition, int],
        topics: Iterable[str],
        ages: Mapping[str, Sequence[int]],
        outbox_pending: int,
    ) -> WorkerReport:
        """What there is to say at a moment (in seconds since 1970), of these topics at least."""
        self._samples.append((at, self._taken.copy()))
        self._ages.append({stage: list(counts) for stage, counts in ages.items()})
        found: dict[str, TopicReport] = {
            topic: {"per_second": self._rate(topic), "lag": 0, "oldest_seconds": 0.0}
            for topic in (*topics, *self._taken)
        }
        for partition, lag in lags.items():
            said = found.setdefault(partition.topic, {"per_second": 0.0, "lag": 0, "oldest_seconds": 0.0})
            said["lag"] += lag
            if not lag:
                self._none_waited_at[partition] = at
                continue
            # Whatever waits came after the last record that was taken, and after none waited.
            since = max(self._last_at.get(partition, 0.0), self._none_waited_at.setdefault(partition, at))
            said["oldest_seconds"] = max(said["oldest_seconds"], round(at - since, 1))
        return {
            "topics": found,
            "recent": self._recent(),
            "ages": ages_since(self._ages[-1], self._ages[0]),
            "outbox_pending": outbox_pending,
        }

    def _rate(self, topic: str) -> float:
        samples = list(self._samples)[-RATE_REPORTS_COUNT - 1 :]
        (first_at, first), (last_at, last) = samples[0], samples[-1]
        return round((last[topic] - first[topic]) / (last_at - first_at), 2) if last_at > first_at else 0.0

    def _recent(self) -> list[float]:
        """Records a second between each two reports, oldest first."""
        samples = list(self._samples)
        return [
            round((after.total() - before.total()) / (later - earlier), 2) if later > earlier else 0.0
            for (earlier, before), (later, after) in pairwise(samples)
        ]
