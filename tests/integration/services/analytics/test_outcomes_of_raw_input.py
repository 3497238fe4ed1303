"""Surveys, suggestions, practices, campaigns and goals: what the API says is what the raw input says."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.effects.handlers import measure
from services.analytics.feedback.handlers import on_surveys
from services.analytics.intake.handlers import on_events, on_members
from services.analytics.programmes.handlers import on_programmes
from shared.calendars import Calendar
from shared.contracts.facts.surveys import SOURCE
from tests.integration.services.analytics.raw_outcomes import RawOutcomes
from tests.integration.services.analytics.test_practices import indicators
from tests.integration.services.analytics.test_response_times import replying
from tests.integration.services.analytics.test_retention import declare, event, merge

pytestmark = pytest.mark.stack

MEMBERS = tuple(f"m{number}" for number in range(16))
YEAR = {"from": "2024-01-01", "to": "2024-12-31"}
#: The day after the last of the weeks looked at, and what a campaign lasted.
CARD_DAY = date(2024, 6, 3)
SPRING = (date(2024, 4, 8), date(2024, 4, 28))
SURVEYS = ("nps", "csat", "ces")
PERCENT = 40
DOCUMENT: dict[str, Any] = {
    "rules": [],
    "surveys": {
        "ask": [
            {"id": one, "title": one, "kind": one, "each": "month", "question": {"en": "Q"}} for one in SURVEYS
        ]
    },
    "campaigns": [
        {
            "id": "spring",
            "title": "Spring",
            "holdout_percent": PERCENT,
            "starts": SPRING[0].isoformat(),
            "ends": SPRING[1].isoformat(),
        }
    ],
}


class History:
    """Half a year of a community, at any hour, with what was taken back and what of it was restored."""

    def __init__(self, world: Any, calendar: Calendar, chance: random.Random) -> None:
        self.world, self.calendar, self.chance = world, calendar, chance
        self.facts: list[Any] = []
        self.asked: list[Any] = []

    def add(self, made: Any, name: str, *, undone: float = 0.15) -> None:
        self.facts.append(made)
        if self.chance.random() < undone:
            self.facts.append(self.world.retraction(name, made["time"] + timedelta(minutes=30)))
            if self.chance.random() < 0.4:
                self.facts.append(self.world.restoration(name, made["time"] + timedelta(minutes=50)))

    def questions(self) -> None:
        chance, world = self.chance, self.world
        for number in range(90):
            asked = datetime(2024, 2, 1, tzinfo=UTC) + timedelta(
                minutes=chance.randrange(120 * 1440), seconds=number
            )
            name = f"q{number:02}"
            bots = {"bots": "member"} if chance.random() < 0.05 else {}
            self.add(
                event(world, self.calendar, name, chance.choice(MEMBERS), asked, "forum.post.v1", "forum", **bots),
                name,
            )
            for reply in range(chance.choice((0, 1, 1, 3))):
                at = asked + timedelta(seconds=chance.choice((-60, 0, 59, 3_600, 86_400, 86_401, 300_000)))
                told, helper = f"{name}r{reply}", chance.choice(MEMBERS)
                bots = {"bots": "member"} if chance.random() < 0.1 else {}
                self.add(replying(world, self.calendar, told, helper, at, name, **bots), told)
                if chance.random() < 0.4:
                    later = asked + timedelta(hours=chance.choice((1, 100, 167, 168, 169)))
                    thanks = f"{told}ok"
                    made = event(
                        world,
                        self.calendar,
                        thanks,
                        chance.choice(MEMBERS),
                        later,
                        "forum.answer_accepted.v1",
                        "forum",
                        objectmember=world.uuid(helper),
                    )
                    made["data"]["object"] = {"id": told}
                    self.add(made, thanks)
        for number in range(80):
            at = datetime(2024, 1, 5, tzinfo=UTC) + timedelta(minutes=chance.randrange(150 * 1440))
            kind = chance.choice(("chat.message.v1", "chat.reaction.v1", "member.joined.v1"))
            who = chance.choice((*MEMBERS, *(f"new{one}" for one in range(20))))
            self.add(event(world, self.calendar, f"c{number}", who, at, kind, "chat"), f"c{number}")

    def ideas(self) -> None:
        chance, world = self.chance, self.world
        for number in range(40):
            at = datetime(2024, 1, 20, tzinfo=UTC) + timedelta(
                minutes=chance.randrange(130 * 1440), seconds=number
            )
            name, host = f"i{number}", chance.choice(("ideas.plaudit", "votes.example"))
            made = event(world, self.calendar, name, chance.choice(MEMBERS), at, "idea.suggested.v1", "forum")
            data = {"channel": "forum", "host": host, "actor": {}, "object": {"id": f"idea {number // 2}"}}
            # Two platforms may call different suggestions the same.
            self.add(made | {"data": data | {"host": ("a.example", "b.example")[number % 2]}}, name)
            for step in range(chance.choice((0, 1, 2, 3))):
                status = chance.choice(("new", "planned", "done", "declined", "joined"))
                moved = at + timedelta(hours=chance.choice((-2, 0, 48, 719, 720, 721, 1_500)))
                told = f"{name}s{step}"
                bots = {"bots": "member"} if chance.random() < 0.7 else {}
                who = "house" if bots else chance.choice(MEMBERS)
                step_made = event(
                    world, self.calendar, told, who, moved, "idea.status_changed.v1", "forum", **bots
                )
                self.add(
                    step_made
                    | {"data": data | {"host": ("a.example", "b.example")[number % 2], "status": status}},
                    told,
                )

    def surveys(self) -> None:
        chance, world = self.chance, self.world
        for survey in SURVEYS:
            for month in (2, 3, 4):
                for member in MEMBERS:
                    trigger = f"2024-{month:02}-01"
                    invitation = world.uuid(f"{survey} {month} {member}")
                    at = datetime(2024, month, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(26 * 1440))
                    data = {
                        "invitation_id": invitation,
                        "survey": survey,
                        "programme_version": 1,
                        "member_id": world.uuid(member),
                        "trigger": trigger,
                        "asked_at": at,
                        "asked_on": self.calendar.day_of(at),
                        "closes_at": at + timedelta(days=14),
                    }
                    self.asked.append(world.fact("survey.asked.v1", f"{survey} {month} {member}", data))
                    if chance.random() < 0.75:
                        self.answers(f"{survey} {month} {member}", invitation, survey, member, at)

    def answers(self, name: str, invitation: str, survey: str, member: str, asked: datetime) -> None:
        """An answer, which may be changed: then the one before is taken back."""
        chance = self.chance
        at = asked + timedelta(minutes=chance.randrange(6 * 1440))
        for number in range(1, chance.choice((1, 1, 2)) + 1):
            told = f"{name} {number}"
            made = event(self.world, self.calendar, told, member, at, "survey.response.v1", "survey")
            score = chance.randrange(11) if survey == "nps" else chance.randrange(1, 6 if survey == "csat" else 8)
            data = {"channel": "survey", "object": {"id": survey}, "score": score}
            foreign = chance.random() < 0.05
            made |= {"id": f"{invitation}/{number}", "source": "https://survey.example" if foreign else SOURCE}
            self.add(made | {"data": data}, told, undone=0.1)
            if number == 2:
                self.facts.append(self.world.retraction(f"{name} 1", at, number=2))
            at += timedelta(minutes=chance.randrange(1, 3 * 1440))


async def assert_surveys(api: httpx.AsyncClient, raw: RawOutcomes) -> None:
    for survey in SURVEYS:
        for by in ("month", "quarter"):
            answer = await api.get(f"/v1/feedback/{survey}", params=YEAR | {"by": by})
            assert answer.status_code == 200, answer.text
            periods = answer.json()["periods"]
            asked = {date.fromisoformat(one["starts_on"]): one["asked"] for one in periods if one["asked"]}
            assert asked == dict(raw.find("asked", survey=survey, by=by))
            shown = [one for one in periods if one["feedback"]]
            said = raw.find(survey, survey=survey, by=by)
            assert said
            assert [(one["starts_on"], one["feedback"]["answers"]) for one in shown] == [
                (str(period), n) for period, n, *_ in said
            ]
            for one, (_, _, *values) in zip(shown, said, strict=True):
                found = [one["feedback"]["score"][name] for name in ("value", "low", "high")]
                if survey == "ces":
                    found.append(one["feedback"]["share"]["value"])
                assert found == pytest.approx([float(value) for value in values], abs=0.011)


async def assert_loop(api: httpx.AsyncClient, raw: RawOutcomes) -> None:
    found = (await api.get("/v1/idea-loop", params=YEAR)).json()
    names = ("suggested", "answered", "closed", "answered_in_time", "first_answer_seconds", "close_seconds")
    months = [(one["starts_on"], *(one[name] for name in names)) for one in found["months"]]
    said = raw.find("loop", now=datetime.now(UTC))
    assert months == [(str(month), *values) for month, *values in said]
    assert found["suggested"] == found["due"] == sum(row[1] for row in said) > 0


async def assert_practices(api: httpx.AsyncClient, raw: RawOutcomes) -> None:
    card = await indicators(api, CARD_DAY.isoformat())
    until = CARD_DAY - timedelta(days=1)

    def weeks(last: date, count: int = 1) -> dict[str, tuple[float | None, int]]:
        return raw.practices(last - timedelta(days=7 * count - 1), last, until)

    now, before = weeks(until, 4), weeks(until - timedelta(days=28), 4)
    each = [weeks(until - timedelta(days=7 * back)) for back in range(12, -1, -1)]
    for name, (value, cases) in now.items():
        found = card[name]
        assert (name, found["cases"]) == (name, cases)
        assert (name, found["value"]) == (name, value if value is None else pytest.approx(float(value), abs=1e-4))
        known = [before[name][0], *(week[name][0] for week in each)]
        expected = [one if one is None else pytest.approx(float(one), abs=1e-4) for one in known]
        assert (name, [found["before"], *found["week_values"]]) == (name, expected)


async def assert_effect(world: Any, api: httpx.AsyncClient, raw: RawOutcomes) -> None:
    table = "select checked_at is null from effect_checks where community = $1"
    await world.pool.execute("delete from effect_checks where community = $1", world.community)
    await world.pool.execute("delete from campaign_effects where community = $1", world.community)
    await world.pool.execute("insert into effect_checks (community) values ($1)", world.community)
    while await world.pool.fetchval(table, world.community):
        async with world.begin() as tx:
            await measure(tx)
    found = (await api.get("/v1/lift/campaigns/spring")).json()
    ((*counts, difference, low, high),) = raw.find(
        "effect", community=world.community, campaign="spring", percent=PERCENT, first=SPRING[0], last=SPRING[1]
    )
    arms = [found[arm][part] for arm in ("treated", "held_out") for part in ("members", "active")]
    assert [*arms, found["left_out_members"]] == counts
    assert min(arms[0], arms[2]) > 0
    shown = [found[f"{name}_points"] for name in ("difference", "low", "high")]
    assert shown == pytest.approx([difference, low, high], abs=0.006)


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_what_comes_of_it_is_what_the_raw_input_says(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    made = History(world, calendar, chance)
    made.questions()
    made.ideas()
    made.surveys()
    await world.handle(on_programmes, world.programme_fact(1, DOCUMENT, datetime(2024, 1, 1, tzinfo=UTC)))
    facts = made.facts + chance.sample(made.facts, 40)
    chance.shuffle(facts)
    given = facts
    while given:
        size = chance.choice((20, 90, 200))
        await world.handle(on_events, *given[:size])
        given = given[size:]
        if chance.random() < 0.3:
            await world.settle()
    chance.shuffle(made.asked)
    await world.handle(on_surveys, *made.asked)

    async def assert_as_the_input_says(merged: dict[str, str]) -> None:
        await world.settle()
        raw = RawOutcomes(facts, merged, zone, asked=made.asked)
        await assert_surveys(api, raw)
        await assert_loop(api, raw)
        await assert_practices(api, raw)
        await assert_effect(world, api, raw)

    await assert_as_the_input_says({})
    one = {world.uuid(member): world.uuid("m2") for member in ("m1", "m3", "new4")}
    await world.handle(on_members, *(merge(world, member, "m2", 1) for member in ("m1", "m3", "new4")))
    await assert_as_the_input_says(one)
    await world.handle(on_members, merge(world, "m3", "m2", 2, ends=True))
    one.pop(world.uuid("m3"))
    await assert_as_the_input_says(one)


async def standing(api: httpx.AsyncClient, calendar: Calendar, goal_id: str) -> tuple[Any, date]:
    """How a goal stands, and on which day that is: midnight may come as it is asked."""
    before = calendar.day_of(datetime.now(UTC))
    answer = await api.get(f"/v1/goals/{goal_id}")
    assert answer.status_code == 200, answer.text
    found = answer.json()["current"]["stands"]
    today = date.fromisoformat(found["starts_on"]) + timedelta(days=found["days_over"])
    assert today in (before, calendar.day_of(datetime.now(UTC)))
    return found, today


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_goals_stand_as_the_raw_input_says(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    now = datetime.now(UTC)
    first, last = calendar.day_of(now) - timedelta(days=20), calendar.day_of(now) + timedelta(days=15)
    window = {"starts": first.isoformat(), "ends": last.isoformat(), "owner": "Ada"}
    targets = {"mentions": 160, "suggestions_closed": 9, "resolved_by_members": 30}
    goals = [
        {"id": metric.replace("_", "-"), "title": metric, "metric": metric, "target": target, **window}
        for metric, target in targets.items()
    ]
    document = {"rules": [], "goals": goals}
    await world.handle(on_programmes, world.programme_fact(1, document, now - timedelta(days=200)))
    made = History(world, calendar, chance)
    kinds = (
        *["social.share.v1"] * 8,
        *["idea.status_changed.v1"] * 2,
        *["forum.answer_accepted.v1"] * 3,
    )
    for number in range(420):
        at = now - timedelta(days=chance.choice((chance.randrange(18), chance.randrange(100))))
        at -= timedelta(minutes=chance.randrange(3, 1440))
        kind, who = chance.choice(kinds), chance.choice(MEMBERS)
        whom = world.uuid(chance.choice(MEMBERS)) if kind == "forum.answer_accepted.v1" else None
        apart = chance.choice(("bots", "unearning")) if whom else "bots"
        part = chance.choice(("member", "objectmember")) if whom else "member"
        more = {apart: part} if chance.random() < 0.1 else {}
        one = event(world, calendar, f"g{number}", who, at, kind, "forum", **more)
        if whom:
            one |= {"objectmember": whom}
        one["data"] |= {"object": {"id": f"{number}"}, "status": chance.choice(("done", "Declined", "planned"))}
        made.add(one, f"g{number}")
    chance.shuffle(made.facts)
    await world.handle(on_events, *made.facts[:300])
    await world.handle(on_events, *made.facts[200:])
    raw = RawOutcomes(made.facts, {}, zone)
    for metric, target in targets.items():
        found, today = await standing(api, calendar, metric.replace("_", "-"))
        ((actual, expected, pace, value, low, high, factor, weeks),) = raw.find(
            "pace", metric=metric, target=target, first=first, last=last, today=today
        )
        assert (metric, found["actual"], found["days"]) == (metric, actual, 36)
        assert actual > 3
        assert (found["expected"], found["pace"]) == (
            pytest.approx(expected, abs=0.006),
            pytest.approx(pace, abs=1e-4),
        )
        forecast = [found["forecast"][name] for name in ("value", "low", "high", "spread", "spread_weeks")]
        assert forecast == pytest.approx([value, low, high, factor, weeks], abs=0.06)
        missed = "off_pace" if high < target else "behind"
        assert found["state"] == ("met" if actual >= target else "on_pace" if value >= target else missed)
