"""What points are worth: the reference's known answers, and what must hold for any figures."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.approvals.domain import Approval, ApprovalState, Author, Subject
from services.rewards.liability.domain.ladder import cumulative, develop, standard_error, ultimate
from services.rewards.liability.domain.moving import Movement, Rates, Standing, moved, moved_in_all
from services.rewards.liability.domain.policies import (
    Basis,
    Estimate,
    NoPolicyError,
    Policies,
    Policy,
    PolicyTerms,
    VintageUnit,
)
from services.rewards.liability.domain.valuing import (
    Caution,
    EstimatedBy,
    Liability,
    VintageFigures,
    allocated,
    value,
)

NOW = datetime(2025, 1, 1, tzinfo=UTC)
MIA, OMAR = Author("mia", "Mia", "k1"), Author("omar", "Omar", "k2")
APPROVED = Approval(Subject.LIABILITY_POLICY, ApprovalState.APPROVED, NOW, MIA, NOW, OMAR)
#: measures.md § 13, by the library chainladder 0.10.1 and by hand; in points, where it has thousands.
ROWS = [
    (400_000, 600_000, 680_000, 700_000),
    (500_000, 720_000, 830_000),
    (450_000, 690_000),
    (600_000,),
]
ISSUED = (1_000_000, 1_200_000, 1_100_000, 1_500_000)


def policy(
    *,
    per_point: str = "1",
    expected: str = "0.7",
    basis: Basis = Basis.COST,
    estimate: Estimate = Estimate.LADDER,
    since: date = date(2021, 1, 1),
    unit: VintageUnit = VintageUnit.YEAR,
) -> Policy:
    terms = PolicyTerms(since, "EUR", basis, Decimal(per_point), estimate, Decimal(expected), unit)
    return Policy("acme", f"p-{since}", terms, APPROVED)


def vintages(rows: list[tuple[int, ...]] = ROWS) -> list[VintageFigures]:
    return [
        VintageFigures(date(2021 + place, 1, 1), issued, redeemed=row[-1] if row else 0, row=row)
        for place, (issued, row) in enumerate(zip(ISSUED, rows, strict=True))
    ]


def on(figures: list[VintageFigures], *entries: Policy) -> Liability:
    return value(date(2024, 12, 31), figures, policies=Policies(entries))


def test_the_ladder_gives_the_references_factors_ultimates_and_error() -> None:
    development = develop(ROWS)
    assert development.factors == [Fraction(2010, 1350), Fraction(1510, 1320), Fraction(700, 680)]
    ends = [ultimate(row, development) for row in ROWS]
    assert [round(float(end or 0) / 1000, 3) for end in ends] == [700.0, 854.412, 812.533, 1051.976]
    error = standard_error(ROWS)
    assert error is not None
    assert round(error / 1000, 2) == Decimal("43.86")


def test_liability_of_the_reference_is_5989_21_and_breakage_13810_79() -> None:
    owed = on(vintages(), policy())
    assert owed.sum("outstanding") == 1_980_000
    assert round(owed.still_expected) == 598_921
    assert owed.liability_minor == 598_921
    assert owed.full_minor == 1_980_000
    assert owed.full_minor - owed.liability_minor == 1_381_079
    assert [one.estimated_by for one in owed.vintages] == [EstimatedBy.LADDER] * 4
    shown = [round(float(one.ultimate_redemption or 0) * 100, 2) for one in owed.vintages]
    assert shown == [70.00, 71.20, 73.87, 70.13]
    assert owed.cautions == [Caution.OLDEST_COMPLETE]


def test_the_trap_is_named_where_the_policy_falls_into_it() -> None:
    figures = vintages()
    assert on(figures, policy(estimate=Estimate.RATE)).redeemed_so_far == Fraction(2820, 4800)
    trapped = on(figures, policy(expected="0.5875", estimate=Estimate.RATE))
    assert trapped.cautions == [Caution.REDEEMED_SO_FAR]
    assert trapped.liability_minor > 0, "the rate is of what is left, so not even the trap says that nothing comes"
    assert on(figures, policy(expected="0.6", estimate=Estimate.RATE)).cautions == []


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(0, 600, 680, 700), (0, 720, 830), (0, 690), (600,)], [*["ladder"] * 3, "rate_no_factor"]),
        ([(400, 600, 680, 700), (500, 720, 830), (450, 690), (0,)], [*["ladder"] * 3, "rate_no_factor"]),
        ([(400, 600, 680, 700), (500, 720, 830), (450, 690), ()], [*["ladder"] * 3, "rate_no_factor"]),
        ([(400, 600), (500,), (), ()], ["rate_few_vintages"] * 4),
    ],
)
def test_without_a_factor_the_policys_rate_counts(rows: list[tuple[int, ...]], why: list[str]) -> None:
    owed = on(vintages(rows), policy(expected="0.25"))
    assert [one.estimated_by for one in owed.vintages] == why
    for one in owed.vintages:
        if one.estimated_by is not EstimatedBy.LADDER:
            assert one.still_expected == Fraction(one.figures.outstanding, 4)


def test_what_expired_is_not_expected_and_what_is_reserved_is() -> None:
    figures = vintages()
    gone = VintageFigures(figures[3].vintage, 1_500_000, redeemed=600_000, expired=899_000, row=ROWS[3])
    owed = on([*figures[:3], gone], policy())
    assert owed.vintages[3].still_expected == 1_000
    asked = VintageFigures(date(2021, 1, 1), 1_000_000, redeemed=700_000, reserved=300, row=ROWS[0])
    assert on([asked, *figures[1:]], policy()).vintages[0].still_expected == 300


def test_example_52_of_ifrs_15() -> None:
    shares = allocated(10_000_000, {"products": Fraction(10_000_000), "points": Fraction(10_000 * 95)})
    assert round(shares["products"]) == 9_132_420
    assert round(shares["points"]) == 867_580
    rate = round(shares["points"] / 10_000, 9)
    rates = Rates(Basis.DEFERRAL, rate, Fraction(95, 100))

    def owed(redeemed: int, ultimate_points: int) -> int:
        return round(10_000 * rate * (ultimate_points - redeemed) / ultimate_points)

    first = Standing(10_000, 4_500, 0, Fraction(5_000), owed(4_500, 9_500))
    assert first.liability_minor == 456_621
    year_1 = moved(Standing(), first, rates=rates)
    assert (year_1.earned_minor, year_1.used_minor, year_1.estimate_minor) == (867_580, -410_959, 0)
    second = Standing(10_000, 8_500, 0, Fraction(1_200), owed(8_500, 9_700))
    assert second.liability_minor == 107_329
    year_2 = moved(first, second, rates=rates)
    # The change of estimate is caught up in the year: revenue of 3,492.92 has 160.05 less for it.
    assert -(year_2.used_minor + year_2.estimate_minor) == 349_292
    assert (year_2.used_minor, year_2.estimate_minor) == (-365_297, 16_005)


def test_a_deferral_of_the_reference_is_exact() -> None:
    assert allocated(80_000, {"products": Fraction(80_000), "points": 2_000 * Fraction("0.8") * Fraction("1.2")})[
        "points"
    ] == Fraction(1_875)


def test_what_was_deferred_stays_what_its_vintages_policy_said() -> None:
    old = policy(per_point="2", basis=Basis.DEFERRAL, estimate=Estimate.RATE, expected="1")
    new = policy(per_point="5", basis=Basis.DEFERRAL, estimate=Estimate.RATE, expected="1", since=date(2024, 1, 1))
    figures = [VintageFigures(date(2023, 1, 1), 100), VintageFigures(date(2024, 1, 1), 100)]
    assert [one.liability_minor for one in on(figures, old, new).vintages] == [200, 500]
    at_cost = policy(per_point="5", estimate=Estimate.RATE, expected="1", since=date(2024, 1, 1))
    assert [one.liability_minor for one in on(figures, old, at_cost).vintages] == [500, 500]


def test_of_policies_the_latest_that_began_applies() -> None:
    first, second = policy(), policy(since=date(2024, 6, 1), per_point="2")
    policies = Policies([second, first])
    assert policies.on(date(2024, 5, 31)) is first
    assert policies.on(date(2024, 6, 1)) is second
    with pytest.raises(NoPolicyError):
        policies.on(date(2020, 12, 31))
    assert policies.first_on(date(2020, 12, 31)) is first


def test_vintages_begin_with_months_and_years() -> None:
    assert VintageUnit.MONTH.first_of(date(2026, 3, 14)) == date(2026, 3, 1)
    assert VintageUnit.YEAR.first_of(date(2026, 3, 14)) == date(2026, 1, 1)
    assert VintageUnit.MONTH.before(date(2026, 1, 1), 2) == date(2025, 11, 1)
    assert VintageUnit.MONTH.before(date(2025, 12, 1), -1) == date(2026, 1, 1)
    assert VintageUnit.YEAR.before(date(2026, 1, 1), 2) == date(2024, 1, 1)


points = st.integers(0, 10**9)
increments = st.lists(st.integers(0, 10**6), min_size=1, max_size=6)


@st.composite
def some_vintages(draw: st.DrawFn) -> list[VintageFigures]:
    count = draw(st.integers(1, 6))
    found = []
    for place in range(count):
        row = cumulative(draw(st.lists(st.integers(0, 10**6), min_size=count - place, max_size=count - place)))
        redeemed = row[-1] + draw(st.integers(0, 10))
        expired, left = draw(points), draw(points)
        issued = max(0, redeemed + expired + left - draw(st.integers(0, 5)))
        reserved = draw(st.integers(0, left))
        found.append(
            VintageFigures(date(2000 + place, 1, 1), issued, redeemed, expired, reserved, lacking=0, row=row)
        )
    return found


@given(some_vintages(), st.sampled_from(Basis), st.sampled_from(Estimate), st.decimals(0, 1, places=6))
def test_nothing_is_owed_beyond_what_is_left(
    figures: list[VintageFigures], basis: Basis, estimate: Estimate, expected: Decimal
) -> None:
    entry = policy(per_point="1.234567891", expected=str(expected), basis=basis, estimate=estimate)
    owed = on(figures, entry)
    for one in owed.vintages:
        assert min(one.figures.reserved, one.figures.outstanding) <= one.still_expected <= one.figures.outstanding
        assert 0 <= one.liability_minor <= one.full_minor
        assert one.breakage_minor >= 0
    assert owed.liability_minor == sum(one.liability_minor for one in owed.vintages)


@given(some_vintages(), some_vintages(), st.sampled_from(Basis), st.decimals(0, 1, places=6))
def test_a_movement_leads_from_opening_to_closing(
    before: list[VintageFigures], after: list[VintageFigures], basis: Basis, expected: Decimal
) -> None:
    entry = policy(per_point="0.95", expected=str(expected), basis=basis, since=date(1999, 1, 1))
    sides = [
        {
            one.figures.vintage: Standing(
                one.figures.issued,
                one.figures.redeemed,
                one.figures.expired,
                one.still_expected,
                one.liability_minor,
            )
            for one in value(date(2024, 12, 31), figures, policies=Policies([entry])).vintages
        }
        for figures in (before, after)
    ]
    rates = {vintage: Rates(basis, entry.terms.rate, entry.terms.expected) for vintage in {*sides[0], *sides[1]}}
    found: Movement = moved_in_all(*sides, rates=rates)
    assert found.opening_minor == sum(one.liability_minor for one in sides[0].values())
    assert (
        found.opening_minor + found.earned_minor + found.used_minor + found.estimate_minor
        == found.closing_minor
        == sum(one.liability_minor for one in sides[1].values())
    )


@given(st.lists(increments, min_size=1, max_size=6))
def test_no_order_of_vintages_changes_the_factors(rows: list[list[int]]) -> None:
    built = [cumulative(row) for row in rows]
    assert develop(built) == develop(list(reversed(built)))
