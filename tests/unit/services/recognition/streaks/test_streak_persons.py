"""Dates of members who are one person, each by where it lived until it was merged."""

from datetime import UTC, date, datetime, timedelta

from services.recognition.streaks.domain.dates import Move
from services.recognition.streaks.domain.persons import PersonCalendar, person_calendar
from shared.calendars import PLAIN
from shared.merges import Merge

AUCKLAND, HONOLULU = "Pacific/Auckland", "Pacific/Honolulu"
#: Past midnight in Auckland, and two in the morning in Honolulu.
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=90)
EARLY, LATE = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
THIRD, FOURTH, FIFTH = (date(2026, 3, day) for day in (3, 4, 5))


def merged(member_id: str, into_id: str, at: datetime = NOON) -> dict[str, Merge]:
    return {member_id: Merge("acme", member_id, into_id, at, 1)}


def lived(zone: str, since: datetime = LONG_AGO) -> list[Move]:
    return [Move(since, zone)]


def of(zones: dict[str, list[Move]], merges: dict[str, Merge]) -> PersonCalendar:
    return person_calendar(PLAIN, zones, head_id="a", merges=merges)


def test_who_is_alone_has_their_own_dates() -> None:
    assert of({"a": lived(AUCKLAND)}, {}).date_of("a", NOON) == FIFTH
    assert of({}, {}).date_of("a", NOON) == FOURTH


def test_what_was_done_before_the_merge_keeps_its_date_and_what_comes_after_is_of_who_stays() -> None:
    person = of({"a": lived(HONOLULU), "b": lived(AUCKLAND)}, merged("b", "a"))
    assert [person.date_of("b", at) for at in (EARLY, NOON)] == [FIFTH, FOURTH]
    assert [person.date_of("a", NOON - timedelta(hours=hours)) for hours in (3, 2)] == [THIRD, FOURTH]
    # So what was one date in Honolulu may be two.
    assert person.dates_of([("a", [EARLY, NOON]), ("b", [EARLY])]) == {FOURTH, FIFTH}
    assert person.calendar.zone_at(LATE) == HONOLULU


def test_who_stays_and_said_nothing_lives_where_the_others_said_until_they_say_so() -> None:
    told = lived(AUCKLAND)
    person = of({"b": told}, merged("b", "a"))
    assert (person.date_of("a", EARLY), person.date_of("a", LATE)) == (FOURTH, FIFTH)
    said = of({"a": lived("UTC", NOON + timedelta(days=1)), "b": told}, merged("b", "a"))
    assert (said.date_of("a", EARLY), said.date_of("a", LATE)) == (FOURTH, FIFTH)
    assert said.date_of("b", NOON + timedelta(days=5)) == date(2026, 3, 9)
    # What they said before counts, whatever the others said.
    before = of({"a": lived("UTC"), "b": told}, merged("b", "a"))
    assert before.date_of("a", LATE) == FOURTH


def test_who_came_by_another_was_of_that_one_meanwhile() -> None:
    later = NOON + timedelta(hours=14)
    merges = merged("c", "b") | merged("b", "a", later)
    person = of({"a": lived(HONOLULU), "b": lived("UTC"), "c": lived(AUCKLAND)}, merges)
    moments = EARLY, LATE, later - timedelta(hours=1), later
    assert [person.date_of("c", at) for at in moments] == [FIFTH, FOURTH, FIFTH, FOURTH]
    # Who stays was by themselves until somebody was merged into them.
    alone = of({"b": lived(AUCKLAND)}, merges)
    assert [alone.date_of("a", at) for at in (LATE, later - timedelta(hours=3), later)] == [FOURTH, FOURTH, FIFTH]
