"""What levels open is closed to whoever has none that opens it, and open to all where none does."""

import pytest

from services.recognition.levels.domain.rights import is_open
from shared.contracts.programme import Level, opening

LEVELS = [
    Level(id="new", title="New", points=0),
    Level(id="known", title="Known", points=50, opens=["give_kudos"]),
    Level(id="elder", title="Elder", by_hand=True, opens=["give_kudos", "redeem"]),
]


@pytest.mark.parametrize(
    ("held", "kudos", "redeem"),
    [((), False, False), (("new",), False, False), (("new", "known"), True, False), (("elder",), True, True)],
)
def test_a_right_is_open_to_whoever_has_a_level_that_opens_it(
    held: tuple[str, ...], *, kudos: bool, redeem: bool
) -> None:
    assert is_open(LEVELS, "give_kudos", held=held) is kudos
    assert is_open(LEVELS, "redeem", held=held) is redeem
    assert is_open(LEVELS, "judge", held=held)
    assert opening(LEVELS, "give_kudos") == ("known", "elder")
