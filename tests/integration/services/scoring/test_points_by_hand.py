"""Points by hand: for a reason that the programme names, within a person's limit, by two from an amount on."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.scoring.manual.handlers import on_awards_told
from shared.contracts.facts import POINTS_AWARDED
from shared.followed_members.store import FollowedName, put_names
from tests.integration.services.world import add_person

pytestmark = pytest.mark.stack

SCOPES = ("points:write", "points:approve", "points:read", "programmes:read")
MANUAL = """
manual:
  reasons:
    - {id: booth, title: Helped at the booth}
    - {id: mistake, title: Was given by mistake, takes: true}
  limit: {points: 200, within: month}
  second_person_from: 100
"""


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


class Office:
    """Ada with two keys, and Bob; they give to members."""

    def __init__(self, world: Any, clients: list[httpx.AsyncClient]) -> None:
        self.world = world
        self.ada, self.also_ada, self.bob = clients

    async def ask(
        self, points: int, reason: str = "booth", *, by: Any = None, member: str = "ann", key: str = ""
    ) -> httpx.Response:
        body = {"member": self.world.uuid(member), "points": points, "reason": reason}
        headers = {"Idempotency-Key": key or uuid4().hex}
        return await (by or self.ada).post("/v1/manual-awards", json=body, headers=headers)

    async def decide(self, answer: httpx.Response, verb: str, by: Any = None) -> httpx.Response:
        return await (by or self.bob).post(f"/v1/manual-awards/{answer.json()['manual_id']}/{verb}")

    async def score(self, member: str = "ann") -> int:
        answer = await self.ada.get(f"/v1/members/{self.world.uuid(member)}/score")
        return int(answer.json()["points"])

    async def told(self) -> list[Any]:
        return [fact for topic, _, fact in await self.world.published() if topic == "points.awarded.v1"]


@pytest.fixture
async def office(world: Any, clients: Any) -> Office:
    await world.publish(world.rules + MANUAL)
    async with world.pool.acquire() as conn:
        names = {(world.community, world.uuid(name)): FollowedName(1, name) for name in ("ann", "bob")}
        await put_names(conn, names)
    ada = await add_person(world.pool, world.community)
    return Office(world, [await clients(*SCOPES, person_id=who) for who in (ada, ada, None)])


async def test_a_little_is_given_by_one_and_told_as_any_award(office: Office) -> None:
    answer = await office.ask(20, key="first")
    assert (answer.status_code, answer.json()["state"], answer.json()["title"]) == (
        201,
        "given",
        "Helped at the booth",
    )
    # Sent again it is the same; with the key of another request it is none.
    assert (await office.ask(20, key="first")).json() == answer.json()
    assert kind_of(await office.ask(21, key="first")) == (409, "idempotency-key-reused")
    assert await office.score() == 20
    (fact,) = await office.told()
    data = fact["data"]
    assert (data["points"], data["rule_id"], data["event_uid"]) == (20, "booth", answer.json()["manual_id"])
    assert (data["award_id"], data["by_hand"]["person_id"]) == (
        answer.json()["award_id"],
        answer.json()["asked_by_person"],
    )
    POINTS_AWARDED.adapter.validate_python(fact)
    # It is explained as any: what for, by which version.
    explained = (await office.ada.get(f"/v1/events/{data['event_uid']}/explanation")).json()
    assert [one["points"] for one in explained["awards"]] == [20]
    assert [(one["rule_id"], one["title"]) for one in explained["rules"]] == [("booth", "Helped at the booth")]
    own = (await office.ada.get(f"/v1/members/{office.world.uuid('ann')}/manual-awards")).json()["items"]
    assert [(one["title"], one["points"]) for one in own] == [("Helped at the booth", 20)]
    assert "asked_by" not in own[0]


async def test_much_takes_another_person(office: Office) -> None:
    waiting = await office.ask(100)
    assert (waiting.json()["state"], waiting.json()["award_id"]) == ("waiting", None)
    assert (await office.score(), await office.told()) == (0, [])
    for own in (office.ada, office.also_ada):
        assert kind_of(await office.decide(waiting, "approve", own)) == (403, "manual-four-eyes")
    given = await office.decide(waiting, "approve")
    assert (given.json()["state"], given.json()["decided_by_person"] is not None) == ("given", True)
    assert (await office.decide(waiting, "approve")).json() == given.json()
    assert await office.score() == 100
    (fact,) = await office.told()
    assert fact["data"]["by_hand"]["approved_by_person"] == given.json()["decided_by_person"]
    # What two decided, neither undoes alone.
    assert kind_of(await office.decide(waiting, "confirm-reversal")) == (409, "manual-award-decided")
    for _ in range(2):
        asked = await office.decide(waiting, "reverse")
        assert (asked.json()["state"], asked.json()["reversal_asked_by_person"]) == (
            "given",
            given.json()["decided_by_person"],
        )
    assert kind_of(await office.decide(waiting, "confirm-reversal")) == (403, "manual-four-eyes")
    assert await office.score() == 100
    kept = await office.decide(waiting, "decline", office.ada)
    assert (kept.json()["state"], kept.json()["reversal_asked_by"]) == ("given", None)
    assert (await office.decide(waiting, "reverse", office.ada)).json()["state"] == "given"
    assert kind_of(await office.decide(waiting, "confirm-reversal", office.also_ada)) == (403, "manual-four-eyes")
    listed = (await office.ada.get("/v1/manual-awards", params={"state": "waiting"})).json()["items"]
    assert [one["manual_id"] for one in listed] == [waiting.json()["manual_id"]]
    taken_back = await office.decide(waiting, "confirm-reversal")
    assert taken_back.json()["state"] == "reversed"
    assert (await office.decide(waiting, "confirm-reversal")).json() == taken_back.json()
    assert await office.score() == 0
    assert kind_of(await office.decide(waiting, "decline")) == (409, "manual-award-decided")
    (amendment,) = await office.told()
    assert (amendment["data"]["amends"], amendment["data"]["total"]) == (given.json()["award_id"], 0)
    declined = await office.ask(100)
    assert (await office.decide(declined, "decline", office.ada)).json()["state"] == "declined"
    assert kind_of(await office.decide(declined, "approve")) == (409, "manual-award-decided")


async def test_one_person_gives_and_takes_no_more_than_the_limit_whatever_comes_at_once(office: Office) -> None:
    terms = (await office.ada.get("/v1/manual-awards/terms")).json()
    assert (terms["limit_points"], terms["within"], terms["left_points"]) == (200, "month", 200)
    askers = (office.ada, office.also_ada) * 4
    answers = await asyncio.gather(*(office.ask(60, by=by) for by in askers))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert {kind_of(answer)[1] for answer in answers if answer.status_code == 409} == {"persons-limit"}
    assert (await office.score(), (await office.ada.get("/v1/manual-awards/terms")).json()["left_points"]) == (
        180,
        20,
    )
    # Another has a limit of their own.
    assert (await office.ask(60, by=office.bob)).status_code == 201
    listed = (await office.ada.get("/v1/manual-awards", params={"state": "given", "limit": 3})).json()
    assert (len(listed["items"]), listed["next"] is not None) == (3, True)


async def test_what_is_taken_is_never_more_than_there_is(office: Office) -> None:
    assert kind_of(await office.ask(-10, "mistake")) == (409, "points-below-floor")
    assert (await office.ask(60)).status_code == 201
    takers = (office.ada, office.bob, office.also_ada, office.bob)
    answers = await asyncio.gather(*(office.ask(-40, "mistake", by=by) for by in takers))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (taken,) = [answer for answer in answers if answer.status_code == 201]
    assert (taken.json()["state"], await office.score()) == ("given", 20)
    told = await office.told()
    assert [fact["data"]["points"] for fact in told] == [60, -40]
    for fact in told:
        POINTS_AWARDED.adapter.validate_python(fact)
    # What waits is looked at again when it is approved.
    assert kind_of(await office.ask(-100, "mistake", by=office.bob)) == (409, "points-below-floor")
    assert (await office.decide(taken, "reverse")).json()["state"] == "reversed"
    assert await office.score() == 60


async def test_what_is_not_meant_is_refused_in_words(office: Office) -> None:
    unknown = await office.ask(5, "both")
    assert kind_of(unknown) == (422, "unknown-reason")
    assert "did you mean `booth`?" in unknown.json()["detail"]
    for points, reason in ((5, "mistake"), (-5, "booth")):
        assert kind_of(await office.ask(points, reason)) == (422, "invalid-request")
    assert kind_of(await office.ask(5, member="nobody")) == (404, "unknown-member")
    assert (await office.ask(0)).status_code == 422
    await office.world.publish(office.world.rules)
    await office.world.pool.execute(
        "update programme_versions set effective_from = now() where community = $1 and version = 2",
        office.world.community,
    )
    assert kind_of(await office.ask(5)) == (409, "no-manual-awards")


async def test_what_the_programme_has_no_reason_for_any_more_waits_and_can_be_declined(office: Office) -> None:
    waiting = await office.ask(100)
    assert (await office.ask(90)).status_code == 201
    for number, manual in ((2, MANUAL.replace("id: booth", "id: stand")), (3, "")):
        await office.world.publish(office.world.rules + manual)
        await office.world.pool.execute(
            "update programme_versions set effective_from = now() where community = $1 and version = $2",
            office.world.community,
            number,
        )
        refused = kind_of(await office.decide(waiting, "approve"))
        assert refused == (409, "reason-gone" if manual else "no-manual-awards")
        listed = (await office.ada.get("/v1/manual-awards", params={"state": "waiting"})).json()["items"]
        assert [one["manual_id"] for one in listed] == [waiting.json()["manual_id"]]
    assert await office.score() == 90
    assert (await office.decide(waiting, "decline")).json()["state"] == "declined"


async def test_what_was_given_is_read_back_and_not_given_twice(office: Office) -> None:
    answer = await office.ask(20, key="lost")
    facts = await office.told()
    for table in ("manual_awards", "command_answers"):
        await office.world.pool.execute(f"delete from {table} where community = $1", office.world.community)
    await office.world.handle(on_awards_told, *(POINTS_AWARDED.adapter.validate_python(one) for one in facts))
    again = await office.ask(20, key="lost")
    assert (again.status_code, again.json()["award_id"]) == (201, answer.json()["award_id"])
    assert (await office.score(), await office.told()) == (20, [])
    # Another award by that key is refused, also where nobody knows the answer any more.
    for other in ({"points": 21}, {"points": 20, "member": "bob"}, {"points": 20, "by": office.bob}):
        await office.world.pool.execute("delete from command_answers where community = $1", office.world.community)
        assert kind_of(await office.ask(key="lost", **other)) == (409, "idempotency-key-reused")
    assert (await office.score(), await office.told()) == (20, [])


async def test_what_waited_in_a_copy_and_was_approved_since_is_not_given_again(office: Office) -> None:
    waiting = await office.ask(100)
    given = await office.decide(waiting, "approve")
    facts = await office.told()
    # A copy of before the approval is restored, and what was told since is read back.
    await office.world.pool.execute(
        """
        update manual_awards set state = 'waiting', award_id = null, given_at = null, decided_at = null,
            decided_by_person = null, decided_by = null, decided_by_credential = null
        where community = $1
        """,
        office.world.community,
    )
    await office.world.handle(on_awards_told, *(POINTS_AWARDED.adapter.validate_python(one) for one in facts))
    again = await office.decide(waiting, "approve")
    assert (again.status_code, again.json()["award_id"]) == (200, given.json()["award_id"])
    assert (await office.score(), await office.told()) == (100, [])
