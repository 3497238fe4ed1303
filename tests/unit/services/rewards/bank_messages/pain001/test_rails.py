"""Files of each rail: Swiss payments as SIX's guidelines have them, and sort codes in the United Kingdom."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX, Address, BankAccount, Ordering
from services.rewards.bank_messages.pain001.domain import (
    NAMESPACE,
    BankFileError,
    CreditTransfer,
    check_file,
    credit_transfer_file,
)
from shared.bank_accounts import RAILS

PAYERS = {
    "EUR": BankAccount("Muster AG", "CH5604835012345678009", "CRESCHZZ80A"),
    "CHF": BankAccount("Muster AG", "CH5604835012345678009", "CRESCHZZ80A"),
    "GBP": BankAccount("Example Ltd", "GB29NWBK60161331926819", "NWBKGB2L"),
    "USD": BankAccount("Example Inc.", "USABA0210000210123456789", "CHASUS33"),
    "JPY": BankAccount("Example K.K.", "JPZGN00010011234567", "MHCBJPJT"),
    "KWD": BankAccount("Example W.L.L.", "KW81CBKU0000000000001234560101", "COMBKWKW"),
}
PAYEES = {
    "EUR": ("AT611904300234573201", "NL91ABNA0417164300"),
    "CHF": ("CH9300762011623852957", "LI21088100002324013AA"),
    "GBP": ("GB33BUKB20201555555555", "GB94BARC10201530093459"),
    "USD": ("USABA0110000151234", "USABA12100024800001A2B3C4D5E6F7"),
    "JPY": ("JPZGN00050257654321", "JPZGN00330010000001"),
    "KWD": ("KW81CBKU0000000000001234560101", "KW74NBOK0000000000001000372151"),
}
DAY = date(2026, 10, 2)
ADDRESS = Ordering(Address("Bern", "CH"), batch_booking=False, purpose="BONU")


def write(currency: str, payments: list[CreditTransfer], ordering: Ordering = ADDRESS) -> bytes:
    return credit_transfer_file(
        payments,
        message_id="0123456789abcdef0123456789abcdef",
        payer=PAYERS[currency],
        created_at=datetime(2026, 10, 1, 6, 30, tzinfo=UTC),
        execution_date=DAY,
        ordering=ordering,
        currency=currency,
    )


def payment(iban: str, bic: str | None = None) -> CreditTransfer:
    return CreditTransfer("e1", 194_975, BankAccount("Ada Müller", iban, bic), "Points")


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(sorted(RAILS)), st.lists(st.integers(1, AMOUNT_MINOR_MAX), min_size=1, max_size=4), st.data()
)
def test_a_file_of_any_rail_is_valid_and_is_one_of_that_rail_alone(
    currency: str, amounts: list[int], data: st.DataObject
) -> None:
    payments = [
        CreditTransfer(
            f"e{number}", amount, BankAccount("Ada", data.draw(st.sampled_from(PAYEES[currency]))), "Points"
        )
        for number, amount in enumerate(amounts)
    ]
    content = write(currency, payments)

    root = etree.fromstring(content)
    assert {one.get("Ccy") for one in root.iterfind(".//p:InstdAmt", NAMESPACE)} == {currency}
    for other in sorted(RAILS):
        if other != currency:
            with pytest.raises(BankFileError):
                check_file(
                    content, payments, payer=PAYERS[currency], execution_date=DAY, ordering=ADDRESS, currency=other
                )


def test_a_swiss_payment_names_no_service_of_sepa_and_no_charges() -> None:
    """Type D of the Swiss Payment Standards: in CHF, to an IBAN of CH or LI, its type and charges left out."""
    content = write("CHF", [payment(PAYEES["CHF"][0])]).decode()
    assert "<SvcLvl>" not in content
    assert "<ChrgBr>" not in content
    assert '<InstdAmt Ccy="CHF">1949.75</InstdAmt>' in content
    assert "<DbtrAcct><Id><IBAN>CH5604835012345678009</IBAN></Id></DbtrAcct>" in content
    assert "<CdtrAcct><Id><IBAN>CH9300762011623852957</IBAN></Id></CdtrAcct>" in content
    assert "<PstlAdr><TwnNm>Bern</TwnNm><Ctry>CH</Ctry></PstlAdr></Dbtr>" in content
    assert "<Purp><Cd>BONU</Cd></Purp>" in content
    # The same account pays euro as it ever did.
    assert "<SvcLvl><Cd>SEPA</Cd></SvcLvl>" in write("EUR", [payment(PAYEES["EUR"][0])]).decode()


@pytest.mark.parametrize("bic", [None, "BUKBGB22"])
def test_a_uk_payment_names_sort_codes_and_numbers(bic: str | None) -> None:
    content = write("GBP", [payment(PAYEES["GBP"][0], bic)], Ordering()).decode()
    shown = f"<BICFI>{bic}</BICFI>" if bic else ""
    assert "<IBAN>" not in content
    assert "<DbtrAcct><Id><Othr><Id>31926819</Id></Othr></Id></DbtrAcct>" in content
    assert "<CdtrAcct><Id><Othr><Id>55555555</Id></Othr></Id></CdtrAcct>" in content
    assert (
        f"<CdtrAgt><FinInstnId>{shown}<ClrSysMmbId><ClrSysId><Cd>GBDSC</Cd></ClrSysId><MmbId>202015</MmbId>"
        "</ClrSysMmbId></FinInstnId></CdtrAgt><Cdtr>"
    ) in content
    assert content.count("<MmbId>601613</MmbId>") == 1
    for written, other in (("55555555", "55555556"), ("202015", "202016"), ("GBDSC", "USABA")):
        with pytest.raises(BankFileError, match="asked for"):
            check_file(
                content.replace(written, other).encode(),
                [payment(PAYEES["GBP"][0], bic)],
                payer=PAYERS["GBP"],
                execution_date=DAY,
                currency="GBP",
            )


@pytest.mark.parametrize(
    ("currency", "iban", "reason"),
    [
        ("CHF", "DE89370400440532013000", "between accounts in Switzerland and Liechtenstein; this one is in DE"),
        ("GBP", "NL91ABNA0417164300", "between accounts in United Kingdom; this one is in NL"),
    ],
)
def test_an_account_on_another_rail_is_in_no_file(currency: str, iban: str, reason: str) -> None:
    with pytest.raises(BankFileError, match=reason):
        write(currency, [payment(iban)])


def test_only_sepa_has_instant_transfers() -> None:
    with pytest.raises(BankFileError, match="instant transfers are SEPA's"):
        write("CHF", [payment(PAYEES["CHF"][0])], Ordering(instant=True))


def test_a_us_payment_names_routing_numbers() -> None:
    content = write("USD", [payment(PAYEES["USD"][0])]).decode()
    assert "<IBAN>" not in content
    assert "<PmtTpInf><SvcLvl><Cd>NURG</Cd></SvcLvl></PmtTpInf>" in content
    assert "<ChrgBr>" not in content
    assert "<DbtrAcct><Id><Othr><Id>0123456789</Id></Othr></Id></DbtrAcct>" in content
    assert (
        "<CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>011000015</MmbId>"
        "</ClrSysMmbId></FinInstnId></CdtrAgt><Cdtr>"
    ) in content
    assert '<InstdAmt Ccy="USD">1949.75</InstdAmt>' in content


@pytest.mark.parametrize(
    ("currency", "written", "total"), [("JPY", "194975", "389950"), ("KWD", "194.975", "389.950")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, written: str, total: str) -> None:
    first, second = (
        CreditTransfer(f"e{number}", 194_975, BankAccount("Ada", iban), "Points")
        for number, iban in enumerate(PAYEES[currency])
    )
    content = write(currency, [first, second]).decode()
    assert content.count(f'<InstdAmt Ccy="{currency}">{written}</InstdAmt>') == 2
    assert content.count(f"<CtrlSum>{total}</CtrlSum>") == 2


def test_a_japanese_payment_names_bank_and_branch() -> None:
    content = write("JPY", [payment(PAYEES["JPY"][0])]).decode()
    assert "<ClrSysId><Cd>JPZGN</Cd></ClrSysId><MmbId>0005025</MmbId>" in content
    assert "<CdtrAcct><Id><Othr><Id>7654321</Id></Othr></Id></CdtrAcct>" in content


QRR = "210000000003139471430009017"


@pytest.mark.parametrize(
    ("currency", "iban", "reference", "kind"),
    [
        ("CHF", "CH4431999123000889012", QRR, "<Prtry>QRR</Prtry>"),
        ("CHF", "CH9300762011623852957", "RF18539007547034", "<Cd>SCOR</Cd>"),
        ("EUR", "NL91ABNA0417164300", "RF18539007547034", "<Cd>SCOR</Cd>"),
    ],
)
def test_a_reference_that_a_payee_asks_for_is_said_in_place_of_the_text(
    currency: str, iban: str, reference: str, kind: str
) -> None:
    asked = CreditTransfer("e1", 194_975, BankAccount("Ada Müller", iban, None, reference), "Points")
    content = write(currency, [asked])
    assert (
        f"<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry>{kind}</CdOrPrtry></Tp><Ref>{reference}</Ref></CdtrRefInf>"
        "</Strd></RmtInf>"
    ) in content.decode()
    with pytest.raises(BankFileError, match="asked for"):
        check_file(
            content.replace(reference.encode(), reference[:-1].encode() + b"0"),
            [asked],
            payer=PAYERS[currency],
            execution_date=DAY,
            ordering=ADDRESS,
            currency=currency,
        )


def test_a_qr_bill_is_paid_in_francs_alone() -> None:
    asked = CreditTransfer("e1", 1, BankAccount("Ada", "CH4431999123000889012", None, QRR), "Points")
    with pytest.raises(BankFileError, match="payments of QR bills, in CHF"):
        write("EUR", [asked])
