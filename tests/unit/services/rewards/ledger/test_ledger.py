"""Accounts and entries: Σ is zero, ids are derived, and locks have one order."""

from uuid import RFC_4122, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain.balances import Due, point_balances
from services.rewards.ledger.domain.entries import (
    NAMESPACE,
    POINT_KINDS,
    Entry,
    Owner,
    UnbalancedError,
    check_balanced,
    community_account,
    deltas,
    derived_id,
    member_account,
    move,
    transfer_id,
)

ONE, OTHER = str(UUID(int=1)), str(UUID(int=2))

uuids = st.uuids().map(str)
amounts = st.integers(min_value=1, max_value=2**62)
movements = st.lists(st.tuples(uuids, uuids, st.sampled_from(POINT_KINDS), amounts), max_size=30)


@given(movements)
def test_entries_of_moves_sum_to_zero_whatever_is_moved(moves: list[tuple[str, str, str, int]]) -> None:
    issued = community_account("python", "points_issued")
    entries = [
        entry
        for cause, member, kind, amount in moves
        for entry in move(
            transfer_id(cause, "award"), issued, member_account(Owner("python", member), kind), amount
        )
    ]

    check_balanced(entries)

    changes = deltas(entries)
    assert sum(amount for _, amount in changes) == 0
    order = [(account.owner is None, account.account_id) for account, _ in changes]
    assert order == sorted({(entry.account.owner is None, entry.account.account_id) for entry in entries})


@given(uuids, amounts)
def test_a_transfer_that_is_off_by_anything_is_refused(member: str, amount: int) -> None:
    transfer = transfer_id(member, "award")
    entries = [
        Entry(transfer, community_account("python", "points_issued"), -amount),
        Entry(transfer, member_account(Owner("python", member), "available"), amount + 1),
    ]
    with pytest.raises(UnbalancedError, match="off by 1 PTS"):
        check_balanced(entries)


def test_two_currencies_must_each_sum_to_zero() -> None:
    member = ONE
    transfer = transfer_id(member, "payout_reserved")
    entries = [
        Entry(transfer, member_account(Owner("python", member), "available"), -100),
        Entry(transfer, member_account(Owner("python", member), "payable", "EUR"), 100),
    ]
    with pytest.raises(UnbalancedError):
        check_balanced(entries)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_move_of_nothing_is_refused(amount: int) -> None:
    member = ONE
    with pytest.raises(UnbalancedError):
        move(
            OTHER,
            member_account(Owner("python", member), "available"),
            member_account(Owner("python", member), "spent"),
            amount,
        )


def test_a_move_between_currencies_is_refused() -> None:
    member = ONE
    with pytest.raises(UnbalancedError, match="PTS to an account in EUR"):
        move(
            OTHER,
            member_account(Owner("python", member), "available"),
            member_account(Owner("python", member), "payable", "EUR"),
            5,
        )


def test_ids_are_derived_and_differ_by_community_member_kind_and_currency() -> None:
    one, other = ONE, OTHER
    ids = {
        account.account_id
        for account in (
            member_account(Owner("python", one), "available"),
            member_account(Owner("rust", one), "available"),
            member_account(Owner("python", other), "available"),
            member_account(Owner("python", one), "reserved"),
            member_account(Owner("python", one), "payable", "EUR"),
            member_account(Owner("python", one), "payable", "SEK"),
            community_account("python", "points_issued"),
        )
    }
    assert len(ids) == 7
    assert member_account(Owner("python", one), "available").account_id == "20c389b0-6e6b-5da5-98f1-4f361d488a58"
    assert transfer_id(one, "award") != transfer_id(one, "reversal")


def test_kinds_without_entries_are_zero() -> None:
    assert point_balances({"available": -3, "paid": 7}) == {
        "pending": 0,
        "available": -3,
        "reserved": 0,
        "spent": 0,
        "paid": 7,
        "expired": 0,
    }


@given(st.text(max_size=50))
def test_derived_ids_are_uuids_of_version_5(name: str) -> None:
    assert derived_id(name) == str(uuid5(NAMESPACE, name))


@given(uuids)
def test_ids_of_transfers_are_uuids_of_version_8_that_begin_as_their_cause(cause: str) -> None:
    made = UUID(transfer_id(cause, "award"))
    assert (made.version, made.variant) == (8, RFC_4122)
    assert made.bytes[:6] == UUID(cause).bytes[:6]


def test_the_id_of_a_transfer_stays_the_same_for_ever() -> None:
    cause = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"
    assert transfer_id(cause, "award") == "0e6c1f0a-6d3f-8761-abed-51589750b6cb"
    assert transfer_id(cause, "payout_reserved") == "0e6c1f0a-6d3f-8ca7-babc-61d158269deb"


amounts = st.integers(min_value=-1_000, max_value=1_000)
some = st.integers(min_value=0, max_value=1_000)


@given(amounts, some, some, some)
def test_what_is_due_moves_between_a_members_kinds_and_only_what_is_left_of_it_expires(
    available: int, pending: int, matured: int, over: int
) -> None:
    matured = min(matured, pending)
    before = {"available": available, "pending": pending, "paid": 5}
    after = point_balances(before, Due(matured, over))
    assert sum(after.values()) == sum(before.values())
    assert after["pending"] == pending - matured
    assert after["expired"] == min(over, max(available + matured, 0))
    assert after["available"] == available + matured - after["expired"]


def test_what_is_lacking_is_paid_by_what_is_over_before_that_expires() -> None:
    """50 are over and 50 are not, and 30 are lacking: 20 expire."""
    after = point_balances({"available": 70}, Due(over=50, lacking=30))
    assert (after["available"], after["expired"]) == (50, 20)
