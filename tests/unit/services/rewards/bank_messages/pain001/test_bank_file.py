"""The bank file is valid against the bank's schema, whatever the names and amounts."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from schwifty import IBAN

from services.rewards.bank_messages.domain import (
    AMOUNT_MINOR_MAX,
    AS_EVER,
    Address,
    BankAccount,
    Ordering,
    ordering_of,
)
from services.rewards.bank_messages.pain001.domain import (
    NAMESPACE,
    BankFileError,
    CreditTransfer,
    check_file,
    credit_transfer_file,
)
from shared.bank_accounts import UnwritableNameError, sepa_text
from shared.contracts.programme.rewards import PURPOSES
from shared.currencies import decimal_amount

PAYER = BankAccount("Plaudit & Freunde e.V.", "DE89370400440532013000", "COBADEFFXXX")
CREATED_AT = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
EXECUTION_DATE = date(2026, 5, 4)
IBANS = ("NL91ABNA0417164300", "FR1420041010050500013M02606", "AT611904300234573201", "FI2112345600000785")


def writable(name: str) -> bool:
    try:
        return bool(sepa_text(name, 70))
    except UnwritableNameError:
        return False


names = st.text(min_size=1, max_size=200).filter(writable)
payees = st.builds(
    BankAccount, names, st.sampled_from(IBANS), st.none() | st.sampled_from(["ABNANL2A", "DEUTDEFF500"])
)
transfers = st.lists(
    st.builds(
        CreditTransfer,
        st.uuids().map(lambda made: made.hex),
        st.integers(1, AMOUNT_MINOR_MAX),
        payees,
        st.just("Points, payout"),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda transfer: transfer.end_to_end_id,
)


def write(payments: list[CreditTransfer], payer: BankAccount = PAYER, ordering: Ordering = AS_EVER) -> bytes:
    return credit_transfer_file(
        payments,
        message_id="0123456789abcdef0123456789abcdef",
        payer=payer,
        created_at=CREATED_AT,
        execution_date=EXECUTION_DATE,
        ordering=ordering,
    )


def check(content: bytes, payments: list[CreditTransfer], payer: BankAccount = PAYER) -> None:
    check_file(content, payments, payer=payer, execution_date=EXECUTION_DATE)


@settings(max_examples=60, deadline=None)
@given(transfers, names)
def test_any_names_and_amounts_make_a_valid_file_that_says_the_same_every_time(
    payments: list[CreditTransfer], payer_name: str
) -> None:
    payer = BankAccount(payer_name, PAYER.iban, PAYER.bic)

    content = write(payments, payer)

    check(content, payments, payer)
    assert content == write(payments, payer)
    root = etree.fromstring(content)
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", "", NAMESPACE) == str(len(payments))
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", "", NAMESPACE) == str(
        decimal_amount(sum(one.amount_minor for one in payments), "EUR")
    )
    paid = root.findall(".//p:CdtTrfTxInf", NAMESPACE)
    assert [one.findtext(".//p:IBAN", "", NAMESPACE) for one in paid] == [one.payee.iban for one in payments]
    assert all(one.find(".//p:InstdAmt", NAMESPACE).get("Ccy") == "EUR" for one in paid)


def short(length: int) -> st.SearchStrategy[str]:
    return st.text(min_size=1, max_size=length).filter(writable)


addresses = st.builds(
    Address,
    short(35),
    st.sampled_from(["DE", "CH", "GB"]),
    post_code=st.none() | short(16),
    street=st.none() | short(70),
    building=st.none() | short(16),
    lines=st.lists(short(70), max_size=2).map(tuple),
)
orderings = st.builds(
    Ordering,
    address=st.none() | addresses,
    batch_booking=st.booleans(),
    purpose=st.none() | st.sampled_from(PURPOSES),
    instant=st.booleans(),
    file_max_count=st.none() | st.integers(12, 1_000_000),
    file_max_minor=st.none() | st.integers(12 * AMOUNT_MINOR_MAX, 100 * AMOUNT_MINOR_MAX),
)


#: One of the characters takes three in SEPA's.
LONG = Ordering(address=Address("0", "DE", building="0000000000¢¼Þ"))


@settings(max_examples=60, deadline=None)
@given(transfers, orderings, orderings)
@example([CreditTransfer("a" * 32, 1, BankAccount("A", "NL91ABNA0417164300"), "Points")], LONG, LONG)
def test_however_a_bank_is_asked_to_pay_the_file_is_valid_and_says_that_and_nothing_else(
    payments: list[CreditTransfer], ordering: Ordering, other: Ordering
) -> None:
    content = write(payments, ordering=ordering)

    check_file(content, payments, payer=PAYER, execution_date=EXECUTION_DATE, ordering=ordering)
    assert ordering_of(json.loads(json.dumps(ordering.said))) == ordering
    if write(payments, ordering=other) != content:
        with pytest.raises(BankFileError, match="how to pay"):
            check_file(content, payments, payer=PAYER, execution_date=EXECUTION_DATE, ordering=other)


def test_how_to_pay_stands_where_banks_look_for_it() -> None:
    address = Address("Zürich", "CH", post_code="8000", street="Zoë-Straße", building="7a", lines=("c/o Hall",))
    ordering = Ordering(address, batch_booking=False, purpose="BONU", instant=True)
    content = write([payment()], ordering=ordering).decode()

    assert "<BtchBookg>false</BtchBookg>" in content
    assert "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>INST</Cd></LclInstrm></PmtTpInf>" in content
    assert (
        "<PstlAdr><StrtNm>Zoe-Strasse</StrtNm><BldgNb>7a</BldgNb><PstCd>8000</PstCd><TwnNm>Zurich</TwnNm>"
        "<Ctry>CH</Ctry><AdrLine>c/o Hall</AdrLine></PstlAdr></Dbtr>"
    ) in content
    assert "<Purp><Cd>BONU</Cd></Purp><RmtInf>" in content
    assert address.in_a_line == "Zoë-Straße 7a, c/o Hall, 8000 Zürich, CH"
    assert AS_EVER.said == {}


def payment(**change: object) -> CreditTransfer:
    values = {"end_to_end_id": "e1", "amount_minor": 1, "payee": BankAccount("Ada", IBANS[0]), "remittance": "P"}
    return CreditTransfer(**{**values, **change})


@pytest.mark.parametrize(
    ("payments", "reason"),
    [
        ([], "at least one"),
        ([payment(), payment()], "same EndToEndId"),
        ([payment(end_to_end_id="x" * 36)], "1 to 35 characters"),
        ([payment(amount_minor=0)], "not within"),
        ([payment(amount_minor=AMOUNT_MINOR_MAX + 1)], "not within"),
        ([payment(payee=BankAccount("Ada", "not an iban"))], "not valid against"),
    ],
)
def test_a_file_that_a_bank_would_refuse_is_not_written(payments: list[CreditTransfer], reason: str) -> None:
    with pytest.raises(BankFileError, match=reason):
        write(payments)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Ordering(file_max_count=2, file_max_minor=600), None),
        (Ordering(file_max_count=1), "takes 1 payments in a file, and these are 2"),
        (Ordering(file_max_minor=599), "takes 5.99 EUR in a file, and these are 6.00"),
    ],
)
def test_a_file_has_no_more_in_it_than_the_bank_takes(limits: Ordering, reason: str | None) -> None:
    payments = [payment(amount_minor=250), payment(end_to_end_id="e2", amount_minor=350)]
    if reason is None:
        assert write(payments, ordering=limits) == write(payments)
    else:
        with pytest.raises(BankFileError, match=reason):
            write(payments, ordering=limits)


def test_a_file_that_carries_something_else_is_found_out() -> None:
    content = write([payment(amount_minor=1_000)])
    with pytest.raises(BankFileError, match="payments asked for"):
        check(content, [payment(amount_minor=1_001)])
    with pytest.raises(BankFileError, match="sum up"):
        check(content.replace(b"<CtrlSum>10.00", b"<CtrlSum>10.01"), [payment(amount_minor=1_000)])
    with pytest.raises(BankFileError, match="count"):
        check(content.replace(b"<NbOfTxs>1<", b"<NbOfTxs>2<"), [payment(amount_minor=1_000)])


@pytest.mark.parametrize(
    ("written", "other"),
    [
        (b"<IBAN>NL91ABNA0417164300", b"<IBAN>AT611904300234573201"),
        (b"<Nm>Ada<", b"<Nm>Eve<"),
        (b"<BICFI>ABNANL2A<", b"<BICFI>DEUTDEFF<"),
        (b"<IBAN>DE89370400440532013000", b"<IBAN>AT611904300234573201"),
        (b"<Nm>Plaudit + Freunde e.V.</Nm></Dbtr>", b"<Nm>Somebody Else</Nm></Dbtr>"),
        (b"<BICFI>COBADEFFXXX<", b"<BICFI>DEUTDEFF<"),
        (b"<Dt>2026-05-04<", b"<Dt>2026-05-05<"),
    ],
)
def test_a_file_that_pays_somebody_else_is_paid_by_somebody_else_or_on_another_day_is_found_out(
    written: bytes, other: bytes
) -> None:
    payments = [payment(payee=BankAccount("Ada", IBANS[0], "ABNANL2A"))]
    content = write(payments)
    assert content.count(written) == 1
    with pytest.raises(BankFileError, match="asked for"):
        check(content.replace(written, other), payments)


def test_the_ibans_used_here_are_real_ones() -> None:
    assert all(IBAN(one).is_valid for one in (*IBANS, PAYER.iban))
