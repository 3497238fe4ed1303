"""Where acknowledged records stand in a partition."""

from shared.kafka import Acknowledged


def test_what_follows_is_one_and_what_does_not_has_something_between() -> None:
    assert Acknowledged(3, 5).followed_by(Acknowledged(5, 9)) == Acknowledged(3, 9)
    assert Acknowledged(3, 5).followed_by(Acknowledged(6, 9)) == Acknowledged(3, 9, is_whole=False)
    assert not Acknowledged(3, 5, is_whole=False).followed_by(Acknowledged(5, 9)).is_whole
