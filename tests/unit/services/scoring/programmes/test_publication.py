"""When a version takes effect: never in a time that was scored already."""

from datetime import UTC, datetime, timedelta

import pytest

from services.scoring.programmes.domain.publication import BEGINNING, EffectiveFromError, Head, effective_from

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
