"""Growth, cohorts, retention, silence, activation: what the API says is what the raw input says, in two zones."""

import csv
import gzip
import io
import os
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events, on_members
from shared.calendars import Calendar, Reckoning, Span
from shared.contracts.facts import MEMBER_FACT
from shared.followed_communities.store import put_communities
from tests.integration.services.analytics.raw_input import RawInput

pytestmark = pytest.mark.stack

YEAR = Span(date(2024, 1, 1), date(2024, 9, 30))
MEMBERS = tuple(f"m{number}" for number in range(14))
KINDS = (
    ("forum.post.v1", "forum"),
    ("chat.message.v1", "chat"),
    ("chat.reaction.v1", "chat"),
    ("member.joined.v1", "forum"),
)


async def declare(world: Any, zone: str) -> Calendar:
    calendar = Calendar([Reckoning(None, zone, "monday")])
    async with world.pool.acquire() as conn:
        await put_communities(conn, data={world.community: {"revision": 1, "calendar": calendar.data}})
    return calendar


def history(world: Any, calendar: Calendar, chance: random.Random) -> list[Any]:
    """Events of half a year at any hour, some of bots, some taken back, some of those restored, in any order."""
    facts: list[Any] = []
    for number in range(260):
        at = datetime(2024, 1, 3, tzinfo=UTC) + timedelta(
            days=chance.choice((chance.randrange(180), chance.randrange(20))), minutes=chance.randrange(1440)
        )
        kind, channel = chance.choice(KINDS)
        bots = {"bots": "member"} if chance.random() < 0.03 else {}
        name = f"{number:03}"
        facts.append(event(world, calendar, name, chance.choice(MEMBERS), at, kind, channel, **bots))
        fate = chance.random()
        if fate < 0.3:
            facts.append(world.retraction(name, at + timedelta(hours=1)))
        if fate < 0.1:
            facts.append(world.restoration(name, at + timedelta(hours=2)))
    facts += chance.sample(facts, 30)
    chance.shuffle(facts)
    return facts


def event(
    world: Any, calendar: Calendar, name: str, member: str, at: datetime, kind: str, channel: str, **more: Any
) -> Any:
    said = calendar.said_day(at)
    return world.event(name, member, kind=kind, channel=channel, at=at, **({"day": said} if said else {}), **more)


def merge(world: Any, member: str, into: str, revision: int, *, ends: bool = False) -> Any:
    at = datetime(2024, 7, 1, tzinfo=UTC)
    data = {"member_id": world.uuid(member), "into_id": world.uuid(into), "merged_at": at, "revision": revision}
    kind = "member.unmerged.v1" if ends else "member.merged.v1"
    if ends:
        data["unmerged_at"] = at
    return MEMBER_FACT.validate_python(world.fact(kind, f"{kind} {member} {revision}", data))


async def items(api: httpx.AsyncClient, path: str, days: Span = YEAR, **more: str) -> list[dict[str, Any]]:
    asked = {"from": str(days.starts_on), "to": str(days.ends_on), "limit": "500"}
    answer = await api.get(path, params=asked | more)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def assert_as_the_input_says(api: httpx.AsyncClient, raw: RawInput, days: Span = YEAR) -> None:
    for by in ("week", "month"):
        parts = ("active_members", "new", "retained", "churned")
        growth = [
            (date.fromisoformat(one["starts_on"]), *(one[part] for part in parts))
            for one in await items(api, "/v1/growth", days, by=by)
        ]
        assert growth == raw.ask("growth", by=by, first=days.starts_on, last=days.ends_on)
        cohorts = [
            (date.fromisoformat(one["starts_on"]), later, number)
            for one in await items(api, "/v1/cohorts", days, by=by, periods="9")
            for later, number in enumerate(one["present"])
            if number
        ]
        assert cohorts == raw.ask("cohorts", by=by, periods=9)
        silences = [
            (date.fromisoformat(one["starts_on"]), one["left"], one["won_back"]["number"])
            for one in await items(api, "/v1/silences", days, by=by)
            if one["left"]
        ]
        assert silences == [row for row in raw.ask("silences", by=by) if row[0] <= days.ends_on]
        activation = [
            (
                date.fromisoformat(one["starts_on"]),
                part["channel"],
                part["new_members"],
                part["activated"]["number"],
            )
            for one in await items(api, "/v1/activation", days, by=by)
            for part in one["channels"]
        ]
        assert activation == raw.ask("activation", by=by)
    await assert_months_as_the_input_says(api, raw, days)
    await assert_activity_as_the_input_says(api, raw, days)
    curve = (await api.get("/v1/retention", params={"from": str(days.starts_on), "to": str(days.ends_on)})).json()
    by_day = {
        one["day"]: (one["day"], one["on_day"]["number"], one["from_day"]["number"], one["on_day"]["of"])
        for one in curve["days"]
    }
    assert [by_day[number] for number in (0, 1, 7, 14, 30, 90)] == raw.ask(
        "curve", first=days.starts_on, last=days.ends_on
    )


async def assert_activity_as_the_input_says(api: httpx.AsyncClient, raw: RawInput, days: Span) -> None:
    """Events and active members by channel and type, how often the active come, and who was new through which."""
    for by in ("week", "month"):
        shown = [one for one in await items(api, "/v1/participation", days, by=by) if one["events"]]
        activity = [
            (date.fromisoformat(one["starts_on"]), part.get("channel", ""), part["events"], part["active_members"])
            for one in shown
            for part in (one, *one["channels"])
        ]
        assert activity == raw.ask("activity", by=by)
        types = [
            (date.fromisoformat(one["starts_on"]), part["type"], part["events"])
            for one in shown
            for part in one["types"]
        ]
        assert types == raw.ask("types", by=by)
        active = [
            (date.fromisoformat(one["starts_on"]), one["active_members"])
            for one in await items(api, "/v1/active-members", days, period=by)
            if one["active_members"]
        ]
        assert active == [
            (period, members) for period, channel, _, members in raw.ask("activity", by=by) if not channel
        ]
        mixes = [
            (date.fromisoformat(one["starts_on"]), part["channel"], part["events"])
            for one in await items(api, "/v1/channel-mix", days, by=by)
            for part in one["channels"]
        ]
        assert sorted(mixes) == [row[:3] for row in raw.ask("activity", by=by) if row[1]]
        acquired = [
            (date.fromisoformat(one["starts_on"]), part["channel"], part["new_members"])
            for one in await items(api, "/v1/acquisition", days, by=by)
            for part in one["channels"]
        ]
        assert acquired == raw.ask("acquisition", by=by)
    asked = {"from": str(days.starts_on), "to": str(days.ends_on)}
    found = (await api.get("/v1/stickiness", params=asked)).json()
    months = [
        (date.fromisoformat(one["starts_on"]), one["daily_sum"], one["active_members"])
        for one in found["months"]
        if one["active_members"]
    ]
    assert months == raw.ask("stickiness")


async def assert_months_as_the_input_says(api: httpx.AsyncClient, raw: RawInput, days: Span) -> None:
    """Levels of the Orbit model, who moved, and on how few members activity rests."""
    orbit = [
        (date.fromisoformat(one["starts_on"]), *one["levels"].values(), one["joined"], one["rose"], one["fell"])
        for one in await items(api, "/v1/orbit", days)
        if one["members"]
    ]
    assert orbit == raw.ask("orbit", first=days.starts_on.replace(day=1), last=days.ends_on)
    month = days.starts_on.replace(month=4, day=1)
    movers = [
        (one["member_id"], one["level_before"] or 0, one["level"])
        for one in await items(api, "/v1/orbit-moves", days, day=str(month))
    ]
    assert movers == raw.ask("movers", month=month, first=month.replace(month=1), last=month)
    concentration = [
        (
            date.fromisoformat(one["starts_on"]),
            one["active_members"],
            one["events"],
            one["absence_factor"],
            one["top_tenth"]["number"],
        )
        for one in await items(api, "/v1/concentration", days)
        if one["events"]
    ]
    assert concentration == raw.ask("concentration")


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_figures_are_those_of_the_raw_input(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    """Whatever comes in which order: late, twice, taken back, restored, merged and apart again."""
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    facts = history(world, calendar, chance)
    given: Sequence[Any] = facts
    while given:
        size = chance.choice((1, 5, 60))
        await world.handle(on_events, *given[:size])
        given = given[size:]
        if chance.random() < 0.3:
            await world.settle()
    await world.settle()
    await assert_as_the_input_says(api, RawInput(facts, {}, zone))

    await world.handle(
        on_members, merge(world, "m1", "m2", 1), merge(world, "m2", "m3", 1), merge(world, "m4", "m5", 1)
    )
    await world.settle()
    one = {world.uuid("m1"): world.uuid("m3"), world.uuid("m2"): world.uuid("m3")}
    await assert_as_the_input_says(api, RawInput(facts, one | {world.uuid("m4"): world.uuid("m5")}, zone))

    await world.handle(on_members, merge(world, "m4", "m5", 2, ends=True))
    late = event(world, calendar, "late", "m2", datetime(2024, 2, 1, 4, 30, tzinfo=UTC), *KINDS[0])
    await world.handle(on_events, late)
    await world.settle()
    await assert_as_the_input_says(api, RawInput([*facts, late], one, zone))


async def test_how_often_the_active_come(world: Any, api: httpx.AsyncClient) -> None:
    """Days of 23 hours and days without anybody are in the mean; a retraction and a merge, too."""
    calendar = await declare(world, "Europe/Rome")
    acts = (
        ("e1", "ann", "2024-03-30T22:59:59"),
        ("e2", "ann", "2024-03-30T23:00:00"),
        ("e3", "bob", "2024-03-31T00:30:00"),
        ("e4", "bob", "2024-03-31T21:59:59"),
        ("e5", "bob", "2024-03-31T22:00:00"),
        ("e6", "cat", "2024-03-31T10:00:00"),
        ("e8", "dan", "2024-03-15T12:00:00"),
        ("e9", "ann2", "2024-04-01T09:00:00"),
        ("e10", "eve", "2024-02-29T23:30:00"),
        ("e11", "eve", "2024-03-01T00:00:00"),
    )
    facts = [
        event(world, calendar, name, who, datetime.fromisoformat(at).replace(tzinfo=UTC), *KINDS[0])
        for name, who, at in acts
    ]
    await world.handle(on_events, *facts, world.retraction("e6", datetime(2024, 4, 2, tzinfo=UTC)))
    await world.handle(on_members, merge(world, "ann2", "ann", 1))
    asked = {"from": "2024-03-01", "to": "2024-03-31"}
    found = (await api.get("/v1/stickiness", params=asked)).json()
    (march,) = found["months"]
    assert (march["active_members"], march["daily_sum"], march["days"]) == (4, 5, 31)
    assert (march["stickiness"]["number"], march["stickiness"]["of"]) == (5, 124)
    assert (found["active_on_day"], found["active_in_28_days"]) == (2, 3)
    week = await api.get("/v1/active-members", params={"period": "week", "from": "2024-03-25", "to": "2024-03-31"})
    assert [one["active_members"] for one in week.json()["items"]] == [2]
    quiet = (await api.get("/v1/stickiness", params={"from": "2023-03-01", "to": "2023-03-31"})).json()
    assert quiet["stickiness"] == {"number": 0, "of": 0, "value": None, "why_none": "nobody was active"}


async def test_another_beginning_of_weeks_counts_everybody_anew(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_events, world.event("1", "ada", at=datetime(2024, 3, 3, 12, tzinfo=UTC)))  # a Sunday
    await world.settle()
    async with world.pool.acquire() as conn:
        sundays = Calendar([Reckoning(None, "UTC", "sunday")])
        await put_communities(conn, data={world.community: {"revision": 1, "calendar": sundays.data}})
    await world.handle(on_events, world.event("2", "bob", at=datetime(2024, 3, 9, 12, tzinfo=UTC)))
    await world.settle()
    (week,) = await items(api, "/v1/growth", by="week", days=Span(date(2024, 3, 3), date(2024, 3, 9)))
    assert (week["starts_on"], week["active_members"], week["new"]) == ("2024-03-03", 2, 2)


async def test_an_empty_community_has_no_shares_and_says_why(api: httpx.AsyncClient) -> None:
    (month,) = await items(api, "/v1/growth", by="month", days=Span(date(2024, 3, 1), date(2024, 3, 31)))
    assert (month["active_members"], month["quick_ratio"]["value"]) == (0, None)
    assert month["quick_ratio"]["why_none"] == "nobody churned"
    curve = (await api.get("/v1/retention", params={"from": "2024-03-01", "to": "2024-03-31"})).json()
    assert {one["on_day"]["value"] for one in curve["days"]} == {None}
    for path in ("growth", "cohorts", "retention", "silences", "activation"):
        table = await api.get(f"/v1/{path}.csv", params={"from": "2024-03-01", "to": "2024-03-31"})
        assert table.status_code == 200, table.text
        assert next(csv.reader(io.StringIO(table.text)))


async def test_messages_of_students_are_counted_as_their_file_says(world: Any, api: httpx.AsyncClient) -> None:
    """SNAP's CollegeMsg: the first 3,000 of 59,835 messages, in the zone that they were sent in."""
    path = Path(os.environ.get("PLAUDIT_SHARED_DATA", "data")) / "collegemsg.txt.gz"
    if not path.exists():
        pytest.skip("needs collegemsg.txt.gz in the folder that PLAUDIT_SHARED_DATA names")
    zone = "America/Los_Angeles"
    calendar = await declare(world, zone)
    with gzip.open(path, "rt") as lines:
        sent = [line.split() for line in lines][1:3_001]
    facts = [
        event(world, calendar, f"{number:05}", who, datetime.fromtimestamp(int(at), UTC), *KINDS[1])
        for number, (who, _, at) in enumerate(sent)
    ]
    for start in range(0, len(facts), 2_000):
        await world.handle(on_events, *facts[start : start + 2_000])
    await world.settle()
    days = Span(date(2004, 4, 1), date(2004, 12, 31))
    await assert_as_the_input_says(api, RawInput(facts, {}, zone), days)
