"""Amounts as ISO 20022 writes them, in the minor units of their currency."""

import re
from decimal import Decimal
from typing import Final

#: ISO 4217, list one: the currencies without a minor unit, and those of which it is not a hundredth.
_WHOLE: Final = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF")
_EXPONENTS: Final = {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4}
_CURRENCY = re.compile(r"[A-Z]{3}")
#: ActiveOrHistoricCurrencyAndAmount: at most 18 digits, at most 5 of them after the point.
_AMOUNT = re.compile(r"\+?(?=\.?\d)(\d*)(?:\.(\d*))?", re.ASCII)
DIGITS_MAX_COUNT = 18
DECIMALS_MAX_COUNT = 5


class AmountError(ValueError):
    """What is written is no amount of its currency; the message says why."""


def exponent(currency: str) -> int:
    """How many decimals a currency's minor unit has: EUR 2, JPY 0, KWD 3.

    Raises AmountError when it is no currency's code.
    """
    if not _CURRENCY.fullmatch(currency):
        raise AmountError(f"{currency!r} is not the code of a currency")
    return 0 if _WHOLE.fullmatch(currency) else _EXPONENTS.get(currency, 2)


def minor_units(written: str, currency: str) -> int:
    """An amount in minor units, exactly: `5.0100` EUR is 501, `170.8` EUR 17080, `100` JPY 100.

    Raises AmountError when it is not a decimal number of ISO 20022, or is finer than the currency.
    """
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


def decimal_amount(minor: int, currency: str) -> str:
    """Minor units as a decimal number with the currency's decimals: 17080 EUR is `170.80`, 100 JPY `100`."""
    return str(Decimal(minor).scaleb(-exponent(currency)))
