"""How long questions waited: who still waits has waited for so long already, and says so much and no more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import Final, NamedTuple

#: What half, or a tenth, is compared with: products of so many quotients are not exact.
_TOLERANCE: Final = 1e-9


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
        sorted(seconds for one in given for seconds in one.answered),
        sorted(seconds for one in given for seconds in one.waiting),
        sum(one.due for one in given),
        sum(one.due_answered for one in given),
        sum(one.in_time for one in given),
    )


class Survival(NamedTuple):
    """The share of questions that are unanswered behind so many seconds: Kaplan and Meier's estimate."""

    seconds: int
    share: float


def survival(waits: Waits) -> list[Survival]:
    """Kaplan and Meier's estimate after each answer, in order.

    At each time of an answer the share is multiplied by those, of the questions still waiting, that were not
    answered then; what has waited exactly as long unanswered still waits there.

    Source: E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958.
    """
    left, gone, share, found = waits.asked, 0, 1.0, []
    waiting = waits.waiting
    for seconds, group in groupby(waits.answered):
        while gone < len(waiting) and waiting[gone] < seconds:
            gone += 1
            left -= 1
        number = sum(1 for _ in group)
        share *= (left - number) / left
        left -= number
        found.append(Survival(seconds, share))
    return found


def quantile(curve: Sequence[Survival], answered_share: float) -> int | None:
    """The seconds after which that share is answered, by Kaplan and Meier; None where it is not reached."""
    return next((one.seconds for one in curve if one.share <= 1 - answered_share + _TOLERANCE), None)


def answered_share(curve: Sequence[Survival], seconds: int) -> float:
    """The share that is answered within so many seconds, by Kaplan and Meier."""
    return 1 - next((one.share for one in reversed(curve) if one.seconds <= seconds), 1.0)


def nearest_rank(answered: Sequence[int], share: Fraction) -> int | None:
    """The quantile of what is in order, an observed value; None where there is nothing."""
    return answered[ceil(share * len(answered)) - 1] if answered else None


@dataclass(frozen=True, slots=True)
class Answerers:
    """How many questions each person was the first to answer."""

    answers: Mapping[str, int] = field(default_factory=dict)

    @property
    def absence_factor(self) -> int | None:
        """The fewest people who answered half or more; None where nobody answered."""
        return absence_factor(self.answers.values())


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
