"""A grant asks for a message to whom it is for: once, not for the past, and not where it is taken back."""

from typing import Any

import pytest

from services.recognition.thresholds.handlers import on_programmes
from shared.contracts.facts import MESSAGE_REQUESTED

pytestmark = pytest.mark.stack

SECTION = {
    "badges": [{"id": "ten", "title": "Ten points", "at_least": 10}],
    "levels": [{"id": "gold", "title": "Gold", "points": 20}],
}


async def test_a_grant_asks_once_for_a_message_to_its_member(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    award = world.award("a", 25)
    await world.awarded(award)
    asked = await world.asked_for()
    for fact in asked:
        MESSAGE_REQUESTED.adapter.validate_python(fact)
    member = award["data"]["member_id"]
    said = [(fact["data"]["kind"], fact["data"]["member_id"], fact["data"]["values"]) for fact in asked]
    assert sorted(said, key=str) == [
        ("badge", member, {"title": "Ten points"}),
        ("level", member, {"title": "Gold"}),
    ]
    # By the grant: whoever hears the award again asks for the same message, and ingest sends it once.
    granted = await world.pool.fetch("select grant_id::text from grants where community = $1", world.community)
    assert {fact["data"]["request_id"] for fact in asked} == {row["grant_id"] for row in granted}
    await world.awarded(award)
    assert await world.asked_for() == []


async def test_nobody_is_told_of_the_past_or_of_what_is_taken_back(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    await world.awarded(world.award("a", 25) | {"backfill": True})
    assert await world.asked_for() == []
    award = world.award("b", 12)
    await world.awarded(award)
    assert [fact["data"]["kind"] for fact in await world.asked_for()] == ["badge"]
    await world.awarded(world.reversal(award))
    assert await world.asked_for() == []
