"""On which days somebody was in an audience, and what was said of them, in whatever order it was heard."""

from datetime import UTC, date, datetime
from itertools import permutations

from services.analytics.attributes.domain import SaidValue, held, value_on
from services.analytics.audiences.domain import AudienceTurn, Stay, is_in_on, stays
from shared.calendars import Calendar, Reckoning

ROME = Calendar([Reckoning(None, "Europe/Rome", "monday")])


def turn(revision: int, day: int, hour: int = 12) -> AudienceTurn:
    """Odd revisions entered, even ones left, in March 2024 by UTC."""
    at = datetime(2024, 3, day, hour, tzinfo=UTC)
    return AudienceTurn("c", "helpers", "m", revision, revision % 2 == 1, at)


def test_what_holds_at_the_end_of_a_day_holds_for_it() -> None:
    told = [turn(1, 4), turn(2, 8, 23), turn(3, 20), turn(4, 20, 15), turn(5, 25)]
    for given in permutations(told):
        assert stays(given, day_of=ROME.day_of) == [
            Stay(date(2024, 3, 4), is_in=True),
            # 23:00 is midnight in Rome: the 8th was a whole day in it.
            Stay(date(2024, 3, 9), is_in=False),
            Stay(date(2024, 3, 25), is_in=True),
        ]
    found = stays(told, day_of=ROME.day_of)
    assert [day for day in range(1, 29) if is_in_on(found, date(2024, 3, day))] == [*range(4, 9), *range(25, 29)]


def test_what_was_known_later_is_over_what_it_begins_before() -> None:
    """A late event made somebody leave before what had them come in: as if they had never been in it."""
    assert stays([turn(1, 10), turn(2, 5)], day_of=ROME.day_of) == []
    assert stays([turn(1, 10), turn(2, 15), turn(3, 12)], day_of=ROME.day_of) == [
        Stay(date(2024, 3, 10), is_in=True)
    ]


def test_of_what_was_said_for_one_moment_the_later_counts() -> None:
    at = [datetime(2024, 3, day, 23, tzinfo=UTC) for day in range(1, 8)]
    said = [SaidValue(at[0], at[0], "IT"), SaidValue(at[2], at[3], "DE"), SaidValue(at[2], at[4], "FR")]
    for given in permutations(said):
        days = held(given, day_of=ROME.day_of)
        assert [value_on(days, date(2024, 3, day)) for day in (1, 2, 3, 4, 9)] == ["", "IT", "IT", "FR", "FR"]
