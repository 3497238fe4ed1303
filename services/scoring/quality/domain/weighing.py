"""What a judgement weighs, and how good content is by its judgements.

A Bayesian average: a content begins with three votes, half of them for it. So one vote moves it a little, many
move it far, and what nobody judged is neither good nor bad. The k-th judgement of one judge on one author in 30
days weighs half of the one before: two friends cannot praise each other to the top.

Weights are whole numbers of a unit, so that sums are exact and have no order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final, NamedTuple

#: The judgements of one judge on one author in a period that weigh anything: the next would weigh a millionth.
TURNS_MAX_COUNT: Final = 20
#: Trust in full.
FULL_TRUST: Final = 1_000
_VOTE_PERCENT: Final = 100
#: A weight of 1: a vote in full trust, the first.
UNIT: Final = FULL_TRUST * _VOTE_PERCENT * 2 ** (TURNS_MAX_COUNT - 1)
#: What content begins with: so many votes, of which this share is for it.
PRIOR_VOTES: Final = 3
PRIOR: Final = Fraction(1, 2)


class Sums(NamedTuple):
    """What judgements of content weigh: those for it, and all, in UNIT."""

    plus: int = 0
    total: int = 0

    def __sub__(self, other: "Sums") -> "Sums":
        """By how much these are more than others."""
        return Sums(self.plus - other.plus, self.total - other.total)


NOTHING: Final = Sums()


class Turned(NamedTuple):
    """A judgement among those of one judge on one author; `turn` 0 is none that weighs anything."""

    event_uid: str
    content_id: str
    at: datetime
    trust: int
    kind_percent: int
    percent_up: int
    is_counted: bool
    turn: int
    weight: Sums


def weight_of(*, trust: int, kind_percent: int, percent_up: int, turn: int) -> Sums:
    """What a judgement weighs as the `turn`-th of its judge on that author; trust in thousandths."""
    if not 1 <= turn <= TURNS_MAX_COUNT:
        return NOTHING
    total = trust * kind_percent * 2 ** (TURNS_MAX_COUNT - turn)
    return Sums(total * percent_up // _VOTE_PERCENT, total)


def turned(judgements: Iterable[Turned], *, is_own: bool) -> list[Turned]:
    """Judgements of one judge on one author in one period, each with its turn and what it weighs.

    The order is that of the events' times, then of their uids. What does not count takes no turn; nobody judges
    their own.
    """
    found: list[Turned] = []
    turn = 0
    for one in sorted(judgements, key=lambda one: (one.at, one.event_uid)):
        is_counted = one.is_counted and not is_own
        turn += is_counted
        own = turn if is_counted and turn <= TURNS_MAX_COUNT else 0
        weight = weight_of(trust=one.trust, kind_percent=one.kind_percent, percent_up=one.percent_up, turn=own)
        found.append(one._replace(turn=own, weight=weight))
    return found


def quality(sums: Sums) -> Fraction:
    """How good content is, from 0 to 1; a half where nobody judged it whom others trust."""
    return (PRIOR * PRIOR_VOTES * UNIT + sums.plus) / (PRIOR_VOTES * UNIT + sums.total)


def contribution(good: Fraction) -> Fraction:
    """What content of this quality says of its author: how far it is from what nobody judged to the best."""
    return max(Fraction(0), (good - PRIOR) / (1 - PRIOR))


def points_of(sums: Sums, most: int) -> int:
    """The points of a content for its author, of `most`, to the nearest whole number, halves up."""
    return int(contribution(quality(sums)) * most + Fraction(1, 2))


def score_of(contents: Sequence[Sums]) -> Fraction:
    """What all contents of a member say of them: what is no better than unknown adds nothing, however much."""
    return sum((contribution(quality(sums)) for sums in contents), Fraction(0))
