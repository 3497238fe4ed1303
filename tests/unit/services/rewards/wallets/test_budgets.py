"""Wallets and what is set aside of them, against a model: nothing is lost, nothing goes below zero."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.rewards.ledger.domain.entries import CommunityKind, check_balanced
from services.rewards.wallets.domain.decisions import (
    Assignment,
    DecisionKind,
    Proposal,
    Spends,
    applying,
    check_proposal,
)
from services.rewards.wallets.domain.reservations import Reservation
from services.rewards.wallets.domain.wallets import (
    Funds,
    Move,
    MoveKind,
    Purpose,
    UsedFor,
    Wallet,
    WalletActor,
    WalletExceededError,
    WalletRefusedError,
    WalletState,
)

NOW = datetime(2026, 11, 27, tzinfo=UTC)
BY = WalletActor(None, "test")
AMOUNTS = st.integers(1, 60)


def wallet(name: int, **more: Any) -> Wallet:
    wallet_id = str(UUID(int=name))
    said = {"state": WalletState.OPEN, "currency": "EUR", "root_id": str(UUID(int=1))} | more
    return Wallet(
        community="demo",
        wallet_id=wallet_id,
        parent_id=None,
        depth=1,
        purpose=Purpose.COMMUNITY,
        campaign_id=None,
        title=f"Wallet {name}",
        low_amount=None,
        is_low=False,
        owner_person_ids=(),
        revision=1,
        created_at=NOW,
        changed_at=NOW,
        changed_by=BY,
        **said,
    )


class Budgets(RuleBasedStateMachine):
    """Three wallets of a tree; accounts are sums of entries, the model counts by itself."""

    @initialize()
    def begin(self) -> None:
        self.wallets = {str(UUID(int=name)): wallet(name) for name in (1, 2, 3)}
        self.accounts: Counter[tuple[str, str]] = Counter()
        self.given = 0
        self.spent = 0
        self.reservations: list[Reservation] = []
        self.moves = 0

    def funds(self, one: Wallet) -> Funds:
        kinds: tuple[CommunityKind, ...] = ("wallet", "wallet_reserved", "wallet_spent")
        return Funds(*(self.accounts[one.account(kind).account_id, "EUR"] for kind in kinds))

    def book(self, move: Move) -> None:
        entries = move.entries(self.wallets)
        check_balanced(entries)
        for _, account, amount in entries:
            self.accounts[account.account_id, account.currency] += amount

    def move(self, kind: MoveKind, of: int, amount: int, to: int | None = None) -> Move:
        self.moves += 1
        target = None if to is None else str(UUID(int=to))
        return Move("demo", str(UUID(int=self.moves)), kind, str(UUID(int=of)), amount, NOW, BY, target)

    @rule(of=st.integers(1, 3), amount=AMOUNTS)
    def fund(self, of: int, amount: int) -> None:
        self.book(self.move(MoveKind.FUND, of, amount))
        self.given += amount

    @rule(of=st.integers(1, 3), to=st.integers(1, 3), amount=AMOUNTS)
    def transfer(self, of: int, to: int, amount: int) -> None:
        one = self.wallets[str(UUID(int=of))]
        if of != to and self.may(one, amount):
            self.book(self.move(MoveKind.TRANSFER, of, amount, to))

    @rule(of=st.integers(1, 3), amount=AMOUNTS)
    def withdraw(self, of: int, amount: int) -> None:
        if self.may(self.wallets[str(UUID(int=of))], amount):
            self.book(self.move(MoveKind.WITHDRAW, of, amount))
            self.given -= amount

    @rule(of=st.integers(1, 3), amount=AMOUNTS)
    def reserve(self, of: int, amount: int) -> None:
        one = self.wallets[str(UUID(int=of))]
        if self.may(one, amount):
            made = Reservation(
                "demo", str(UUID(int=1000 + len(self.reservations))), one.wallet_id, UsedFor.SEND, amount, NOW
            )
            self.reservations.append(made)
            self.book(made.move(MoveKind.RESERVE, amount, by=BY, now=NOW))

    @rule(
        place=st.integers(0, 50),
        kind=st.sampled_from([MoveKind.POST, MoveKind.VOID, MoveKind.REFUND]),
        amount=AMOUNTS,
    )
    def settle(self, place: int, kind: MoveKind, amount: int) -> None:
        if not self.reservations:
            return
        place %= len(self.reservations)
        before = self.reservations[place]
        there = before.posted - before.refunded if kind is MoveKind.REFUND else before.left
        if amount > there:
            with pytest.raises(WalletRefusedError):
                before.moved(kind, amount)
            return
        after = before.moved(kind, amount)
        self.reservations[place] = after
        self.book(after.move(kind, amount, by=BY, now=NOW))
        self.spent += {MoveKind.POST: amount, MoveKind.REFUND: -amount}.get(kind, 0)

    def may(self, one: Wallet, amount: int) -> bool:
        funds = self.funds(one)
        if funds.available < amount:
            with pytest.raises(WalletExceededError) as refused:
                one.check_holds(funds, amount)
            assert refused.value.missing == amount - funds.available
            return False
        one.check_holds(funds, amount)
        return True

    @invariant()
    def nothing_is_lost_or_below_zero(self) -> None:
        all_funds = [self.funds(one) for one in self.wallets.values()]
        assert sum(self.accounts.values()) == 0
        assert all(part >= 0 for funds in all_funds for part in funds)
        assert sum(sum(funds) for funds in all_funds) == self.given
        assert sum(funds.spent for funds in all_funds) == self.spent
        assert sum(funds.reserved for funds in all_funds) == sum(one.left for one in self.reservations)
        ids = {(one.reservation_id, one.moves) for one in self.reservations}
        assert len(ids) == len(self.reservations)


Budgets.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBudgets = Budgets.TestCase


def assignment(reward: str, wallet_id: str, cost: int | None = None) -> Assignment:
    return Assignment("demo", Spends.REDEMPTIONS, reward, "", wallet_id, cost)


def test_a_rewards_own_wallet_goes_before_that_of_all() -> None:
    of_all, own = assignment("", "all"), assignment("mug", "mugs", 850)
    payouts = Assignment("demo", Spends.PAYOUTS, "", "EUR", "payouts")
    assert applying([payouts, of_all, own], "mug") == own
    assert applying([payouts, of_all, own], "shirt") == of_all
    assert applying([payouts, own], "shirt") is None
    assert (own.cost(300), of_all.cost(300)) == (850, 300)


POINTS = wallet(2, currency="PTS")


@pytest.mark.parametrize(
    ("proposal", "of", "to", "why"),
    [
        (Proposal(DecisionKind.FUND, "x"), wallet(1), None, "needs amount"),
        (Proposal(DecisionKind.CLOSE, "x", amount=1), wallet(1), None, "takes no amount"),
        (Proposal(DecisionKind.FUND, "x", amount=1, reward_id="mug"), wallet(1), None, "takes no reward_id"),
        (Proposal(DecisionKind.THAW, "x"), wallet(1), None, "is not frozen"),
        (Proposal(DecisionKind.FUND, "x", amount=1), wallet(1, state=WalletState.CLOSED), None, "is closed"),
        (Proposal(DecisionKind.TRANSFER, "x", "other", 1), wallet(1), wallet(9, root_id="9"), "different trees"),
        (Proposal(DecisionKind.TRANSFER, "x", "same", 1), wallet(1), wallet(1), "goes to another"),
        (Proposal(DecisionKind.ASSIGN, "x", spends=Spends.PAYOUTS), POINTS, None, "points pays none"),
        (Proposal(DecisionKind.ASSIGN, "x", spends=Spends.REDEMPTIONS), wallet(1), None, "unit_cost"),
        (
            Proposal(DecisionKind.ASSIGN, "x", spends=Spends.REDEMPTIONS, unit_cost=1),
            POINTS,
            None,
            "leave out unit_cost",
        ),
        (
            Proposal(DecisionKind.ASSIGN, "x", spends=Spends.PAYOUTS, reward_id="mug"),
            wallet(1),
            None,
            "take no reward_id",
        ),
    ],
)
def test_what_does_not_fit_is_not_proposed(proposal: Proposal, of: Wallet, to: Wallet | None, why: str) -> None:
    with pytest.raises(WalletRefusedError, match=why):
        check_proposal(proposal, of, to)
