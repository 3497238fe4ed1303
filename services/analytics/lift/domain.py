"""Two shares compared: Newcombe's interval of their difference, and what so many members could show at all.

R. G. Newcombe, Statistics in Medicine 17 (1998) 873, method 10: the interval of a difference of two proportions
from the Wilson interval of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

#: Two-sided 95 %.
Z: Final = 1.959963984540054
#: Power 80 %.
Z_POWER: Final = 0.8416212335729143
#: Two-sided 5 %, power 80 %: the quantiles of both together.
Z_DETECTED: Final = Z + Z_POWER


class Verdict(StrEnum):
    """What a comparison says."""

    MORE = "more"
    FEWER = "fewer"
    #: The interval of the difference has zero in it.
    TOO_SMALL = "too_small_to_tell"
    #: One of the two has nobody yet.
    NOTHING_YET = "nothing_yet"


class Arm(NamedTuple):
    """Members who got a nudge, or were held out: all, those whose days are over, and those of them who did it."""

    members: int = 0
    settled: int = 0
    did: int = 0

    @property
    def share(self) -> float | None:
        """The share who did it; None of nobody."""
        return self.did / self.settled if self.settled else None


@dataclass(frozen=True, slots=True)
class NudgeCounts:
    """What was counted of a nudge: how often it was asked for, both arms, and who is in both."""

    nudge: str
    kind: str
    title: str
    sent: int
    treated: Arm
    held_out: Arm
    left_out: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often those who got it did what was wished, with its interval at 95 %; shares from -1 to 1.

    `detectable` is the smallest difference that so many members would show in four of five cases.
    """

    verdict: Verdict
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    detectable: float | None = None


class NudgePlace(NamedTuple):
    """Where a page of nudges ended."""

    nudge: str


def wilson(did: int, of: int, *, z: float = Z) -> tuple[float, float]:
    """Wilson's interval of a share, at 95 % unless another quantile is given."""
    share, room = did / of, z * z / of
    middle = (share + room / 2) / (1 + room)
    half = z * sqrt(share * (1 - share) / of + room / (4 * of)) / (1 + room)
    return middle - half, middle + half


def z_of(comparisons: int) -> float:
    """The quantile of an interval that is one of so many: together they miss in 5 % of cases (Bonferroni)."""
    return Z if comparisons <= 1 else NormalDist().inv_cdf(1 - 0.025 / comparisons)


def compared(treated: Arm, held_out: Arm, *, z: float = Z) -> Difference:
    """The difference between those who got it and those who were held out."""
    one, other = treated.share, held_out.share
    if one is None or other is None:
        return Difference(Verdict.NOTHING_YET)
    one_low, one_high = wilson(treated.did, treated.settled, z=z)
    other_low, other_high = wilson(held_out.did, held_out.settled, z=z)
    difference = one - other
    low = difference - hypot(one - one_low, other_high - other)
    high = difference + hypot(one_high - one, other - other_low)
    verdict = Verdict.MORE if low > 0 else Verdict.FEWER if high < 0 else Verdict.TOO_SMALL
    least = detectable(other, treated.settled, held_out.settled, z=z)
    return Difference(verdict, difference, low, high, least)


def detectable(base: float, treated: int, held_out: int, *, z: float = Z) -> float:
    """The smallest difference that would be seen with power 80 %, from the share of those without."""
    return (z + Z_POWER) * sqrt(base * (1 - base) * (1 / treated + 1 / held_out))


def rounded(values: Sequence[float | None]) -> list[float | None]:
    """Shares as percentage points, to two places."""
    return [None if value is None else round(100 * value, 2) for value in values]
