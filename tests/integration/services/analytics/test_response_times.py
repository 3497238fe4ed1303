"""Response times: what the API says is what the raw input says, whatever comes in which order."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_audiences, on_events, on_members
from services.analytics.programmes.handlers import on_programmes
from services.analytics.response_times.store import reading
from services.analytics.response_times.store.reading import Asked
from tests.integration.services.analytics.raw_input import RawInput
from tests.integration.services.analytics.test_audiences_followed import said, turn
from tests.integration.services.analytics.test_retention import declare, event, merge

pytestmark = pytest.mark.stack

DAYS = {"from": "2024-01-01", "to": "2024-06-30"}
MEMBERS = tuple(f"m{number}" for number in range(8))


def replying(world: Any, calendar: Any, name: str, member: str, at: datetime, to: str, **more: Any) -> Any:
    made = event(world, calendar, name, member, at, "forum.reply.v1", "forum", **more)
    made["data"]["in_reply_to"] = {"id": to}
    return made


async def report(api: httpx.AsyncClient, **more: str) -> dict[str, Any]:
    answer = await api.get("/v1/response-times", params=DAYS | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def assert_as_the_input_says(world: Any, api: httpx.AsyncClient, raw: RawInput) -> None:
    await world.settle()
    found = await report(api, by="month")
    shown = [
        (
            date.fromisoformat(one["starts_on"]),
            one["asked"],
            one["answered"],
            one["in_time"]["number"],
            one["median_seconds"],
            one["answered_median_seconds"],
        )
        for one in found["periods"]
        if one["asked"]
    ]
    assert shown == raw.ask("responses")
    assert (found["answerers"], found["absence_factor"]) == raw.ask("answerers")[0]
    topics = (await api.get("/v1/question-topics", params=DAYS)).json()
    assert [
        (one["topic"], one["asked"], one["unanswered"]["number"], one["askers"], one["waiting"])
        for one in topics["topics"]
    ] == raw.ask("topics")
    for topic in ("Gears", "Lathes"):
        known = (await api.get("/v1/topic-answerers", params={"topic": topic})).json()["members"]
        said = raw.ask("knowing", topic=topic, now=datetime.now(UTC))
        assert known
        assert [(one["member_id"], one["answers"], datetime.fromisoformat(one["last_at"])) for one in known] == [
            (member_id, answers, last_at) for member_id, answers, last_at, _ in said
        ]
        assert [one["weight"] for one in known] == pytest.approx([weight for *_, weight in said], abs=1e-3)
    for one in topics["to_write"]:
        asked = (await api.get("/v1/open-questions", params={"topic": one["topic"]})).json()["items"]
        assert (len(asked), len({question["member_id"] for question in asked})) == (
            one["unanswered"]["number"],
            one["waiting"],
        )
    queue = (await api.get("/v1/open-questions")).json()["items"]
    assert [one["event_id"] for one in queue] == [event_id for (event_id,) in raw.ask("open")]
    assert [one["waiting_seconds"] for one in queue] == sorted(
        (one["waiting_seconds"] for one in queue), reverse=True
    )


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_waits_are_those_of_the_raw_input(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    facts: list[Any] = []
    for number in range(60):
        asked = datetime(2024, 1, 5, tzinfo=UTC) + timedelta(minutes=chance.randrange(150 * 1440), seconds=number)
        question = event(world, calendar, f"q{number:02}", chance.choice(MEMBERS), asked, "forum.post.v1", "forum")
        if topic := chance.choice(("Gears", "Lathes", "Oil", "")):
            question["data"]["topic"] = topic
        facts.append(question)
        for reply in range(chance.choice((0, 1, 1, 2, 4))):
            # Some before the question, by clocks that differ; some at once; some late.
            at = asked + timedelta(seconds=chance.choice((-60, 0, 59, 3_600, 86_400, 86_401, 400_000)))
            bots = {"bots": "member"} if chance.random() < 0.2 else {}
            name = f"q{number:02}r{reply}"
            facts.append(replying(world, calendar, name, chance.choice(MEMBERS), at, f"q{number:02}", **bots))
            if chance.random() < 0.3:
                facts.append(world.retraction(name, at + timedelta(hours=1)))
                if chance.random() < 0.4:
                    facts.append(world.restoration(name, at + timedelta(hours=2)))
        if chance.random() < 0.15:
            facts.append(world.retraction(f"q{number:02}", asked + timedelta(days=1)))
    facts += chance.sample(facts, 20)
    chance.shuffle(facts)
    given = facts
    while given:
        size = chance.choice((1, 7, 40))
        await world.handle(on_events, *given[:size])
        given = given[size:]
        if chance.random() < 0.3:
            await world.settle()
    await assert_as_the_input_says(world, api, RawInput(facts, {}, zone))

    await world.handle(on_members, merge(world, "m1", "m2", 1), merge(world, "m3", "m2", 1))
    one = {world.uuid("m1"): world.uuid("m2"), world.uuid("m3"): world.uuid("m2")}
    await assert_as_the_input_says(world, api, RawInput(facts, one, zone))
    await world.handle(on_members, merge(world, "m3", "m2", 2, ends=True))
    await assert_as_the_input_says(world, api, RawInput(facts, {world.uuid("m1"): world.uuid("m2")}, zone))


async def test_open_questions_of_an_audience_and_who_wants_to_be_named(world: Any, api: httpx.AsyncClient) -> None:
    """Questions of who is in it now; and whoever is on no board is not said to know something."""
    calendar = await declare(world, "UTC")
    at = datetime(2024, 3, 4, 10, tzinfo=UTC)
    asked = [event(world, calendar, f"q{who}", who, at, "forum.post.v1", "forum") for who in ("ann", "bob", "cat")]
    for one in asked:
        one["data"]["topic"] = "Gears"
    await world.handle(on_events, *asked, replying(world, calendar, "r", "dan", at, "qcat"))
    await world.handle(on_audiences, turn(world, "ann", 1), turn(world, "bob", 1), turn(world, "bob", 2))
    await world.handle(
        on_programmes, world.programme_fact(1, {"audiences": [{"id": "helpers", "title": "Helpers"}]})
    )
    await world.settle()
    queue = (await api.get("/v1/open-questions", params={"audience": "helpers"})).json()["items"]
    assert [one["event_id"] for one in queue] == ["qann"]
    of_them = (await api.get("/v1/question-topics", params=DAYS | {"audience": "helpers"})).json()
    everybody = (await api.get("/v1/question-topics", params=DAYS)).json()
    assert [(one["topic"], one["asked"]) for one in of_them["topics"]] == [("Gears", 1)]
    assert [(one["topic"], one["asked"]) for one in everybody["topics"]] == [("Gears", 3)]
    # Who is merged is in what any of theirs is in.
    await world.handle(on_members, merge(world, "ann", "zoe", 1))
    await world.settle()
    queue = (await api.get("/v1/open-questions", params={"audience": "helpers"})).json()["items"]
    assert [one["member_id"] for one in queue] == [world.uuid("zoe")]
    refused = await api.get("/v1/open-questions", params={"audience": "helper"})
    assert refused.status_code == 404
    assert "did you mean `helpers`?" in refused.json()["detail"]

    async def knowing() -> list[str]:
        answer = await api.get("/v1/topic-answerers", params={"topic": "Gears"})
        return [one["member_id"] for one in answer.json()["members"]]

    assert await knowing() == [world.uuid("dan")]
    # Whoever is one person with somebody who is on no board is not, either, and is again when they part.
    hidden = said(world, "eve", 1)
    hidden["data"]["off_boards"] = True
    bot = said(world, "eve", 2)
    bot["data"] |= {"off_boards": True, "bot_by": "hand"}
    again = said(world, "eve", 3)
    merged = merge(world, "eve", "dan", 1)
    for facts, known in (
        ([hidden, merged], []),
        ([bot], [world.uuid("dan")]),
        ([again], [world.uuid("dan")]),
        ([hidden | {"data": hidden["data"] | {"revision": 4}}], []),
        ([merge(world, "eve", "dan", 2, ends=True)], [world.uuid("dan")]),
        ([merge(world, "eve", "dan", 3)], []),
        ([merge(world, "eve", "dan", 4, ends=True)], [world.uuid("dan")]),
    ):
        await world.handle(on_members, *facts)
        await world.settle()
        assert await knowing() == known
    hidden = said(world, "dan", 1)
    hidden["data"]["off_boards"] = True
    await world.handle(on_members, hidden)
    assert await knowing() == []


async def test_who_answers_first_changes_when_an_answer_is_taken_back(world: Any, api: httpx.AsyncClient) -> None:
    """Asked at 10:00; a bot answers, then the asker, then somebody whose answer goes, and somebody at 12:00."""
    calendar = await declare(world, "UTC")

    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2024, 3, 4, hour, minute, tzinfo=UTC)

    asked = event(world, calendar, "q", "ann", at(10), "forum.post.v1", "forum")
    asked["data"]["object"] = {"id": "topic-7"}
    await world.handle(
        on_events,
        asked,
        replying(world, calendar, "r1", "bot", at(10, 5), "topic-7", bots="member"),
        replying(world, calendar, "r2", "ann", at(10, 10), "q"),
        replying(world, calendar, "r3", "xia", at(10, 20), "topic-7"),
        replying(world, calendar, "r4", "yan", at(12), "q"),
    )
    await world.settle()
    assert (await report(api))["whole"]["median_seconds"] == 1_200
    await world.handle(on_events, world.retraction("r3", at(13)))
    await world.settle()
    found = await report(api)
    assert (found["whole"]["median_seconds"], found["first_questions"]["asked"]) == (7_200, 1)
    assert found["curve"][:2] == [{"hours": 1, "share": 0.0}, {"hours": 2, "share": 1.0}]
    await world.handle(on_events, world.retraction("q", at(14)))
    await world.settle()
    assert (await report(api))["whole"]["in_time"] == {
        "number": 0,
        "of": 0,
        "value": None,
        "why_none": "nobody asked",
    }


@pytest.fixture
def few(world: Any) -> None:
    """One answer goes through two questions; said before the API begins."""
    world.configure(questions_max_count=2)


async def test_more_questions_than_one_answer_goes_through_are_refused(
    world: Any, few: None, api: httpx.AsyncClient
) -> None:
    calendar = await declare(world, "UTC")
    posts = [
        event(world, calendar, f"q{n}", "ann", datetime(2024, 3, 4, n, tzinfo=UTC), "forum.post.v1", "forum")
        for n in range(3)
    ]
    await world.handle(on_events, *posts)
    await world.settle()
    table = await api.get("/v1/response-times.csv", params=DAYS)
    assert table.status_code == 422, table.text
    assert "More than 2 questions were asked" in table.json()["detail"]


@pytest.fixture
def rounded(world: Any) -> None:
    """No answer is by the second; said before the API begins."""
    world.configure(exact_questions_max_count=0)


async def test_waits_of_many_are_rounded_and_their_counts_are_not(
    world: Any, rounded: None, api: httpx.AsyncClient
) -> None:
    """Beside the same questions by the second: no answer is earlier, and none later by more than a sixtieth."""
    calendar, chance = await declare(world, "Europe/Rome"), random.Random(130)
    facts: list[Any] = []
    for number in range(60):
        asked = datetime(2024, 3, 4, tzinfo=UTC) + timedelta(minutes=chance.randrange(40 * 1440))
        # Three are answered after a day to the second, which is in time; the others at any time up to some weeks.
        wait = 86_400.0 if number < 3 else 10 ** chance.uniform(0, 6.3)
        facts.append(event(world, calendar, f"q{number}", f"m{number % 9}", asked, "forum.post.v1", "forum"))
        if number < 3 or number % 5:
            answered = asked + timedelta(seconds=wait)
            facts.append(replying(world, calendar, f"a{number}", "x", answered, f"q{number}"))
    await world.handle(on_events, *facts)
    await world.settle()
    asked_in = Asked(world.community, datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC))
    terms: Any = {
        "bounds": [datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)],
        "now": datetime(2024, 5, 1, 12, 0, 0, 500, tzinfo=UTC),
        "within": timedelta(hours=24),
    }
    async with world.begin() as tx:
        exact = await reading.load_waits(tx.conn, asked_in, **terms)
        found = await reading.load_rounded_waits(tx.conn, asked_in, **terms)
    assert found.keys() == exact.keys()
    assert sum(waits.asked for waits in found.values()) == 60
    for part, waits in exact.items():
        also = found[part]
        assert (also.due, also.due_answered, also.in_time) == (waits.due, waits.due_answered, waits.in_time)
        assert all(one <= other <= one * 61 / 60 for one, other in zip(waits.answered, also.answered, strict=True))
        assert all(other <= one <= other * 61 / 60 for one, other in zip(waits.waiting, also.waiting, strict=True))
    assert sum(waits.in_time for waits in exact.values()) >= 3
    shown = await report(api)
    assert (shown["is_rounded"], shown["whole"]["asked"]) == (True, 60)
    assert (shown["answerers"], shown["absence_factor"]) == (1, 1)
    within_a_day = sum(one <= 86_400 for waits in exact.values() for one in waits.answered)
    assert next(one["share"] for one in shown["curve"] if one["hours"] == 24) == round(within_a_day / 60, 4)
