from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from aiokafka import TopicPartition

from shared.consumer.meter import Meter
from shared.dead_letters.domain import community_of
from shared.pipeline.domain import WorkerReport, ages_since, flow_of, quantile
from shared.topics import record_key

BOUNDS = (1.0, 2.0, 4.0)


@dataclass
class Record:
    topic: str
    partition: int
    timestamp: int


def taken(meter: Meter, count: int, *, at: float) -> None:
    meter.took({"events": count})
    meter.reached([Record("events", 0, int(at * 1000))])


def report(meter: Meter, *, at: float, lag: int = 0, ages: dict[str, list[int]] | None = None) -> WorkerReport:
    lags = {TopicPartition("events", 0): lag}
    return meter.report(at=at, lags=lags, topics=["events", "quiet"], ages=ages or {}, outbox_pending=7)


def test_a_rate_is_of_the_last_reports_alone() -> None:
    meter = Meter()
    assert report(meter, at=100.0)["topics"]["events"]["per_second"] == 0.0
    for second in range(102, 130, 2):
        taken(meter, 40, at=second)
        said = report(meter, at=float(second))
    assert said["topics"]["events"]["per_second"] == 20.0
    assert said["topics"]["quiet"] == {"per_second": 0.0, "lag": 0, "oldest_seconds": 0.0}
    assert said["recent"] == [20.0] * 14
    for second in range(130, 142, 2):
        said = report(meter, at=float(second))
    assert said["topics"]["events"]["per_second"] == 0.0


def test_the_oldest_that_waits_is_as_old_as_the_last_one_taken_or_younger() -> None:
    meter = Meter()
    taken(meter, 1, at=50.0)
    report(meter, at=100.0)
    # None waited at 100, so what waits now came later, however long ago the last record came.
    assert report(meter, at=103.0, lag=5)["topics"]["events"]["oldest_seconds"] == 3.0
    taken(meter, 1, at=102.0)
    assert report(meter, at=110.0, lag=4)["topics"]["events"] == {
        "per_second": 0.1,
        "lag": 4,
        "oldest_seconds": 8.0,
    }


def test_ages_are_those_of_the_time_between_two_reports() -> None:
    assert ages_since({"award": [3, 5, 0, 1]}, {"award": [3, 2, 0, 1]}) == {"award": [0, 3, 0, 0]}
    assert ages_since({"award": [3, 5, 0, 1]}, {}) == {"award": [3, 5, 0, 1]}
    assert ages_since({"award": [3]}, {"award": [3]}) == {}


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ([10, 0, 0, 0], 0.5, 0.5),
        ([0, 10, 0, 0], 0.5, 1.5),
        ([5, 5, 0, 0], 1.0, 2.0),
        ([98, 1, 1, 0], 0.99, 2.0),
        ([0, 0, 0, 3], 0.5, None),
        ([0, 0, 0, 0], 0.5, None),
    ],
)
def test_a_quantile_lies_within_its_bounds(counts: list[int], share: float, value: float | None) -> None:
    assert quantile(counts, BOUNDS, share) == value


def test_a_service_is_what_its_workers_say_together() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    one: WorkerReport = {
        "topics": {"events": {"per_second": 3.0, "lag": 2, "oldest_seconds": 1.0}},
        "recent": [1.0, 2.0],
        "ages": {"award": [1, 1, 0, 0]},
        "outbox_pending": 4,
    }
    other: WorkerReport = {
        "topics": {
            "events": {"per_second": 4.0, "lag": 5, "oldest_seconds": 6.0},
            "members": {"per_second": 0.0, "lag": 0, "oldest_seconds": 0.0},
        },
        "recent": [5.0],
        "ages": {"award": [1, 0, 1, 0]},
        "outbox_pending": 5,
    }
    flow = flow_of([(at, one), (at, other)], bounds=BOUNDS)
    (events, members) = flow.topics
    assert (events.per_second, events.lag, events.oldest_seconds) == (7.0, 7, 6.0)
    assert members.topic == "members"
    assert list(flow.recent[-2:]) == [1.0, 7.0]
    assert [(age.stage, age.count, age.median_seconds) for age in flow.ages] == [("award", 4, 1.0)]
    assert flow.outbox_pending == 5
    assert flow_of([], bounds=BOUNDS).workers_count == 0


def test_a_record_is_of_the_community_that_its_key_names() -> None:
    assert community_of(record_key("acme", "m|1")) == "acme"
    assert [community_of(key) for key in (b"", b"acme", b"|x", b"\xff|x", b"a\x00|x")] == [None] * 5
