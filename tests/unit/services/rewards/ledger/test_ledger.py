"""Accounts and entries: Σ is zero, ids are derived, and locks have one order."""

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain import (
    NAMESPACE,
    POINT_KINDS,
    Entry,
    UnbalancedError,
    check_balanced,
    community_account,
    deltas,
    derived_id,
    member_account,
    move,
    point_balances,
    transfer_id,
)

uuids = st.uuids()
amounts = st.integers(min_value=1, max_value=2**62)
movements = st.lists(st.tuples(uuids, uuids, st.sampled_from(POINT_KINDS), amounts), max_size=30)


@given(movements)
def test_entries_of_moves_sum_to_zero_whatever_is_moved(moves: list[tuple[UUID, UUID, str, int]]) -> None:
    issued = community_account("python", "points_issued")
    entries = [
        entry
        for cause, member, kind, amount in moves
        for entry in move(transfer_id(cause, "award"), issued, member_account("python", member, kind), amount)
    ]

    check_balanced(entries)

    changes = deltas(entries)
    assert sum(amount for _, amount in changes) == 0
    order = [(account.owner is None, account.account_id) for account, _ in changes]
    assert order == sorted({(one.account.owner is None, one.account.account_id) for one in entries})


@given(uuids, amounts)
def test_a_transfer_that_is_off_by_anything_is_refused(member: UUID, amount: int) -> None:
    transfer = transfer_id(member, "award")
    entries = [
        Entry(transfer, community_account("python", "points_issued"), -amount),
        Entry(transfer, member_account("python", member, "available"), amount + 1),
    ]
    with pytest.raises(UnbalancedError, match="off by 1 PTS"):
        check_balanced(entries)


def test_two_currencies_must_each_sum_to_zero() -> None:
    member = UUID(int=1)
    transfer = transfer_id(member, "payout_reserved")
    entries = [
        Entry(transfer, member_account("python", member, "available"), -100),
        Entry(transfer, member_account("python", member, "payable", "EUR"), 100),
    ]
    with pytest.raises(UnbalancedError):
        check_balanced(entries)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_move_of_nothing_is_refused(amount: int) -> None:
    member = UUID(int=1)
    with pytest.raises(UnbalancedError):
        move(
            UUID(int=2),
            member_account("python", member, "available"),
            member_account("python", member, "spent"),
            amount,
        )


def test_a_move_between_currencies_is_refused() -> None:
    member = UUID(int=1)
    with pytest.raises(UnbalancedError, match="PTS to an account in EUR"):
        move(
            UUID(int=2),
            member_account("python", member, "available"),
            member_account("python", member, "payable", "EUR"),
            5,
        )


def test_ids_are_derived_and_differ_by_community_member_kind_and_currency() -> None:
    one, other = UUID(int=1), UUID(int=2)
    ids = {
        account.account_id
        for account in (
            member_account("python", one, "available"),
            member_account("rust", one, "available"),
            member_account("python", other, "available"),
            member_account("python", one, "reserved"),
            member_account("python", one, "payable", "EUR"),
            member_account("python", one, "payable", "SEK"),
            community_account("python", "points_issued"),
        )
    }
    assert len(ids) == 7
    assert member_account("python", one, "available").account_id == UUID("20c389b0-6e6b-5da5-98f1-4f361d488a58")
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
    assert derived_id(name) == uuid5(NAMESPACE, name)
