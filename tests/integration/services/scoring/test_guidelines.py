"""Guidelines on a real database: what is upheld is reversed, won comes back, the suspended earn nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.scoring.guidelines.api.routes import REPORTS_SHOWN_COUNT
from services.scoring.guidelines.handlers import folding
from services.scoring.guidelines.handlers.listening import Listener, on_members
from services.scoring.guidelines.handlers.telling import on_told
from shared.contracts.facts import GUIDELINE_FACT, MEMBER_FACT, POINTS_AWARDED
from shared.followed_members.store import FollowedName, put_names
from tests.integration.services.merging import Merging
from tests.integration.services.world import NOON, add_person

pytestmark = pytest.mark.stack

SCOPES = ("guidelines:read", "guidelines:write", "points:read", "programmes:read")
RULES = """
programme: demo
title: Demo
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 3, daily_cap: 10}
"""
UNLIMITED = RULES.replace(", daily_cap: 10", "")
GUIDELINES = """
guidelines:
  policy: conduct
  version: "2"
  url: https://example.org/conduct
  categories:
    - {id: spam, title: Spam, penalty_points: 4}
    - {id: rude, title: Rude}
  suspensions: [{from_upheld: 2, days: 7}]
  platform_decisions: {upheld: [removed], dismissed: [kept]}
  words: [{language: en, category: rude, words: [badword]}]
"""


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


class Court:
    """A community with guidelines: Ada and Bob moderate; Mal writes, and others report."""

    def __init__(self, world: Any, ada: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
        self.world, self.ada, self.bob = world, ada, bob
        self.listener = Listener(world.scorer)

    async def hear(self, *events: Any) -> None:
        await self.world.handle(self.listener.on_activities, *events)

    async def settle(self) -> None:
        """Let the timer work until there is nothing left."""
        more = True
        while more:
            async with self.world.begin() as tx:
                more = await folding.work_off(tx)

    def post(self, name: str, thing: str = "p1", **more: Any) -> Any:
        """Mal is written to, about a thing of theirs: 3 points; who writes gets 1."""
        data = {"channel": "chat", "object": {"id": thing}}
        return self.world.event(name, "ann", "mal", **({"data": data} | more))

    def said(self, kind: str, name: str, thing: str, by: str = "ann", minute: int = 0, **data: Any) -> Any:
        whose = "in_reply_to" if kind == "appealed" else "object"
        data = {"channel": "chat", whose: {"id": thing}, **data}
        author = "mal" if kind in ("reported", "decided") else None
        time = NOON + timedelta(minutes=minute)
        return self.world.event(name, by, author, type=f"moderation.{kind}.v1", data=data, time=time)

    async def points(self, member: str = "mal") -> int:
        answer = await self.ada.get(f"/v1/members/{self.world.uuid(member)}/score")
        return int(answer.json()["points"])

    async def case(self, state: str = "waiting") -> Any:
        (found,) = (await self.ada.get("/v1/guideline-cases", params={"state": state})).json()["items"]
        return found

    async def decide(self, case_id: str, outcome: str = "upheld", by: Any = None) -> httpx.Response:
        body = {"outcome": outcome, "reason": "against_guidelines", "note": "Looks like an advertisement"}
        answer = await (by or self.ada).post(f"/v1/guideline-cases/{case_id}/decide", json=body)
        await self.settle()
        return answer

    async def appeal(self, case_id: str) -> httpx.Response:
        path = f"/v1/members/{self.world.uuid('mal')}/guideline-cases/{case_id}/appeal"
        return await self.ada.post(path, json={"reason": "context"})

    async def rule(self, case_id: str, outcome: str = "overturned", by: Any = None) -> httpx.Response:
        body = {"outcome": outcome, "reason": "new_facts"}
        answer = await (by or self.bob).post(f"/v1/guideline-cases/{case_id}/rule", json=body)
        await self.settle()
        return answer

    async def told(self, topic: str) -> list[Any]:
        return [fact for name, _, fact in await self.world.published() if name == topic]


@pytest.fixture
def rules() -> str:
    return UNLIMITED


@pytest.fixture
async def court(world: Any, clients: Any, rules: str) -> Court:
    await world.publish(rules + GUIDELINES)
    async with world.pool.acquire() as conn:
        names = {(world.community, world.uuid(name)): FollowedName(1, name) for name in ("ann", "mal", "mel")}
        await put_names(conn, names)
    people = [await add_person(world.pool, world.community) for _ in range(2)]
    return Court(world, *[await clients(*SCOPES, person_id=who) for who in people])


async def test_what_is_upheld_is_reversed_and_a_won_appeal_gives_exactly_that_back(court: Court) -> None:
    await court.hear(court.post("1"), court.post("2"), court.post("3", "p2"))
    assert (await court.points(), await court.points("ann")) == (9, 3)
    # Two reports of one content are one case; who was reported again by the same is not counted anew.
    await court.hear(
        court.said("reported", "r1", "p1", category="spam"), court.said("reported", "r2", "p1", by="cyd")
    )
    await court.settle()
    case = await court.case()
    assert (case["reports"], case["category"], case["object_id"], case["member_name"]) == (2, "spam", "p1", "mal")
    await court.told("points.awarded.v1")

    assert (await court.decide(case["case_id"])).json()["state"] == "upheld"
    # p1's six points are reversed, and of the three that are left no more than that is taken.
    assert (await court.points(), await court.points("ann")) == (0, 3)
    facts = await court.told("points.awarded.v1")
    assert sorted((fact["data"]["points"], fact["data"].get("cause", "")) for fact in facts) == [
        (-3, ""),
        (-3, "upheld"),
        (-3, "upheld"),
    ]
    for fact in facts:
        POINTS_AWARDED.adapter.validate_python(fact)
    # What comes later of that content is void, too, and says why; of others it is not.
    await court.hear(court.post("4"), court.post("5", "p3"))
    assert await court.points() == 3
    why = (await court.ada.get(f"/v1/events/{court.world.uuid('event 4')}/explanation")).json()
    assert [(one["rule_id"], one["reason"]) for one in why["declined"]] == [("heard", "upheld")]
    shown = (await court.ada.get(f"/v1/guideline-cases/{case['case_id']}")).json()
    assert (shown["reversed"], [one["kind"] for one in shown["said"]]) == (
        {"awards": 3, "points": 9},
        ["report", "report", "decision"],
    )

    assert (await court.appeal(case["case_id"])).json()["state"] == "appealed"
    assert await court.points() == 3
    assert kind_of(await court.rule(case["case_id"], by=court.ada)) == (403, "own-case")
    assert (await court.rule(case["case_id"])).json()["state"] == "overturned"
    # Everything as if nothing had been: five posts about Mal's.
    assert await court.points() == 15
    # One that was taken back meanwhile does not come back; again from the start it is the same.
    assert kind_of(await court.decide(case["case_id"])) == (409, "case-decided")


async def test_a_retraction_meanwhile_is_not_undone_and_withdrawn_reports_are_no_case(court: Court) -> None:
    await court.hear(court.post("1"), court.post("2"), court.said("reported", "r1", "p1", category="rude"))
    await court.settle()
    case = await court.case()
    await court.decide(case["case_id"])
    assert await court.points() == 0
    await court.hear(court.world.retraction("1"))
    await court.appeal(case["case_id"])
    await court.rule(case["case_id"])
    assert await court.points() == 3
    # Reported anew it is open again, and withdrawn it is not.
    await court.hear(court.said("reported", "r9", "p9"))
    await court.settle()
    assert (await court.case())["object_id"] == "p9"
    await court.hear(court.world.retraction("r9"))
    await court.settle()
    assert (await court.ada.get("/v1/guideline-cases")).json()["items"] == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3)])
async def test_what_platforms_say_is_the_same_in_any_order(court: Court, order: tuple[int, ...]) -> None:
    events = [
        court.post("1"),
        court.said("reported", "r1", "p1", category="rude"),
        court.said("decided", "d1", "p1", by="moderator", minute=1, decision="removed"),
        court.said("appealed", "a1", "d1", by="mal", minute=2),
        court.said("appeal_decided", "x1", "a1", by="other", minute=3, outcome="overturned"),
    ]
    for place in order:
        await court.hear(events[place])
        await court.settle()
    await court.hear(*events)
    await court.settle()
    assert (await court.case("overturned"))["reports"] == 1
    assert await court.points() == 3
    # Without the last the decision stands, under appeal.
    await court.hear(court.world.retraction("x1"))
    await court.settle()
    assert ((await court.case())["state"], await court.points()) == ("appealed", 0)


async def test_who_is_suspended_earns_nothing_until_it_ends_or_was_wrong(court: Court) -> None:
    body = {"member": court.world.uuid("mal"), "days": 5, "reason": "rude"}
    headers = {"Idempotency-Key": "once"}
    begun = await court.ada.post("/v1/suspensions", json=body, headers=headers)
    assert begun.status_code == 201, begun.text
    assert (await court.ada.post("/v1/suspensions", json=body, headers=headers)).json() == begun.json()
    await court.settle()
    now = datetime.now(UTC)
    await court.hear(court.post("before", time=now - timedelta(hours=1)), court.post("during", time=now))
    assert await court.points() == 3
    why = (await court.ada.get(f"/v1/events/{court.world.uuid('event during')}/explanation")).json()
    assert [(one["rule_id"], one["reason"]) for one in why["declined"]] == [("heard", "suspended")]
    facts = await court.told("guidelines.v1")
    (fact,) = [one for one in facts if one["type"] == "guidelines.suspension_changed.v1"]
    assert (fact["data"]["stands"], fact["data"]["revision"]) == (True, 1)
    lifted = await court.bob.post(f"/v1/suspensions/{begun.json()['suspension_id']}/lift")
    assert lifted.json()["ends_at"] < begun.json()["ends_at"]
    await court.settle()
    await court.hear(court.post("after", time=datetime.now(UTC)))
    # What was done during it earned nothing, and does not later.
    assert await court.points() == 6
    assert (await court.ada.get("/v1/suspensions")).json()["items"] == []


async def test_the_second_upheld_report_suspends_and_the_member_sees_what_was_decided(court: Court) -> None:
    for place in ("p1", "p2"):
        await court.hear(court.post(place, place), court.said("reported", f"r {place}", place, category="rude"))
        await court.settle()
        await court.decide((await court.case())["case_id"])
    own = (await court.ada.get(f"/v1/members/{court.world.uuid('mal')}/guidelines")).json()
    assert [one["may_appeal"] for one in own["cases"]] == [True, True]
    assert own["suspension"] is not None
    assert not own["is_accepted"]
    await court.hear(court.post("during", "p7", time=datetime.now(UTC)))
    assert await court.points() == 0
    # The decision that suspended is overturned: what was done meanwhile counts, and its content's points.
    case_id = own["suspension"]["case_id"]
    await court.appeal(case_id)
    await court.rule(case_id)
    assert await court.points() == 6
    assert (await court.ada.get(f"/v1/members/{court.world.uuid('mal')}/guidelines")).json()["suspension"] is None
    path = f"/v1/members/{court.world.uuid('mal')}/guidelines/accept"
    assert kind_of(await court.ada.post(path, json={"version": "1"})) == (409, "other-guidelines")
    assert (await court.ada.post(path, json={"version": "2"})).status_code == 200
    assert (await court.ada.get("/v1/guidelines")).json()["accepted_count"] == 1


async def test_an_identity_that_is_merged_follows_and_what_was_reversed_comes_back_to_it(court: Court) -> None:
    world = court.world
    await court.hear(court.post("1"), world.event("2", "ann", "mel", data=court.post("x")["data"]))
    await court.hear(court.said("reported", "r1", "p1", category="rude"))
    await court.settle()
    await Merging(world, on_members).merge("mel", "mal")
    await court.decide((await court.case())["case_id"])
    assert await court.points() == 0
    await court.hear(world.event("3", "ann", "mel", data=court.post("x")["data"]))
    assert await court.points() == 0
    case_id = (await court.case("upheld"))["case_id"]
    await court.appeal(case_id)
    await court.rule(case_id)
    assert await court.points() == 9


@pytest.mark.parametrize("rules", [RULES], ids=["ten a day"])
async def test_limits_give_the_room_of_what_is_reversed_to_others_and_take_it_back(court: Court) -> None:
    # `heard` gives 10 a day: three and a bit of p1, then one of p2 finds a little room.
    await court.hear(*(court.post(f"{n}", time=NOON + timedelta(minutes=n)) for n in range(3)))
    await court.hear(court.post("9", "p2", time=NOON + timedelta(minutes=9)))
    assert await court.points() == 10
    await court.hear(court.said("reported", "r1", "p1", category="rude"))
    await court.settle()
    await court.decide((await court.case())["case_id"])
    assert await court.points() == 3
    case_id = (await court.case("upheld"))["case_id"]
    await court.appeal(case_id)
    await court.rule(case_id)
    assert await court.points() == 10


async def test_large_contents_are_reversed_in_pieces(court: Court) -> None:
    court.world.configure(voided_at_once_max_count=7)
    await court.hear(*(court.post(f"{n}") for n in range(30)), court.said("reported", "r1", "p1", category="rude"))
    assert await court.points() == 90
    await court.settle()
    await court.decide((await court.case())["case_id"])
    assert await court.points() == 0
    case_id = (await court.case("upheld"))["case_id"]
    await court.appeal(case_id)
    await court.rule(case_id)
    assert await court.points() == 90


async def test_what_was_decided_is_read_back_and_nothing_is_taken_twice(court: Court) -> None:
    await court.hear(court.post("1"), court.post("2", "p2"), court.said("reported", "r1", "p1", category="spam"))
    await court.settle()
    case_id = (await court.case())["case_id"]
    await court.decide(case_id)
    assert await court.points() == 0
    facts = [GUIDELINE_FACT.validate_python(one) for one in await court.told("guidelines.v1")]
    pool, community = court.world.pool, court.world.community
    await pool.execute("delete from guideline_words where community = $1 and kind = 'decision'", community)
    await pool.execute("delete from guideline_cases where community = $1", community)
    await pool.execute("delete from voids where community = $1", community)
    await court.world.handle(on_told, *facts)
    await court.settle()
    assert (await court.points(), (await court.case("upheld"))["case_id"]) == (0, case_id)
    assert await court.told("points.awarded.v1") == []


async def test_a_name_that_has_a_listed_word_is_brought_before_a_person_once(court: Court) -> None:
    world = court.world
    data = {"identities": [], "channel": "forum", "first_seen_at": NOON, "name_by": "self", "name_at": NOON}
    facts = [
        world.fact(
            "member.identified.v1",
            f"{who} {revision}",
            {**data, "member_id": world.uuid(who), "name": name, "revision": revision},
        )
        for who, name, revision in (
            ("mal", "Very BADWORD indeed", 5),
            ("mel", "Badwords", 5),
            ("mal", "A badword", 6),
        )
    ]
    for fact in facts:
        await world.handle(on_members, MEMBER_FACT.validate_python(fact))
    await court.settle()
    case = await court.case()
    assert (case["kind"], case["member_id"], case["category"], case["reports"]) == (
        "name",
        world.uuid("mal"),
        "rude",
        1,
    )
    shown = (await court.ada.get(f"/v1/guideline-cases/{case['case_id']}")).json()
    assert [one["reason"] for one in shown["said"]] == ["badword"]
    # The name itself is in no table of cases and in no fact of theirs.
    assert "BADWORD" not in str(await world.published())
    assert (await court.decide(case["case_id"])).json()["state"] == "upheld"


async def test_of_who_is_forgotten_no_note_and_no_report_stays_and_what_was_decided_does(court: Court) -> None:
    world = court.world
    await court.hear(court.post("1"), court.said("reported", "r1", "p1", category="rude"))
    await court.settle()
    case_id = (await court.case())["case_id"]
    # Members report by their own page, too, and again it is the same.
    own = f"/v1/members/{world.uuid('ann')}/guideline-reports"
    for _ in range(2):
        body = {"channel": "chat", "object_id": "p1", "category": "rude"}
        assert (await court.bob.post(own, json=body)).json()["case_id"] == case_id
    unknown = await court.bob.post(own, json={**body, "category": "rud"})
    assert kind_of(unknown) == (422, "unknown-category")
    assert "did you mean `rude`?" in unknown.json()["detail"]
    await court.decide(case_id)
    path = f"/v1/members/{world.uuid('mal')}/guidelines/accept"
    assert (await court.ada.post(path, json={"version": "2"})).status_code == 200
    for who in ("mal", "ann"):
        data = {
            "member_id": world.uuid(who),
            "revision": 9,
            "erased_at": NOON,
            "identities": [],
            "forfeits": False,
        }
        await world.handle(on_members, MEMBER_FACT.validate_python(world.fact("member.erased.v1", who, data)))
    shown = (await court.ada.get(f"/v1/guideline-cases/{case_id}")).json()
    assert (shown["state"], shown["reporters"], {one["note"] for one in shown["said"]}) == ("upheld", [], {None})
    left = await world.pool.fetchval(
        "select count(*) from guideline_acceptances where community = $1", world.community
    )
    assert (left, await court.points()) == (0, 0)


async def test_who_reported_it_decides_no_appeal_and_who_floods_a_case_reported_once(court: Court) -> None:
    report = {"channel": "chat", "host": "", "object_id": "p1", "category": "rude"}
    flood = [
        court.said("reported", f"r{number}", "p1", category="rude") for number in range(REPORTS_SHOWN_COUNT + 20)
    ]
    await court.hear(court.post("1"), *flood)
    await court.settle()
    case_id = (await court.case())["case_id"]
    assert (await court.bob.post("/v1/guideline-reports", json=report)).json()["reports"] == 2
    assert kind_of(await court.decide(case_id, by=court.bob)) == (403, "own-case")
    await court.decide(case_id)
    await court.appeal(case_id)
    assert kind_of(await court.rule(case_id, by=court.bob)) == (403, "own-case")
    shown = (await court.bob.get(f"/v1/guideline-cases/{case_id}")).json()
    assert (shown["state"], shown["why_not"], shown["reports"]) == ("appealed", "own_report", 2)
    kinds = [one["kind"] for one in shown["said"]]
    assert (kinds.count("report"), kinds[-2:]) == (REPORTS_SHOWN_COUNT, ["decision", "appeal"])
    # Nobody appeals for another: of a case that is not theirs a member hears nothing.
    path = f"/v1/members/{court.world.uuid('ann')}/guideline-cases/{case_id}/appeal"
    assert kind_of(await court.ada.post(path, json={"reason": "context"})) == (404, "unknown-case")


async def test_a_listed_word_in_kudos_is_brought_before_a_person_and_goes_with_them(court: Court) -> None:
    def kudos(name: str) -> Any:
        data = {"channel": "chat", "host": "kudos.plaudit", "object": {"id": name}}
        event = court.world.event(name, "mal", "ann", type="kudos.given.v1", data=data)
        return {**event, "listed": {"category": "rude", "word": "badword"}}

    await court.hear(kudos("k1"), kudos("k1"))
    await court.settle()
    case = await court.case()
    assert (case["state"], case["category"], case["object_id"]) == ("open", "rude", "k1")
    assert case["member_id"] == court.world.uuid("mal")
    assert (await court.decide(case["case_id"])).status_code == 200
    told = [fact for fact in await court.told("guidelines.v1") if fact["type"] == "guidelines.case_changed.v1"]
    assert (told[-1]["data"]["host"], told[-1]["data"]["state"]) == ("kudos.plaudit", "upheld")
    # What its giver takes back is no case any more.
    given = kudos("k2")
    await court.hear(given)
    await court.settle()
    assert (await court.case())["object_id"] == "k2"
    await court.hear(court.world.retraction("k2"))
    await court.settle()
    assert (await court.ada.get("/v1/guideline-cases", params={"state": "waiting"})).json()["items"] == []
