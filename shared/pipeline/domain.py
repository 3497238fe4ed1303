"""Reports of workers, and what they come to for the whole service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

#: Samples that a report has of the last minute, oldest first.
RECENT_COUNT = 30
MEDIAN, P99 = 0.5, 0.99


class TopicReport(TypedDict):
    """Records of a topic that one worker has taken a second, how many wait, and how old the oldest may be."""

    per_second: float
    lag: int
    oldest_seconds: float


class WorkerReport(TypedDict):
    """What one worker says; `recent` is records a second, `ages` how many events were how old, by stage."""

    topics: dict[str, TopicReport]
    recent: list[float]
    ages: dict[str, list[int]]
    outbox_pending: int


@dataclass(frozen=True, slots=True)
class TopicFlow:
    """A topic as the whole service reads it."""

    topic: str
    per_second: float
    lag: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class StageAges:
    """How old events of the last minute were when a stage acted on them; None beyond all bounds."""

    stage: str
    count: int
    median_seconds: float | None
    p99_seconds: float | None


@dataclass(frozen=True, slots=True)
class Flow:
    """How records go through a service: of all its workers that reported lately."""

    workers_count: int
    reported_at: datetime | None
    topics: Sequence[TopicFlow]
    recent: Sequence[float]
    ages: Sequence[StageAges]
    outbox_pending: int


def flow_of(reports: Sequence[tuple[datetime, WorkerReport]], *, bounds: Sequence[float]) -> Flow:
    """What the reports, each with its time, come to; `bounds` are those that ages are counted by, in seconds."""
    topics: dict[str, TopicFlow] = {}
    recent = [0.0] * RECENT_COUNT
    ages: dict[str, list[int]] = {}
    for _, report in reports:
        for name, said in report["topics"].items():
            known = topics.get(name, TopicFlow(name, 0.0, 0, 0.0))
            topics[name] = TopicFlow(
                name,
                known.per_second + said["per_second"],
                known.lag + said["lag"],
                max(known.oldest_seconds, said["oldest_seconds"]),
            )
        for place, rate in enumerate(reversed(report["recent"][-RECENT_COUNT:]), 1):
            recent[-place] += rate
        for stage, counts in report["ages"].items():
            sums = ages.setdefault(stage, [0] * len(counts))
            ages[stage] = [one + other for one, other in zip(sums, counts, strict=True)]
    return Flow(
        workers_count=len(reports),
        reported_at=max((at for at, _ in reports), default=None),
        topics=[topics[name] for name in sorted(topics)],
        recent=recent,
        ages=[
            StageAges(stage, sum(counts), quantile(counts, bounds, MEDIAN), quantile(counts, bounds, P99))
            for stage, counts in sorted(ages.items())
        ],
        # The outbox is one: each worker counts the same rows.
        outbox_pending=max((report["outbox_pending"] for _, report in reports), default=0),
    )


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """The value that so much of all lies below, from counts between bounds (the last: beyond them all).

    Within its bounds a value is taken to be anywhere with equal chance. None for no values, or beyond all bounds.
    """
    wanted, passed, lower = share * sum(counts), 0, 0.0
    for count, upper in zip(counts, bounds, strict=False):
        if count and passed + count >= wanted:
            return lower + (upper - lower) * (wanted - passed) / count
        passed, lower = passed + count, upper
    return None


def ages_since(now: Mapping[str, Sequence[int]], before: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """How many events were counted since, by stage; stages with none are left out."""
    found = {
        stage: [count - old for count, old in zip(counts, before.get(stage, [0] * len(counts)), strict=True)]
        for stage, counts in now.items()
    }
    return {stage: counts for stage, counts in found.items() if any(counts)}
