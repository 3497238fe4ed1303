"""What becomes of suggestions, by what events say of them; and what the scorecard has of it."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.feedback.handlers import on_surveys
from services.analytics.intake.handlers import on_events
from tests.integration.services.analytics.test_feedback import answered, asked
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

MONTH = {"from": "2026-03-01", "to": "2026-03-31"}
DAY = timedelta(days=1)


def suggested(world: Any, name: str, at: datetime = NOON, host: str = "ideas.plaudit") -> Any:
    data = {"channel": "forum", "host": host, "actor": {}, "object": {"id": f"idea {name}"}}
    return world.event(f"idea {name}", kind="idea.suggested.v1", at=at, day=at.date()) | {"data": data}


def moved(world: Any, name: str, status: str, after: timedelta, host: str = "ideas.plaudit") -> Any:
    data = {"channel": "forum", "host": host, "actor": {"bot": True}, "object": {"id": f"idea {name}"}}
    made = world.event(f"move {name} {status}", "house", kind="idea.status_changed.v1", at=NOON + after)
    return made | {"bots": "member", "data": data | {"status": status}}


async def test_the_loop_is_of_what_stands_and_who_waits_counts_as_waiting(
    world: Any, api: httpx.AsyncClient
) -> None:
    made = [suggested(world, name) for name in "abcde"] + [
        suggested(world, "a", host="other") | {"uid": world.uuid("x")}
    ]
    steps = [
        moved(world, "a", "planned", 2 * DAY),
        moved(world, "a", "done", 10 * DAY),
        moved(world, "b", "declined", 4 * DAY),
        moved(world, "c", "planned", 40 * DAY),
        moved(world, "d", "new", DAY),
        moved(world, "e", "joined", DAY),
    ]
    # In whatever order, and twice.
    await world.handle(on_events, *reversed([*made, *steps]))
    await world.handle(on_events, *made, *steps)
    await world.handle(on_events, world.retraction("move e joined"))
    found = (await api.get("/v1/idea-loop", params=MONTH)).json()
    counts = {name: found[name] for name in ("suggested", "answered", "closed", "due", "answered_in_time")}
    assert counts == {"suggested": 6, "answered": 3, "closed": 2, "due": 6, "answered_in_time": 2}
    # Three of six are answered, the third after 40 days; half are not closed yet.
    assert (found["first_answer_seconds"], found["close_seconds"]) == (40 * 86_400, None)
    (month,) = found["months"]
    assert (month["starts_on"], month["suggested"]) == ("2026-03-01", 6)

    # A suggestion that is taken back is none; one that a bot moved is no open question any more.
    await world.handle(on_events, world.retraction("idea d"))
    assert (await api.get("/v1/idea-loop", params=MONTH)).json()["suggested"] == 5
    await world.settle()
    open_questions = (await api.get("/v1/open-questions")).json()["items"]
    assert world.uuid("event idea a") not in {one["uid"] for one in open_questions}
    assert (await api.get("/v1/idea-loop", params={"from": "2026-04-01", "to": "2026-03-01"})).status_code == 422


async def test_the_scorecard_has_answers_to_surveys_and_to_suggestions(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_surveys, *(asked(world, one) for one in ("ada", "bob", "cat", "dan")))
    await world.handle(on_events, answered(world, "ada", 9), answered(world, "bob", 3))
    # An answer that was changed is one.
    await world.handle(on_events, world.retraction("answer ada 1"), answered(world, "ada", 8, 2))
    made = [suggested(world, name, at=NOON - 30 * DAY) for name in "ab"]
    await world.handle(on_events, *made, moved(world, "a", "planned", -10 * DAY))
    to = (NOON + 7 * DAY).date().isoformat()
    card = (await api.get("/v1/scorecard", params={"day": to})).json()
    found = {one["name"]: one for practice in card["practices"] for one in practice["indicators"]}
    assert (found["survey_response"]["value"], found["survey_response"]["cases"]) == (0.5, 4)
    assert (found["ideas_answered"]["value"], found["ideas_answered"]["cases"]) == (0.5, 2)
    assert found["ideas_answered"]["state"] == "unsure"
