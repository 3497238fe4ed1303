"""Hands in a run, and what is said to who has one."""

import pytest

from services.rewards.payouts.four_eyes.domain import (
    Deed,
    FourEyesError,
    Hand,
    check_four_eyes,
    reasons_against,
)

HANDS = [
    Hand("ada", "k1", Deed.MADE),
    Hand("bob", "k2", Deed.SET_PAYEE, 3, "p1"),
    Hand("bob", "k3", Deed.GAVE_BACK, 1, "p2"),
]


@pytest.mark.parametrize(
    ("person", "reasons"),
    [
        ("ada", ["you made the run"]),
        (
            "bob",
            [
                "you set or changed bank details of it (payout p1 and 2 more)",
                "you noted an outcome that made points of it payable again (payout p2)",
            ],
        ),
        ("eve", []),
    ],
)
def test_each_hand_of_a_person_is_a_reason(person: str, reasons: list[str]) -> None:
    assert reasons_against(HANDS, person) == reasons


def test_who_has_none_may_approve_and_who_has_one_is_told_all() -> None:
    check_four_eyes(HANDS, "eve")
    with pytest.raises(FourEyesError, match=r"you set .*; you noted .*: somebody else must approve it"):
        check_four_eyes(HANDS, "bob")


@pytest.mark.parametrize("person", ["ada", "eve", None])
def test_a_hand_of_nobody_known_could_be_anybodys(person: str | None) -> None:
    with pytest.raises(FourEyesError, match="somebody made the run by k9, of whom nobody knows"):
        check_four_eyes([Hand(None, "k9", Deed.MADE)], person)
