"""Dates of members who are one person, each by where it lived until it was merged."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.recognition.streaks.domain.dates import Move
from services.recognition.streaks.domain.persons import PersonCalendar, person_calendar
from services.recognition.streaks.domain.standing import standing
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
    assert of({"a": lived(AUCKLAND)}, {}).date_for("a", NOON) == FIFTH
    assert of({}, {}).date_for("a", NOON) == FOURTH


def test_what_was_done_before_the_merge_keeps_its_date_and_what_comes_after_is_of_who_stays() -> None:
    person = of({"a": lived(HONOLULU), "b": lived(AUCKLAND)}, merged("b", "a"))
    assert [person.date_for("b", at) for at in (EARLY, NOON)] == [FIFTH, FOURTH]
    assert [person.date_for("a", NOON - timedelta(hours=hours)) for hours in (3, 2)] == [THIRD, FOURTH]
    # So what was one date in Honolulu may be two.
    assert person.dates_of([("a", [EARLY, NOON]), ("b", [EARLY])]) == {FOURTH, FIFTH}
    assert person.zone_at(LATE) == HONOLULU


def test_who_stays_and_said_nothing_lives_where_the_others_said_until_they_say_so() -> None:
    told = lived(AUCKLAND)
    person = of({"b": told}, merged("b", "a"))
    assert (person.date_for("a", EARLY), person.date_for("a", LATE)) == (FOURTH, FIFTH)
    said = of({"a": lived("UTC", NOON + timedelta(days=1)), "b": told}, merged("b", "a"))
    assert (said.date_for("a", EARLY), said.date_for("a", LATE)) == (FOURTH, FIFTH)
    assert said.date_for("b", NOON + timedelta(days=5)) == date(2026, 3, 9)
    # What they said before counts, whatever the others said.
    before = of({"a": lived("UTC"), "b": told}, merged("b", "a"))
    assert before.date_for("a", LATE) == FOURTH


def test_who_came_by_another_was_of_that_one_meanwhile() -> None:
    later = NOON + timedelta(hours=14)
    merges = merged("c", "b") | merged("b", "a", later)
    person = of({"a": lived(HONOLULU), "b": lived("UTC"), "c": lived(AUCKLAND)}, merges)
    moments = EARLY, LATE, later - timedelta(hours=1), later
    assert [person.date_for("c", at) for at in moments] == [FIFTH, FOURTH, FIFTH, FOURTH]
    # Who stays was by themselves until somebody was merged into them.
    alone = of({"b": lived(AUCKLAND)}, merges)
    assert [alone.date_for("a", at) for at in (LATE, later - timedelta(hours=3), later)] == [FOURTH, FOURTH, FIFTH]


def test_a_date_that_one_of_them_did_not_live_through_is_not_missed_when_they_are_merged() -> None:
    """From Honolulu to Kiritimati there is no 11 June, wherever who stays lived."""
    moves = [*lived(HONOLULU), Move(NOON - timedelta(days=10, hours=7), "Pacific/Kiritimati")]
    acts = NOON - timedelta(days=10, hours=8), NOON - timedelta(days=10)
    alone = of({"a": moves}, {})
    assert [alone.date_of(at) for at in acts] == [date(2026, 2, 21), date(2026, 2, 23)]
    as_of = acts[-1] + timedelta(hours=1)
    assert standing(alone.dates_of([("a", acts)]), calendar=alone, as_of=as_of).current == 2
    for into, other in ("ab", "ba"):
        zones = {other: moves, into: lived("UTC")}
        person = person_calendar(PLAIN, zones, head_id=into, merges=merged(other, into))
        found = standing(person.dates_of([(other, acts)]), calendar=person, as_of=as_of)
        assert (found.current, found.longest) == (2, 2)
        # What each did as it was alone is one: the date that the other owed is done.
        both = [(other, acts), (into, acts[:1])]
        assert standing(person.dates_of(both), calendar=person, as_of=as_of).longest == 3


def test_from_the_merge_on_dates_are_missed_by_the_clocks_of_who_stays() -> None:
    person = of({"a": lived(HONOLULU), "b": lived(AUCKLAND)}, merged("b", "a"))
    alone = of({"a": lived(HONOLULU)}, {})
    for days in range(2, 9):
        day = (NOON + timedelta(days=days)).date()
        assert person.lived(day) == alone.lived(day)
    # Before it a date is over when it is for both: in Honolulu, where it is over last.
    day = (NOON - timedelta(days=9)).date()
    assert person.lived(day) == alone.lived(day)


_ZONES = st.sampled_from([AUCKLAND, HONOLULU, "UTC", "Pacific/Kiritimati", "Asia/Kolkata"])
_HOURS = st.integers(0, 24 * 20)
_MOVES = st.lists(st.tuples(_HOURS, _ZONES), max_size=3)


@given(
    acts=st.lists(st.tuples(_HOURS, st.sampled_from("abc")), max_size=40), zones=st.tuples(_MOVES, _MOVES, _MOVES)
)
def test_a_merge_shortens_no_streak_of_before(
    acts: list[tuple[int, str]], zones: tuple[list[tuple[int, str]], ...]
) -> None:
    """Whoever moved whenever: the longest of a person is no shorter than that of any of its members."""
    said = {
        name: [Move(NOON - timedelta(hours=hours), zone) for hours, zone in moves]
        for name, moves in zip("abc", zones, strict=True)
    }
    done = [
        (name, [NOON - timedelta(hours=hours) for hours, by in acts if by == name and hours]) for name in "abc"
    ]
    person = of(said, merged("b", "a") | merged("c", "b", NOON))
    together = standing(person.dates_of(done), calendar=person, as_of=NOON).longest
    for name, moments in done:
        alone = person_calendar(PLAIN, said, head_id=name, merges={})
        assert standing(alone.dates_of([(name, moments)]), calendar=alone, as_of=NOON).longest <= together
