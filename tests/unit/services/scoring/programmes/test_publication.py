"""When a version takes effect: never in a time that was scored already."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.programmes.domain.publication import (
    BEGINNING,
    EffectiveFromError,
    Head,
    NotWithdrawableError,
    Standing,
    VersionStart,
    before_scheduled,
    effective_from,
    standings,
    succession,
)
from services.scoring.rules.domain.compiling import version_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEAD = timedelta(seconds=2)
UNKNOWN = Head(programme_id=None, newest=0, nothing_received=True, now=NOW)
UNPUBLISHED = Head(programme_id=None, newest=0, nothing_received=False, now=NOW)
PUBLISHED = Head(programme_id="demo", newest=3, nothing_received=False, now=NOW)


@pytest.mark.parametrize(
    ("head", "requested", "expected"),
    [
        (UNKNOWN, None, BEGINNING),
        (UNKNOWN, NOW - timedelta(days=9), NOW - timedelta(days=9)),
        (UNPUBLISHED, None, NOW),
        (UNPUBLISHED, NOW, NOW),
        (PUBLISHED, None, NOW + LEAD),
        (PUBLISHED, NOW + LEAD, NOW + LEAD),
        (PUBLISHED, NOW + timedelta(days=9), NOW + timedelta(days=9)),
    ],
)
def test_a_version_takes_effect_as_soon_as_nothing_was_scored_or_when_asked(
    head: Head, requested: datetime | None, expected: datetime
) -> None:
    assert effective_from(requested, head=head, lead_seconds=LEAD.total_seconds()) == expected


@pytest.mark.parametrize(("head", "earliest"), [(UNPUBLISHED, NOW), (PUBLISHED, NOW + LEAD)])
def test_a_time_that_was_scored_is_refused_and_the_earliest_is_told(head: Head, earliest: datetime) -> None:
    with pytest.raises(EffectiveFromError) as refused:
        effective_from(earliest - timedelta(microseconds=1), head=head, lead_seconds=LEAD.total_seconds())
    assert f"from {earliest.isoformat()} on" in str(refused.value)


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(-1, 10))
def test_in_succession_are_the_versions_that_are_ever_in_force(hours: list[int], asked: int) -> None:
    """However far ahead earlier ones were published for: the newest that is in effect is the last one begun."""
    starts = [
        VersionStart(number, BEGINNING + timedelta(hours=hour)) for number, hour in enumerate(hours, start=1)
    ]
    found = succession(starts)
    assert found == sorted(found, key=lambda start: (start.effective_from, start.number))
    moment = BEGINNING + timedelta(hours=asked)
    begun = [start for start in found if start.effective_from <= moment]
    assert (begun[-1] if begun else None) == version_at(starts, moment)


def starts(*days: int) -> list[VersionStart]:
    """Versions from 1 on, each in force so many days from now."""
    return [VersionStart(number, NOW + timedelta(days=day)) for number, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), {}),
        ((-1,), {1: "now"}),
        ((0,), {1: "now"}),
        ((1,), {1: "later"}),
        ((-9, -1, 1, 3), {1: "ended", 2: "now", 3: "later", 4: "later"}),
        ((-9, 5, -1), {1: "ended", 2: "never", 3: "now"}),
        ((-9, 5, 5), {1: "now", 2: "never", 3: "later"}),
        ((-9, -5, -5), {1: "ended", 2: "never", 3: "now"}),
    ],
)
def test_a_version_is_in_force_now_later_no_more_or_never(days: tuple[int, ...], expected: dict[int, str]) -> None:
    assert standings(starts(*days), now=NOW) == {number: Standing(said) for number, said in expected.items()}


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_what_stands_now_is_what_scores_now(days: list[int]) -> None:
    found = standings(starts(*days), now=NOW)
    in_force = version_at(succession(starts(*days)), NOW)
    assert [number for number, standing in found.items() if standing is Standing.NOW] == (
        [] if in_force is None else [in_force.number]
    )


def test_before_the_last_that_is_scheduled_is_what_goes_on() -> None:
    assert before_scheduled(starts(-1, 5), 2, now=NOW, lead_seconds=2.0).number == 1
    assert before_scheduled(starts(-1, 5, 9), 3, now=NOW, lead_seconds=2.0).number == 2


@pytest.mark.parametrize(
    ("days", "number", "why"),
    [
        ((-1,), 1, "has taken effect"),
        ((-1, 0), 2, "has taken effect"),
        ((-1, 5, 9), 2, "version 3 is to come after version 2; withdraw it first"),
        ((-2, 5, -1), 2, "never takes effect"),
        ((5,), 1, "no version is before version 1"),
    ],
)
def test_no_other_version_is_withdrawn(days: tuple[int, ...], number: int, why: str) -> None:
    with pytest.raises(NotWithdrawableError, match=why):
        before_scheduled(starts(*days), number, now=NOW, lead_seconds=2.0)
