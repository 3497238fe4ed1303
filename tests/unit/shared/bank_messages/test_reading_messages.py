"""What a bank's message says of money: read exactly, or refused with the line."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bank_messages.amounts import AmountError, minor_units
from shared.bank_messages.documents import MESSAGE_MAX_BYTES, Amount, MessageError, read_message
from shared.bank_messages.statements import BookingKind, Direction, Entry, entries
from shared.bank_messages.status_reports import Level, StatusKind, statuses
from shared.currencies import decimal_amount, exponent
from tests.unit.shared.bank_messages.messages import (
    NAMESPACE,
    RETURNED,
    code,
    entry,
    of_part,
    of_payment,
    payment,
    report,
    statement,
    why,
)


def _entries(content: bytes) -> list[Entry]:
    return list(entries(read_message(content)))


def _all(content: bytes) -> None:
    read = read_message(content)
    list(statuses(read) if read.kind == "pain.002" else entries(read))


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("5.0100", "EUR", 501),
        ("170.8", "EUR", 17080),
        ("100", "JPY", 100),
        ("100.00", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("27.05000", "EUR", 2705),
        ("+.5", "EUR", 50),
        ("0", "EUR", 0),
        ("007.", "EUR", 700),
    ],
)
def test_an_amount_is_exact(written: str, currency: str, minor: int) -> None:
    assert minor_units(written, currency) == minor


@pytest.mark.parametrize(
    "written", ["", ".", "1,00", "-1.00", "1e3", "NaN", "12..34", "1 000", "１.00", "1.005", "0.000001", "9" * 19]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(AmountError):
        minor_units(written, "EUR")


@given(
    minor=st.integers(0, 10**13), currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]), zeros=st.integers(0, 1)
)
def test_an_amount_is_what_it_was_written_as(minor: int, currency: str, zeros: int) -> None:
    written = str(decimal_amount(minor, currency))

    assert Decimal(written) * 10 ** exponent(currency) == minor
    padded = written + "0" * zeros if "." in written else written
    assert minor_units(padded, currency) == minor


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        (NAMESPACE.format("camt.053.001.02"), "camt.053.001.02"),
        (NAMESPACE.format("camt.053.001.04"), "camt.053.001.04"),
        ('xmlns="http://www.six-interbank-clearing.com/de/camt.053.001.04.ch.02.xsd"', "camt.053.001.04"),
        ("", "camt.053"),
        (NAMESPACE.format("camt.053.001.14").replace("xmlns", "Xmlns"), "camt.053"),
        ('xmlns="urn:example:own"', "camt.053"),
        (NAMESPACE.format("camt.053.001.08").replace("=", ":c="), "camt.053"),
    ],
)
def test_a_message_is_what_its_document_holds(namespace: str, name: str) -> None:
    read = read_message(b"\n " + statement("camt.053", entry("1.00"), namespace=namespace))

    assert (read.name, read.kind) == (name, "camt.053")
    assert [one.amount for one in entries(read)] == [Amount(100, "EUR")]


def test_other_encodings_and_envelopes_are_read() -> None:
    content = statement("camt.054", entry("1.00", payment("Ü1")))
    wide = content.decode().replace('version="1.0"', 'version="1.0" encoding="UTF-16"').encode("utf-16")
    wrapped = b"<Envelope><AppHdr/>" + content.split(b"\n", 1)[1] + b"</Envelope>"

    for given_ in (b"\xef\xbb\xbf" + content, wide, wrapped):
        assert [one.bookings[0].end_to_end_id for one in _entries(given_)] == ["Ü1"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is not XML"),
        (b"IBAN;Betrag\n", "it is not XML"),
        (statement("camt.053", "<Ntry>")[:-9], "it is not XML"),
        (b"<html/>", "'html', not a Document"),
        (
            statement("camt.053", namespace=NAMESPACE.format("camt.053.001.14")),
            r"it is camt\.053\.001\.14; of camt\.053",
        ),
        (
            b"<Document %s><CstmrCdtTrfInitn/></Document>" % NAMESPACE.format("pain.001.001.09").encode(),
            "pain.001.001.09",
        ),
        (b"<Document/>", "it is empty"),
        (
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document><BkToCstmrStmt/></Document>',
            "document type",
        ),
        (b"<!DOCTYPE Document><Document><BkToCstmrStmt/></Document>", "document type"),
        (b"<Document>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Document>", "it is not XML"),
        (b" " * (MESSAGE_MAX_BYTES + 1), "larger than 32 MiB"),
        (b"<Document><BkToCstmrStmt/></Document>", "has no Stmt"),
        (statement("camt.053", "\n", entry("12..34")), r"line 3: Amt: '12\.\.34' is not an amount"),
        (statement("camt.053", entry("1.00").replace("CRDT", "CREDIT")), "neither CRDT nor DBIT"),
        (statement("camt.053", entry("1.00").replace(' Ccy="EUR"', "")), "names no currency"),
        (statement("camt.053", entry("1.00").replace("<Sts><Cd>BOOK</Cd></Sts>", "")), "Ntry has no Sts"),
        (statement("camt.053", entry("1.00").replace("2026-10-05", "2026-14-46")), "'2026-14-46' is not a day"),
        (report(""), "it says no status"),
    ],
)
def test_what_is_not_right_is_refused_with_what_is_wrong(content: bytes, problem: str) -> None:
    with pytest.raises(MessageError, match=problem):
        _all(content)


def test_entities_that_grow_are_not_grown() -> None:
    grown = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    content = f'<!DOCTYPE lolz [<!ENTITY a "lol">{grown}]><Document>&j;</Document>'.encode()

    with pytest.raises(MessageError):
        read_message(content)


ICDT = code("ICDT", "ESCT")


@pytest.mark.parametrize(
    ("way", "more", "details", "kind"),
    [
        ("CRDT", code("RCDT", "ESCT"), "", BookingKind.CREDIT),
        ("DBIT", ICDT, "", BookingKind.DEBIT),
        ("DBIT", code("RCDT", "BOOK"), "", BookingKind.DEBIT),
        ("CRDT", code("ICDT", "RRTN"), "", BookingKind.RETURN),
        ("CRDT", "", code("ICDT", "RRTN"), BookingKind.RETURN),
        ("CRDT", "", RETURNED, BookingKind.RETURN),
        ("CRDT", "<RvslInd>true</RvslInd>", "", BookingKind.RETURN),
        ("CRDT", "<RvslInd>false</RvslInd>", "", BookingKind.CREDIT),
        ("CRDT", ICDT, "", BookingKind.RETURN),
        ("CRDT", "<BkTxCd><Prtry><Cd>NRTI+159+00931</Cd></Prtry></BkTxCd>", "", BookingKind.RETURN),
        ("CRDT", "<BkTxCd><Prtry><Cd>NTRF+166</Cd></Prtry></BkTxCd>", "", BookingKind.CREDIT),
    ],
)
def test_money_that_comes_back_is_known_by_code_details_indicator_or_sign(
    way: str, more: str, details: str, kind: BookingKind
) -> None:
    [read] = _entries(statement("camt.053", entry("30.00", payment("E-1", more=details), way=way, more=more)))

    assert [one.kind for one in read.bookings] == [kind]


def test_an_only_payment_is_what_was_booked_and_says_what_was_ordered() -> None:
    ordered = '<AmtDtls><InstdAmt><Amt Ccy="EUR">30.00</Amt></InstdAmt></AmtDtls>'
    abroad = payment("E-2", "25.00", ccy="GBP")
    short, exchanged, nothing = _entries(
        statement(
            "camt.053",
            entry("28.50", payment("E-1", "30.00", ordered + RETURNED)),
            entry("29.06", abroad, way="DBIT"),
            entry("200", payment("E-3", "0", ccy="USD")),
        )
    )

    assert [(one.amount, one.instructed) for one in (*short.bookings, *exchanged.bookings, *nothing.bookings)] == [
        (Amount(2850, "EUR"), Amount(3000, "EUR")),
        (Amount(2906, "EUR"), Amount(2500, "GBP")),
        (Amount(20000, "EUR"), None),
    ]


def test_several_payments_are_each_what_they_say() -> None:
    returned = [payment(name, "30.00", RETURNED) for name in ("E-1", "E-2")]
    charged = payment("E-3", "1.00", "<CdtDbtInd>DBIT</CdtDbtInd>")
    whole, less, net = _entries(
        statement(
            "camt.054",
            entry("60.00", *returned),
            entry("57.00", *returned),
            entry("59.00", *returned, charged),
        )
    )

    assert [(one.end_to_end_id, one.amount.minor, one.reason.code) for one in whole.bookings] == [
        ("E-1", 3000, "AC04"),
        ("E-2", 3000, "AC04"),
    ]
    assert [one.unexplained_minor for one in (whole, less, net)] == [0, -300, 0]
    assert net.bookings[2].direction is Direction.DEBIT


def test_a_batch_that_does_not_say_what_each_was_is_one_booking() -> None:
    silent, listed = _entries(
        statement(
            "camt.053",
            entry("60.00", "<Btch><PmtInfId>RUN-1-EUR</PmtInfId><NbOfTxs>20</NbOfTxs></Btch>", way="DBIT"),
            entry("60.00", payment("E-1"), payment("E-2"), way="DBIT"),
        )
    )

    assert [(one.payment_information_id, one.payments_count) for one in silent.bookings] == [("RUN-1-EUR", 20)]
    assert [(one.end_to_end_id, one.payments_count) for one in listed.bookings] == [(None, 2)]


def test_an_id_that_is_not_provided_is_none() -> None:
    read = _entries(statement("camt.053", entry("1", payment("NOTPROVIDED")), entry("1", payment(" E-1\n"))))

    assert [one.bookings[0].end_to_end_id for one in read] == [None, "E-1"]


def _said(content: bytes) -> list[tuple[Level, StatusKind, str | None, str | None]]:
    return [(one.level, one.kind, one.end_to_end_id, one.reason.code) for one in statuses(read_message(content))]


def test_a_refusal_is_read_at_each_level() -> None:
    assert _said(report("<GrpSts>RJCT</GrpSts>" + why("AM05"))) == [
        (Level.GROUP, StatusKind.REJECTED, None, "AM05")
    ]
    part = of_part("RJCT", of_payment("E-1", "RJCT"), why=why("AGNT"))
    assert _said(report("<GrpSts>RJCT</GrpSts>", part)) == [
        (Level.GROUP, StatusKind.REJECTED, None, None),
        (Level.PAYMENT_INFORMATION, StatusKind.REJECTED, None, "AGNT"),
        (Level.PAYMENT, StatusKind.REJECTED, "E-1", "AGNT"),
    ]
    single = of_part("", of_payment("E-1", "RJCT", why("AC04")), of_payment("E-2", "ACSC"))
    assert _said(report("<GrpSts>ACTC</GrpSts>", single)) == [
        (Level.GROUP, StatusKind.ACCEPTED, None, None),
        (Level.PAYMENT, StatusKind.REJECTED, "E-1", "AC04"),
        (Level.PAYMENT, StatusKind.SETTLED, "E-2", None),
    ]


def test_what_was_accepted_has_no_reason_of_what_was_not() -> None:
    part = of_part("PART", of_payment("E-1", "ACSC"), of_payment("E-2", "RVNM"), why=why("AC01"))

    assert [(one[1], one[3]) for one in _said(report("", part))] == [
        (StatusKind.PARTLY, "AC01"),
        (StatusKind.SETTLED, None),
        (StatusKind.OTHER, None),
    ]


@pytest.mark.parametrize(
    ("reason", "words", "read"),
    [
        ("NARR", "AC01;Konto ungültig", ("AC01", "Konto ungültig")),
        ("NARR", "CAP Invalid code", ("NARR", "CAP Invalid code")),
        ("AM10", "904114;ControlSum", ("AM10", "904114;ControlSum")),
    ],
)
def test_a_reason_in_words_that_begin_with_a_code_is_that_code(
    reason: str, words: str, read: tuple[str, str]
) -> None:
    [found] = statuses(read_message(report("<GrpSts>RJCT</GrpSts>" + why(reason, words))))

    assert found.reason == read
