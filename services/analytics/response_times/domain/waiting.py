"""How long questions waited: who still waits has waited for so long already, and says so much and no more."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Final, NamedTuple

#: What half, or a tenth, is compared with: products of so many quotients are not exact.
_TOLERANCE: Final = 1e-9


class Waited(NamedTuple):
    """So many questions that waited for so many whole seconds, until they were answered or until now.

    They are due when they were asked as long ago as an answer is promised within.
    """

    seconds: int
    is_answered: bool
    is_due: bool = True
    questions: int = 1


class Survival(NamedTuple):
    """The share of questions that are unanswered behind so many seconds: Kaplan and Meier's estimate."""

    seconds: int
    share: float


def survival(waits: Iterable[Waited]) -> list[Survival]:
    """Kaplan and Meier's estimate after each answer, in order.

    At each time of an answer the share is multiplied by those, of the questions still waiting, that were not
    answered then; what has waited exactly as long unanswered still waits there.

    Source: E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958.
    """
    answered: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    for one in waits:
        (answered if one.is_answered else waiting)[one.seconds] += one.questions
    left = answered.total() + waiting.total()
    share, found = 1.0, []
    for seconds in sorted(answered.keys() | waiting.keys()):
        if number := answered[seconds]:
            share *= (left - number) / left
            found.append(Survival(seconds, share))
        left -= number + waiting[seconds]
    return found


def quantile(curve: Sequence[Survival], answered_share: float) -> int | None:
    """The seconds after which that share is answered, by Kaplan and Meier; None where it is not reached."""
    return next((one.seconds for one in curve if one.share <= 1 - answered_share + _TOLERANCE), None)


def answered_share(curve: Sequence[Survival], seconds: int) -> float:
    """The share that is answered within so many seconds, by Kaplan and Meier."""
    return 1 - next((one.share for one in reversed(curve) if one.seconds <= seconds), 1.0)


def nearest_rank(waits: Iterable[Waited], share: Fraction) -> int | None:
    """The quantile of the answered alone, an observed value; None where nothing is answered."""
    answered = sorted((one.seconds, one.questions) for one in waits if one.is_answered)
    rank = ceil(share * sum(number for _, number in answered))
    for seconds, number in answered:
        rank -= number
        if rank <= 0:
            return seconds
    return None


@dataclass(frozen=True, slots=True)
class Responses:
    """The waits of questions: what was asked and answered, and what is promised to be answered within."""

    waits: Sequence[Waited] = ()
    within_seconds: int = 86_400

    @property
    def asked(self) -> int:
        """How many questions there are."""
        return sum(one.questions for one in self.waits)

    @property
    def answered(self) -> int:
        """How many of them are answered."""
        return sum(one.questions for one in self.waits if one.is_answered)

    @property
    def due(self) -> int:
        """How many were asked as long ago as an answer is promised within."""
        return sum(one.questions for one in self.waits if one.is_due)

    @property
    def in_time(self) -> int:
        """How many of those due were answered within what was promised; exactly then is in time."""
        return sum(
            one.questions
            for one in self.waits
            if one.is_due and one.is_answered and one.seconds <= self.within_seconds
        )


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
