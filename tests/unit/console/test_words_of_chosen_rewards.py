"""What a member reads of what they chose says who it waits for, and who ended it."""

import pytest

from console.pages.my_rewards.words import STATE_WORDS, said_of


@pytest.mark.parametrize(
    ("state", "by", "more", "said"),
    [
        ("reserved", None, {}, "waits for the community"),
        ("reserved", "provider", {}, "is ordered"),
        ("reserved", "hand", {"needs_address": True}, "waits for your address"),
        ("reserved", "hand", {}, "to be sent"),
        ("cancelled", "provider", {"changed_by": "provider sandbox"}, "could not be had: the points are back"),
        ("cancelled", "provider", {"changed_by": "token:1"}, "cancelled: the points are back"),
    ],
)
def test_each_state_is_said_as_its_member_sees_it(
    state: str, by: str | None, more: dict[str, object], said: str
) -> None:
    chosen = {"state": state, "fulfilled_by": by, "needs_address": False, "changed_by": "key"} | more
    assert said_of(chosen) == said


def test_no_state_is_without_words() -> None:
    for state in STATE_WORDS:
        assert said_of({"state": state, "fulfilled_by": None, "needs_address": False, "changed_by": "key"})
