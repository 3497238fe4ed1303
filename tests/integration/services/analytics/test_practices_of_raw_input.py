"""Practices by programmes, reports, audiences and decisions: what the card says is what the raw input says."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.decisions.handlers import on_decisions
from services.analytics.guidelines.handlers import on_guidelines
from services.analytics.intake.handlers import on_audiences, on_events, on_members
from services.analytics.programmes.handlers import on_programmes
from shared.calendars import Calendar
from shared.contracts.facts import AUDIENCE_FACT
from tests.integration.services.analytics.raw_practices import RawPractices
from tests.integration.services.analytics.test_practices import indicators
from tests.integration.services.analytics.test_retention import declare, event, merge

pytestmark = pytest.mark.stack

MEMBERS = tuple(f"m{number}" for number in range(14))
#: The day after the last of the weeks looked at; all is in the half of a year before.
CARD_DAY = date(2024, 6, 3)
BEGINS = datetime(2024, 2, 1, tzinfo=UTC)
GOALS: tuple[dict[str, Any], ...] = (
    {"id": "heard", "title": "Heard", "metric": "mentions", "target": 90, "owner": "Ada", "every": "quarter"},
    {"id": "alone", "title": "Alone", "metric": "mentions", "target": 9, "every": "month"},
    {"id": "closed", "title": "Closed", "metric": "suggestions_closed", "owner": "Ada", "every": "month"},
    {
        "id": "once",
        "title": "Once",
        "metric": "resolved_by_members",
        "target": 5,
        "owner": "Bo",
        "starts": "2024-03-01",
        "ends": "2024-05-01",
    },
)


class Told:
    """What was told of a community in half a year, each kind in the order in which its service tells it."""

    def __init__(self, world: Any, calendar: Calendar, chance: random.Random) -> None:
        self.world, self.calendar, self.chance = world, calendar, chance

    def some_time(self) -> datetime:
        return BEGINS + timedelta(minutes=self.chance.randrange(122 * 1440))

    def events(self) -> list[Any]:
        made: list[Any] = []
        for number in range(220):
            name, at = f"c{number}", self.some_time()
            who = self.chance.choice(MEMBERS)
            made.append(event(self.world, self.calendar, name, who, at, "chat.message.v1", "chat"))
            if self.chance.random() < 0.2:
                made.append(self.world.retraction(name, at + timedelta(minutes=30)))
        return made

    def cases(self) -> list[Any]:
        """Reports that are decided, appealed against, decided again, withdrawn, or left open."""
        chance, told = self.chance, []
        for number in range(60):
            opened = self.some_time()
            member = chance.choice((*MEMBERS[:6], None))
            base = {
                "case_id": self.world.uuid(f"case {number}"),
                "channel": "forum",
                "host": "",
                "object_id": f"o{number}",
                "reports": 1,
                "opened_at": opened,
                "due_at": opened + timedelta(hours=24),
            } | ({"member_id": self.world.uuid(member)} if member else {})
            at, steps = opened, [("open", None)]
            if chance.random() < 0.85:
                at += timedelta(hours=chance.choice((1, 5, 24, 25, 90)), seconds=chance.choice((0, 1)))
                steps.append((chance.choice(("upheld", "upheld", "dismissed", "withdrawn")), at))
            if steps[-1][0] == "upheld" and chance.random() < 0.6:
                steps.append(("appealed", at + timedelta(hours=chance.randrange(1, 200))))
                if chance.random() < 0.8:
                    wait = timedelta(hours=chance.choice((3, 167, 168, 169, 400)))
                    steps.append((chance.choice(("upheld", "overturned")), steps[-1][1] + wait))
            decided: datetime | None = None
            for revision, (state, moment) in enumerate(steps, 1):
                decided = moment if state in ("upheld", "dismissed", "overturned") else decided
                data = base | {"revision": revision, "state": state}
                data |= {"decided_at": decided} if decided and state != "appealed" else {}
                told.append(
                    self.world.fact(
                        "guidelines.case_changed.v1", f"case {number} {revision}", data, at=moment or opened
                    )
                )
        return told

    def versions(self) -> list[Any]:
        """Versions of the programme with other goals, with a note and without, some later than their followers."""
        told = []
        for version in range(1, 16):
            at = BEGINS + timedelta(days=8 * version, hours=self.chance.randrange(-200, 200))
            goals = self.chance.sample(GOALS, self.chance.randrange(1, 5))
            fact = self.world.programme_fact(version, {"rules": [], "goals": goals}, at)
            if self.chance.random() < 0.6:
                fact["data"]["note"] = f"What version {version} changes"
            if (backtested := self.chance.choice((True, False, None))) is not None:
                fact["data"]["backtested"] = backtested
            told.append(fact)
        return told

    def turns(self) -> list[Any]:
        """Members enter audiences and leave them; that a stay began earlier than was known may be told later."""
        told = []
        for member in MEMBERS[:10]:
            for audience in ("helpers", "makers"):
                for revision in range(1, self.chance.randrange(1, 6)):
                    since = self.some_time()
                    data = {
                        "audience": audience,
                        "member_id": self.world.uuid(member),
                        "revision": revision,
                        "since": since,
                        "known_at": since,
                        "programme_version": 1,
                    }
                    kind = "audience.entered.v1" if revision % 2 else "audience.left.v1"
                    fact = self.world.fact(kind, f"{audience} {member} {revision}", data)
                    told.append(AUDIENCE_FACT.validate_python(fact))
        return told

    def decisions(self) -> list[Any]:
        """Notes and decisions, looked at again in time, late or never, and withdrawn."""
        chance, told = self.chance, []
        for number in range(40):
            made = self.some_time()
            base = {
                "decision_id": self.world.uuid(f"decision {number}"),
                "kind": chance.choice(("decision", "decision", "note")),
                "figure": "answered_in_time",
                "value": 0.5,
                "seen_on": made.date(),
                "person_id": self.world.uuid("mara"),
                "made_at": made,
            }
            review, at = made.date() + timedelta(days=chance.randrange(7, 40)), made
            for revision in range(1, chance.randrange(2, 5)):
                state = chance.choice(("stands", "stands", "kept", "withdrawn")) if revision > 1 else "stands"
                more = {"review_on": review} if state == "stands" and base["kind"] == "decision" else {}
                data = base | {"revision": revision, "state": state, "changed_at": at} | more
                told.append(self.world.fact("decision.changed.v1", f"decision {number} {revision}", data))
                late = timedelta(days=chance.choice((-2, 0, 7, 8, 20)), hours=chance.randrange(24))
                at = max(at, datetime(review.year, review.month, review.day, tzinfo=UTC) + late)
                review += timedelta(days=28)
        return told


async def assert_as_the_input_says(api: httpx.AsyncClient, raw: RawPractices) -> None:
    card = await indicators(api, CARD_DAY.isoformat())
    until = CARD_DAY - timedelta(days=1)

    def weeks(last: date, count: int = 1) -> dict[str, tuple[float | None, int]]:
        return raw.practices(last - timedelta(days=7 * count - 1), last, until)

    now, before = weeks(until, 4), weeks(until - timedelta(days=28), 4)
    ends = [until - timedelta(days=7 * back) for back in range(12, -1, -1)]
    each = [weeks(end) for end in ends]
    # Of decisions a week is judged by the four that end with it.
    four = [
        raw.logged(end - timedelta(days=27), end, until)[0] if place >= 3 else None
        for place, end in enumerate(ends)
    ]
    for name, (value, cases) in now.items():
        found = card[name]
        of_weeks = four if name == "decisions_logged" else [week[name][0] for week in each]
        expected = [
            one if one is None else pytest.approx(one, abs=1e-4) for one in (value, before[name][0], *of_weeks)
        ]
        assert (name, found["cases"]) == (name, cases)
        assert (name, [found["value"], found["before"], *found["week_values"]]) == (name, expected)


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_practices_are_what_was_told(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    made = Told(world, calendar, chance)
    events, cases, versions, turns, decisions = (
        made.events(),
        made.cases(),
        made.versions(),
        made.turns(),
        made.decisions(),
    )
    facts = events + chance.sample(events, 30)
    chance.shuffle(facts)
    for place in range(0, len(facts), 90):
        await world.handle(on_events, *facts[place : place + 90])
    for handler, told in (
        (on_guidelines, cases),
        (on_programmes, versions),
        (on_audiences, turns),
        (on_decisions, decisions),
    ):
        for place in range(0, len(told), 25):
            # Some are told twice.
            await world.handle(handler, *told[max(0, place - 5) : place + 25])

    async def settled(merged: dict[str, str]) -> RawPractices:
        await world.settle()
        return RawPractices(events, merged, zone, told=[*cases, *versions, *decisions], turns=turns)

    await assert_as_the_input_says(api, await settled({}))
    one = {world.uuid(member): world.uuid("m2") for member in ("m1", "m3", "m11")}
    await world.handle(on_members, *(merge(world, member, "m2", 1) for member in ("m1", "m3", "m11")))
    await assert_as_the_input_says(api, await settled(one))
    await world.handle(on_members, merge(world, "m3", "m2", 2, ends=True))
    one.pop(world.uuid("m3"))
    await assert_as_the_input_says(api, await settled(one))
