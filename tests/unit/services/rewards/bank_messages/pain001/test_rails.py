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
}
PAYEES = {
    "EUR": ("AT611904300234573201", "NL91ABNA0417164300"),
    "CHF": ("CH9300762011623852957", "LI21088100002324013AA"),
    "GBP": ("GB33BUKB20201555555555", "GB94BARC10201530093459"),
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
