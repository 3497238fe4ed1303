"""What is looked at beside what is restated: all of each window that is written, and of corrections whole days."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.limits.domain.claims import Claim
from services.scoring.limits.domain.corrections import CorrectionDay, correction_day
from services.scoring.restatements.domain.restating import Outcome, Standing, heard, replacements, settle_anew
from services.scoring.restatements.handlers import working_out
from services.scoring.restatements.handlers.working_out import _beside as beside
from shared.postgres import Connection
from tests.unit.services.scoring.limits.limits_oracle import RETRACTED
from tests.unit.services.scoring.limits.test_pacing import NOON, POST, POSTED, event, uid
from tests.unit.services.scoring.restatements.test_restating_the_past import SIDES, House, scored, side

HOURLY = POST + "points: N, limits: [{points: 10, within: hour}], grace_minutes: 600, grace_count: 1}\n"
PER_OBJECT = (
    POST + "points: 5, limits: [{points: 6, per: object, within: day}], grace_minutes: 600, grace_count: 1}\n"
    "  - {id: liked, title: L, on: [chat.reaction.v1], points: N}\n"
    "limits: [{id: both, rules: [post, liked], points: 6, per: object, within: day, crossing: allowed}]\n"
)
TEXTS = {
    "hourly 5": (HOURLY, 5),
    "hourly 4": (HOURLY, 4),
    "object 2": (PER_OBJECT, 2),
    "object 3": (PER_OBJECT, 3),
}
for _number, (_name, (_text, _points)) in enumerate(TEXTS.items(), start=100):
    SIDES[_name] = side(_text.replace("N", str(_points)), _number)


def taken_back(number: int, target: int, hours: float) -> Any:
    return event(number, RETRACTED, hours) | {"targetuid": uid(target)}


async def post_of(house: House, name: str, since: datetime, until: datetime, monkeypatch: Any) -> list[Outcome]:
    """Post all parts, with beside them what the database would be asked for."""

    async def of_windows(_: Any, *, since: Mapping[bytes, Any]) -> list[Claim]:
        return [claim for claim in house.claims.values() if not since.keys().isdisjoint(claim.windows)]

    async def corrected(_: Any, *, most_of: Mapping[CorrectionDay, int]) -> list[Claim]:
        mine = [claim for claim in house.claims.values() if claim.corrected_on is not None]
        in_order = sorted(mine, key=lambda claim: claim.order[1:])
        return [
            claim for day, most in most_of.items()
            for claim in [one for one in in_order if correction_day(one) == day][:most]
        ]  # fmt: skip

    monkeypatch.setattr(working_out, "load_claims_of_windows", of_windows)
    monkeypatch.setattr(working_out, "load_corrected", corrected)
    outcomes = []
    for part in house.parts(name, since, until):
        replaced = replacements(part, Standing(house.claims, house.earned))
        words = {
            one.after.award_id: house.words[one.after.event_uid]
            for one in replaced
            if one.after.event_uid in house.words
        }
        heard(replaced, words, {})
        found = await beside(cast("Connection", None), replaced, claims_max_count=1000)
        outcome = settle_anew(replaced, found)
        house.tell(outcome.awards("of this test"))
        house.claims |= {one.after.award_id: one.after for one in outcome.replaced}
        outcomes.append(outcome)
    return outcomes


def check_windows(house: House, outcomes: list[Outcome]) -> None:
    """What is written of windows is what all of their claims use."""
    for outcome in outcomes:
        for name, window in outcome.windows.items():
            mine = [claim for claim in house.claims.values() if name in claim.windows and claim.is_counted]
            assert window.used == sum(claim.room for claim in mine)
            assert window.wanted == sum(claim.weight for claim in mine)


async def test_a_correction_elsewhere_leaves_the_room_of_its_hour_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = scored(
        "hourly 5",
        [
            event(1, POSTED, 0),
            event(2, POSTED, 3),
            event(3, POSTED, 3.1),
            event(4, POSTED, 3.2),
            taken_back(5, 4, 3.3),
        ],
    )
    outcomes = await post_of(house, "hourly 4", NOON, NOON + timedelta(hours=1), monkeypatch)
    assert outcomes
    assert outcomes[0].replaced
    check_windows(house, outcomes)


async def test_who_has_the_grace_of_a_day_is_asked_of_the_whole_day(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [
        event(1, POSTED, 0, thing="x"),
        taken_back(2, 1, 0.1),
        # The second correction of the day: it keeps its room.
        event(3, POSTED, 1, thing="y"),
        taken_back(4, 3, 1.1),
        event(5, "chat.reaction.v1", 2, thing="y"),
    ]
    house = scored("object 2", facts)
    since = NOON + timedelta(hours=2)
    await post_of(house, "object 3", since, since + timedelta(hours=1), monkeypatch)
    assert house.amounts() == scored("object 3", facts).amounts()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=14), st.integers(0, 5), st.integers(1, 3))
def test_windows_add_up_whatever_was_corrected(posts: list[tuple[int, bool]], start: int, hours: int) -> None:
    facts = []
    for number, (hour, is_taken_back) in enumerate(posts):
        facts.append(event(number * 2, POSTED, hour + number / 100))
        facts += [taken_back(number * 2 + 1, number * 2, hour + number / 100 + 0.2)] if is_taken_back else []
    house = scored("hourly 5", facts)
    since = NOON + timedelta(hours=start)
    with pytest.MonkeyPatch.context() as patch:
        outcomes = asyncio.run(post_of(house, "hourly 4", since, since + timedelta(hours=hours), patch))
    check_windows(house, outcomes)
