"""Two shares compared, against answers that others worked out (statsmodels; Newcombe also by hand)."""

import pytest

from services.analytics.lift.domain import Arm, Verdict, compared, detectable, rounded, wilson


@pytest.mark.parametrize(
    ("treated", "held_out", "points"),
    [((540, 4_500), (45, 500), (3.00, 0.02, 5.41)), ((600, 4_500), (45, 500), (4.33, 1.34, 6.77))],
)
def test_the_interval_is_newcombes(
    treated: tuple[int, int], held_out: tuple[int, int], points: tuple[float, float, float]
) -> None:
    found = compared(Arm(treated[1], treated[1], treated[0]), Arm(held_out[1], held_out[1], held_out[0]))
    assert tuple(rounded([found.difference, found.low, found.high])) == points
    assert found.verdict is Verdict.MORE


def test_what_has_zero_in_its_interval_is_too_small_to_tell() -> None:
    assert compared(Arm(20, 20, 6), Arm(4, 4, 1)).verdict is Verdict.TOO_SMALL
    assert compared(Arm(500, 500, 10), Arm(500, 500, 60)).verdict is Verdict.FEWER
    assert compared(Arm(20, 20, 6), Arm(4, 0, 0)).verdict is Verdict.NOTHING_YET
    assert compared(Arm(), Arm()).difference is None


def test_nobody_and_everybody_have_an_interval_within_what_can_be() -> None:
    for found in (compared(Arm(10, 10, 10), Arm(10, 10, 0)), compared(Arm(3, 3, 0), Arm(3, 3, 3))):
        assert found.low is not None
        assert found.high is not None
        assert -1 <= found.low <= found.high <= 1
    low, high = wilson(0, 10)
    assert (round(low, 4), round(high, 4)) == (0.0, 0.2775)


@pytest.mark.parametrize(
    ("treated", "held_out", "points"),
    [(4_500, 500, 3.78), (900, 100, 8.45), (2_500, 2_500, 2.27), (50_000, 5_000, 1.19)],
)
def test_what_so_many_members_could_show(treated: int, held_out: int, points: float) -> None:
    assert round(100 * detectable(0.09, treated, held_out), 2) == points
