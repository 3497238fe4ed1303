"""How many decimals a currency's minor unit has, by ISO 4217.

CLDR, which libraries of words go by, says how many are written in everyday life: none for HUF, which banks book
with two. Minor units are the standard's everywhere here, or the same number would be two amounts.
"""

import re
from decimal import Decimal
from typing import Final

import pycountry

#: List one: the currencies without a minor unit, and those of which it is not a hundredth.
_WHOLE: Final = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF")
_EXPONENTS: Final = {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4}


def is_known(currency: str) -> bool:
    """Whether ISO 4217 has a currency, written as there; points are none."""
    return currency.isupper() and pycountry.currencies.get(alpha_3=currency) is not None


def exponent(currency: str) -> int:
    """How many decimals a currency's minor unit has: EUR 2, JPY 0, KWD 3; 2 for what is no currency's code."""
    return 0 if _WHOLE.fullmatch(currency) else _EXPONENTS.get(currency, 2)


def decimal_amount(minor: int, currency: str) -> Decimal:
    """Minor units as a number with the currency's decimals: 17080 EUR is 170.80, 100 JPY 100."""
    return Decimal(minor).scaleb(-exponent(currency))
