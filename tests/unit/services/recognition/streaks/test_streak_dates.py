"""Known answers and properties of streaks: what is right was reasoned, or counted, apart from the code."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recognition.streaks.domain.dates import Calendar, Move, calendar_of
from services.recognition.streaks.domain.standing import (
    DAILY,
    WEEKLY,
    Day,
    Earning,
    Rhythm,
    Standing,
    picture,
    standing,
)
from shared.calendars import Calendar as CommunityCalendar
from shared.calendars import Reckoning

ROME, HONOLULU, AUCKLAND = "Europe/Rome", "Pacific/Honolulu", "Pacific/Auckland"


def at(text: str) -> datetime:
    """`2024-05-01 10` or with minutes or seconds, in UTC; the year may be left out."""
    whole = text if text[4:5] == "-" else f"2024-{text}"
    day, clock = whole.split(" ")
    parts = [int(part) for part in clock.split(":")]
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(
        **dict(zip(("hours", "minutes", "seconds"), parts, strict=False))
    )


class Case(NamedTuple):
    """A row of the table of known answers; `moves` and `freezes` as the table says."""

    name: str
    zone: str
    acts: Sequence[str]
    as_of: str
    current: int
    longest: int | None = None
    spent: int = 0
    moves: Sequence[tuple[str, str]] = ()
    freezes: Sequence[str] = ()


EARLY = "01-01 00"
CASES = [
    Case("1 plain", ROME, ["05-01 10", "05-02 10", "05-03 10"], "05-03 12", 3),
    Case("2 today is open", ROME, ["05-01 10", "05-02 10"], "05-03 12", 2),
    Case("3 it is the 4th in Rome", ROME, ["05-01 10", "05-02 10"], "05-03 22", 0, 2),
    Case("4 midnight between", ROME, ["05-01 21:59:59", "05-01 22"], "05-01 22", 2),
    Case("5 one date", "UTC", ["05-01 21:59:59", "05-01 22"], "05-01 22", 1),
    Case("6 a set", ROME, ["05-01 10"] * 3, "05-01 12", 1),
    Case("7 37 hours apart", ROME, ["05-01 08", "05-02 21"], "05-02 21:30", 2),
    Case("8 DST starts", ROME, ["03-30 22:30", "03-30 23:30", "03-31 22:30"], "04-01 08", 3),
    Case("9 DST ends", ROME, ["10-26 22:30", "10-27 22:59:59", "10-27 23"], "10-28 08", 2),
    Case("10 an hour repeats", "America/New_York", ["11-03 05:30", "11-03 06:30"], "11-03 12", 1),
    Case("11 no midnight in Santiago", "America/Santiago", ["09-08 03:59:59", "09-08 04"], "09-08 12", 2),
    Case("12 no midnight in Cairo", "Africa/Cairo", ["04-25 21:59:59", "04-25 22"], "04-26 01", 2),
    Case("13 leap year", ROME, ["02-28 12", "02-29 12", "03-01 12"], "03-01 13", 3),
    Case("14 leap day missed", ROME, ["02-28 12", "03-01 12"], "03-01 13", 1, 1),
    Case("15 common year", ROME, ["2023-02-28 12", "2023-03-01 12"], "2023-03-01 13", 2),
    Case("16 end of a year", ROME, ["2023-12-31 22:30", "2023-12-31 23:30"], "01-01 08", 2),
    Case("17 no 30 December", "Pacific/Apia", ["2011-12-30 09:59:59", "2011-12-30 10"], "2011-12-30 11", 2),
    Case("18 29 December owed", "Pacific/Apia", ["2011-12-29 09:30", "2011-12-30 10:30"], "2011-12-30 11", 1, 1),
    Case(
        "19 to Auckland",
        HONOLULU,
        ["06-10 20", "06-11 21", "06-12 10:30", "06-12 21"],
        "06-12 22",
        4,
        moves=[("06-11 20", AUCKLAND)],
    ),
    Case(
        "20 a date of two hours",
        HONOLULU,
        ["06-10 20", "06-11 21", "06-12 21"],
        "06-12 22",
        3,
        moves=[("06-11 20", AUCKLAND)],
    ),
    Case(
        "21 a date without a moment",
        HONOLULU,
        ["06-11 04", "06-11 12"],
        "06-11 13",
        2,
        moves=[("06-11 05", "Pacific/Kiritimati")],
    ),
    Case(
        "22 a date twice",
        AUCKLAND,
        ["06-11 05", "06-12 05", "06-12 13", "06-13 11"],
        "06-13 12",
        3,
        moves=[("06-12 06", HONOLULU)],
    ),
    Case("23a still open", AUCKLAND, ["06-11 05", "06-12 05"], "06-14 09:59", 2, moves=[("06-12 06", HONOLULU)]),
    Case("23b over", AUCKLAND, ["06-11 05", "06-12 05"], "06-14 10", 0, 2, moves=[("06-12 06", HONOLULU)]),
    Case("24 frozen", ROME, ["05-01 10", "05-02 10", "05-04 10"], "05-04 12", 3, 3, 1, freezes=[EARLY]),
    Case("25 then broken", ROME, ["05-01 10", "05-02 10", "05-05 10"], "05-05 12", 1, 2, 1, freezes=[EARLY]),
    Case(
        "26 two freezes", ROME, ["05-01 10", "05-02 10", "05-05 10"], "05-05 12", 3, 3, 2, freezes=[EARLY, EARLY]
    ),
    Case(
        "27 the earliest gap",
        ROME,
        ["05-01 10", "05-03 10", "05-04 10", "05-06 10"],
        "05-06 12",
        1,
        3,
        1,
        freezes=[EARLY],
    ),
    Case(
        "28 given too late", ROME, ["05-01 10", "05-02 10", "05-04 10"], "05-04 12", 1, 2, 0, freezes=["05-04 06"]
    ),
    Case(
        "29 a late act",
        ROME,
        ["05-01 10", "05-02 10", "05-04 10", "05-03 21:59:59"],
        "05-04 12",
        4,
        4,
        0,
        freezes=[EARLY],
    ),
    Case("30 one taken back", ROME, ["05-01 10", "05-03 10"], "05-03 12", 1, 1),
    Case("31 Kathmandu", "Asia/Kathmandu", ["01-01 18:14:59", "01-01 18:15"], "01-01 19", 2),
    Case("32 no rescue", ROME, ["04-30 10", "05-02 02"], "05-02 03", 1, 1, moves=[("05-02 00", HONOLULU)]),
    Case("33 the price", ROME, ["04-30 10", "05-02 02"], "05-02 03", 2, moves=[("05-01 21:50", HONOLULU)]),
    Case("34 alive", ROME, ["05-01 10", "05-02 10"], "05-04 12", 2, 2, 1, freezes=[EARLY]),
]


def stands(case: Case) -> Standing:
    moves = [Move(at(when), zone) for when, zone in case.moves]
    calendar = Calendar(case.zone, moves)
    days = {calendar.date_of(at(act)) for act in case.acts}
    return standing(days, calendar=calendar, as_of=at(case.as_of), freezes=[at(one) for one in case.freezes])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_known_answers(case):
    found = stands(case)
    longest = case.current if case.longest is None else case.longest
    assert (found.current, found.longest, found.spent) == (case.current, longest, case.spent)


@pytest.mark.parametrize(
    ("zone", "missing"),
    [
        ("Pacific/Apia", "2011-12-30"),
        ("Pacific/Kiritimati", "1994-12-31"),
        ("Pacific/Kwajalein", "1993-08-21"),
    ],
    ids=["Samoa", "Kiritimati", "Kwajalein"],
)
def test_dates_that_there_are_not(zone, missing):
    calendar, day = Calendar(zone), date.fromisoformat(missing)
    assert calendar.lived(day) is None
    assert calendar.lived(day - timedelta(days=1)).is_owed
    assert calendar.lived(day + timedelta(days=1)).is_owed


def test_weeks_follow_each_other_over_the_end_of_a_year():
    rome = Calendar(ROME)
    last, first = rome.date_of(at("2021-01-03 22:59:59")), rome.date_of(at("2021-01-03 23"))
    assert (last.isocalendar()[:2], first.isocalendar()[:2]) == ((2020, 53), (2021, 1))
    assert standing({last, first}, calendar=rome, as_of=at("2021-01-04 10"), rhythm=WEEKLY).current == 2
    assert WEEKLY.period_of(date(2024, 12, 30)) == WEEKLY.period_of(date(2025, 1, 1))


def test_a_week_asks_for_so_many_dates_and_the_current_one_is_open():
    rome, twice = Calendar(ROME), Rhythm(days=7, goal=2)
    days = {date(2024, 5, 6), date(2024, 5, 8), date(2024, 5, 13), date(2024, 5, 19), date(2024, 5, 20)}
    assert standing(days, calendar=rome, as_of=at("05-21 10"), rhythm=twice).current == 2
    assert standing(days, calendar=rome, as_of=at("05-26 21:59"), rhythm=twice).current == 2
    assert standing(days, calendar=rome, as_of=at("05-26 22"), rhythm=twice) == Standing(0, 2)


def test_working_days_alone_may_be_due():
    working = Rhythm(weekdays=frozenset(range(5)))
    friday, saturday, monday = date(2024, 5, 3), date(2024, 5, 4), date(2024, 5, 6)
    found = standing({friday, saturday, monday}, calendar=Calendar(ROME), as_of=at("05-06 12"), rhythm=working)
    assert found.current == 2


def test_it_is_said_when_a_streak_ends():
    rome, days = Calendar(ROME), {date(2024, 5, 1), date(2024, 5, 2)}
    assert standing(days, calendar=rome, as_of=at("05-02 12")).ends_at is None
    assert standing(days, calendar=rome, as_of=at("05-03 12")).ends_at == at("05-03 22")
    assert standing(days, calendar=rome, as_of=at("05-03 22")).ends_at is None


def test_a_third_move_within_thirty_days_does_not_count():
    moves = [Move(at("05-01 10"), AUCKLAND), Move(at("05-05 10"), HONOLULU), Move(at("05-20 10"), AUCKLAND)]
    assert Calendar(ROME, moves).date_of(at("05-25 11")) == Calendar(HONOLULU).date_of(at("05-25 11"))
    later = Move(at("06-10 10"), AUCKLAND)
    assert Calendar(ROME, [*moves, later]).date_of(at("06-25 13")) == date(2024, 6, 26)


def test_what_is_said_again_before_midnight_counts_in_its_place():
    moves = [Move(at("05-01 10"), AUCKLAND), Move(at("05-01 12"), HONOLULU)]
    calendar = Calendar(ROME, moves)
    assert calendar.date_of(at("05-01 21:59")) == date(2024, 5, 1)
    assert calendar.date_of(at("05-02 09:59")) == date(2024, 5, 1)


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"):
        Calendar(ROME, [Move(datetime(2024, 5, 1), AUCKLAND)])  # noqa: DTZ001 -- naive on purpose


ZONES = [
    ROME,
    HONOLULU,
    AUCKLAND,
    "Pacific/Kiritimati",
    "America/Santiago",
    "Asia/Kathmandu",
    "UTC",
    "Africa/Cairo",
]
BEGIN = at("03-20 00")
QUARTER = timedelta(minutes=15)
quarters = st.integers(0, 40 * 96 - 1)
lives = st.tuples(st.sampled_from(ZONES), st.lists(st.tuples(quarters, st.sampled_from(ZONES)), max_size=4))


def slow(
    calendar: Calendar,
    days: set[date],
    freezes: list[datetime],
    as_of: datetime,
    earning: Earning | None = None,
) -> tuple[int, int, int]:
    """A streak by looking at each quarter of an hour of the life, with what is missed noticed when it is over."""
    quarters_of: dict[date, list[datetime]] = {}
    for number in range(-3 * 96, 46 * 96):
        moment = BEGIN + number * QUARTER
        quarters_of.setdefault(calendar.date_of(moment), []).append(moment)
    current = longest = spent = earned = 0
    for day in sorted(quarters_of):
        over_at = quarters_of[day][-1] + QUARTER
        if day in days:
            current += 1
            longest = max(longest, current)
            if earning is not None and current % earning.every == 0:
                given_before = sum(calendar.date_of(one) < day for one in freezes if one <= as_of)
                if given_before + earned - spent < earning.hold:
                    earned += 1
        elif current and over_at <= as_of and len(quarters_of[day]) >= 48:
            if sum(one < over_at and one <= as_of for one in freezes) + earned > spent:
                spent += 1
            else:
                current = 0
    return current, longest, spent


@given(
    life=lives,
    acts=st.lists(quarters, max_size=40),
    frozen=st.lists(quarters, max_size=3),
    as_of=st.integers(0, 40 * 96),
    earning=st.none() | st.builds(Earning, every=st.integers(1, 5), hold=st.integers(1, 2)),
)
def test_it_is_what_looking_at_each_quarter_of_an_hour_finds(life, acts, frozen, as_of, earning):
    zone, said = life
    calendar = Calendar(zone, [Move(BEGIN + number * QUARTER, to) for number, to in said])
    now = BEGIN + as_of * QUARTER
    moments = [BEGIN + number * QUARTER for number in acts if number <= as_of]
    freezes = [BEGIN + number * QUARTER for number in frozen]
    days = {calendar.date_of(moment) for moment in moments}
    found = standing(days, calendar=calendar, as_of=now, freezes=freezes, earning=earning)
    assert (found.current, found.longest, found.spent) == slow(calendar, days, freezes, now, earning)


@given(life=lives, order=st.randoms(use_true_random=False))
def test_the_order_in_which_moves_are_heard_does_not_matter(life, order):
    zone, said = life
    moves = [Move(BEGIN + number * QUARTER, to) for number, to in said]
    shuffled = order.sample(moves, len(moves))
    one, other = Calendar(zone, moves), Calendar(zone, shuffled)
    assert [one.lived(date(2024, 3, 18) + timedelta(days=n)) for n in range(50)] == [
        other.lived(date(2024, 3, 18) + timedelta(days=n)) for n in range(50)
    ]


def test_freezes_come_of_the_streak_and_are_kept_up_to_so_many():
    rome, weekly_freeze = Calendar(ROME), Earning(every=7, hold=1)
    days = {date(2024, 5, number) for number in range(1, 15)}
    found = standing(days, calendar=rome, as_of=at("05-14 12"), earning=weekly_freeze)
    assert (found.current, found.spent, found.left) == (14, 0, 1)
    found = standing(days | {date(2024, 5, 16)}, calendar=rome, as_of=at("05-16 12"), earning=weekly_freeze)
    assert (found.current, found.spent, found.left) == (15, 1, 0)
    assert standing(days, calendar=rome, as_of=at("05-16 22"), earning=weekly_freeze) == Standing(
        0, 14, 1, 0, None, frozenset({DAILY.period_of(date(2024, 5, 15))})
    )


@pytest.mark.parametrize(("given", "left"), [(8, 9), (9, 10), (10, 10)])
def test_one_that_is_given_on_the_day_that_would_earn_one_leaves_nobody_more_than_may_be_given(given, left):
    days = {date(2024, 5, number) for number in range(1, 4)}
    freezes = [at("04-30 12")] * (given - 1) + [at("05-03 08")]
    found = standing(
        days, calendar=Calendar(ROME), as_of=at("05-03 12"), freezes=freezes, earning=Earning(every=3, hold=10)
    )
    assert (found.current, found.left) == (3, left)


def test_what_became_of_each_date():
    rome = Calendar(ROME)
    days = {date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 4)}
    found = standing(days, calendar=rome, as_of=at("05-06 12"), freezes=[at(EARLY)])
    shown = picture(days, calendar=rome, as_of=at("05-06 12"), rhythm=DAILY, found=found, count_days=6)
    assert [became for _, became in shown] == [Day.DONE, Day.DONE, Day.FROZEN, Day.DONE, Day.MISSED, Day.OPEN]
    weekly = Rhythm(days=7, goal=2)
    found = standing(days, calendar=rome, as_of=at("05-06 12"), rhythm=weekly)
    shown = picture(days, calendar=rome, as_of=at("05-06 12"), rhythm=weekly, found=found, count_days=8)
    assert [became.value for _, became in shown] == [
        "free",
        "free",
        "done",
        "done",
        "free",
        "done",
        "free",
        "open",
    ]


def test_a_members_dates_are_the_communitys_until_they_say_where_they_live():
    community = CommunityCalendar(
        [Reckoning(None, "UTC", "monday"), Reckoning(at("05-09 00"), "Asia/Kathmandu", "monday")]
    )
    alone = calendar_of(community, [])
    assert alone.date_of(at("05-08 23")) == date(2024, 5, 8)
    assert alone.zone_at(at("05-09 00")) == "Asia/Kathmandu"
    moved = calendar_of(community, [Move(at("05-03 10"), HONOLULU), Move(at("05-04 10"), "Nowhere/Land")])
    assert (moved.zone_at(at("05-03 23")), moved.zone_at(at("05-20 00"))) == ("UTC", HONOLULU)


def test_all_changes_of_a_community_count_however_soon_they_follow_each_other():
    since = [None, at("05-04 00"), at("05-07 22"), at("05-10 10")]
    zones = ["UTC", ROME, HONOLULU, AUCKLAND]
    community = CommunityCalendar(Reckoning(*one, "monday") for one in zip(since, zones, strict=True))
    alone = calendar_of(community, [])
    assert [alone.zone_at(moment) for moment in since[1:]] == zones[1:]
    # And none of them is one of the two that a member may say within thirty days.
    moves = [Move(at("05-12 10"), ROME), Move(at("05-14 10"), "UTC"), Move(at("05-16 10"), HONOLULU)]
    assert calendar_of(community, moves).zone_at(at("05-30 00")) == "UTC"


def test_daily_is_the_default():
    assert Rhythm() == DAILY
