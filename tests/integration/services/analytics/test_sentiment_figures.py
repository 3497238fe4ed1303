"""Sentiment: what the API says is what the raw input says, whatever comes in which order."""

import csv
import io
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.intake.handlers import on_events
from services.analytics.sentiment.handlers import on_measured
from shared.contracts.facts import SENTIMENT_MEASURED
from tests.integration.services.analytics.raw_input import RawInput
from tests.integration.services.analytics.test_retention import declare, event

pytestmark = pytest.mark.stack

SPRING = {"from": "2024-03-01", "to": "2024-05-31"}
FIRST, LAST = date(2024, 3, 1), date(2024, 5, 31)
COUNTS = ("positive", "negative", "undecided", "left_out")


def measures(tone: str, language: str = "en", model: str = "lexicons-1") -> dict[str, Any]:
    found = {"length_chars": 80, "links_count": 0, "tone": tone, "language": language, "model": model}
    return found if tone == "left_out" else found | {"sentiment": 0.0}


def written(world: Any, calendar: Any, name: str, at: datetime, said: dict[str, Any], **more: Any) -> Any:
    channel = more.pop("channel", "forum")
    made = event(world, calendar, name, "ada", at, "forum.post.v1", channel, **more)
    made["data"]["measures"] = said
    return made


def measured_again(world: Any, name: str, said: dict[str, Any], at: datetime) -> Any:
    data = {"event_uid": world.uuid(f"event {name}"), "event_type": "forum.post.v1", "measures": said}
    return SENTIMENT_MEASURED.adapter.validate_python(
        world.fact("sentiment.measured.v1", f"{name}/{said['model']}/{at}", data, at)
    )


async def sentiment(api: httpx.AsyncClient, **more: str) -> dict[str, Any]:
    answer = await api.get("/v1/sentiment", params=SPRING | {"by": "month"} | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def assert_as_the_input_says(world: Any, api: httpx.AsyncClient, raw: RawInput) -> None:
    await world.settle()
    found = await sentiment(api)
    shown = [(date.fromisoformat(one["starts_on"]), *(one[name] for name in COUNTS)) for one in found["periods"]]
    assert shown == raw.ask("tones", first=FIRST, last=LAST)
    strata = [
        row for row in raw.ask("tones by language", before=FIRST - timedelta(92), first=FIRST, last=LAST) if row[1]
    ]
    judged = sum(row[1] for row in strata if row[3])
    difference = sum(row[1] / judged * (row[2] / row[1] - row[4] / row[3]) for row in strata if row[3])
    assert found["change"]["judged"] == judged
    assert found["change"]["difference"] == pytest.approx(difference, abs=0.0001)
    assert found["change"]["low"] < found["change"]["difference"] < found["change"]["high"]


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York"])
async def test_tones_are_those_of_the_raw_input(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    """Late, twice, taken back, restored, of bots, measured again before and after the event itself."""
    chance = random.Random(zone)
    calendar = await declare(world, zone)
    facts: list[Any] = []
    again: list[Any] = []
    for number in range(160):
        at = datetime(2023, 12, 15, tzinfo=UTC) + timedelta(minutes=chance.randrange(175 * 1440))
        name, language = f"{number:03}", chance.choice(("en", "en", "it"))
        first, last = (measures(chance.choice(COUNTS), language) for _ in range(2))
        bots = {"bots": "member"} if chance.random() < 0.05 else {}
        made = written(world, calendar, name, at, first, **bots)
        facts.append(made)
        if chance.random() < 0.3:
            again.append((made, measured_again(world, name, last, at + timedelta(days=40)), last))
        if chance.random() < 0.2:
            facts.append(world.retraction(name, at + timedelta(hours=1)))
            if chance.random() < 0.4:
                facts.append(world.restoration(name, at + timedelta(hours=2)))
    facts += chance.sample(facts, 20)
    given = [(on_events, fact) for fact in facts] + [(on_measured, fact) for _, fact, _ in again]
    chance.shuffle(given)
    for handle, fact in given:
        await world.handle(handle, fact)
        if chance.random() < 0.05:
            await world.settle()
    for made, _, last in again:
        made["data"]["measures"] = last
    await assert_as_the_input_says(world, api, RawInput(facts, {}, zone))


async def test_models_are_not_mixed_and_languages_not_compared(world: Any, api: httpx.AsyncClient) -> None:
    calendar = await declare(world, "UTC")

    def at(month: int) -> datetime:
        return datetime(2024, month, 3, 10, tzinfo=UTC)

    tones = ["positive"] * 50 + ["undecided"] * 30 + ["negative"] * 20
    await world.handle(
        on_events,
        *(written(world, calendar, f"a{n}", at(3), measures(tone)) for n, tone in enumerate(tones)),
        *(written(world, calendar, f"b{n}", at(1), measures(tone)) for n, tone in enumerate(tones)),
        written(world, calendar, "x", at(3), measures("left_out", "ja"), channel="chat"),
    )
    await world.settle()
    found = await sentiment(api)
    assert found["whole"] == {
        "texts": 101,
        "judged": 100,
        "positive": 50,
        "negative": 20,
        "undecided": 30,
        "left_out": 1,
        "net": 0.3,
        "low": 0.1405,
        "high": 0.442,
        "why_none": None,
        "models": ["lexicons-1"],
    }
    assert (found["change"]["verdict"], found["change"]["difference"]) == ("too_small_to_tell", 0.0)
    assert [(one["name"], one["texts"], one["net"]) for one in found["channels"]] == [
        ("forum", 100, 0.3),
        ("chat", 1, None),
    ]
    assert [one["name"] for one in found["languages"]] == ["en", "ja"]

    # Many texts of a language that sounds darker come: level falls, and nothing changed in either language.
    await world.handle(
        on_events,
        *(written(world, calendar, f"i{n}", at(1), measures("negative", "it")) for n in range(5)),
        *(written(world, calendar, f"j{n}", at(3), measures("negative", "it")) for n in range(95)),
    )
    await world.settle()
    found = await sentiment(api)
    assert found["whole"]["net"] < -0.3
    assert found["change"]["difference"] == 0.0

    again = [measured_again(world, f"a{n}", measures("positive", model="lexicons-2"), at(5)) for n in range(100)]
    await world.handle(on_measured, *again)
    await world.settle()
    found = await sentiment(api)
    assert found["whole"]["net"] is None
    assert "several models" in found["whole"]["why_none"]
    assert found["change"]["judged"] == 95
    lines = list(csv.DictReader(io.StringIO((await api.get("/v1/sentiment.csv", params=SPRING)).text)))
    assert {(line["model"], line["net"]) for line in lines} == {("lexicons-1", "-1.0"), ("lexicons-2", "1.0")}


@pytest.fixture
def narrow(world: Any) -> None:
    """One slice is told apart; said before the API begins."""
    world.configure(slices_max_count=1)


async def test_what_is_beyond_the_largest_slices_is_together(
    world: Any, narrow: None, api: httpx.AsyncClient
) -> None:
    calendar = await declare(world, "UTC")
    noon = datetime(2024, 3, 3, 12, tzinfo=UTC)
    channels = ("forum", "forum", "chat", "email")
    texts = [
        written(world, calendar, f"{n}", noon, measures("positive"), channel=channel)
        for n, channel in enumerate(channels)
    ]
    await world.handle(on_events, *texts)
    await world.settle()
    found = await sentiment(api)
    assert [(one["name"], one["texts"]) for one in found["channels"]] == [("forum", 2), (None, 2)]
    only = await sentiment(api, channel="chat")
    assert (only["whole"]["texts"], only["change"]["verdict"]) == (1, "nothing_to_compare")
    empty = await sentiment(api, type="idea.proposed.v1")
    assert (empty["whole"]["net"], empty["whole"]["why_none"]) == (None, "nothing was judged")
