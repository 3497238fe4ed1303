"""Daily caps: what fits is exact, one after the other, whatever was used before."""

from datetime import date
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.limits.domain import CapKey, CapUsage

KEY = CapKey("acme", "00000000-0000-5000-8000-00000000000a", "heard", date(2026, 3, 1))
OTHER = KEY._replace(day=date(2026, 3, 2))

points = st.lists(st.integers(1, 40), max_size=30)


@given(points, st.integers(1, 200))
def test_what_fits_is_the_smaller_of_sum_and_cap_after_every_use(wanted: list[int], cap: int) -> None:
    usage = CapUsage({})
    fitted = [usage.use(KEY, cap, one) for one in wanted]
    assert all(0 <= given <= asked for given, asked in zip(fitted, wanted, strict=True))
    assert list(accumulate(fitted)) == [min(cap, total) for total in accumulate(wanted)]
    assert usage.points().get(KEY, 0) == min(cap, sum(wanted))


@given(points, st.integers(1, 200), st.integers(0, 300))
def test_what_was_used_before_leaves_less_room_and_is_never_taken_back(
    wanted: list[int], cap: int, before: int
) -> None:
    usage = CapUsage({KEY: before})
    fitted = [usage.use(KEY, cap, one) for one in wanted]
    assert sum(fitted) == min(max(cap - before, 0), sum(wanted))
    assert usage.points()[KEY] == before + sum(fitted)


@given(points, points, st.integers(1, 200))
def test_each_cap_has_a_room_of_its_own(wanted: list[int], others: list[int], cap: int) -> None:
    together, alone = CapUsage({}), CapUsage({})
    for one in wanted:
        alone.use(KEY, cap, one)
    for index in range(max(len(wanted), len(others))):
        for key, asked in ((OTHER, others), (KEY, wanted)):
            if index < len(asked):
                together.use(key, cap, asked[index])
    assert together.points().get(KEY) == alone.points().get(KEY)
    assert together.points().get(OTHER, 0) == min(cap, sum(others))


def test_the_last_to_fit_is_cut_and_the_next_has_nothing() -> None:
    usage = CapUsage({KEY: 3})
    assert [usage.use(KEY, 10, 3) for _ in range(4)] == [3, 3, 1, 0]


def test_what_was_loaded_stays_as_it_was() -> None:
    loaded = {KEY: 3}
    CapUsage(loaded).use(KEY, 10, 3)
    assert loaded == {KEY: 3}
