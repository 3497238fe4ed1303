"""What an amount is worth in another currency: exact, rounded once, never in favour of whoever asks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from shared.contracts.fields import MINOR_UNITS_MAX
from shared.currencies import exponent

#: A spread is said in hundredths of a percent of the amount.
WHOLE_BASIS_POINTS: Final = 10_000
SPREAD_MAX_BASIS_POINTS: Final = 5_000


class NoRateError(Exception):
    """There is no rate for `currency`: the message says why."""

    def __init__(self, currency: str, reason: str) -> None:
        super().__init__(reason)
        self.currency = currency


class TooLargeError(Exception):
    """What an amount comes to in `currency` is more than any amount here may be."""

    def __init__(self, currency: str) -> None:
        super().__init__(currency)
        self.currency = currency


@dataclass(frozen=True, slots=True)
class Conversion:
    """How amounts of `source` become amounts of `target`: at which rate, less or more a spread.

    `source_units` and `target_units` are whole units (euros, yen) of each that one unit of the same base currency
    is: the rate is their quotient, which is exact where a decimal would not be.
    """

    source: str
    target: str
    source_units: Decimal
    target_units: Decimal
    spread_basis_points: int

    @property
    def rate(self) -> Fraction:
        """Units of the target that a unit of the source is, without the spread."""
        return Fraction(self.target_units) / Fraction(self.source_units)

    def worth(self, source_minor: int) -> int:
        """What is given in the target for an amount of the source: the spread off, rounded down. In minor units.

        Raises TooLargeError.
        """
        return _bounded(math.floor(source_minor * self.given_rate), self.target)

    def cost(self, target_minor: int) -> int:
        """What is taken in the source for an amount of the target: the spread on it, rounded up. In minor units.

        Raises TooLargeError.
        """
        share = Fraction(WHOLE_BASIS_POINTS + self.spread_basis_points, WHOLE_BASIS_POINTS)
        return _bounded(math.ceil(target_minor / self._minor_rate * share), self.source)

    @property
    def given_rate(self) -> Fraction:
        """Minor units of the target that are given for a minor unit of the source, the spread off: not rounded."""
        return self._minor_rate * Fraction(WHOLE_BASIS_POINTS - self.spread_basis_points, WHOLE_BASIS_POINTS)

    @property
    def _minor_rate(self) -> Fraction:
        """Minor units of the target that a minor unit of the source is."""
        return self.rate * Fraction(10) ** (exponent(self.target) - exponent(self.source))


def conversion(units: Mapping[str, Decimal], *, source: str, target: str, spread_basis_points: int) -> Conversion:
    """The conversion between two currencies of a table of units, each of one unit of the same base.

    Between a currency and itself the rate is 1, without a spread. Raises NoRateError where the table lacks one.
    """
    if source == target:
        return Conversion(source, target, Decimal(1), Decimal(1), 0)
    for currency in (source, target):
        if currency not in units:
            raise NoRateError(currency, "the policy has no rate for it")
    return Conversion(source, target, units[source], units[target], spread_basis_points)


def _bounded(minor: int, currency: str) -> int:
    if minor > MINOR_UNITS_MAX:
        raise TooLargeError(currency)
    return minor
