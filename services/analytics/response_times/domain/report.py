"""What is said of the questions of some days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from services.analytics.response_times.domain.waiting import (
    Answerers,
    Responses,
    Survival,
    Waited,
    nearest_rank,
    quantile,
    survival,
)


@dataclass(frozen=True, slots=True)
class Report:
    """Questions, and what follows from how long they waited."""

    responses: Responses
    curve: Sequence[Survival]

    @classmethod
    def of(cls, waits: Iterable[Waited], *, within_seconds: int) -> "Report":
        """The report of questions that waited so."""
        given = tuple(waits)
        return cls(Responses(given, within_seconds), survival(given))

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
        return nearest_rank(self.responses.waits, Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Reports:
    """The whole of some days, by period from 1 and by channel; first questions of people; and who answered."""

    whole: Report
    periods: Mapping[int, Report] = field(default_factory=dict)
    channels: Mapping[str, Report] = field(default_factory=dict)
    first: Report | None = None
    answerers: Answerers = field(default_factory=Answerers)


def reports(
    waits: Mapping[tuple[int, str], Sequence[Waited]],
    *,
    first: Sequence[Waited],
    answerers: Answerers,
    within_seconds: int,
) -> Reports:
    """The reports of waits by period and channel."""

    def of(some: Iterable[Waited]) -> Report:
        return Report.of(some, within_seconds=within_seconds)

    def those(part: int, value: int | str) -> Iterable[Waited]:
        return (one for key, found in waits.items() if key[part] == value for one in found)

    return Reports(
        of(one for found in waits.values() for one in found),
        {period: of(those(0, period)) for period in sorted({key[0] for key in waits})},
        {channel: of(those(1, channel)) for channel in sorted({key[1] for key in waits})},
        of(first),
        answerers,
    )
