"""What is said of the questions of some days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

from services.analytics.response_times.domain.waiting import (
    Answerers,
    Curve,
    Waits,
    added,
    answered_share,
    nearest_rank,
    quantile,
    survival,
)


class Part(NamedTuple):
    """Questions of a period, numbered from 1, in a channel; whether they are the first that their askers asked."""

    period: int
    channel: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Questions, and what follows from how long they waited."""

    waits: Waits
    curve: Curve

    @classmethod
    def of(cls, waits: Waits) -> "Report":
        """The report of questions that waited so."""
        return cls(waits, survival(waits))

    @property
    def median_seconds(self) -> int | None:
        """After so long half are answered, who waits counted as far as they have waited; None: not reached."""
        return quantile(self.curve, 0.5)

    @property
    def ninth_decile_seconds(self) -> int | None:
        """After so long nine in ten are answered; None: not reached."""
        return quantile(self.curve, 0.9)

    @property
    def answered_median_seconds(self) -> int | None:
        """The median of the answered alone, which flatters."""
        return nearest_rank(self.waits.answered, Fraction(1, 2))


NOTHING = Report.of(Waits())
#: Hours of which it is said how many were answered within.
CURVE_HOURS: Final = (1, 2, 4, 8, 24, 48, 72, 168)


class Waited(NamedTuple):
    """What a report says, without how long each question waited."""

    asked: int = 0
    answered: int = 0
    median_seconds: int | None = None
    ninth_decile_seconds: int | None = None
    answered_median_seconds: int | None = None
    due: int = 0
    in_time: int = 0

    @classmethod
    def of(cls, report: Report) -> "Waited":
        """What this report says."""
        waits = report.waits
        return cls(
            waits.asked,
            len(waits.answered),
            report.median_seconds,
            report.ninth_decile_seconds,
            report.answered_median_seconds,
            waits.due,
            waits.in_time,
        )


@dataclass(frozen=True, slots=True)
class Reports:
    """The whole of some days, by period from 1 and by channel; first questions of people; and who answered."""

    whole: Report
    periods: Mapping[int, Report] = field(default_factory=dict)
    channels: Mapping[str, Report] = field(default_factory=dict)
    first: Report = NOTHING
    answerers: Answerers = field(default_factory=Answerers)
    #: Waits are rounded as ROUNDED_STEPS says: answers to later, and who waits to a shorter wait.
    is_rounded: bool = False


def reports(parts: Mapping[Part, Waits], *, answerers: Answerers, is_rounded: bool = False) -> Reports:
    """The reports of questions by their parts."""

    def of(some: Iterable[Waits]) -> Report:
        return Report.of(added(some))

    return Reports(
        of(parts.values()),
        {
            period: of(waits for part, waits in parts.items() if part.period == period)
            for period in sorted({part.period for part in parts})
        },
        {
            channel: of(waits for part, waits in parts.items() if part.channel == channel)
            for channel in sorted({part.channel for part in parts})
        },
        of(waits for part, waits in parts.items() if part.is_first),
        answerers,
        is_rounded,
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What reports say: in all, of first questions, by period from 1, by channel; and who answered.

    `within` are the shares answered within CURVE_HOURS, by Kaplan and Meier; none where nobody asked.
    """

    whole: Waited
    first: Waited
    periods: Mapping[int, Waited]
    channels: Mapping[str, Waited]
    within: Sequence[float]
    answerers: int
    absence_factor: int | None
    is_rounded: bool


def summary(found: Reports) -> Summary:
    """What these reports say."""
    return Summary(
        Waited.of(found.whole),
        Waited.of(found.first),
        {number: Waited.of(report) for number, report in found.periods.items()},
        {channel: Waited.of(report) for channel, report in found.channels.items()},
        [answered_share(found.whole.curve, hours * 3_600) for hours in CURVE_HOURS if found.whole.waits.asked],
        found.answerers.people,
        found.answerers.absence_factor,
        found.is_rounded,
    )
