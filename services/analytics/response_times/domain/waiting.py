"""How long questions waited: who still waits has waited for so long already, and says so much and no more."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, repeat, starmap
from math import ceil
from typing import Final, NamedTuple

#: What half, or a tenth, is compared with: products of so many quotients are not exact.
_TOLERANCE: Final = 1e-9


#: From so many seconds on, waits that are rounded are so many apart: a sixtieth of them at most. Each hour of
#: which it is said how many were answered within is such a wait, so that what is answered just then is within it.
ROUNDED_STEPS: Final = (
    (120, 2),
    (300, 5),
    (600, 10),
    (1_800, 30),
    (3_600, 60),
    (7_200, 120),
    (14_400, 240),
    (28_800, 480),
    (57_600, 960),
    (86_400, 1_440),
    (172_800, 2_880),
    (345_600, 5_760),
    (691_200, 11_520),
    (1_382_400, 23_040),
    (2_764_800, 46_080),
    (5_529_600, 92_160),
)


@dataclass(frozen=True, slots=True)
class Waits:
    """Whole seconds that questions waited until answered, and that the others have waited; each in order.

    So many are due, asked as long ago as an answer is promised within; of those so many are answered, and so many
    were in time.
    """

    answered: Sequence[int] = ()
    waiting: Sequence[int] = ()
    due: int = 0
    due_answered: int = 0
    in_time: int = 0

    @property
    def asked(self) -> int:
        """How many questions there are."""
        return len(self.answered) + len(self.waiting)


def added(several: Iterable[Waits]) -> Waits:
    """All of these questions together."""
    given = list(several)
    if len(given) == 1:
        return given[0]
    return Waits(
        # Each is in order, which sorting makes use of.
        sorted(chain.from_iterable(one.answered for one in given)),
        sorted(chain.from_iterable(one.waiting for one in given)),
        sum(one.due for one in given),
        sum(one.due_answered for one in given),
        sum(one.in_time for one in given),
    )


class Stretch(NamedTuple):
    """Answers between which nobody is left out who still waits, by their places among all answers.

    `share` of the questions is unanswered before them, and `left` are those still asked about then: each answer
    takes one of these off. So what follows of many answers is one quotient, and the rest is found by bisection.
    """

    share: float
    left: int
    begin: int
    end: int

    def after(self, answers: int) -> float:
        """The share that is unanswered after so many of its answers."""
        return self.share * (self.left - answers) / self.left


class Curve(NamedTuple):
    """The share of questions that is unanswered after how long: Kaplan and Meier's estimate."""

    answered: Sequence[int]
    stretches: Sequence[Stretch]


def survival(waits: Waits) -> Curve:
    """Kaplan and Meier's estimate.

    At each time of an answer the share is multiplied by those, of the questions still waiting, that were not
    answered then; what has waited exactly as long unanswered still waits there.

    Source: E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958.
    """
    answered, waiting = waits.answered, waits.waiting
    begin, gone, share, left, stretches = 0, 0, 1.0, waits.asked, []
    while begin < len(answered):
        at = bisect_left(waiting, answered[begin], gone)
        left, gone = left - (at - gone), at
        end = bisect_right(answered, waiting[gone], begin) if gone < len(waiting) else len(answered)
        stretch = Stretch(share, left, begin, end)
        stretches.append(stretch)
        share, left, begin = stretch.after(end - begin), left - (end - begin), end
    return Curve(answered, stretches)


def quantile(curve: Curve, answered_share: float) -> int | None:
    """The seconds after which that share is answered, by Kaplan and Meier; None where it is not reached."""
    most = 1 - answered_share + _TOLERANCE
    for one in curve.stretches:
        if one.after(one.end - one.begin) <= most:
            answers = max(1, ceil(one.left * (1 - most / one.share)))
            # A quotient of floats may be off by a little at either side.
            while answers > 1 and one.after(answers - 1) <= most:
                answers -= 1
            while one.after(answers) > most:
                answers += 1
            return curve.answered[one.begin + answers - 1]
    return None


def answered_share(curve: Curve, seconds: int) -> float:
    """The share that is answered within so many seconds, by Kaplan and Meier."""
    for one in reversed(curve.stretches):
        if curve.answered[one.begin] <= seconds:
            return 1 - one.after(bisect_right(curve.answered, seconds, one.begin, one.end) - one.begin)
    return 0.0


def nearest_rank(answered: Sequence[int], share: Fraction) -> int | None:
    """The quantile of what is in order, an observed value; None where there is nothing."""
    return answered[ceil(share * len(answered)) - 1] if answered else None


@dataclass(frozen=True, slots=True)
class Answerers:
    """How many people were the first to answer so many questions."""

    people_by_answers: Mapping[int, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """How many were the first to answer any."""
        return sum(self.people_by_answers.values())

    @property
    def absence_factor(self) -> int | None:
        """The fewest people who answered half or more; None where nobody answered."""
        return absence_factor(chain.from_iterable(starmap(repeat, self.people_by_answers.items())))


def absence_factor(contributions: Iterable[int]) -> int | None:
    """The fewest contributors whose contributions are half of all or more; None where there are none.

    CHAOSS, Contributor Absence Factor. "Half or more" where the source's formula and its answer differ.
    """
    most_first = sorted((one for one in contributions if one > 0), reverse=True)
    half = Fraction(sum(most_first), 2)
    reached = 0
    for place, one in enumerate(most_first, 1):
        reached += one
        if reached >= half:
            return place
    return None
