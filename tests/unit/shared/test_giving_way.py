"""What gives way is read while nothing else waits, a bounded batch at a time, and never not at all."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.consumer.giving_way import GivesWay, Turns

LIVE, OTHER, PAST = TopicPartition("live", 0), TopicPartition("lane", 0), TopicPartition("past", 0)
TERMS = GivesWay(batch_max_count=10, per_second=20, wait_max_seconds=5)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns({"past": TERMS}, lambda partition: partition.topic == "lane", clock)


def records(topic: str, count: int, first: int = 0) -> list[Any]:
    return [SimpleNamespace(topic=topic, partition=0, offset=first + number) for number in range(count)]


def test_without_topics_that_give_way_everything_is_read_and_nothing_left(clock: Clock) -> None:
    turns = Turns({}, lambda partition: partition.topic == "lane", clock)
    lags = {LIVE: 3, OTHER: 4}
    assert turns.next([LIVE, OTHER], lags, 100) == (None, 100)
    assert turns.left(records("live", 3), lags) == {}
    assert turns.waiting(lags) == 3  # what is closed does not wait to be read


def test_it_is_not_read_while_others_wait(turns: Turns) -> None:
    lags = {LIVE: 1, PAST: 500}
    assert turns.next([LIVE, PAST], lags, 100) == ([LIVE], 100)
    assert turns.waiting(lags) == 1


def test_what_is_closed_does_not_count_as_waiting(turns: Turns) -> None:
    lags = {LIVE: 0, OTHER: 7, PAST: 500}
    assert turns.next([LIVE, OTHER, PAST], lags, 100) == ([LIVE, OTHER, PAST], 10)
    assert turns.waiting(lags) == 500


def test_a_batch_of_it_is_bounded_and_the_next_comes_when_it_is_due(turns: Turns, clock: Clock) -> None:
    lags = {LIVE: 0, PAST: 500}
    assert turns.left(records("past", 12), lags) == {PAST: 10}
    assert turns.next([LIVE, PAST], lags, 100).partitions == [LIVE]
    clock.now += 0.49
    assert turns.left(records("past", 3, first=10), lags) == {PAST: 10}
    clock.now += 0.01
    assert turns.left(records("past", 3, first=10), lags) == {}


def test_a_rest_is_not_made_up_for(turns: Turns, clock: Clock) -> None:
    lags = {LIVE: 0, PAST: 500}
    clock.now += 3_600
    taken = 0
    for _ in range(100):
        clock.now += 0.1
        taken += 10 if turns.left(records("past", 10), lags) == {} else 0
    assert 180 <= taken <= 200 + TERMS.batch_max_count  # ten seconds


def test_others_that_came_with_it_or_wait_by_now_go_first(turns: Turns) -> None:
    assert turns.left([*records("live", 2), *records("past", 5)], {LIVE: 0, PAST: 5}) == {PAST: 0}
    assert turns.left(records("past", 5), {LIVE: 1, PAST: 5}) == {PAST: 0}
    assert turns.left(records("past", 5), {LIVE: 0, PAST: 5}) == {}


def test_while_others_always_wait_a_batch_is_read_alone_once_in_a_while(turns: Turns, clock: Clock) -> None:
    lags = {LIVE: 1, PAST: 500}
    clock.now += TERMS.wait_max_seconds + 0.1
    assert turns.next([LIVE, PAST], lags, 100) == ([PAST], 10)
    assert turns.left(records("past", 10), lags) == {}
    assert turns.next([LIVE, PAST], lags, 100) == ([LIVE], 100)
    clock.now += TERMS.wait_max_seconds + 0.1
    assert turns.next([LIVE, PAST], lags, 100) == ([PAST], 10)


def test_it_waits_from_when_something_waits(turns: Turns, clock: Clock) -> None:
    clock.now += 60
    turns.next([LIVE, PAST], {LIVE: 1, PAST: 0}, 100)
    assert turns.next([LIVE, PAST], {LIVE: 1, PAST: 1}, 100).partitions == [LIVE]


def test_a_worker_that_has_nothing_else_reads_nothing_until_it_is_due(turns: Turns, clock: Clock) -> None:
    assert turns.left(records("past", 10), {PAST: 500}) == {}
    assert turns.next([PAST], {PAST: 490}, 100).partitions == []
    clock.now += 1
    assert turns.next([PAST], {PAST: 490}, 100) == ([PAST], 10)
