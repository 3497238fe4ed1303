"""A rate that something keeps which was converted by it: what was in force then, whatever is later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from services.rewards.rates.domain.converting import Conversion
from services.rewards.rates.domain.policies import RatesInForce

_SHOWN = Context(prec=12)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The rate at which prices in `price_currency` are paid in `currency`, by which policy, and of which day.

    `price_units` and `units` are whole units of each that one unit of the policy's base currency is.
    """

    price_currency: str
    currency: str
    price_units: Decimal
    units: Decimal
    spread_basis_points: int
    rate_policy_id: str
    rate_day: date

    @property
    def conversion(self) -> Conversion:
        """How amounts of the price become amounts that are paid."""
        return Conversion(
            self.price_currency, self.currency, self.price_units, self.units, self.spread_basis_points
        )

    @property
    def rate(self) -> Fraction:
        """Units that are paid for a unit of the price, without the spread."""
        return self.conversion.rate

    @property
    def rate_text(self) -> str:
        """That rate to twelve digits."""
        rate = self.rate
        return f"{_SHOWN.divide(Decimal(rate.numerator), Decimal(rate.denominator)).normalize():f}"

    @property
    def said(self) -> dict[str, Any]:
        """It as JSON has it; decimals as text, exactly."""
        return {
            "price_currency": self.price_currency,
            "currency": self.currency,
            "price_units": f"{self.price_units.normalize():f}",
            "units": f"{self.units.normalize():f}",
            "spread_basis_points": self.spread_basis_points,
            "rate_policy_id": self.rate_policy_id,
            "rate_day": self.rate_day.isoformat(),
        }


def exchange_of(said: Mapping[str, Any] | None) -> Exchange | None:
    """A kept rate, as JSON has it; None where nothing was converted."""
    if not said:
        return None
    return Exchange(
        price_currency=said["price_currency"],
        currency=said["currency"],
        price_units=Decimal(said["price_units"]),
        units=Decimal(said["units"]),
        spread_basis_points=said["spread_basis_points"],
        rate_policy_id=said["rate_policy_id"],
        rate_day=date.fromisoformat(said["rate_day"]),
    )


def exchange_at(rates: RatesInForce, *, price_currency: str, currency: str, today: date) -> Exchange:
    """The rate of today between two currencies, to be kept.

    Raises StaleRatesError, NoRateError and RateMovedError.
    """
    conversion = rates.between(price_currency, currency, today=today)
    return Exchange(
        price_currency,
        currency,
        conversion.source_units,
        conversion.target_units,
        conversion.spread_basis_points,
        rates.policy.policy_id,
        rates.day or today,
    )
