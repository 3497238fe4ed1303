"""Figures of audiences, channels and countries: what the API says is what the raw input says, in two zones."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.intake.handlers import on_audiences, on_events, on_members
from shared.contracts.facts import AUDIENCE_FACT, MEMBER_FACT
from shared.service import ServiceSpec
from tests.integration.services.analytics.conftest import AnalyticsWorld
from tests.integration.services.analytics.raw_input import RawInput
from tests.integration.services.analytics.test_audiences_followed import erased
from tests.integration.services.analytics.test_audiences_followed import said as lives
from tests.integration.services.analytics.test_retention import (
    KINDS,
    MEMBERS,
    YEAR,
    declare,
    event,
    history,
    items,
    merge,
)

pytestmark = pytest.mark.stack

AUDIENCES = ("helpers", "regulars")
COUNTRIES = ("IT", "DE", "FR")
SLICES = (
    ("audience", "helpers"),
    ("audience", "regulars"),
    ("channel", "chat"),
    ("country", "IT"),
    ("country", "DE"),
)


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec, request: pytest.FixtureRequest) -> AnalyticsWorld:
    """A world that shows slices of so many members, five unless a test says another number."""
    made = AnalyticsWorld(pool, spec)
    made.configure(slice_members_min_count=getattr(request, "param", 5))
    return made


def turns(world: Any, chance: random.Random) -> list[Any]:
    """Members come into audiences and leave them, some of it known late; told twice and in any order."""
    told: list[Any] = []
    for member in MEMBERS[:10]:
        for audience in AUDIENCES:
            at = datetime(2024, 1, 1, tzinfo=UTC)
            for revision in range(1, chance.choice((2, 3, 5, 6))):
                at += timedelta(days=chance.randrange(-4, 40), minutes=chance.randrange(1440))
                data = {
                    "audience": audience,
                    "member_id": world.uuid(member),
                    "revision": revision,
                    "since": at,
                    "known_at": at,
                    "programme_version": 1,
                }
                kind = "audience.entered.v1" if revision % 2 else "audience.left.v1"
                name = f"{audience} {member} {revision}"
                told.append(AUDIENCE_FACT.validate_python(world.fact(kind, name, data)))
    told += chance.sample(told, 10)
    chance.shuffle(told)
    return told


def said(world: Any, chance: random.Random, revision: int) -> list[Any]:
    """Where members live, since when, as a revision of each says."""
    told = []
    for member in MEMBERS:
        dated = [
            {
                "kind": "attribute",
                "name": "country",
                "since": (at := datetime(2023, 12, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(5000))),
                "said_at": at + timedelta(hours=chance.randrange(50)),
                "value": chance.choice(COUNTRIES),
                "source": "test",
            }
            for _ in range(chance.randrange(4))
        ]
        data = {
            "member_id": world.uuid(member),
            "identities": [],
            "channel": "forum",
            "first_seen_at": datetime(2024, 1, 1, tzinfo=UTC),
            "revision": revision,
            "dated": dated,
        }
        told.append(MEMBER_FACT.validate_python(world.fact("member.identified.v1", f"{member} {revision}", data)))
    return told


async def assert_slices_as_the_input_says(api: httpx.AsyncClient, raw: RawInput) -> None:
    for kind, value in SLICES:
        raw.only(kind, value)
        of = {"slice_by": kind, "slice": value}
        for by in ("week", "month"):
            parts = ("active_members", "new", "retained", "churned")
            growth = [
                (date.fromisoformat(one["starts_on"]), *(one[part] for part in parts))
                for one in await items(api, "/v1/growth", by=by, **of)
            ]
            assert growth == raw.ask("growth", by=by, first=YEAR.starts_on, last=YEAR.ends_on), of
        cohorts = [
            (date.fromisoformat(one["starts_on"]), later, number)
            for one in await items(api, "/v1/cohorts", by="month", periods="9", **of)
            for later, number in enumerate(one["present"])
            if number
        ]
        assert cohorts == raw.ask("cohorts", by="month", periods=9), of
        silences = [
            (date.fromisoformat(one["starts_on"]), one["left"], one["won_back"]["number"])
            for one in await items(api, "/v1/silences", by="month", **of)
            if one["left"]
        ]
        assert silences == [row for row in raw.ask("silences", by="month") if row[0] <= YEAR.ends_on], of
        asked = {"from": str(YEAR.starts_on), "to": str(YEAR.ends_on), **of}
        curve = (await api.get("/v1/retention", params=asked)).json()
        by_day = {
            one["day"]: (one["day"], one["on_day"]["number"], one["from_day"]["number"], one["on_day"]["of"])
            for one in curve["days"]
        }
        assert [by_day[number] for number in (0, 1, 7, 14, 30, 90)] == raw.ask(
            "curve", first=YEAR.starts_on, last=YEAR.ends_on
        )
        activation = [
            (
                date.fromisoformat(one["starts_on"]),
                one_of["channel"],
                one_of["new_members"],
                one_of["activated"]["number"],
            )
            for one in await items(api, "/v1/activation", by="month", **of)
            for one_of in one["channels"]
        ]
        assert activation == raw.ask("new in it", by="month", kind=kind, value=value), of
        beside = await api.get("/v1/slices", params={"by": kind, "period": "month", "day": "2024-03-09"})
        shown = {one["value"]: one for one in beside.json()["items"]}[value]
        growth = shown["growth"]
        assert (shown["events"], growth["active_members"], shown["stickiness"]["number"]) == raw.ask(
            "done in it", month=date(2024, 3, 1)
        )[0]
        assert shown["stickiness"]["of"] == 31 * growth["active_members"]


@pytest.mark.parametrize("world", [1], indirect=True)
@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_slices_are_those_of_the_raw_input(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    """Whatever comes in which order: late, twice, taken back, restored, merged and apart again."""
    chance = random.Random(f"slices {zone}")
    calendar = await declare(world, zone)
    facts, told, members = history(world, calendar, chance), turns(world, chance), said(world, chance, 1)
    given: Sequence[tuple[Any, Any]] = [
        *((on_events, one) for one in facts),
        *((on_audiences, one) for one in told),
        *((on_members, one) for one in members),
    ]
    given = chance.sample(given, len(given))
    for first in range(0, len(given), 90):
        for handler in (on_members, on_events, on_audiences):
            if some := [fact for one, fact in given[first : first + 90] if one is handler]:
                await world.handle(handler, *some)
        await world.settle()
    raw = RawInput(facts, {}, zone)
    raw.hear(told, members)
    await assert_slices_as_the_input_says(api, raw)

    # Merged, apart again, told otherwise, and a late event.
    await world.handle(
        on_members, merge(world, "m1", "m2", 1), merge(world, "m2", "m3", 1), merge(world, "m4", "m5", 1)
    )
    await world.settle()
    members = said(world, chance, 2)
    late = event(world, calendar, "late", "m2", datetime(2024, 2, 1, 4, 30, tzinfo=UTC), *KINDS[0])
    await world.handle(on_members, *members, merge(world, "m4", "m5", 2, ends=True))
    await world.handle(on_events, late)
    await world.settle()
    raw = RawInput([*facts, late], {world.uuid(one): world.uuid("m3") for one in ("m1", "m2")}, zone)
    raw.hear(told, members)
    await assert_slices_as_the_input_says(api, raw)


async def test_small_groups_and_unknown_slices_are_refused_by_name(world: Any, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "UTC")
    for number, channel in enumerate(["forum"] * 5 + ["chat"] * 4):
        at = datetime(2024, 2, 1 + number, tzinfo=UTC)
        await world.handle(on_events, event(world, calendar, str(number), f"m{number}", at, KINDS[0][0], channel))
    await world.settle()

    async def refused(path: str = "/v1/growth", **asked: str) -> tuple[str, str, str]:
        answer = await api.get(path, params=asked)
        assert answer.status_code == 422, answer.text
        body = answer.json()
        return body["type"].rpartition(":")[2], body["errors"][0]["field"], body["detail"]

    small = "Fewer than 5 members were ever active in it: ask for a larger slice"
    assert await refused(slice_by="channel", slice="chat") == ("small-group", "slice", small)
    assert (await refused(slice_by="channel"))[:2] == ("invalid-slice", "slice")
    kind, field, detail = await refused(slice_by="chanel", slice="forum")
    assert (kind, field) == ("invalid-slice", "slice_by")
    assert "did you mean `channel`?" in detail
    kind, field, detail = await refused("/v1/retention.csv", slice_by="channel", slice="forums")
    assert (kind, field) == ("invalid-slice", "slice")
    assert "did you mean `forum`?" in detail
    assert (await refused("/v1/slices", by="team"))[:2] == ("invalid-slice", "by")

    answer = await api.get("/v1/slices", params={"by": "channel", "day": "2024-02-10"})
    chat, forum = answer.json()["items"]
    assert (chat["is_small"], chat["growth"], chat["events"]) == (True, None, None)
    assert (forum["members"], forum["growth"]["new"], forum["new_members"]) == (5, 5, 5)
    lines = (await api.get("/v1/slices.csv", params={"by": "channel", "day": "2024-02-10"})).text.splitlines()
    assert lines[1:] == ['"chat"' + ',""' * 10, '"forum","","5","5","5","5","0","0","0","5","5"']


async def test_of_who_is_erased_no_slice_knows_the_country(world: Any, api: httpx.AsyncClient) -> None:
    """Nor does any row keep what it was called; what they did counts in the whole and on its channel."""
    calendar = await declare(world, "UTC")
    at = datetime(2026, 2, 1, tzinfo=UTC)
    await world.handle(on_events, event(world, calendar, "1", MEMBERS[0], at, *KINDS[0]))
    await world.handle(on_members, lives(world, "m0", 1, ("country", "Atlantis", -100)))
    await world.settle()
    rows = "select count(*) from slice_figures where community = $1 and kind = $2"
    assert await world.pool.fetchval(rows, world.community, "country") > 0
    await world.handle(on_members, erased(world, "m0"))
    await world.settle()
    assert await world.pool.fetchval(rows, world.community, "country") == 0
    assert await world.pool.fetchval(rows, world.community, "channel") > 0
