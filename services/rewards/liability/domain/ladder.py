"""The chain ladder: what each vintage will have redeemed in the end, by how earlier ones went on.

A row is what a vintage had redeemed by the end of each of its ages, added up, as far as time has come. The factor
from an age to the next is of all rows that reached both, weighted by volume; there is no tail. Formulas: Mack, T.
(1993), "Distribution-free calculation of the standard error of chain ladder reserve estimates", ASTIN Bulletin
23(2).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import prod
from typing import NamedTuple

Row = Sequence[int]
#: What a square root is computed with.
_CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN)


class Development(NamedTuple):
    """How rows went on: a factor for each age but the last; None where nothing was redeemed by that age.

    `ages` is how many ages the oldest row has.
    """

    ages: int
    factors: Sequence[Fraction | None]


def develop(rows: Sequence[Row]) -> Development:
    """The factors of some rows."""
    ages = max((len(row) for row in rows), default=0)
    return Development(ages, [_factor(rows, age) for age in range(ages - 1)])


def _factor(rows: Sequence[Row], age: int) -> Fraction | None:
    reached = [row for row in rows if len(row) > age + 1]
    before = sum(row[age] for row in reached)
    return Fraction(sum(row[age + 1] for row in reached), before) if before else None


def ultimate(row: Row, development: Development) -> Fraction | None:
    """What a vintage will have redeemed in the end.

    None where that cannot be told: nothing was redeemed yet, or a factor that it needs is missing.
    """
    if not row or not row[-1]:
        return None
    needed = development.factors[len(row) - 1 :]
    known = [factor for factor in needed if factor is not None]
    return Fraction(row[-1]) * prod(known) if len(known) == len(needed) else None


def standard_error(rows: Sequence[Row]) -> Decimal | None:
    """Mack's standard error of what is still to come of all rows, in points, to three decimals.

    None where it has no value: fewer than three ages, no staircase of full rows, or an age by which a row had
    redeemed nothing.
    """
    development = develop(rows)
    factors = [factor for factor in development.factors if factor is not None]
    is_staircase = [len(row) for row in rows] == list(range(development.ages, development.ages - len(rows), -1))
    if development.ages < 3 or not is_staircase or len(factors) < len(development.factors):
        return None
    if any(not value for row in rows for value in row) or not all(factors):
        return None
    variances = _variances(rows, factors)
    shares = [variance / factor**2 for variance, factor in zip(variances, factors, strict=True)]
    volumes = [sum(row[age] for row in rows if len(row) > age + 1) for age in range(development.ages - 1)]
    ends = [Fraction(row[-1]) * prod(factors[len(row) - 1 :]) for row in rows]
    total = Fraction(0)
    for place, row in enumerate(rows):
        reached, own, common = Fraction(row[-1]), Fraction(0), Fraction(0)
        for age in range(len(row) - 1, development.ages - 1):
            own += shares[age] * (1 / reached + Fraction(1, volumes[age]))
            common += 2 * shares[age] / volumes[age]
            reached *= factors[age]
        total += ends[place] ** 2 * own + ends[place] * sum(ends[place + 1 :]) * common
    root = _CONTEXT.sqrt(_CONTEXT.divide(Decimal(total.numerator), Decimal(total.denominator)))
    return root.quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN, context=_CONTEXT)


def _variances(rows: Sequence[Row], factors: Sequence[Fraction]) -> list[Fraction]:
    """Mack's variance of each factor; that of the last, which one row shows, continues the two before."""
    found = []
    for age, factor in enumerate(factors[:-1]):
        reached = [row for row in rows if len(row) > age + 1]
        off = sum(row[age] * (Fraction(row[age + 1], row[age]) - factor) ** 2 for row in reached)
        found.append(Fraction(off) / (len(reached) - 1))
    last = found[-1]
    if len(found) > 1:
        before = found[-2]
        last = min(last**2 / before if before else Fraction(0), before, last)
    return [*found, last]


def cumulative(increments: Sequence[int]) -> tuple[int, ...]:
    """What was redeemed by the end of each age, of what was in each."""
    sums = [0]
    for increment in increments:
        sums.append(sums[-1] + increment)
    return tuple(sums[1:])
