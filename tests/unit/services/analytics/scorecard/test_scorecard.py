"""When an indicator is good, red, unsure or grey; and Wilson's interval with its known answers."""

import pytest

from services.analytics.response_times.domain.waiting import Waits
from services.analytics.scorecard.domain.reading import (
    INDICATORS,
    PRACTICES_COUNT,
    Indicator,
    Measured,
    Reading,
    State,
    WhyGrey,
    card,
    gauges,
    practice_state,
    state_of,
    wilson,
)
from services.analytics.scorecard.domain.weeks import (
    WEEKS_COUNT,
    Week,
    added,
)

HOUR = 3_600


def readings(*weeks: Week) -> dict[str, Reading]:
    """The card of these weeks, with quiet ones before them."""
    every = [*(Week() for _ in range(WEEKS_COUNT - len(weeks))), *weeks]
    return {reading.indicator.name: reading for reading in card(gauges(every))}


@pytest.mark.parametrize(
    ("number", "of", "low", "high"),
    [(84, 100, 75.58, 89.90), (9, 10, 59.58, 98.21), (10, 10, 72.25, 100), (0, 10, 0, 27.75), (1, 1, 20.65, 100)],
)
def test_wilsons_interval(number: int, of: int, low: float, high: float) -> None:
    assert [round(100 * end, 2) for end in wilson(number, of)] == [low, high]


def test_an_empty_community_is_grey_all_over_and_never_zero() -> None:
    found = readings()
    assert {reading.state for reading in found.values()} == {State.GREY}
    assert {reading.now.value for reading in found.values()} == {None}
    assert found["answered_in_time"].why_grey is WhyGrey.NOTHING_HEARD
    assert found["members_recognised"].why_grey is WhyGrey.NOTHING_HEARD


def test_answers_to_surveys_and_suggestions_are_shares_of_those_that_are_due() -> None:
    week = Week(surveys_asked=188, surveys_answered=84, ideas_due=10, ideas_in_time=9)
    found = readings(week)
    assert round(found["survey_response"].now.value or 0, 3) == 0.447
    assert (found["survey_response"].state, found["ideas_answered"].state) == (State.GOOD, State.GOOD)
    # Of more answers than were asked for in the days nothing is known.
    assert readings(Week(surveys_asked=3, surveys_answered=4))["survey_response"].state is State.GREY
    late = readings(Week(surveys_asked=100, surveys_answered=5, ideas_due=40, ideas_in_time=20))
    assert (late["survey_response"].state, late["ideas_answered"].state) == (State.RED, State.RED)


def test_one_member_who_was_active_in_one_of_four_weeks_is_a_case() -> None:
    found = readings(Week(active=1, recognised=1))["members_recognised"]
    assert (found.now.cases, found.now.number, found.now.value) == (1, 0, 1.0)
    assert readings(Week(active=1))["members_recognised"].state is State.UNSURE


def test_every_practice_has_an_indicator_in_order() -> None:
    order = [indicator.practice for indicator in INDICATORS]
    assert order == sorted(order)
    assert set(order) == set(range(1, PRACTICES_COUNT + 1))


def unmeasured(_: Week) -> Measured:
    return Measured(None, 0)


SHARE = Indicator("answered_in_time", 8, "share", 0.8, unmeasured)
MOST = Indicator("repeat_offenders", 5, "share", 0.2, unmeasured, at_most=True)
COUNT = Indicator("answers_absence_factor", 6, "count", 5, unmeasured)


@pytest.mark.parametrize(
    ("indicator", "measured", "state"),
    [
        (SHARE, Measured(0.8, 10, 8), State.GOOD),
        (SHARE, Measured(0.7, 10, 7), State.UNSURE),
        (SHARE, Measured(0.7, 1_000, 700), State.RED),
        (SHARE, Measured(None, 0, 0), State.GREY),
        (MOST, Measured(0.2, 10, 2), State.GOOD),
        (MOST, Measured(0.3, 10, 3), State.UNSURE),
        (MOST, Measured(0.3, 1_000, 300), State.RED),
        (COUNT, Measured(5, 3), State.GOOD),
        (COUNT, Measured(2, 9), State.UNSURE),
        (COUNT, Measured(2, 10), State.RED),
        (COUNT, Measured(None, 0), State.GREY),
    ],
)
def test_red_asks_for_enough_to_tell(indicator: Indicator, measured: Measured, state: State) -> None:
    assert state_of(indicator, measured) is state


def test_values_are_of_the_last_four_weeks_and_compared_with_the_four_before() -> None:
    quick, slow = Waits([HOUR] * 20, (), 20, 20, 20), Waits([30 * HOUR] * 20, (), 20, 20, 0)
    weeks = [Week(waits=slow)] * 4 + [Week(waits=quick, answers={"ann": 20})] * 3
    weeks.append(Week(waits=slow, answers={"bob": 20}))
    found = readings(*weeks)
    in_time = found["answered_in_time"]
    assert (in_time.now.value, in_time.before.value, in_time.state) == (0.75, 0.0, State.UNSURE)
    assert (in_time.bad_weeks, in_time.weeks[-5:]) == (5, [State.RED, *[State.GOOD] * 3, State.RED])
    assert (found["median_response"].now.value, found["median_response"].state) == (HOUR, State.GOOD)
    assert (found["answers_absence_factor"].now.value, found["answers_absence_factor"].state) == (1, State.RED)


def test_where_half_are_not_answered_the_median_is_beyond_everything() -> None:
    def state(waits: Waits) -> State:
        return readings(Week(waits=waits))["median_response"].state

    assert state(Waits((), [30 * HOUR] * 12, 12)) is State.RED
    # They may yet be answered in time.
    assert state(Waits((), [2 * HOUR] * 12)) is State.UNSURE


def test_channels_of_one_size_are_as_many_as_they_are() -> None:
    even = readings(Week(events_by_channel={"forum": 50, "chat": 50}))
    assert (even["effective_channels"].now.value, even["largest_channel"].now.value) == (2.0, 0.5)
    uneven = readings(Week(events_by_channel={"forum": 90, "chat": 10}))
    assert uneven["effective_channels"].now.value == pytest.approx(1 / 0.82)
    assert (uneven["largest_channel"].state, uneven["effective_channels"].state) == (State.RED, State.RED)


def test_who_is_upheld_in_two_weeks_is_a_repeat_offender_of_both() -> None:
    week = added([Week(upheld_by_person={"mal": 1}), Week(upheld_by_person={"mal": 1, "eve": 1})])
    assert week.upheld_by_person == {"mal": 2, "eve": 1}


def test_a_practice_is_what_its_worst_indicator_is() -> None:
    found = readings(Week(events_by_channel={"forum": 100}))
    channels = [found["largest_channel"], found["effective_channels"]]
    assert practice_state(channels) is State.RED
    assert practice_state([found["survey_response"], channels[0]]) is State.RED
    assert practice_state([found["survey_response"]]) is State.GREY
