"""Amounts in the minor units of their currencies, by whole numbers alone."""

import re
from typing import Any

from connectors.failures import MappingError
from connectors.texts import plain_text, text_of

#: Places of currencies that have not two. https://www.iso.org/iso-4217-currency-codes.html, seen 2026-11-26
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_AMOUNT = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,15}))?")


def exponent(currency: Any) -> int:
    """How many places a currency has: 0, 2, 3 or 4."""
    return _EXPONENTS.get(plain_text(currency), 2)


def minor_units(amount: Any, currency: Any) -> int:
    """An amount as it is written, `12.50`, in the minor units of its currency; never by way of a float."""
    found = _AMOUNT.fullmatch(amount if type(amount) is str else text_of(amount))
    if found is None:
        raise MappingError("this is no amount: digits, and a point before what is less than one")
    sign, whole, fraction = found.groups()
    digits = exponent(currency)
    rest = (fraction or "").rstrip("0")
    if len(rest) > digits:
        raise MappingError("the amount has more places than its currency")
    return int(f"{sign}{whole}{rest:0<{digits}}")
