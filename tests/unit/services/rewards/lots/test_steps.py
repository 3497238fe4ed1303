"""Steps: what can follow, and what one moves."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import pytest

from services.rewards.ledger.domain.entries import Owner, UnbalancedError, check_balanced
from services.rewards.lots.domain.lots import Use
from services.rewards.lots.domain.steps import Lots, Money, Movement, Step, Steps, Way


class Light(StrEnum):
    RED = "red"
    AMBER = "amber"
    GREEN = "green"


STEPS: Steps[Light] = Steps(
    Step(None, Light.RED),
    Step(Light.RED, Light.AMBER, Way("available", "reserved"), lots=Lots.USE),
    Step(Light.AMBER, Light.GREEN, Way("reserved", "paid"), Way("payout_expense", "payable")),
    Step(Light.AMBER, Light.RED),
)
USE = Use(Owner("python", str(UUID(int=1))), str(UUID(int=2)), 10)


def test_what_can_follow_and_what_can_still_come() -> None:
    assert STEPS.following(None) == ("red",)
    assert STEPS.following(Light.AMBER) == ("green", "red")
    assert STEPS.preceding(Light.RED) == ("amber",)
    assert [step.after for step in STEPS.ahead(Light.RED)] == ["amber", "green", "red"]
    assert STEPS.ahead(Light.GREEN) == []
    assert STEPS.find(Light.GREEN, Light.RED) is None


def test_points_go_between_the_members_accounts_and_money_to_the_member_from_the_community() -> None:
    step = STEPS.find(Light.AMBER, Light.GREEN)
    movement = Movement("payout", USE, step, Money(5, "EUR"))

    entries = movement.entries()

    check_balanced(entries)
    assert [
        (entry.account.kind, entry.account.owner, entry.account.currency, entry.amount) for entry in entries
    ] == [
        ("reserved", USE.owner.member_id, "PTS", -10),
        ("paid", USE.owner.member_id, "PTS", 10),
        ("payout_expense", None, "EUR", -5),
        ("payable", USE.owner.member_id, "EUR", 5),
    ]
    transfer = movement.transfer(datetime(2026, 5, 1, tzinfo=UTC))
    assert {entry.transfer_id for entry in entries} == {transfer.transfer_id}
    assert (transfer.kind, transfer.cause_id) == ("payout_green", USE.used_by)


def test_a_step_that_moves_money_needs_some() -> None:
    with pytest.raises(UnbalancedError):
        Movement("redemption", USE, STEPS.find(Light.AMBER, Light.GREEN)).entries()


def test_what_a_state_has_on_the_accounts_does_not_depend_on_how_it_was_reached() -> None:
    steps: Steps[Light] = Steps(
        Step(None, Light.RED),
        Step(Light.RED, Light.AMBER, Way("available", "reserved"), Way("payout_expense", "payable")),
        Step(Light.AMBER, Light.GREEN, Way("reserved", "available"), Way("payable", "bank")),
        Step(Light.AMBER, Light.RED, Way("reserved", "available"), Way("payable", "payout_expense")),
    )
    assert sorted(steps.standings()) == [
        ("amber", "available", False, -1),
        ("amber", "payable", True, 1),
        ("amber", "payout_expense", True, -1),
        ("amber", "reserved", False, 1),
        ("green", "bank", True, 1),
        ("green", "payout_expense", True, -1),
    ]
    with pytest.raises(ValueError, match="depends on how"):
        STEPS.standings()
