"""The countries that a SEPA credit transfer reaches, the one list of them; and others that payouts go to.

The European Payments Council admits countries from time to time: look at its list when this one is a year old, and
set CHECKED_ON. Which countries IBANs are issued in, and how those are built, is schwifty's to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

CHECKED_ON: Final = date(2026, 11, 26)
SOURCE: Final = (
    "the European Payments Council's list of countries in the SEPA schemes (EPC409-09), by way of its decisions: "
    "41 since Serbia was admitted on 22 May 2025, and Gibraltar, which has IBANs of its own"
)


@dataclass(frozen=True, slots=True)
class SepaCountry:
    """A country by the code that its IBANs begin with.

    `others` are the codes that BICs of its banks may have beside its own, as the Council relates IBANs and BICs,
    with what they stand for.
    """

    name: str
    others: Mapping[str, str] = field(default_factory=dict)


_FRENCH = {
    "BL": "Saint-Barthélemy",
    "GF": "French Guiana",
    "GP": "Guadeloupe",
    "MF": "Saint-Martin",
    "MQ": "Martinique",
    "PM": "Saint-Pierre-et-Miquelon",
    "RE": "Réunion",
    "YT": "Mayotte",
}
_CROWN = {"GG": "Guernsey", "IM": "Isle of Man", "JE": "Jersey"}

SEPA_COUNTRIES: Final[Mapping[str, SepaCountry]] = {
    "AD": SepaCountry("Andorra"),
    "AL": SepaCountry("Albania"),
    "AT": SepaCountry("Austria"),
    "BE": SepaCountry("Belgium"),
    "BG": SepaCountry("Bulgaria"),
    "CH": SepaCountry("Switzerland"),
    "CY": SepaCountry("Cyprus"),
    "CZ": SepaCountry("Czechia"),
    "DE": SepaCountry("Germany"),
    "DK": SepaCountry("Denmark"),
    "EE": SepaCountry("Estonia"),
    "ES": SepaCountry("Spain"),
    "FI": SepaCountry("Finland"),
    "FR": SepaCountry("France", _FRENCH),
    "GB": SepaCountry("United Kingdom", _CROWN),
    "GI": SepaCountry("Gibraltar"),
    "GR": SepaCountry("Greece"),
    "HR": SepaCountry("Croatia"),
    "HU": SepaCountry("Hungary"),
    "IE": SepaCountry("Ireland", {"GB": "banks of Northern Ireland"}),
    "IS": SepaCountry("Iceland"),
    "IT": SepaCountry("Italy"),
    "LI": SepaCountry("Liechtenstein"),
    "LT": SepaCountry("Lithuania"),
    "LU": SepaCountry("Luxembourg"),
    "LV": SepaCountry("Latvia"),
    "MC": SepaCountry("Monaco", {"FR": "branches of French banks"}),
    "MD": SepaCountry("Moldova"),
    "ME": SepaCountry("Montenegro"),
    "MK": SepaCountry("North Macedonia"),
    "MT": SepaCountry("Malta"),
    "NL": SepaCountry("Netherlands"),
    "NO": SepaCountry("Norway"),
    "PL": SepaCountry("Poland"),
    "PT": SepaCountry("Portugal"),
    "RO": SepaCountry("Romania"),
    "RS": SepaCountry("Serbia"),
    "SE": SepaCountry("Sweden"),
    "SI": SepaCountry("Slovenia"),
    "SK": SepaCountry("Slovakia"),
    "SM": SepaCountry("San Marino"),
    "VA": SepaCountry("Vatican City"),
}

#: The countries that BICs of SEPA's banks name.
BIC_COUNTRIES: Final = frozenset(SEPA_COUNTRIES).union(*(country.others for country in SEPA_COUNTRIES.values()))

#: Those outside of SEPA that a rail of their own reaches, as sentences name them.
OTHER_COUNTRIES: Final[Mapping[str, str]] = {"JP": "Japan", "KW": "Kuwait", "US": "the United States"}
