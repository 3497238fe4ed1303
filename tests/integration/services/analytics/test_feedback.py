"""What surveys say: by whom it was asked and answered, as told, in whatever order and twice."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.analytics.feedback.handlers import on_surveys
from services.analytics.intake.handlers import on_audiences, on_events, on_members
from services.analytics.programmes.handlers import on_programmes
from shared.contracts.facts import AUDIENCE_FACT, MEMBER_FACT
from shared.contracts.facts.surveys import SOURCE
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DOCUMENT: dict[str, Any] = {
    "rules": [],
    "surveys": {
        "ask": [
            {"id": "nps", "title": "Would recommend", "kind": "nps", "each": "quarter", "question": {"en": "Q"}},
            {"id": "solved", "title": "Solved?", "kind": "csat", "each": "month", "anonymous": True},
        ]
    },
}
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
MEMBERS = ("ada", "bob", "cat", "dan", "eve", "fay", "gus")


def asked(world: Any, member: str, survey: str = "nps") -> Any:
    invitation = world.uuid(f"invitation {member} {survey}")
    data = {
        "invitation_id": invitation,
        "survey": survey,
        "programme_version": 1,
        "member_id": world.uuid(member),
        "trigger": "2026-01-01",
        "asked_at": NOON,
        "asked_on": NOON.date(),
        "closes_at": NOON + timedelta(days=14),
    }
    return world.fact("survey.asked.v1", f"asked {member} {survey}", data)


def answered(world: Any, member: str, score: int, number: int = 1) -> Any:
    event_id = f"{world.uuid(f'invitation {member} nps')}/{number}"
    made = world.event(
        f"answer {member} {number}", member, kind="survey.response.v1", at=NOON + timedelta(minutes=number)
    )
    data = {"channel": "survey", "object": {"id": "nps"}, "score": score}
    return made | {"id": event_id, "source": SOURCE, "data": data}


async def test_what_surveys_say_is_of_what_stands_and_of_each_person_once(
    world: Any, api: httpx.AsyncClient
) -> None:
    await world.handle(on_programmes, world.programme_fact(1, DOCUMENT))
    block = {
        "block_id": world.uuid("block"),
        "survey": "solved",
        "counted_on": date(2026, 3, 9),
        "answers": {"5": 4, "2": 1},
        "answer_ids": [world.uuid(f"answer {number}") for number in range(5)],
    }
    facts = [asked(world, one) for one in MEMBERS] + [world.fact("survey.counted.v1", "block", block)]
    await world.handle(on_surveys, *facts)
    await world.handle(on_surveys, *facts)
    events = [answered(world, one, 10) for one in MEMBERS[:5]]
    await world.handle(on_events, *events)
    # A changed answer takes the one before back; a platform's own survey is another's.
    changed = [world.retraction("answer ada 1"), answered(world, "ada", 0, 2)]
    foreign = answered(world, "fay", 0, 7) | {"source": "https://survey.example"}
    await world.handle(on_events, *changed, foreign)
    await world.handle(on_events, *events)

    found = (await api.get("/v1/feedback", params=MARCH)).json()["items"]
    nps, solved = found
    assert (nps["survey"], nps["asked"], nps["response_percent"]) == ("nps", 7, 71.43)
    assert nps["feedback"]["counts"] == {"0": 1, "10": 4}
    assert nps["feedback"]["score"]["value"] == 60.0
    assert (solved["anonymous"], solved["asked"], solved["response_percent"]) == (True, 0, None)
    assert (solved["feedback"]["answers"], solved["feedback"]["score"]["value"]) == (5, 80.0)
    assert solved["feedback"]["score"]["low"] == 37.55

    # A day stands for its month: no two windows tell what somebody answered between them.
    for days in ({"from": "2026-03-09", "to": "2026-03-09"}, {"from": "2026-03-31", "to": "2026-03-31"}):
        assert (await api.get("/v1/feedback", params=days)).json()["items"] == found

    # Two who turn out to be one person were asked once, and have one answer, the last; four are too few.
    data = {"member_id": world.uuid("bob"), "into_id": world.uuid("cat"), "merged_at": NOON, "revision": 1}
    await world.handle(on_members, MEMBER_FACT.validate_python(world.fact("member.merged.v1", "merge", data)))
    (period,) = (await api.get("/v1/feedback/nps", params=MARCH)).json()["periods"]
    assert (period["starts_on"], period["asked"], period["feedback"]) == ("2026-03-01", 6, None)
    whole = (await api.get("/v1/feedback/nps", params=MARCH | {"by": "quarter"})).json()
    assert (whole["feedback"], whole["response_percent"]) == (None, None)
    assert (await api.get("/v1/feedback/none", params=MARCH)).status_code == 404
    assert (await api.get("/v1/feedback/nps", params={"by": "week"})).status_code == 422


async def test_answers_are_sliced_by_the_audiences_of_then(world: Any, api: httpx.AsyncClient) -> None:
    titles = {"quick": "Quick ones", "late": "Late ones"}
    document = DOCUMENT | {"audiences": [{"id": one, "title": title} for one, title in titles.items()]}
    await world.handle(on_programmes, world.programme_fact(1, document))

    def turn(member: str, audience: str, revision: int, *, minutes: int, is_in: bool = True) -> Any:
        kind = "audience.entered.v1" if is_in else "audience.left.v1"
        data = {
            "audience": audience,
            "member_id": world.uuid(member),
            "revision": revision,
            "since": NOON + timedelta(minutes=minutes),
            "known_at": NOON + timedelta(minutes=minutes),
            "programme_version": 1,
        }
        return AUDIENCE_FACT.validate_python(world.fact(kind, f"{member} {audience} {revision}", data))

    names = [f"m{number}" for number in range(12)]
    await world.handle(on_surveys, *(asked(world, one) for one in names))
    # Six are in as they answer; one leaves afterwards, and one comes in afterwards.
    turns = [turn(one, "quick", 1, minutes=-5) for one in names[:6]]
    turns += [turn(names[0], "quick", 2, minutes=30, is_in=False), turn(names[7], "quick", 1, minutes=30)]
    turns += [turn(one, "late", 1, minutes=-5) for one in names[6:9]]
    await world.handle(on_audiences, *turns)
    await world.handle(on_events, *(answered(world, one, 10 if one in names[:6] else 0) for one in names))

    async def slices(survey: str = "nps", **query: Any) -> Any:
        answer = await api.get(f"/v1/feedback/{survey}/slices", params=MARCH | query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = await slices()
    assert (found["starts_on"], found["ends_on"]) == ("2026-03-01", "2026-03-31")
    said = [(one["title"], one["feedback"] and one["feedback"]["answers"]) for one in found["slices"]]
    assert said == [(None, 12), ("Quick ones", 6), ("Late ones", None)]
    assert [one["feedback"]["score"]["value"] for one in found["slices"][:2]] == [0.0, 100.0]
    assert found["slices"][1]["periods"][0]["starts_on"] == "2026-03-01"
    assert (await slices(by="quarter"))["slices"][1]["periods"][0]["starts_on"] == "2026-01-01"
    # A month that is not whole in the days is none of them.
    assert (await slices(to="2026-03-30"))["ends_on"] is None
    # Of two who are one person one answers; those that are left apart are still five.
    data = {"member_id": world.uuid(names[0]), "into_id": world.uuid(names[1]), "merged_at": NOON, "revision": 1}
    await world.handle(on_members, MEMBER_FACT.validate_python(world.fact("member.merged.v1", "merge", data)))
    assert (await slices())["slices"][1]["feedback"]["answers"] == 5
    # Taken back, four would be told by it: it is not shown, and neither is what is left.
    await world.handle(on_events, world.retraction(f"answer {names[2]} 1"))
    assert [one["feedback"] and one["feedback"]["answers"] for one in (await slices())["slices"]] == [
        10,
        None,
        None,
    ]
    anonymous = await slices("solved")
    assert (anonymous["anonymous"], anonymous["slices"]) == (True, [])
    assert (await api.get("/v1/feedback/none/slices", params=MARCH)).status_code == 404
