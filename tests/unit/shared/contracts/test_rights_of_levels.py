"""What levels open is closed to whoever has none that opens it, and open to all where none does."""

import pytest

from shared.contracts.programme import Level, Right, opening

LEVELS = [
    Level(id="new", title="New", points=0),
    Level(id="known", title="Known", points=50, opens=["give_kudos"]),
    Level(id="elder", title="Elder", by_hand=True, opens=["give_kudos", "redeem"]),
]


@pytest.mark.parametrize(
    ("right", "levels"), [("give_kudos", ("known", "elder")), ("redeem", ("elder",)), ("judge", ())]
)
def test_the_levels_that_open_a_right_are_those_that_say_so(right: Right, levels: tuple[str, ...]) -> None:
    assert opening(LEVELS, right) == levels
