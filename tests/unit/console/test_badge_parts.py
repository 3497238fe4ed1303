"""What a badge asks for is said in words where it is of a usual kind."""

import pytest

from console.components.badge_parts import BadgePart, badge_part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('events("reply") >= 10', BadgePart("events", "reply", 10)),
        ('streak("daily") > 6', BadgePart("streak", "daily", 7)),
        ("points > 99", BadgePart("points", number=100)),
        ('quest("first-steps") >= 1', BadgePart("quest", "first-steps", 1)),
        ("earned_points >= 50", BadgePart("points", number=50)),
        ('"staff" in audiences', BadgePart("audience", "staff")),
        ('events("reply") * 2 >= 10', None),
        ("points >= 1 || points >= 2", None),
    ],
)
def test_usual_parts_are_taken_apart(text: str, part: BadgePart | None) -> None:
    assert badge_part(text) == part
