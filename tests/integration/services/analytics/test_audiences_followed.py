"""Who was in which audience when is kept turn by turn, and what was said of members; erasure ends both."""

from datetime import timedelta
from typing import Any

import pytest

from services.analytics.attributes.store import load_values
from services.analytics.audiences.store import load_titles, load_turns
from services.analytics.intake.handlers import on_audiences, on_members
from services.analytics.programmes.handlers import on_programmes
from shared.contracts.facts import AUDIENCE_FACT, MEMBER_FACT
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack


def turn(world: Any, member: str, revision: int, *, audience: str = "helpers", days: int = 0) -> Any:
    """What scoring tells: odd revisions entered, even ones left."""
    data = {
        "audience": audience,
        "member_id": world.uuid(member),
        "revision": revision,
        "since": NOON + timedelta(days=days),
        "known_at": NOON + timedelta(days=days),
        "programme_version": 1,
    }
    kind = "audience.entered.v1" if revision % 2 else "audience.left.v1"
    return AUDIENCE_FACT.validate_python(world.fact(kind, f"{audience} {member} {revision}", data))


def said(world: Any, member: str, revision: int, *values: tuple[str, Any, int]) -> Any:
    """A revision of a member with its attributes, each since so many days."""
    at = {days: NOON + timedelta(days=days) for _, _, days in values}
    dated = [
        {
            "kind": "attribute",
            "name": name,
            "since": at[days],
            "said_at": at[days],
            "value": value,
            "source": "test",
        }
        for name, value, days in values
    ]
    data = {
        "member_id": world.uuid(member),
        "identities": [],
        "channel": "forum",
        "first_seen_at": NOON,
        "revision": revision,
        "dated": dated,
    }
    return MEMBER_FACT.validate_python(world.fact("member.identified.v1", f"{member} {revision}", data))


def erased(world: Any, member: str) -> Any:
    data = {
        "member_id": world.uuid(member),
        "revision": 9,
        "erased_at": NOON,
        "identities": [],
        "forfeits": False,
    }
    return MEMBER_FACT.validate_python(world.fact("member.erased.v1", f"{member} erased", data))


async def kept(world: Any, member: str) -> tuple[list[tuple[int, bool]], list[str]]:
    """The turns of a member, and their countries."""
    key = (world.community, world.uuid(member))
    async with world.pool.acquire() as conn:
        turns = (await load_turns(conn, members=[key])).get(key, {})
        values = (await load_values(conn, members=[key], names=["country"])).get(key, {})
    countries = [one.value for one in sorted(values.get("country", []))]
    return [(one.revision, one.is_in) for one in turns.get("helpers", [])], countries


async def test_turns_are_kept_in_any_order_and_forgotten_with_the_member(world: Any) -> None:
    await world.handle(on_audiences, turn(world, "ada", 2, days=3), turn(world, "ada", 1), turn(world, "bob", 1))
    await world.handle(on_audiences, turn(world, "ada", 3, days=5), turn(world, "ada", 1))
    assert await kept(world, "ada") == ([(1, True), (2, False), (3, True)], [])

    await world.handle(on_members, erased(world, "ada"))
    await world.handle(on_audiences, turn(world, "ada", 4, days=7), turn(world, "bob", 2, days=7))
    assert await kept(world, "ada") == ([], [])
    assert await kept(world, "bob") == ([(1, True), (2, False)], [])
    await world.handle(
        on_programmes, world.programme_fact(1, {"audiences": [{"id": "helpers", "title": "Helpers"}]})
    )
    async with world.pool.acquire() as conn:
        assert await load_titles(conn, community=world.community) == {"helpers": "Helpers"}


async def test_of_attributes_those_that_figures_are_sliced_by_are_kept(world: Any) -> None:
    told = said(
        world, "ada", 1, ("country", "IT", 0), ("country", "DE", 4), ("team", "blue", 0), ("country", 7, 5)
    )
    await world.handle(on_members, told)
    assert await kept(world, "ada") == ([], ["IT", "DE"])
    # What a higher revision says replaces it, and a lower one nothing.
    await world.handle(on_members, said(world, "ada", 3, ("country", "FR", 0)))
    await world.handle(on_members, said(world, "ada", 2, ("country", "ES", 0)))
    assert await kept(world, "ada") == ([], ["FR"])
    await world.handle(on_members, erased(world, "ada"))
    assert await kept(world, "ada") == ([], [])
