"""`plaudit audience preview`: measures as they are written on a command line."""

import click
import pytest

from plaudit.audience import _measure


def test_a_measure_is_read() -> None:
    assert _measure("answers=awards:accepted:30") == {
        "id": "answers",
        "of": "awards",
        "rule": "accepted",
        "days": 30,
    }
    assert _measure("points=points::90") == {"id": "points", "of": "points", "days": 90}
    assert _measure("idle=days_since_last") == {"id": "idle", "of": "days_since_last"}


@pytest.mark.parametrize("text", ["answers", "=awards", "answers=", "answers=awards:accepted:many"])
def test_what_is_no_measure_is_answered_with_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match="answers=awards:accepted:30"):
        _measure(text)
