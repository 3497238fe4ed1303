"""Amounts as providers write them: numbers of a currency, in minor units here."""

from decimal import Decimal

from shared.currencies import decimal_amount, exponent


def minor_of(amount: object, currency: str) -> int:
    """An amount in minor units, exactly. Raises ValueError for what is none, or is finer than its currency."""
    try:
        minor = Decimal(str(amount)).scaleb(exponent(currency))
        whole = int(minor)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{amount!r} is no amount") from error
    if minor != whole or whole < 0:
        raise ValueError(f"{amount} {currency} is finer than the currency, or below zero")
    return whole


def written(minor: int, currency: str) -> int | float:
    """Minor units as providers take them: a number, whole where it can be."""
    amount = decimal_amount(minor, currency)
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def basis_points(percent: object) -> int:
    """A percentage in hundredths of a percent; 0 for what is empty. Raises ValueError for what is none."""
    if percent in (None, ""):
        return 0
    try:
        return int(Decimal(str(percent)) * 100)
    except ArithmeticError as error:
        raise ValueError(f"{percent!r} is no percentage") from error
