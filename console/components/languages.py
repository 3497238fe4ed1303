"""Languages: catalogues of what pages say, read from .po files, and how numbers, money and moments are written."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pycountry
from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import NullTranslations, Translations

from shared.currencies import decimal_amount, exponent

#: The first is what is spoken where a browser asks for none of them.
LANGUAGES = ("en", "it")
NAMES = {"en": "English", "it": "Italiano"}
#: British dates and numbers for English.
LOCALES = {"en": "en_GB", "it": "it_IT"}
SHORT_ID_CHARS = 14


@cache
def translations(language: str) -> NullTranslations:
    """What pages say in a language; English is written in the pages."""
    if language == LANGUAGES[0]:
        return NullTranslations()
    text = (files("console") / "locale" / language / "console.po").read_text()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.StringIO(text), locale=language))
    compiled.seek(0)
    return Translations(compiled)


def preferred(accepted: str, chosen: str | None = None) -> str:
    """The language that was chosen, else the first of ours that a browser accepts (Accept-Language)."""
    if chosen in LANGUAGES:
        return str(chosen)
    wanted = []
    for part in accepted.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(wanted, key=lambda one: one[0]) if tag in LANGUAGES), LANGUAGES[0])


def zone(name: str | None) -> ZoneInfo:
    """A time zone by name; UTC where it is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@cache
def _countries(language: str) -> Mapping[str, str]:
    names = Locale.parse(LOCALES[language]).territories
    known = {code: names[code] for code in (one.alpha_2 for one in pycountry.countries) if code in names}
    return dict(sorted(known.items(), key=lambda one: _ordered_by(one[1])))


def _ordered_by(text: str) -> str:
    """What texts are ordered by: without accents, in any case."""
    return "".join(sign for sign in normalize("NFD", text.casefold()) if not combining(sign))


@dataclass(frozen=True)
class Writer:
    """Writes figures and moments for one language and one time zone."""

    language: str
    zone: ZoneInfo

    @property
    def locale(self) -> Locale:
        """Babel's locale."""
        return Locale.parse(LOCALES[self.language])

    @property
    def countries(self) -> Mapping[str, str]:
        """The countries of ISO 3166 by their codes, in the order of their names."""
        return _countries(self.language)

    def number(self, value: float | None) -> str:
        """A whole number or decimal; a dash for none."""
        return "–" if value is None else format_decimal(value, locale=self.locale)

    def signed(self, value: int) -> str:
        """A number with its sign: +3, −2, 0."""
        shown = self.number(abs(value))
        return shown if value == 0 else ("+" if value > 0 else "−") + shown

    def percent(self, share: float) -> str:
        """A share of one, with one decimal: 34.1%."""
        return format_percent(share, format="#,##0.0%", locale=self.locale)

    def basis_points(self, count: int) -> str:
        """Hundredths of a percent as a percentage, exactly: 125 is 1.25%."""
        return format_percent(Decimal(count) / 10_000, format="#,##0.##%", locale=self.locale)

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units of a currency, with as many decimals as the currency has."""
        decimals = exponent(currency)
        pattern = "¤¤\u00a0#,##0.00" if self.language == "en" else self.locale.currency_formats["standard"].pattern
        pattern = pattern.replace("0.00", f"0.{'0' * decimals}" if decimals else "0")
        amount = decimal_amount(minor, currency)
        return format_currency(amount, currency, pattern, locale=self.locale, currency_digits=False)

    def day(self, value: date | datetime | str) -> str:
        """A day with its year only where that is not this one: 14 November."""
        found = self._local(value)
        year = "" if found.year == datetime.now(self.zone).year else " y"
        return format_date(found, format=f"d MMMM{year}", locale=self.locale)

    def month(self, value: str) -> str:
        """A calendar month, given as 2026-10: October 2026."""
        return format_date(date.fromisoformat(f"{value}-01"), format="LLLL y", locale=self.locale)

    def short_day(self, value: date | datetime | str) -> str:
        """A day on an axis: 14 Nov."""
        return format_date(self._local(value), format="d MMM", locale=self.locale)

    def time(self, value: datetime | str) -> str:
        """A time of the day, to the minute."""
        return format_time(self._moment(value), format="HH:mm", tzinfo=self.zone, locale=self.locale)

    def recent(self, value: datetime | str) -> str:
        """A time of today alone, of another day with it, and its year where that is another: 14 Nov, 05:23."""
        found, now = self._local(value), datetime.now(self.zone).date()
        if found == now:
            return self.time(value)
        year = "" if found.year == now.year else " y"
        day = format_date(found, format=f"d MMM{year}", locale=self.locale)
        return f"{day}, {self.time(value)}"

    def moment(self, value: datetime | str) -> str:
        """A day and a time."""
        return format_datetime(
            self._moment(value), format="d MMM y, HH:mm:ss", tzinfo=self.zone, locale=self.locale
        )

    def weekday(self, value: date | datetime | str) -> str:
        """A day with its weekday: Wednesday 25 November."""
        return format_date(self._local(value), format="EEEE d MMMM", locale=self.locale)

    def machine(self, value: datetime | str) -> str:
        """A moment as `<time datetime>` takes it."""
        return self._moment(value).astimezone(UTC).isoformat()

    def _moment(self, value: datetime | str) -> datetime:
        return datetime.fromisoformat(value) if isinstance(value, str) else value

    def _local(self, value: date | datetime | str) -> date:
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value


def short_id(text: Any) -> str:
    """An id as it is shown: its first 8 and last 4 characters, and of a receipt how many events it has."""
    said = str(text)
    receipt, _, count = said.rpartition("-")
    if receipt.startswith("r") and count.isdecimal() and len(receipt) > SHORT_ID_CHARS:
        return f"{receipt[:8]}…{receipt[-4:]}-{count}"
    return said if len(said) <= SHORT_ID_CHARS else f"{said[:8]}…{said[-4:]}"


def initials(name: str) -> str:
    """Two letters for an avatar."""
    words: Sequence[str] = [word for word in name.split() if word[:1].isalnum()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper()


def hue(text: str) -> int:
    """Which of the four colours of avatars a name gets, the same everywhere."""
    return sum(text.encode()) % 4 + 1
