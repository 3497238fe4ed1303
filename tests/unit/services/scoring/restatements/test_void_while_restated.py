"""What a restatement gives anew earns nothing where a void stands as it is posted, and is known to the void."""

from dataclasses import replace
from typing import Any

import pytest

from services.scoring.backtests.domain.known import Told
from services.scoring.limits.domain.claims import State
from services.scoring.restatements.domain.packing import pack, unpack
from services.scoring.restatements.domain.rescoring import rescore
from services.scoring.restatements.domain.restating import (
    Replaced,
    Standing,
    heard,
    parts_of,
    replacements,
    voided_by,
)
from services.scoring.voids.domain import NOTHING_STANDS, Void, Why, content_of
from services.scoring.voids.domain import Standing as Voids
from tests.unit.services.scoring.limits.test_pacing import POSTED, THANKED, event
from tests.unit.services.scoring.restatements.test_restating_the_past import SIDES

THANKS: Any = event(1, THANKED, thing="x")
CONTENT = content_of(THANKS)
VOID = Void("acme", "void", Why.UPHELD, "a", content_id=CONTENT)
UPHELD = Voids({("acme", CONTENT or ""): [VOID]}, {}, {})


def given(voids: Voids = NOTHING_STANDS) -> list[Replaced]:
    """What a version gives for an event that the live line had nothing for; these stood as it was read."""
    claims = rescore([THANKS], SIDES["other"], Told("acme", standing=voids), {})
    (part,) = parts_of(claims, [], most=9, contents={THANKS["uid"]: CONTENT or ""})
    part = unpack(pack(part))
    assert part.contents == {THANKS["uid"]: CONTENT}
    return replacements(part, Standing({}, {}))


@pytest.mark.parametrize("before", [NOTHING_STANDS, UPHELD])
def test_what_was_upheld_until_it_is_posted_earns_nothing_and_is_noted(before: Voids) -> None:
    replaced = given(before)
    voided = voided_by(replaced, UPHELD, {THANKS["uid"]: CONTENT or ""})
    heard(replaced, {}, {})
    (claim,) = [one.after for one in replaced]
    assert (claim.state, claim.void) == (State.REMOVED, Why.UPHELD)
    assert [(one.award_id, one.void_id, one.event_uid) for one in voided] == [
        (claim.award_id, "void", THANKS["uid"])
    ]


def test_what_does_not_stand_any_more_takes_nothing() -> None:
    replaced = given(UPHELD)
    assert voided_by(replaced, NOTHING_STANDS, {THANKS["uid"]: CONTENT or ""}) == []
    heard(replaced, {}, {})
    assert [one.after.state for one in replaced] == [State.LIVE]


def test_what_was_there_is_void_by_what_is_noted_of_it() -> None:
    (claim,) = rescore([event(2, POSTED, thing="x")], SIDES["other"], Told("acme"), {})
    replaced = [Replaced(claim, replace(claim, weight=1))]
    assert voided_by(replaced, UPHELD, {claim.event_uid: CONTENT or ""}) == []
