"""Amounts as ISO 20022 writes them, in the minor units of their currency."""

import re

from shared.currencies import exponent

_CURRENCY = re.compile(r"[A-Z]{3}")
#: ActiveOrHistoricCurrencyAndAmount: at most 18 digits, at most 5 of them after the point.
_AMOUNT = re.compile(r"\+?(?=\.?\d)(\d*)(?:\.(\d*))?", re.ASCII)
DIGITS_MAX_COUNT = 18
DECIMALS_MAX_COUNT = 5


class AmountError(ValueError):
    """What is written is no amount of its currency; the message says why."""


def minor_units(written: str, currency: str) -> int:
    """An amount in minor units, exactly: `5.0100` EUR is 501, `170.8` EUR 17080, `100` JPY 100.

    Raises AmountError when it is not a decimal number of ISO 20022, or is finer than the currency.
    """
    if not _CURRENCY.fullmatch(currency):
        raise AmountError(f"{currency!r} is not the code of a currency")
    decimals = exponent(currency)
    found = _AMOUNT.fullmatch(written)
    if not found:
        raise AmountError(f"{written!r} is not an amount")
    whole, fraction = found[1].lstrip("0"), found[2] or ""
    if len(fraction) > DECIMALS_MAX_COUNT or len(whole) + len(fraction) > DIGITS_MAX_COUNT:
        raise AmountError(
            f"{written!r} has more than {DIGITS_MAX_COUNT} digits, or more than {DECIMALS_MAX_COUNT} decimals"
        )
    if fraction[decimals:].strip("0"):
        raise AmountError(f"{written} {currency} is finer than the currency, which has {decimals} decimals")
    return int((whole + fraction[:decimals].ljust(decimals, "0")) or "0")
