"""Guidelines, quality and held points under attack: twice at once, too late, by a way round, with odd ids."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from services.scoring.guidelines.handlers.listening import on_members as on_court_members
from services.scoring.holds.handlers.following import on_members
from tests.integration.services.merging import Merging
from tests.integration.services.scoring.test_guidelines import Court, court
from tests.integration.services.scoring.test_guidelines import rules as court_rules
from tests.integration.services.scoring.test_held_awards import WHEN, Desk, desk
from tests.integration.services.world import NOON, tie

pytestmark = pytest.mark.stack
__all__ = ["court", "desk"]

rules = court_rules
#: What platforms and people would never call anything, and clients send all the same.
ODD = (
    *("", " ", "\x00", "a\x00b", "../../x", "%2e%2e%2f", "'; drop table awards; --", "null", "{}", "-1"),
    *("\u00e9" * 300, "\ud7ff", "\U0001f642" * 80, "9" * 400, "\u202eevil", "ffffffff" * 4),
    "00000000-0000-0000-0000-000000000000",
)
READS = (
    "/v1/guideline-cases/{}",
    "/v1/guideline-cases?after={}",
    "/v1/guideline-cases?member={}",
    "/v1/guideline-cases?state={}",
    "/v1/signals/{}",
    "/v1/signals?after={}",
    "/v1/signals?member={}",
    "/v1/signals?state={}",
    "/v1/content/{}",
    "/v1/content/{}/judgements",
    "/v1/content/best?by=month&day={}",
    "/v1/content/best?by=month&channel={}",
    "/v1/content/best?by=month&after={}",
    "/v1/content/unjudged?after={}",
    "/v1/content/unjudged?days={}",
    "/v1/members/{}/quality",
    "/v1/members/{}/guidelines",
    "/v1/members/{}/held-awards",
    "/v1/suspensions?after={}",
)
WRITES = (
    ("/v1/guideline-reports", {"channel": "{}", "object_id": "p1", "category": "spam"}),
    ("/v1/guideline-reports", {"channel": "chat", "object_id": "{}", "category": "spam"}),
    ("/v1/guideline-reports", {"channel": "chat", "host": "{}", "object_id": "p1", "category": "spam"}),
    ("/v1/guideline-reports", {"channel": "chat", "object_id": "p1", "category": "spam", "author": "{}"}),
    ("/v1/guideline-reports", {"channel": "chat", "object_id": "p1", "category": "{}"}),
    ("/v1/guideline-cases/{}/decide", {"outcome": "upheld", "reason": "against_guidelines"}),
    ("/v1/guideline-cases/CASE/decide", {"outcome": "{}", "reason": "against_guidelines"}),
    ("/v1/guideline-cases/CASE/decide", {"outcome": "dismissed", "reason": "{}", "note": "x"}),
    ("/v1/guideline-cases/CASE/decide", {"outcome": "upheld", "reason": "against_guidelines", "category": "{}"}),
    ("/v1/guideline-cases/{}/rule", {"outcome": "overturned", "reason": "new_facts"}),
    ("/v1/suspensions", {"member": "{}", "days": 1, "reason": "spam"}),
    ("/v1/suspensions/{}/lift", {}),
    ("/v1/signals/{}/release", {"reason": "honest"}),
    ("/v1/signals/{}/approve", {}),
    ("/v1/signals/decisions", {"case_ids": ["{}"], "verb": "deny", "reason": "traded"}),
    ("/v1/members/{}/guideline-reports", {"channel": "chat", "object_id": "p1", "category": "spam"}),
    ("/v1/members/{}/guideline-cases/CASE/appeal", {"reason": "context"}),
    ("/v1/members/{}/guidelines/accept", {"version": "2"}),
)


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


async def test_of_two_who_decide_at_once_one_does_and_so_it_is_with_appeals(court: Court) -> None:
    for number in range(4):
        thing = f"t{number}"
        await court.hear(court.post(f"post {thing}", thing), court.said("reported", f"r {thing}", thing))
        await court.settle()
        case_id = (await court.case())["case_id"]
        answers = await asyncio.gather(
            court.decide(case_id, "upheld"), court.decide(case_id, "dismissed", by=court.bob)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        outcome = next(answer.json()["state"] for answer in answers if answer.status_code == 200)
        assert (await court.ada.get(f"/v1/guideline-cases/{case_id}")).json()["state"] == outcome
        if outcome == "upheld":
            again = await asyncio.gather(court.appeal(case_id), court.appeal(case_id))
            assert [answer.json()["state"] for answer in again] == ["appealed"] * 2
            # Whoever decided rules on nothing, whatever they say and how often.
            rulings = await asyncio.gather(
                *(court.rule(case_id, by=court.ada) for _ in range(2)), court.rule(case_id)
            )
            assert sorted(answer.status_code for answer in rulings)[0] == 200
            assert (await court.ada.get(f"/v1/guideline-cases/{case_id}")).json()["state"] == "overturned"
    suspended = await court.world.pool.fetchval(
        "select count(*) from voids where community = $1 and is_standing", court.world.community
    )
    dismissed = len((await court.ada.get("/v1/guideline-cases?state=dismissed")).json()["items"])
    won = len((await court.ada.get("/v1/guideline-cases?state=overturned")).json()["items"])
    assert (suspended, dismissed + won) == (0, 4)


async def test_nobody_appeals_for_another_nor_after_the_deadline(court: Court) -> None:
    world = court.world
    await court.hear(court.post("1"), court.said("reported", "r1", "p1", category="spam"))
    await court.hear(court.said("decided", "d1", "p1", by="mod", minute=1, decision="removed"))
    await court.settle()
    case_id = (await court.case("upheld"))["case_id"]
    # A fortnight is over long ago: here, and for the platform.
    assert kind_of(await court.appeal(case_id)) == (409, "appeal-too-late")
    late = 15 * 24 * 60
    await court.hear(
        court.said("appealed", "a1", "d1", by="mal", minute=late),
        court.said("appeal_decided", "x1", "a1", by="other", minute=late + 1, outcome="overturned"),
    )
    await court.settle()
    assert (await court.case("upheld"))["case_id"] == case_id
    path = f"/v1/members/{world.uuid('ann')}/guideline-cases/{case_id}/appeal"
    assert (await court.ada.post(path, json={"reason": "context"})).status_code == 404
    # What was said in time counts however late it comes.
    await court.hear(court.said("appealed", "a2", "d1", by="mal", minute=2))
    await court.settle()
    assert (await court.case())["state"] == "appealed"


async def test_who_moderates_by_a_second_identity_decides_nothing_about_themselves(court: Court) -> None:
    world = court.world
    await court.hear(court.post("1"), court.said("reported", "r1", "p1", category="spam", by="mel"))
    await court.settle()
    case_id = (await court.case())["case_id"]
    # Bob is mia; mia was merged into mel, who reported it, and then mel into ann: all are Bob.
    await tie(world.pool, world.community, court.bob, world.uuid("mia"))
    merging = Merging(world, on_court_members)
    await merging.merge("mia", "mel")
    assert kind_of(await court.decide(case_id, by=court.bob)) == (403, "own-case")
    await merging.merge("mel", "ann")
    assert kind_of(await court.decide(case_id, by=court.bob)) == (403, "own-case")
    # And once they are the author as well, it is about themselves.
    await merging.merge("ann", "mal")
    assert kind_of(await court.decide(case_id, by=court.bob)) == (403, "about-yourself")
    body = {"member": world.uuid("mel"), "days": 7, "reason": "spam"}
    refused = await court.bob.post("/v1/suspensions", json=body, headers={"Idempotency-Key": "one"})
    assert kind_of(refused) == (403, "about-yourself")


def _names() -> list[str]:
    return [f"{one}-{place}" for one in ("ann-bob", "bob-ann") for place in range(12)]


@pytest.mark.parametrize("seed", range(3))
async def test_held_points_come_by_no_way_round(desk: Desk, seed: int) -> None:
    world, chance = desk.world, Random(seed)
    given = [*desk.messages("ann", "bob", 12), *desk.messages("bob", "ann", 12)]
    await world.score(*given)
    await desk.look()
    assert await desk.told() == {"ann": 0, "bob": 0, "cat": 0}
    merging = Merging(world, on_members)
    merged: list[str] = []
    gone: set[str] = set()
    names = {one["id"]: name for one, name in zip(given, _names(), strict=True)}

    def turned(kind: str, event_id: str) -> Any:
        target = world.uuid(f"event {names[event_id]}")
        at = WHEN + timedelta(days=1, minutes=turn)
        return world.event(f"{kind} {turn}", "mod", None, type=f"activity.{kind}.v1", targetuid=target, time=at)

    for turn in range(14):
        match chance.choice(("merge", "unmerge", "retract", "restore", "again", "more")):
            case "merge":
                free = [one for one in ("ann", "bob") if one not in merged]
                if len(free) == 2:
                    name = chance.choice(free)
                    await merging.merge(name, "cat")
                    merged.append(name)
            case "unmerge" if merged:
                await merging.unmerge(merged.pop())
            case "retract":
                one = chance.choice(given)["id"]
                if one not in gone:
                    gone.add(one)
                    await world.score(turned("retracted", one))
            case "restore" if gone:
                await world.score(turned("restored", gone.pop()))
            case "again":
                await world.score(*chance.sample(given, 5))
            case "more":
                await world.score(*desk.messages("bob", "ann", 1, first=40 + turn))
        if chance.random() < 0.5:
            await desk.look()
    await desk.look()
    told = await desk.told()
    assert sum(told.values()) == 0, told


async def test_whatever_ids_are_sent_the_service_does_not_break(court: Court, clients: Any) -> None:
    await court.hear(court.post("1"), court.said("reported", "r1", "p1", category="spam"))
    await court.settle()
    case_id = (await court.case())["case_id"]
    scopes = ("guidelines:read", "guidelines:write", "points:read", "points:write", "points:approve")
    anybody = await clients(*scopes)
    broken = []
    seen: set[int] = set()

    def filled(value: Any, odd: str) -> Any:
        if isinstance(value, dict):
            return {name: filled(one, odd) for name, one in value.items()}
        if isinstance(value, list):
            return [filled(one, odd) for one in value]
        return value.replace("{}", odd) if isinstance(value, str) else value

    for odd in ODD:
        quoted = quote(odd, safe="")
        for path in READS:
            answer = await anybody.get(path.replace("{}", quoted or "%20"))
            seen.add(answer.status_code)
            if answer.status_code >= 500:
                broken.append((path, odd, answer.status_code))
        for path, body in WRITES:
            there = path.replace("{}", quoted or "%20").replace("CASE", str(uuid4()))
            answer = await anybody.post(
                there, json=filled(body, odd), headers={"Idempotency-Key": f"k{uuid4().hex}"}
            )
            seen.add(answer.status_code)
            if answer.status_code >= 500:
                broken.append((path, odd, answer.status_code))
    assert broken == []
    assert seen <= {200, 201, 404, 409, 422}, seen
    # And nothing of that decided the case that there is.
    assert (await court.ada.get(f"/v1/guideline-cases/{case_id}")).json()["state"] == "open"
    assert await court.points() == 3
    assert datetime.now(UTC) > NOON
