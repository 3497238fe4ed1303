"""What a campaign brought and cost: known answers, a price without an upper end, the interval by simulation."""

from datetime import date
from random import Random
from typing import Any

import pytest

from services.analytics.effects.domain import (
    AudienceCounts,
    EffectCounts,
    EffectState,
    HeldOutCampaign,
    PaidPoints,
    by_audience,
    campaigns_of,
    costs,
    difference_of,
    is_settled,
    is_too_small,
    members_needed,
    priced,
    windows_of,
)
from services.analytics.lift.domain import Verdict, Z, detectable, z_of

SIMULATED_COUNT = 1_500
SPRING = HeldOutCampaign("spring", "Spring", date(2026, 3, 1), date(2026, 3, 28), 10, (), ("r",))


def counts(treated: int, active: int, held_out: int, held_out_active: int, points: int = 2_700) -> EffectCounts:
    return EffectCounts(treated, active, held_out, held_out_active, 0, points)


@pytest.mark.parametrize(
    ("counted", "additional", "each"),
    [
        (counts(4_500, 540, 500, 45), (135, 1, 244), (20.00, 11.08, 2_480.73)),
        (counts(4_500, 600, 500, 45), (195, 60, 304), (13.85, 8.87, 44.66)),
    ],
)
def test_the_known_answers(counted: EffectCounts, additional: Any, each: Any) -> None:
    """measures.md, reward effect: Newcombe's interval by statsmodels and by hand."""
    found = priced(counted, difference_of(counted))
    assert found is not None
    assert tuple(round(one) for one in found[:3]) == additional
    assert tuple(round(one or 0, 2) for one in found[3:]) == pytest.approx(each, rel=2e-3)


def test_what_may_have_brought_nobody_has_no_upper_price() -> None:
    unsure = counts(100, 12, 100, 9)
    found = priced(unsure, difference_of(unsure))
    assert found is not None
    assert (found.points_each, found.points_each_high) == (900, None)
    worse = counts(1_000, 10, 1_000, 100)
    fewer = priced(worse, difference_of(worse))
    assert fewer is not None
    assert fewer[3:] == (None, None, None)
    assert priced(counts(100, 5, 0, 0), difference_of(counts(100, 5, 0, 0))) is None


def test_before_it_starts_it_is_known_what_cannot_be_told() -> None:
    """900 and 100 show 8.45 points at 9 %, equal arms of 2,500 show 2.27."""
    small, large = difference_of(counts(900, 81, 100, 9)), difference_of(counts(2_500, 225, 2_500, 225))
    assert (round(100 * (small.detectable or 0), 2), round(100 * (large.detectable or 0), 2)) == (8.45, 2.27)
    assert is_too_small(small, 0.05)
    assert not is_too_small(large, 0.05)
    assert is_too_small(difference_of(counts(0, 0, 0, 0)), 1)
    # Where nobody was active nothing is said to be seen easily: 1/14 stands for none of twelve.
    assert difference_of(counts(12, 0, 12, 0)).detectable == pytest.approx(0.2946, abs=1e-4)


def test_before_it_starts_it_is_known_how_many_it_takes() -> None:
    """At 9 %, 4,500 and 500 show 3.78 points, 2,500 and 2,500 show 2.27: so many are needed for that."""
    for percent, points, members in ((10, 3.78, 5_000), (50, 2.27, 5_000)):
        needed = members_needed(counts(900, 81, 100, 9), holdout_percent=percent, wished=points / 100)
        assert needed == pytest.approx(members, rel=0.005)
        assert needed is not None
        out = needed * percent // 100
        assert detectable(0.09, needed - out, out) == pytest.approx(points / 100, rel=0.002)
    assert members_needed(counts(0, 0, 0, 0), holdout_percent=10, wished=0.05) is None
    assert members_needed(counts(10, 0, 12, 0), holdout_percent=10, wished=0.05) is not None


def test_what_each_cost_by_what_points_come_to() -> None:
    """The first known answer: 20 points each (11.08 to 2,480.73), where 100 points come to 1.50."""
    treated = counts(4_500, 540, 500, 45, points=2_700)
    price = priced(treated, difference_of(treated))
    assert price is not None
    (euro,) = costs(price, [PaidPoints("EUR", 20_000, 30_000), PaidPoints("JPY", 0, 0)])
    assert (euro.currency, euro.point_minor) == ("EUR", 1.5)
    found = [euro.each_minor, euro.each_minor_low, euro.each_minor_high]
    assert found == pytest.approx([30, 16.62, 3_721.1], rel=1e-3)
    open_ended = counts(1_000, 100, 1_000, 95)
    none = priced(open_ended, difference_of(open_ended))
    assert none is not None
    assert costs(none, [PaidPoints("EUR", 100, 100)])[0].each_minor_high is None


def test_days_looked_at_before_in_and_after_a_campaign() -> None:
    planned = windows_of(SPRING, date(2026, 2, 1))
    assert (planned.state, planned.looked_at) == (EffectState.PLANNED, (date(2026, 1, 4), date(2026, 1, 31)))
    running = windows_of(SPRING, date(2026, 3, 5))
    assert (running.state, running.looked_at) == (EffectState.RUNNING, (date(2026, 3, 1), date(2026, 3, 4)))
    over = windows_of(SPRING, date(2026, 5, 5))
    assert (over.state, over.looked_at) == (EffectState.OVER, (date(2026, 3, 1), date(2026, 3, 28)))
    assert over.base == (date(2025, 12, 1), date(2026, 2, 28))
    assert (is_settled(SPRING, date(2026, 4, 28)), is_settled(SPRING, date(2026, 4, 29))) == (False, True)


def test_the_newest_version_says_what_a_campaign_is() -> None:
    one = {"id": "spring", "title": "Spring", "starts": "2026-03-01", "ends": "2026-03-28", "holdout_percent": 5}
    rules = [{"id": "r", "campaign": "spring"}, {"id": "other"}]
    none = {"campaigns": [{**one, "id": "all", "holdout_percent": None}], "rules": []}
    found = campaigns_of(
        [none, {"campaigns": [one], "rules": []}, {"campaigns": [{**one, "holdout_percent": 10}], "rules": rules}]
    )
    assert found == [SPRING]


@pytest.mark.parametrize(("base", "more", "treated", "held_out"), [(0.09, 0.03, 900, 100), (0.4, 0.0, 300, 60)])
def test_the_interval_holds_the_true_difference_as_often_as_it_says(
    base: float, more: float, treated: int, held_out: int
) -> None:
    """And where there is none, it is rarely found."""
    draw, held, found = Random(20_260_301), 0, 0
    for _ in range(SIMULATED_COUNT):
        one = sum(draw.random() < base + more for _ in range(treated))
        other = sum(draw.random() < base for _ in range(held_out))
        difference = difference_of(counts(treated, one, held_out, other))
        assert difference.low is not None
        assert difference.high is not None
        held += difference.low <= more <= difference.high
        found += difference.verdict is not Verdict.TOO_SMALL
    assert 0.935 <= held / SIMULATED_COUNT <= 0.97
    if not more:
        assert found / SIMULATED_COUNT <= 0.065


def test_of_several_audiences_each_interval_is_one_of_so_many() -> None:
    """Quantiles by tables of the normal distribution: 1 - 0.025, 1 - 0.0125 and 1 - 0.005."""
    assert [round(z_of(number), 4) for number in (0, 1, 2, 5)] == [1.96, 1.96, 2.2414, 2.5758]
    alone = AudienceCounts("alone", "Alone", 4_500, 540, 500, 45, 0)
    (found,) = by_audience([alone], members_min_count=5)
    assert found.difference == difference_of(counts(4_500, 540, 500, 45))
    assert found.difference.verdict is Verdict.MORE
    nobody, few = AudienceCounts("nobody", "N", 30, 3, 0, 0, 0), AudienceCounts("few", "F", 2, 1, 2, 1, 0)
    several = [few, nobody, alone, alone._replace(audience_id="also")]
    shown = by_audience(several, members_min_count=5)
    assert [one.counts.audience_id for one in shown] == ["alone", "also", "nobody"]
    # What one look finds, one of two does not: its interval begins at -0.4 points in place of 0.02.
    one = shown[0].difference
    assert one.low is not None
    assert (one.verdict, one.low < 0) == (Verdict.TOO_SMALL, True)
    assert shown[2].difference.verdict is Verdict.NOTHING_YET
    assert (one.detectable or 0) / detectable(0.09, 4_500, 500) == pytest.approx(
        (z_of(2) + 0.84162) / (Z + 0.84162)
    )


def test_of_campaigns_that_do_nothing_one_in_twenty_finds_something_in_any_audience() -> None:
    """Five audiences, half of whom are in the next too. By intervals for one it is three times as often."""
    draw, found, alone = Random(24), 0, 0
    for _ in range(SIMULATED_COUNT):
        arms = [[draw.random() < 0.3 for _ in range(number)] for number in (40, 20) for _ in range(6)]
        audiences = [
            AudienceCounts(str(n), "", 80, sum(arms[n] + arms[n + 1]), 40, sum(arms[n + 6] + arms[n + 7]), 0)
            for n in range(5)
        ]
        told = (Verdict.MORE, Verdict.FEWER)
        found += any(one.difference.verdict in told for one in by_audience(audiences, members_min_count=5))
        alone += any(difference_of(one).verdict in told for one in audiences)
    assert found / SIMULATED_COUNT <= 0.05
    assert alone / SIMULATED_COUNT >= 0.12
