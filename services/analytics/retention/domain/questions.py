"""What is made of the counts: shares that know when they have no value, and what of a cohort is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, NamedTuple

from shared.calendars import Span


class Share(NamedTuple):
    """So many of so many. Of none it has no value."""

    number: int
    of: int

    @property
    def value(self) -> float | None:
        """The quotient; None where there is nothing to divide by."""
        return float(Fraction(self.number, self.of)) if self.of else None


NONE: Final = Share(0, 0)


@dataclass(frozen=True, slots=True)
class Growth:
    """Active people are new, retained or resurrected; those of the period before are retained or churned."""

    new: int = 0
    retained: int = 0
    resurrected: int = 0
    churned: int = 0

    @property
    def active(self) -> int:
        """People with an event in the period."""
        return self.new + self.retained + self.resurrected

    @property
    def active_before(self) -> int:
        """People with an event in the period before."""
        return self.retained + self.churned

    @property
    def quick_ratio(self) -> Share:
        """Those who came or came back, by those who did not."""
        return Share(self.new + self.resurrected, self.churned)


class ChannelNew(NamedTuple):
    """How many members had their first event in a channel."""

    channel: str
    new_members: int


class Cohort(NamedTuple):
    """People whose first period it is, and how many of them were in it and in each since."""

    span: Span
    present: Sequence[int]


@dataclass(frozen=True, slots=True)
class Retained:
    """Of those new long enough ago who was there on day N, and on it or later."""

    day: int
    on_day: Share
    from_day: Share


@dataclass(frozen=True, slots=True)
class Bracketed:
    """Of those new long enough ago who was there on any of these days."""

    first_day: int
    last_day: int
    present: Share


@dataclass(frozen=True, slots=True)
class Curve:
    """How many were new, and what became of them."""

    newcomers: int
    days: Sequence[Retained]
    brackets: Sequence[Bracketed]


@dataclass(frozen=True, slots=True)
class Silence:
    """Who left in a period by their silence; of those whose time to come back is over, who did; and who returned.

    `returned` did so in the period, whenever they had left.
    """

    left: int = 0
    won_back: Share = NONE
    waiting: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class Activation:
    """Who was new in a period and channel; and of those whose time is over, who took part."""

    channel: str
    newcomers: int
    activated: Share
    waiting: int


def mature(sizes: Mapping[date, int], *, day: int, today: date) -> int:
    """How many of those new on these days have their day N behind them."""
    last = today - timedelta(days=day + 1)
    return sum(number for first, number in sizes.items() if first <= last)
