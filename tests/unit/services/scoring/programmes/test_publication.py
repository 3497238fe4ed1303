"""When a version takes effect: never in a time that was scored already."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.programmes.domain.publication import (
    BEGINNING,
    EffectiveFromError,
    Head,
    VersionStart,
    effective_from,
    succession,
)
from services.scoring.rules.domain.matching import version_at

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
