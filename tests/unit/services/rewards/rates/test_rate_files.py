"""Files of rates: as the ECB publishes them, and what is refused by name."""

from datetime import date
from decimal import Decimal

import pytest

from services.rewards.rates.domain.files import FILE_MAX_BYTES, RateFileError, read_rates

XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube>
    <Cube time="2026-01-29"><Cube currency="USD" rate="1.0900"/></Cube>
    <Cube time='2026-01-30'><Cube currency='USD' rate='1.0956'/><Cube currency='JPY' rate='163.21'/></Cube>
  </Cube>
</gesmes:Envelope>"""


def test_the_newest_day_of_an_xml_file_counts() -> None:
    found = read_rates(XML)
    assert (found.base, found.day) == ("EUR", date(2026, 1, 30))
    assert found.units == {"USD": Decimal("1.0956"), "JPY": Decimal("163.21")}


@pytest.mark.parametrize(
    "text",
    [
        "Date, USD, JPY, BGN, \n30 January 2026, 1.0956, 163.21, N/A, \n",
        "\ufeffDate,USD,JPY,\n2026-01-29,1.0900,160,\n2026-01-30,1.0956,163.21,\n\n",
    ],
)
def test_both_tables_of_the_ecb_are_read(text: str) -> None:
    found = read_rates(text.encode())
    assert (found.day, found.units) == (date(2026, 1, 30), {"USD": Decimal("1.0956"), "JPY": Decimal("163.21")})


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Envelope>&b;</Envelope>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "begins with Date"),
        (b"<Envelope>", "not XML"),
        (b"<Envelope/>", "no Cube with a time"),
        (BOMB, "document type"),
        (b"x" * (FILE_MAX_BYTES + 1), "larger than"),
        (b"\xff\xfe", "UTF-8"),
        (b"Day,USD\n2026-01-30,1\n", "begins with Date"),
        (b"Date,USD\n", "no line with a day"),
        (b"Date,USD\nyesterday,1\n", "no day"),
        (b"Date,USD\n2026-01-30,1,2\n", "2 rates for 1"),
        (b"Date,USD\n2026-01-30,N/A\n", "no rate"),
        (b"Date,usd\n2026-01-30,1\n", "no currency"),
        (b"Date,USD,USD\n2026-01-30,1,1\n", "two rates"),
        (b"Date,EUR\n2026-01-30,1\n", "two rates"),
        *((f"Date,USD\n2026-01-30,{rate}\n".encode(), "no rate") for rate in ("0", "-1", "1e3", "NaN", "0.0")),
        (b'Date,USD\n2026-01-30,"1,0956"\n', "no rate"),
        (b'Date,USD\n2026-01-30,"1\n', "quote"),
    ],
)
def test_what_is_no_file_of_rates_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(RateFileError) as caught:
        read_rates(content)
    assert said in caught.value.problem
