"""What a restatement told of an award stays as it was told, once its database was restored from before that."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.scoring.awards.domain.awards import Earned, as_claim, make
from services.scoring.awards.domain.restored import as_told
from services.scoring.limits.domain.claims import Claim, Word
from services.scoring.rules.domain.matching import match
from tests.unit.services.scoring.limits.test_pacing import NOON, POST, POSTED, event, version_of

VERSION = version_of(POST + "points: 5}\n")
(AWARD,) = make(match([event(1, POSTED)], {"acme": [VERSION]}).candidates, {}).awards


def word(*, is_retraction: bool) -> Word:
    return Word(NOON + timedelta(hours=1), "w", "w", is_retraction, "a")


def claim(told: int, said: Word | None = None, **more: Any) -> Claim:
    """The award as it is scored again, of which this was told last."""
    return replace(as_claim(Earned(AWARD, told, 1), said, None), room=5, **more)


@pytest.mark.parametrize("told", [8, 0, -4])
def test_it_comes_to_what_was_told_also_where_that_was_nothing(told: int) -> None:
    kept = as_told(claim(told), told, is_said=False)
    assert (kept.due, kept.told, kept.weight) == (told, told, abs(told))


def test_what_was_taken_back_and_not_told_yet_is_taken_back() -> None:
    said = word(is_retraction=True)
    kept = as_told(claim(8, said), 8, is_said=True)
    assert (kept.due, kept.told) == (0, 8)


def test_what_was_taken_back_since_comes_to_what_was_restated_once_it_is_restored() -> None:
    kept = as_told(claim(0, word(is_retraction=True)), 8, is_said=True)
    assert kept.due == 0
    kept.hear(word(is_retraction=False))
    assert kept.due == 8


def test_it_is_of_its_campaign_which_gets_back_what_is_taken() -> None:
    kept = as_told(claim(8, campaign="spring"), 8, is_said=False)
    assert kept.campaign == "spring"
