"""Until which moment awards are counted, and what is shown of them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.recounts.domain import (
    DIGEST_MODULUS,
    SETTLES,
    STEP,
    Minute,
    Sums,
    changes,
    compared,
    minute_of,
    moment,
)

NOW = datetime(2026, 3, 4, 12, 0, 55, tzinfo=UTC)


def test_services_whose_timers_come_seconds_apart_count_until_the_same_moment() -> None:
    assert {moment(NOW + timedelta(seconds=late)) for late in range(10)} == {
        datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)
    }
    assert moment(NOW - timedelta(seconds=6)) == datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@given(
    st.datetimes(
        timezones=st.just(UTC),
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 -- the strategy adds the zone
    )
)
def test_a_moment_is_settled_and_no_older_than_it_has_to_be(now: datetime) -> None:
    assert SETTLES <= now - moment(now) < SETTLES + STEP
    assert moment(now).second in (0, 30)
    assert minute_of(moment(now)) == moment(now).replace(second=0)


def test_the_sums_change_by_what_minutes_have_more_or_less_than_before() -> None:
    before = {Minute(NOW, "all", 2, 20, 5), Minute(NOW + STEP, "all", 1, 7, -3), Minute(NOW, "scores", 1, 1, 1)}
    after = {Minute(NOW, "all", 3, 25, 6), Minute(NOW, "scores", 1, 1, 1)}
    assert changes(before, after) == {"all": Sums(0, -2, 4)}
    assert changes(before, before) == {}


def test_scoring_shows_what_can_be_spent_and_all_the_others_what_they_have() -> None:
    spendable, scores = Sums(3, 30, 5), Sums(1, -4, -7)
    assert compared({"spendable": spendable, "scores": scores}, of=("spendable", "all")) == {
        "spendable": spendable,
        "all": Sums(4, 26, DIGEST_MODULUS - 2),
    }
    assert set(compared({"spendable": spendable}, of=("spendable", "all")).values()) == {spendable}
    assert compared({"spendable": spendable}, of=("spendable",)) == {"spendable": spendable}
    assert compared({"all": scores}, of=("all",)) == {"all": Sums(1, -4, DIGEST_MODULUS - 7)}
    assert compared({}, of=("all",)) == {"all": Sums(0, 0, 0)}
