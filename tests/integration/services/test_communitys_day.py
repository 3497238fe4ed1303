"""A community's day, from ingest to the read models: the real handlers of all services, in any order of topics."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.main import SPEC as ANALYTICS
from services.analytics.retention.handlers.folding import fold
from services.ingest.communities.domain.communities import (
    DEFAULT_STANDINGS,
    Change,
    Community,
    Look,
    Publishing,
    Retention,
)
from services.ingest.communities.handlers import change_community, declare_community
from services.ingest.events.handlers import on_raw_events
from services.ingest.main import SPEC as INGEST
from services.recognition.main import SPEC as RECOGNITION
from services.scoring.main import SPEC as SCORING
from services.scoring.programmes.domain.publication import Author, Submission
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.programmes.handlers.publishing import publish_programme
from shared.calendars import Calendar, Reckoning
from shared.contracts.facts import Weekday
from shared.contracts.programme import Programme
from shared.postgres import create_pool
from shared.service import ServiceSpec
from shared.topics import COMMUNITIES, EVENTS, REJECTED
from tests.integration.services.conftest import application
from tests.integration.services.ingest.conftest import event, raw_fact
from tests.integration.services.world import World, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

SPECS: Sequence[ServiceSpec] = (INGEST, SCORING, RECOGNITION, ANALYTICS)
PROGRAMME = """
programme: days
title: Days
rules:
  - {id: post, title: Wrote, on: [forum.post.v1], points: 5, daily_cap: 8}
recognition:
  badges:
    - {id: wrote, title: Wrote, rule: post, count: awards, at_least: 1}
"""
#: Every table that keeps something by day, week or month.
DAYS = {
    "scoring": (
        """
        select date '0001-01-01' - 1 + ('x' || encode(substr(window_1, 1, 4), 'hex'))::bit(32)::int, sum(room)
        from claims where community = $1 group by 1 order by 1, 2
        """,
    ),
    "recognition": ("select period, starts_on, points from board_points where community = $1 order by 1, 2, 3",),
    "analytics": (
        "select day, events from member_days where community = $1 order by 1, 2",
        "select day, events from event_days where community = $1 order by 1, 2",
        "select day, points, awards, taken_back from rule_days where community = $1 order by 1",
        "select day, granted, taken_back from grant_days where community = $1 order by 1",
    ),
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Line:
    """A community at every service, and what carries facts from one to the next."""

    def __init__(self, worlds: dict[str, World], calls: AsyncExitStack) -> None:
        self.worlds = worlds
        self.community = worlds["ingest"].community
        for world in worlds.values():
            world.community = self.community
        self._calls = calls
        self._held: list[tuple[str, bytes]] = []
        self._number = 0

    async def declare(self, time_zone: str, at: datetime, week_start: Weekday = "monday") -> Community:
        wanted = Community(
            community=self.community,
            title="Days",
            calendar=Calendar([Reckoning(None, time_zone, week_start)]),
            currency="EUR",
            languages=("en",),
            look=Look("Days"),
            public=(),
            publishing=Publishing.ONE_PERSON,
            retention=Retention(),
            bots=(),
            standings=DEFAULT_STANDINGS,
            embed_sites=(),
            revision=1,
        )
        async with self.worlds["ingest"].begin() as tx:
            tx.now = at
            return await declare_community(tx, wanted=wanted)

    async def change(self, revision: int, at: datetime, **what: Any) -> Community:
        async with self.worlds["ingest"].begin() as tx:
            tx.now = at
            return await change_community(
                tx, community=self.community, revision=revision, change=Change({}, **what)
            )

    async def publish(self) -> None:
        programme = read_programme(PROGRAMME)
        assert isinstance(programme, Programme)
        async with self.worlds["scoring"].begin() as tx:
            tx.now = utc("2026-01-01T00:00")
            await publish_programme(
                tx,
                community=self.community,
                submission=Submission(programme, PROGRAMME, Author(None, "test", None), note="Another"),
            )

    def post(self, at: str, actor: str = "ada", **more: Any) -> dict[str, Any]:
        """A post at that time, as its platform sends it."""
        self._number += 1
        return event(self._number, actor) | {"time": f"{at}:00Z"} | more

    async def take(self, *events: dict[str, Any], received: str | None = None) -> None:
        """What the worker does with events that came in when they happened, or when they were `received`."""
        for one in events:
            at = utc(received) if received else datetime.fromisoformat(one["time"]) + timedelta(seconds=1)
            fact = raw_fact(self.community, one, receiptid=f"r{one['id']}", time=at.isoformat())
            await self.worlds["ingest"].handle(on_raw_events, fact)

    async def carry(self, *, hold: Iterable[str] = ()) -> list[Any]:
        """Carry facts until there are none, but those of topics to `hold`, which go first the next time.

        Returns what ingest said of events.
        """
        said: list[Any] = []
        waiting, self._held = self._held, []
        while True:
            for service, world in self.worlds.items():
                for row in await world.outbox():
                    kept = self._held if row["topic"] in hold else waiting
                    kept.append((row["topic"], row["value"]))
                    assert service in {"ingest", "scoring", "recognition"}
            if not waiting:
                return said
            by_topic = defaultdict(list)
            for topic, value in waiting:
                by_topic[topic].append(value)
            waiting = []
            for spec in SPECS:
                for one in spec.subscriptions:
                    if facts := [one.adapter.validate_json(value) for value in by_topic[one.topic.name]]:
                        await self.worlds[spec.name].handle(one.handler, *facts)
                        if one.topic in (EVENTS, REJECTED) and spec is ANALYTICS:
                            said += facts

    async def settle(self) -> None:
        """Have analytics' timer count everybody who is to be counted."""
        world = self.worlds["analytics"]
        marked = "select exists (select from retention_marks where community = $1)"
        while await world.pool.fetchval(marked, self.community):
            async with world.begin() as tx:
                await fold(tx)

    async def days(self) -> dict[str, list[list[tuple[str, ...]]]]:
        """What every table has by day."""
        return {
            service: [
                [tuple(map(str, row)) for row in await self.worlds[service].pool.fetch(query, self.community)]
                for query in queries
            ]
            for service, queries in DAYS.items()
        }

    async def client(self, spec: ServiceSpec, scope: str) -> httpx.AsyncClient:
        world = self.worlds[spec.name]
        return await self._calls.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(application(spec, world)),
                base_url=f"http://{spec.name}",
                headers=await authorization(world.pool, self.community, scope),
            )
        )


@pytest.fixture
async def line(stack: Any) -> AsyncIterator[Line]:
    async with AsyncExitStack() as opened:
        worlds = {}
        for spec in SPECS:
            pool = await create_pool(spec.name, spec.settings(**stack.settings(spec.name)))
            opened.push_async_callback(pool.close)
            worlds[spec.name] = World(pool, spec)
        line = Line(worlds, opened)
        await line.publish()
        await line.carry()
        yield line


async def test_nothing_is_said_of_days_of_a_community_that_nobody_declared(line: Line) -> None:
    await line.take(line.post("2026-03-01T23:59"), line.post("2026-03-02T00:00"))
    (first, second) = await line.carry()

    assert not {"day", "week"} & (first.keys() | second.keys())
    days = await line.days()
    assert days["scoring"] == [[("2026-03-01", "5"), ("2026-03-02", "5")]]
    assert days["recognition"][0][1:] == [("week", "2026-02-23", "5"), ("week", "2026-03-02", "5")]


async def test_caps_end_at_the_communitys_midnight(line: Line) -> None:
    await line.declare("Europe/Rome", utc("2026-01-01T00:00"))
    # The 30th and the 1st are a minute apart there; the last two are one day there and two in UTC.
    await line.take(
        *map(line.post, ("2026-04-30T20:00", "2026-04-30T21:59", "2026-04-30T22:00", "2026-05-01T10:00"))
    )
    await line.carry()

    days = await line.days()
    assert days["scoring"] == [[("2026-04-30", "8"), ("2026-05-01", "8")]]
    assert days["recognition"] == [
        [("month", "2026-04-01", "8"), ("month", "2026-05-01", "8"), ("week", "2026-04-27", "16")]
    ]
    assert days["analytics"][2] == [("2026-04-30", "8", "2", "0"), ("2026-05-01", "8", "2", "0")]


@pytest.mark.parametrize(
    ("moments", "counts"),
    [
        # Clocks go forward: 29 March is 23 hours long, from 23:00 to 22:00 in UTC.
        (
            ("2026-03-28T22:59", "2026-03-28T23:00", "2026-03-29T21:59", "2026-03-29T22:00"),
            [("2026-03-28", "1"), ("2026-03-29", "2"), ("2026-03-30", "1")],
        ),
        # They go back: 25 October is 25 hours long, from 22:00 to 23:00.
        (
            ("2026-10-24T21:59", "2026-10-24T22:00", "2026-10-25T22:59", "2026-10-25T23:00"),
            [("2026-10-24", "1"), ("2026-10-25", "2"), ("2026-10-26", "1")],
        ),
    ],
    ids=["forward", "back"],
)
async def test_days_on_which_clocks_change(
    line: Line, moments: Sequence[str], counts: list[tuple[str, str]]
) -> None:
    await line.declare("Europe/Rome", utc("2026-01-01T00:00"))
    await line.take(*map(line.post, moments))
    await line.carry()

    assert (await line.days())["analytics"][0] == counts


async def test_a_board_of_a_week_in_auckland(line: Line) -> None:
    await line.declare("Pacific/Auckland", utc("2026-01-01T00:00"))
    # Monday there, 2 February 2026, began at 11:00 on Sunday in UTC (+13:00).
    await line.take(
        line.post("2026-02-01T10:59", "ada"),
        line.post("2026-02-01T11:00", "bob"),
        line.post("2026-02-08T10:59", "bob"),
    )
    await line.carry()
    recognition = await line.client(RECOGNITION, "recognition:read")
    analytics = await line.client(ANALYTICS, "analytics:read")

    async def board(period: str, at: str) -> tuple[str, str, list[int]]:
        answer = (await recognition.get("/v1/leaderboard", params={"period": period, "at": f"{at}:00Z"})).json()
        return answer["starts_on"], answer["ends_on"], [one["points"] for one in answer["items"]]

    assert await board("week", "2026-02-01T10:59") == ("2026-01-26", "2026-02-01", [5])
    assert await board("week", "2026-02-01T11:00") == ("2026-02-02", "2026-02-08", [10])
    # The month there began at 11:00 on 31 January.
    assert await board("month", "2026-01-31T11:00") == ("2026-02-01", "2026-02-28", [10, 5])
    weeks = await analytics.get(
        "/v1/participation", params={"by": "week", "from": "2026-02-01", "to": "2026-02-02"}
    )
    assert [(one["starts_on"], one["events"]) for one in weeks.json()["items"]] == [
        ("2026-01-26", 1),
        ("2026-02-02", 2),
    ]
    await line.settle()
    new = await analytics.get("/v1/acquisition", params={"from": "2026-02-01", "to": "2026-02-02"})
    assert [one["new_members"] for one in new.json()["items"]] == [1, 1]


@pytest.mark.parametrize("hold", [(), (COMMUNITIES.name,)], ids=["change first", "events first"])
async def test_a_change_of_zone_gives_the_same_days_in_any_order(line: Line, hold: Sequence[str]) -> None:
    await line.declare("Pacific/Honolulu", utc("2026-01-01T00:00"))
    await line.take(line.post("2026-06-10T20:00"))
    await line.carry(hold=hold)
    changed = await line.change(1, utc("2026-06-11T20:00"), time_zone="Pacific/Auckland")
    assert changed.calendar.reckonings[-1].since == utc("2026-06-12T10:00")
    last = line.post("2026-06-12T10:30")
    # An event of before that comes late has the day it had; 12 June lasts two hours, until 12:00.
    await line.take(line.post("2026-06-12T09:59"), last, line.post("2026-06-12T12:00"))
    await line.take(line.post("2026-06-11T21:00"), received="2026-06-20T00:00")
    await line.take(
        event(99, "moderator")
        | {"type": "activity.retracted.v1", "time": "2026-06-20T00:00:00Z"}
        | {
            "data": {
                "channel": "forum",
                "actor": {"id": "m"},
                "target": {"source": last["source"], "id": last["id"]},
            }
        }
    )
    await line.carry(hold=hold)
    held = await line.days()
    await line.carry()

    assert held == await line.days()
    assert held["scoring"] == [
        [("2026-06-10", "5"), ("2026-06-11", "8"), ("2026-06-12", "0"), ("2026-06-13", "5")]
    ]
    assert held["recognition"] == [[("month", "2026-06-01", "18"), ("week", "2026-06-08", "18")]]
    members, _, rules, grants = held["analytics"]
    assert members == [("2026-06-10", "1"), ("2026-06-11", "2"), ("2026-06-12", "0"), ("2026-06-13", "1")]
    assert rules == [
        ("2026-06-10", "5", "1", "0"),
        ("2026-06-11", "8", "2", "0"),
        ("2026-06-13", "5", "1", "0"),
    ]
    assert grants == [("2026-06-10", "1", "0")]


async def test_an_event_of_a_clock_that_is_ahead_has_one_day_before_and_after_a_change(line: Line) -> None:
    """The furthest ahead that is taken: the change leaves out the midnight that such an event may have passed."""
    await line.declare("Pacific/Honolulu", utc("2026-01-01T00:00"))
    await line.take(line.post("2026-06-11T10:02"), received="2026-06-11T09:57")
    changed = await line.change(1, utc("2026-06-11T09:57"), time_zone="Pacific/Auckland")
    await line.take(line.post("2026-06-11T10:02"), received="2026-06-11T10:03")
    (before, after) = await line.carry()

    assert changed.calendar.reckonings[-1].since == utc("2026-06-12T10:00")
    # Midnight in Honolulu was at 10:00: it is the UTC day, which goes without saying.
    assert "day" not in before.keys() | after.keys()
    assert (await line.days())["scoring"] == [[("2026-06-11", "8")]]


async def test_the_first_zone_of_a_community_with_events_moves_none_of_their_days(line: Line) -> None:
    await line.take(line.post("2026-05-01T22:30"))
    await line.carry()
    before = await line.days()
    declared = await line.declare("Europe/Rome", utc("2026-05-02T08:00"), "sunday")

    assert [(one.since, one.time_zone) for one in declared.calendar.reckonings] == [
        (None, "UTC"),
        (utc("2026-05-03T00:00"), "Europe/Rome"),
    ]
    # Late ones of before have UTC days, too.
    await line.take(line.post("2026-05-01T23:30"), received="2026-05-05T00:00")
    await line.take(line.post("2026-05-02T22:30"), line.post("2026-05-03T22:30"))
    said = await line.carry()

    assert before["scoring"] == [[("2026-05-01", "5")]]
    days = await line.days()
    assert days["scoring"] == [[("2026-05-01", "8"), ("2026-05-02", "5"), ("2026-05-04", "5")]]
    # 3 May 2026 is a Sunday: the week that began on Monday is cut there.
    assert [str(one.get("week")) for one in said] == ["None", "None", "2026-05-03"]
    assert [row[1:] for row in days["recognition"][0] if row[0] == "week"] == [
        ("2026-04-27", "13"),
        ("2026-05-03", "5"),
    ]


async def test_before_its_first_event_a_community_may_be_of_another_zone_from_always(line: Line) -> None:
    await line.declare("Europe/Rome", utc("2026-05-01T08:00"))
    again = await line.change(1, utc("2026-05-01T08:01"), time_zone="Asia/Tokyo", week_start="sunday")

    assert again.calendar == Calendar([Reckoning(None, "Asia/Tokyo", "sunday")])
    assert again.revision == 2


async def test_whoever_declares_a_community_waits_for_its_first_events(line: Line) -> None:
    fact = raw_fact(line.community, line.post("2026-05-01T22:30"))
    async with line.worlds["ingest"].begin() as tx:
        await on_raw_events(tx, [fact])
        declaring = asyncio.create_task(line.declare("Europe/Rome", utc("2026-05-02T08:00")))
        await _somebody_waits(line)
    declared = await declaring
    (said,) = await line.carry()

    assert "day" not in said
    assert [one.time_zone for one in declared.calendar.reckonings] == ["UTC", "Europe/Rome"]


async def test_first_events_wait_for_whoever_declares_their_community(line: Line) -> None:
    wanted_at = utc("2026-05-02T08:00")
    async with line.worlds["ingest"].begin() as tx:
        await tx.conn.execute(
            "insert into communities (community, has_events, calendar) values ($1, false, $2)",
            line.community,
            '[{"time_zone": "Europe/Rome", "week_start": "monday"}]',
        )
        taking = asyncio.create_task(line.take(line.post("2026-05-01T22:30")))
        await _somebody_waits(line)
    await taking
    (said,) = await line.carry()

    assert str(said["day"]) == "2026-05-02"
    changed = await line.declare("UTC", wanted_at)
    assert [one.time_zone for one in changed.calendar.reckonings] == ["Europe/Rome", "UTC"]


async def _somebody_waits(line: Line) -> None:
    """Return once somebody waits for a lock on communities."""

    async def waits() -> bool:
        found: bool = await line.worlds["ingest"].pool.fetchval(
            "select exists (select from pg_stat_activity where wait_event_type = 'Lock'"
            " and datname = current_database() and query like '%communities%')"
        )
        return found

    await until(waits)


async def test_rejections_are_asked_for_by_the_communitys_days(line: Line) -> None:
    await line.declare("Pacific/Auckland", utc("2026-01-01T00:00"))
    first = line.post("2026-02-01T00:00")
    other = first | {"data": first["data"] | {"attributes": {"tag": "y"}}}
    await line.take(first)
    async with line.worlds["ingest"].begin() as tx:
        tx.now = utc("2026-02-01T11:00")
        await on_raw_events(tx, [raw_fact(line.community, other, receiptid="again")])
    await line.carry()
    analytics = await line.client(ANALYTICS, "analytics:read")

    async def reasons(day: str) -> int:
        answer = await analytics.get("/v1/rejections", params={"from": day, "to": day})
        return len(answer.json()["items"])

    assert [await reasons(day) for day in ("2026-02-01", "2026-02-02", "2026-02-03")] == [0, 1, 0]
