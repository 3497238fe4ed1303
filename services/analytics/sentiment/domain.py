"""What tones come to: net sentiment with its interval, and its change within languages and models."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple, Self

#: Two-sided 95 %.
_Z: Final = 1.959963984540054
#: What the adjusted Wald interval adds: texts, and of them to those that sound positive and to those negative.
_ADDED, _ADDED_TO_EACH = 3, 0.75


class Tones(NamedTuple):
    """How many texts sound how; left out are those in a language that the model does not know."""

    positive: int = 0
    negative: int = 0
    undecided: int = 0
    left_out: int = 0

    @property
    def judged(self) -> int:
        """Texts that the model could read, whatever it found."""
        return self.positive + self.negative + self.undecided

    @property
    def texts(self) -> int:
        """All of them."""
        return self.judged + self.left_out

    @property
    def net(self) -> Fraction | None:
        """Positive less negative, of those judged; None of none."""
        return Fraction(self.positive - self.negative, self.judged) if self.judged else None

    def and_(self, other: Self) -> "Tones":
        """Both together."""
        return Tones(*(one + more for one, more in zip(self, other, strict=True)))


NO_TEXTS: Final = Tones()
ByModel = Mapping[str, Tones]


class Stratum(NamedTuple):
    """What may be compared: a language, as one model measured it."""

    model: str
    language: str


class Verdict(StrEnum):
    """What a change says."""

    BETTER = "better"
    WORSE = "worse"
    #: The interval of the difference has zero in it.
    TOO_SMALL = "too_small_to_tell"
    #: No language was judged by one model in both times.
    NOTHING_TO_COMPARE = "nothing_to_compare"


@dataclass(frozen=True, slots=True)
class Change:
    """How net sentiment changed, from -2 to 2, with its interval of 95 %; and of how many texts it is."""

    verdict: Verdict
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    judged: int = 0
    judged_before: int = 0


def together(tones: Iterable[Tones]) -> Tones:
    """All of these."""
    total = NO_TEXTS
    for one in tones:
        total = total.and_(one)
    return total


def interval(tones: Tones) -> tuple[float, float]:
    """Where net sentiment lies, in 95 of 100 cases: the adjusted Wald interval (Rocks 2016), as of an NPS."""
    middle, variance = _adjusted(tones)
    width = _Z * math.sqrt(variance)
    return max(-1.0, middle - width), min(1.0, middle + width)


def _adjusted(tones: Tones) -> tuple[float, float]:
    """The middle of the interval and its variance: a difference of two shares of one sample."""
    count = tones.judged + _ADDED
    positive, negative = (tones.positive + _ADDED_TO_EACH) / count, (tones.negative + _ADDED_TO_EACH) / count
    return positive - negative, (positive + negative - (positive - negative) ** 2) / count


def change(now: Mapping[Stratum, Tones], before: Mapping[Stratum, Tones]) -> Change:
    """What changed within each language and model that was judged in both times, weighed by the texts of now.

    That is direct standardisation: how much is written in which language moves nothing by itself.
    """
    both = sorted(one for one in now if now[one].judged and one in before and before[one].judged)
    judged = sum(now[one].judged for one in both)
    if not judged:
        return Change(Verdict.NOTHING_TO_COMPARE)
    difference = middle = variance = 0.0
    for one in both:
        weight = now[one].judged / judged
        difference += weight * float(_net(now[one]) - _net(before[one]))
        middle_now, variance_now = _adjusted(now[one])
        middle_before, variance_before = _adjusted(before[one])
        middle += weight * (middle_now - middle_before)
        variance += weight**2 * (variance_now + variance_before)
    width = _Z * math.sqrt(variance)
    low, high = middle - width, middle + width
    verdict = Verdict.BETTER if low > 0 else Verdict.WORSE if high < 0 else Verdict.TOO_SMALL
    return Change(verdict, difference, low, high, judged, sum(before[one].judged for one in both))


def _net(tones: Tones) -> Fraction:
    return Fraction(tones.positive - tones.negative, tones.judged)


@dataclass(frozen=True, slots=True)
class Report:
    """How the texts of some days sound, by model: all, by period (from 1), channel, type and language."""

    whole: ByModel
    periods: Mapping[int, ByModel]
    channels: Mapping[str, ByModel]
    types: Mapping[str, ByModel]
    languages: Mapping[str, ByModel]
    change: Change
