"""Accounts as people write them, in the countries that SEPA has, and what is said of the others."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty import BIC, IBAN
from schwifty.registry import get_iban_spec

from shared.bank_accounts import (
    CHECKED_ON,
    RAILS,
    SEPA_COUNTRIES,
    Account,
    AccountError,
    bic_question,
    domestic,
    masked,
    only_currency,
    read_account,
    why_not_payable_in,
    why_not_reached,
)
from shared.bank_accounts.clearing import is_routing_number
from shared.bank_accounts.references import check_digit, is_qr_iban

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs/payouts.md").read_text()
DE, NL = "DE89370400440532013000", "NL91ABNA0417164300"
#: As on 26 November 2026; none of them was taken before.
NEW = (
    "RS35260005601001611379",
    "ME25505000012345678951",
    "AL47212110090000000235698741",
    "MD24AG000225100013104168",
    "MK07250120000058984",
)
UNSEEN = [
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u202a",
    "\u2069",
    "\u00a0",
    "\u202f",
    " ",
    "\t",
    "\n",
]
DASHES = ["-", "\u2010", "\u2013"]


def reasons(name: str = "Ada", iban: str = NL, bic: str | None = None) -> dict[str, str]:
    with pytest.raises(AccountError) as refused:
        read_account(name, iban, bic)
    return dict(refused.value.reasons)


@given(st.lists(st.sampled_from(["", *UNSEEN, *DASHES]), min_size=19, max_size=19), st.booleans(), st.booleans())
def test_what_nobody_sees_between_the_characters_changes_nothing(
    between: list[str], wide: bool, small: bool
) -> None:
    shown = NL.lower() if small else NL
    if wide:
        shown = "".join(chr(ord(one) + 0xFEE0) for one in shown)
    written = "".join(part for pair in zip(between, [*shown, ""], strict=True) for part in pair)
    assert read_account("Ada", written, f"ABNA\ufeff{between[0]}nl2A") == Account("Ada", NL, "ABNANL2A")


def test_nothing_unseen_stays_in_a_name() -> None:
    assert read_account("\ufeffAda\u200b  Lovelace ", NL, None).name == "Ada  Lovelace"


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_is_written_is_an_account_or_refused_in_words_that_can_be_shown(iban: str, bic: str) -> None:
    refused: AccountError | None = None
    try:
        account = read_account("Ada", iban, bic)
    except AccountError as error:
        refused = error
    if refused is None:
        assert (IBAN(account.iban).is_valid, BIC(account.bic or "").is_valid) == (True, True)
    else:
        assert refused.reasons.keys() <= {"iban", "bic"}
        said = "".join(refused.reasons.values())
        assert not {unicodedata.category(one) for one in said} & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize(
    "iban", [*NEW, "GI75NWBK000000007099453", "VA59001123000012345678", "SM86U0322509800000000270100"]
)
def test_accounts_in_countries_of_the_scheme_are_taken(iban: str) -> None:
    assert read_account("Ada", iban, None).iban == iban


@pytest.mark.parametrize("iban", ["TR330006100519786457841326", "XK051212012345678906", "FO6264600001631634"])
def test_accounts_elsewhere_are_refused_and_named(iban: str) -> None:
    said = reasons(iban=iban)["iban"]
    assert (
        said
        == f"{masked(iban)} is in {iban[:2]}, which is outside of SEPA as of {CHECKED_ON}; no payout gets there"
    )


@pytest.mark.parametrize("iban", ["CH4431999123000889012", "CH64 3196 1000 0044 2155 7"])
def test_an_account_of_qr_bills_takes_no_payout(iban: str) -> None:
    assert "is a QR-IBAN" in reasons(iban=iban)["iban"]


def _with_institution(country: str, institution: int) -> str:
    return str(IBAN.generate(country, bank_code=f"{institution:05}", account_code="123456789012"))


@pytest.mark.parametrize(
    ("institution", "is_of_qr"), [(762, False), (29_999, False), (30_000, True), (31_999, True), (32_000, False)]
)
@pytest.mark.parametrize("country", ["CH", "LI"])
def test_institutions_of_qr_bills_are_30000_to_31999(country: str, institution: int, is_of_qr: bool) -> None:
    assert is_qr_iban(_with_institution(country, institution)) is is_of_qr
    assert not is_qr_iban("DE" + _with_institution(country, institution)[2:])


def test_the_list_has_the_countries_of_the_scheme_and_ibans_know_them() -> None:
    # 27 of the European Union, 3 more of the European Economic Area, 11 others; Gibraltar has IBANs of its own.
    assert len(SEPA_COUNTRIES) == 27 + 3 + 11 + 1
    assert {
        "AD",
        "AL",
        "CH",
        "GB",
        "MC",
        "MD",
        "ME",
        "MK",
        "RS",
        "SM",
        "VA",
        "IS",
        "LI",
        "NO",
    } <= SEPA_COUNTRIES.keys()
    assert all(get_iban_spec(code).iban_length for code in SEPA_COUNTRIES)


def test_the_guide_shows_the_list_and_when_it_was_checked() -> None:
    (listed,) = re.findall(r"<!-- countries -->\n(.*?)\n<!-- /countries -->", GUIDE, re.DOTALL)
    shown = dict(re.findall(r"([A-Z]{2}) ([^,.(]+?)(?: \([^)]*\))?(?=[,.])", listed.replace("\n", " ")))
    assert shown == {code: country.name for code, country in SEPA_COUNTRIES.items()}
    others = {code for country in SEPA_COUNTRIES.values() for code in country.others}
    assert set(re.findall(r"[A-Z]{2}", " ".join(re.findall(r"\(([^)]*)\)", listed)))) == others
    assert f"{CHECKED_ON.day} November 2026" in GUIDE


@pytest.mark.parametrize(
    ("iban", "bic", "belongs"),
    [
        (DE, "COBADEFFXXX", True),
        (DE, None, True),
        ("GB29NWBK60161331926819", "NWBKGGSP", True),
        ("GB29NWBK60161331926819", "NWBKJESH", True),
        ("GB29NWBK60161331926819", "RBOSIMD2", True),
        ("FR1420041010050500013M02606", "BREDREPP", True),
        ("FR1420041010050500013M02606", "BREDGPGX", True),
        ("MC5811222000010123456789030", "CEPAFRPP831", True),
        ("MC5811222000010123456789030", "BNPAMCM1", True),
        ("IE29AIBK93115212345678", "ULSBGB2B", True),
        (DE, "DEUTFRPP", False),
        (NL, "COBADEFF", False),
        ("GB29NWBK60161331926819", "AIBKIE2D", False),
        ("FR1420041010050500013M02606", "BNPAMCM1", False),
        ("SM86U0322509800000000270100", "UNCRITMM", False),
    ],
)
def test_a_bank_of_another_country_is_asked_about(iban: str, bic: str | None, belongs: bool) -> None:
    question = bic_question(read_account("Ada", iban, bic))
    assert (question is None) is belongs
    if question is not None and bic is not None:
        assert bic in question
        assert masked(iban) in question
        assert iban not in question


@pytest.mark.parametrize("bic", ["NBNCNCNX", "SOGPPFTP", "CHASUS33"])
def test_a_bank_outside_of_sepa_is_refused(bic: str) -> None:
    assert "outside of SEPA" in reasons(iban="FR1420041010050500013M02606", bic=bic)["bic"]


@given(st.text(max_size=40))
def test_a_mask_shows_no_more_than_the_ends(iban: str) -> None:
    shown = masked(iban)
    assert len(shown.replace("…", "", 1)) <= max(min(4, len(iban) // 2), 8 if len(iban) >= 12 else 0)


def test_a_rail_has_one_currency() -> None:
    paid = ("EUR", "CHF", "GBP", "USD", "JPY", "KWD")
    assert [why_not_payable_in(currency) for currency in paid] == [None] * 6
    assert "SEK" in (why_not_payable_in("SEK") or "")


@pytest.mark.parametrize(
    ("iban", "currencies"),
    [
        ("DE89370400440532013000", {"EUR"}),
        ("CH9300762011623852957", {"EUR", "CHF"}),
        ("LI21088100002324013AA", {"EUR", "CHF"}),
        ("GB29NWBK60161331926819", {"EUR", "GBP"}),
        ("TR330006100519786457841326", set()),
        ("CH4431999123000889012", {"CHF"}),
        ("USABA021000021123456789", {"USD"}),
        ("JPZGN00010011234567", {"JPY"}),
        ("KW81CBKU0000000000001234560101", {"KWD"}),
    ],
)
def test_an_account_is_reached_by_the_rails_of_its_country(iban: str, currencies: set[str]) -> None:
    assert {one for one in RAILS if why_not_reached(iban, one) is None} == currencies
    outside = iban[:2] not in SEPA_COUNTRIES and currencies
    assert only_currency(iban) == (next(iter(currencies)) if outside else None)


def test_sort_code_and_number_are_read_from_an_iban_as_schwifty_does() -> None:
    for iban in ("GB29NWBK60161331926819", "GB33BUKB20201555555555"):
        known = IBAN(iban)
        assert domestic(iban) == (known.branch_code, known.account_code)


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("USABA 021000021 123456789", None),
        ("usaba-121000248-00001A2B", None),
        ("USABA 021000012 123456789", "the check digit of the routing number"),
        ("USABA 0210000", "after USABA come 9 digits, the routing number"),
        ("USABA 02100002X 1", "after USABA come 9 digits, the routing number"),
        ("USABA 021000021", "after the routing number, has 1 to 17 letters and digits"),
        ("USABA 021000021 123456789012345678", "has 1 to 17 letters and digits"),
        ("JPZGN 0005 025 7654321", None),
        ("JPZGN 0005 025 765432", "has 7 digits"),
        ("JPZGN 0000 000 7654321", "the check digit of the bank and branch"),
        ("KW81 CBKU 0000 0000 0000 1234 5601 01", None),
        ("KW82 CBKU 0000 0000 0000 1234 5601 01", "the check digits of the IBAN"),
    ],
)
def test_accounts_outside_of_sepa_are_written_with_their_clearing_system(account: str, reason: str | None) -> None:
    if reason is None:
        assert read_account("Ada", account, None).iban == "".join(account.replace("-", " ").upper().split())
    else:
        assert reason in reasons(iban=account)["iban"]


def test_a_bank_outside_of_sepa_is_that_of_an_account_there() -> None:
    assert read_account("Ada", "USABA021000021123456789", "CHASUS33").bic == "CHASUS33"
    assert "outside of SEPA" in reasons(bic="CHASUS33")["bic"]


#: Of the Swiss Payment Standards, and of ISO 11649: references that others published.
QRR, SCOR = "21 00000 00003 13947 14300 09017", "RF18 5390 0754 7034"
QR_IBAN = "CH4431999123000889012"


def test_references_that_others_published_are_taken() -> None:
    assert read_account("Ada", QR_IBAN, None, reference=QRR).reference == QRR.replace(" ", "")
    assert read_account("Ada", NL, None, reference=SCOR).reference == SCOR.replace(" ", "")
    assert read_account("Ada", NL, None, reference=" ").reference is None


@pytest.mark.parametrize(
    ("iban", "reference", "reason"),
    [
        (QR_IBAN, SCOR, "with a QR-IBAN goes a QR reference"),
        (QR_IBAN, QRR[:-1] + "8", "the check digit of the QR reference"),
        (NL, QRR, "a QR reference goes with a QR-IBAN alone"),
        (NL, "RF19 5390 0754 7034", "the check digits of the reference"),
        (NL, "Invoice 17", "a reference is RF, two digits"),
    ],
)
def test_a_reference_that_does_not_go_with_an_account_is_refused(iban: str, reference: str, reason: str) -> None:
    with pytest.raises(AccountError) as refused:
        read_account("Ada", iban, None, reference=reference)
    assert reason in refused.value.reasons["reference"]


@given(st.text("0123456789", min_size=26, max_size=26), st.integers(0, 25), st.integers(1, 9))
def test_one_wrong_digit_of_a_qr_reference_is_found(digits: str, place: int, more: int) -> None:
    other = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert check_digit(other) != check_digit(digits)


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_of_a_routing_number_is_found(digits: str, place: int, more: int) -> None:
    other = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert not (is_routing_number(digits) and is_routing_number(other))
