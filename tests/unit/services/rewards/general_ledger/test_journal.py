"""The journal for the general ledger: it sums to zero, no day goes out twice, and its files are finance's."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.approvals.domain import Approval, ApprovalState, Author, Subject
from services.rewards.general_ledger.domain.exports import (
    XERO_HEADINGS,
    XERO_LINES_MAX_COUNT,
    Export,
    ExportRefusedError,
    Grain,
    csv_rows,
    next_days,
    xero_parts,
    xero_rows,
)
from services.rewards.general_ledger.domain.journal import (
    BookedSum,
    JournalLine,
    LiabilityMoved,
    by_month,
    draft,
    is_balanced,
)
from services.rewards.general_ledger.domain.mapping import (
    ANY_EVENT,
    AccountMapping,
    Chart,
    MappedAccount,
    MappedTwiceError,
)

NOW = datetime(2026, 2, 1, tzinfo=UTC)
MIA, OMAR = Author("mia", "Mia", "k1"), Author("omar", "Omar", "k2")
APPROVED = Approval(Subject.ACCOUNT_MAPPING, ApprovalState.APPROVED, NOW, MIA, NOW, OMAR)
NUMBERS = {"payout_expense": "6800", "payable": "2300", "points_liability": "2410", "points_expense": "6810"}
DAY = date(2026, 1, 31)


def mapping(*more: MappedAccount, since: date = date(2026, 1, 1)) -> AccountMapping:
    accounts = (*(MappedAccount(name, ANY_EVENT, number) for name, number in NUMBERS.items()), *more)
    return AccountMapping("acme", f"m-{since}-{len(more)}", since, accounts, "Tax Exempt", APPROVED)


def export(number: int = 12) -> Export:
    return Export("acme", number, date(2026, 1, 1), DAY, Grain.DAY, "Tax Exempt", 2, NOW, MIA)


def test_what_members_are_owed_is_what_the_communitys_accounts_lack() -> None:
    booked = [BookedSum(DAY, "payout_reserved", "payout_expense", "EUR", -600)]
    found = draft(booked, [], members_account="payable", chart=Chart([mapping()]))
    assert found.lines == [
        JournalLine(DAY, "payout_reserved", "payout_expense", "6800", "EUR", 600),
        JournalLine(DAY, "payout_reserved", "payable", "2300", "EUR", -600),
    ]


def test_the_liability_for_points_moves_against_its_expense() -> None:
    moved = [LiabilityMoved(DAY, "EUR", earned_minor=855, used_minor=-95, estimate_minor=0)]
    special = MappedAccount("points_expense", "points_used", "6811")
    found = draft([], moved, members_account="payable", chart=Chart([mapping(special)]))
    assert [(line.event, line.number, line.amount) for line in found.lines] == [
        ("points_earned", "6810", 855),
        ("points_earned", "2410", -855),
        ("points_used", "2410", 95),
        ("points_used", "6811", -95),
    ]


def test_what_is_mapped_to_no_account_is_named_once() -> None:
    booked = [BookedSum(day, "by_hand", "suspense", "EUR", 5) for day in (DAY, date(2026, 1, 30))]
    found = draft(booked, [], members_account="payable", chart=Chart([mapping()]))
    assert [(one.account, one.event) for one in found.missing] == [("suspense", "by_hand")]
    assert not draft(booked, [], members_account="payable", chart=Chart([])).lines


def test_the_latest_mapping_applies_as_a_whole() -> None:
    later = AccountMapping(
        "acme",
        "later",
        date(2026, 1, 15),
        (MappedAccount("bank", ANY_EVENT, "1800"),),
        "x",
        replace(APPROVED, decided_at=None),
    )
    chart = Chart([later, mapping()])
    assert chart.number(date(2026, 1, 14), "payable", "any") == "2300"
    assert chart.number(DAY, "payable", "any") is None
    assert chart.number(DAY, "bank", "any") == "1800"
    with pytest.raises(MappedTwiceError) as twice:
        mapping(MappedAccount("payable", ANY_EVENT, "1")).check()
    assert twice.value.place == len(NUMBERS)


def test_no_day_is_handed_over_twice_or_left_out() -> None:
    over = date(2026, 2, 3)
    assert next_days(None, date(2026, 1, 1), DAY, over=over) == (date(2026, 1, 1), DAY)
    assert next_days(DAY, None, over, over=over) == (date(2026, 2, 1), over)
    assert next_days(DAY, date(2026, 2, 1), over, over=over) == (date(2026, 2, 1), over)
    for last_exported, first, last in (
        (None, None, DAY),
        (DAY, DAY, over),
        (DAY, date(2026, 2, 2), over),
        (DAY, None, DAY),
        (None, DAY, date(2026, 2, 4)),
    ):
        with pytest.raises(ExportRefusedError):
            next_days(last_exported, first, last, over=over)


def test_files_are_finances() -> None:
    lines = [
        JournalLine(DAY, "payout_settled", "bank", "=1+1", "EUR", -1250),
        JournalLine(DAY, "payout_settled", "bank_in_transit", "1810", "EUR", 1250),
    ]
    _, first, second = csv_rows(export(), lines)
    assert first[5:8] == (None, Decimal("12.50"), "EUR")
    assert second[5:8] == (Decimal("12.50"), None, "EUR")
    heads, xero, _ = xero_rows(export(), lines)
    assert heads == XERO_HEADINGS
    text = "Plaudit 12: payout_settled 2026-01-31 EUR"
    assert xero == (text, "31/01/2026", "bank", "=1+1", "Tax Exempt", Decimal("-12.50"))


def test_xero_takes_no_more_lines_than_it_does_and_no_part_of_a_journal() -> None:
    lines = [JournalLine(DAY, f"e{number:03}", side, "1", "EUR", 1) for number in range(250) for side in "abc"]
    parts = xero_parts(lines)
    assert [line for part in parts for line in part] == lines
    assert all(len(part) <= XERO_LINES_MAX_COUNT for part in parts)
    ends = [{line.event for line in part} for part in parts]
    assert not any(before & after for before, after in pairwise(ends))


some_days = st.dates(date(2025, 11, 1), date(2026, 2, 28))
booked_sums = st.builds(
    BookedSum,
    some_days,
    st.sampled_from(["made", "sent"]),
    st.just("payout_expense"),
    st.sampled_from(["EUR", "JPY"]),
    st.integers(-(10**9), 10**9).filter(bool),
)
liability_moves = st.builds(
    LiabilityMoved, some_days, st.just("EUR"), *(st.integers(-(10**9), 10**9) for _ in range(3))
)


@given(st.lists(booked_sums, max_size=20), st.lists(liability_moves, max_size=20))
def test_a_journal_sums_to_zero_by_day_and_by_month(booked: list[BookedSum], moved: list[LiabilityMoved]) -> None:
    chart = Chart([mapping(since=date(2025, 1, 1))])
    found = draft(booked, moved, members_account="payable", chart=chart)
    assert not found.missing
    assert is_balanced(found.lines)
    last = date(2026, 2, 20)
    months = by_month([line for line in found.lines if line.day <= last], last_day=last)
    assert is_balanced(months)
    ends = {date(2025, 11, 30), date(2025, 12, 31), DAY, last}
    assert {line.day for line in months} <= ends
