"""How late events are scored, and how slowly all are let in meanwhile."""

import pytest

from services.ingest.brake import domain
from services.ingest.brake.domain import Backlog, Pace


def test_the_age_is_that_of_the_oldest_event_that_is_not_scored() -> None:
    backlog = Backlog()
    assert backlog.age_seconds(10.0, {0: 5, 1: 3}, {0: 5, 1: 3}) == 0
    assert backlog.age_seconds(11.0, {0: 6, 1: 3}, {0: 5, 1: 3}) == 0, "it was first seen now"
    assert backlog.age_seconds(12.0, {0: 9, 1: 3}, {0: 5, 1: 3}) == 1
    assert backlog.age_seconds(13.0, {0: 9, 1: 4}, {0: 6, 1: 3}) == 1, "the one of 11 is scored, that of 12 is not"
    assert backlog.age_seconds(14.0, {0: 9, 1: 4}, {0: 9, 1: 3}) == 1
    assert backlog.age_seconds(15.0, {0: 9, 1: 4}, {0: 9, 1: 4}) == 0


def test_what_nobody_speaks_of_does_not_wait() -> None:
    backlog = Backlog()
    for now in (1.0, 2.0):
        assert backlog.age_seconds(now, {0: 9, 1: 9}, {}) == 0
        assert backlog.age_seconds(now, {0: 9, 1: 9}, {0: 9}) == 0


def test_scoring_that_reads_again_is_late_from_then_on() -> None:
    backlog = Backlog()
    backlog.age_seconds(1.0, {0: 9}, {0: 9})
    assert backlog.age_seconds(2.0, {0: 9}, {0: 0}) == 0
    assert backlog.age_seconds(5.0, {0: 9}, {0: 8}) == 3
    backlog.forget()
    assert backlog.age_seconds(6.0, {0: 9}, {0: 8}) == 0


def test_looks_are_bounded_and_the_oldest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "LOOKS_MAX_COUNT", 3)
    backlog = Backlog()
    ages = [backlog.age_seconds(float(now), {0: now + 1}, {0: 0}) for now in range(100)]
    assert ages == [float(now) for now in range(100)]
    assert len(backlog._looks) == 3


def test_the_pace_falls_fast_to_the_least_and_rises_slowly_to_all() -> None:
    pace, now, parts = Pace(), 0.0, []
    for _ in range(40):
        pace.see(now, is_late=True, least=0.02)
        parts.append(pace.part)
        now += 0.1
    assert parts == sorted(parts, reverse=True)
    assert (parts[0], parts[1], parts[-1]) == (0.5, 0.5, 0.02)
    assert parts[10] <= 1 / 16
    for _ in range(50):
        now += 0.1
        pace.see(now, is_late=False, least=0.02)
    assert pace.part == pytest.approx(0.02 * domain.FASTER**5, rel=0.05)
    for _ in range(40):
        now += 1
        pace.see(now, is_late=False, least=0.02)
    assert pace.part == 1


def test_a_clock_that_stands_still_or_goes_back_speeds_nothing_up() -> None:
    pace = Pace()
    pace.see(5.0, is_late=True, least=0.02)
    for now in (5.0, 4.0, 4.0):
        pace.see(now, is_late=False, least=0.02)
    assert pace.part == 0.5
