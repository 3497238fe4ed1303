"""Who pays, what points are worth, and budgets change only by two people; everything else as one publishes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.scoring.programmes.handlers.publishing import count_waiting
from shared.access_keys.store import put_people
from shared.followed_communities.store import put_communities
from tests.integration.services.world import EVERY_ROLE, add_person, person_fact

pytestmark = pytest.mark.stack

FOUR_EYES = "urn:plaudit:problem:programme-four-eyes"
NOT_WAITING = "urn:plaudit:problem:programme-not-waiting"
SCOPES = ("programmes:write", "programmes:approve", "programmes:read")
PAYOUT = """
rewards:
  catalogue: [{id: mug, title: Mug, points: 300}]
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500,
     paying_account: {name: Example, iban: NL91ABNA0417164300, bic: ABNANL2A}}
"""


class People:
    """Ada with two keys, and Bob."""

    def __init__(self, world: Any, ada_id: str, ada: httpx.AsyncClient, also_ada: Any, bob: Any) -> None:
        self.world, self.ada_id, self.ada, self.also_ada, self.bob = world, ada_id, ada, also_ada, bob

    async def publish(self, money: str = "", by: Any = None, more: str = "", **query: Any) -> Any:
        text = self.world.rules + more + money
        headers = {"Content-Type": "application/yaml"}
        query = {"note": "Another"} | query
        answer = await (by or self.ada).post("/v1/programmes", params=query, content=text, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def approved(self, money: str, **query: Any) -> Any:
        proposed = await self.publish(money, **query)
        assert proposed["state"] == "proposed"
        answer = await self.approve(proposed["version"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def approve(self, version: int, by: Any = None) -> Any:
        return await (by or self.bob).post(f"/v1/programmes/{version}/approve")

    async def told(self) -> list[tuple[int, str | None]]:
        """The versions that the world was told of, with who approved them."""
        facts = [fact["data"] for topic, _, fact in await self.world.published() if topic == "programme.v1"]
        return [(data["version"], data.get("approved_by_person")) for data in facts]


@pytest.fixture
async def people(world: Any, clients: Any) -> People:
    ada_id = await add_person(world.pool, world.community)
    keys = [await clients(*SCOPES, person_id=ada_id) for _ in range(2)]
    return People(world, ada_id, *keys, await clients(*SCOPES))


async def test_the_first_that_says_what_points_are_worth_waits_for_another(people: People) -> None:
    proposed = await people.publish(PAYOUT)
    assert (proposed["version"], proposed["state"], proposed["effective_from"]) == (1, "proposed", None)
    assert {one["field"]: (one["before"], one["after"]) for one in proposed["money_changes"]} == {
        "rewards.payout.currency": (None, "EUR"),
        "rewards.payout.minimum_points": (None, 500),
        "rewards.payout.minor": (None, 100),
        "rewards.payout.paying_account.bic": (None, "ABNANL2A"),
        "rewards.payout.paying_account.iban": (None, "NL91ABNA0417164300"),
        "rewards.payout.paying_account.name": (None, "Example"),
        "rewards.payout.points": (None, 100),
    }
    assert await people.told() == []
    await people.world.score(people.world.event("early"))
    assert await people.world.awards() == []
    for own in (people.ada, people.also_ada):
        answer = await people.approve(1, own)
        assert (answer.status_code, answer.json()["type"]) == (403, FOUR_EYES)

    approved = (await people.approve(1)).json()

    assert (approved["state"], approved["version"]) == ("published", 1)
    assert approved["published_by_person"] == people.ada_id != approved["decided_by_person"]
    assert datetime.fromisoformat(approved["effective_from"]) >= datetime.fromisoformat(approved["proposed_at"])
    assert await people.told() == [(1, approved["decided_by_person"])]
    assert (await people.approve(1)).json() == approved
    assert await people.told() == []
    # What came while it waited stays as it was scored; what comes now is scored by it.
    await people.world.score(people.world.event("early"), people.world.event("now", receivedat=datetime.now(UTC)))
    assert {str(award["event_uid"]) for award in await people.world.awards()} == {people.world.uuid("event now")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("minor: 100,", "minor: 1000000,"),
        ("points: 100,", "points: 1,"),
        ("minimum_points: 500", "minimum_points: 100"),
        ("NL91ABNA0417164300", "NL02ABNA0123456789"),
        ("name: Example", "name: Eve"),
        ("bic: ABNANL2A", "bic: INGBNL2A"),
        (PAYOUT.partition("  payout")[2], ""),
    ],
    ids=["rate", "points", "minimum", "account", "payer", "bank", "no payouts"],
)
async def test_a_change_of_money_waits(people: People, before: str, after: str) -> None:
    await people.approved(PAYOUT)
    changed = PAYOUT.replace(before, after) if after else "\nrewards: {catalogue: []}\n"
    checked = await people.publish(changed, dry_run=True)
    assert (checked["state"], checked["version"]) == ("proposed", None)
    proposed = await people.publish(changed)
    assert (proposed["version"], proposed["state"]) == (2, "proposed")
    assert proposed["money_changes"] == checked["money_changes"] != []
    assert [version for version, _ in await people.told()] == [1]
    assert (await people.approve(2, people.ada)).status_code == 403
    assert (await people.approve(2)).status_code == 200
    assert [version for version, _ in await people.told()] == [2]


async def test_what_is_no_money_is_published_at_once(people: People) -> None:
    catalogue = PAYOUT.partition("  payout")[0]
    changes = (catalogue, catalogue.replace("points: 300", "points: 1"), catalogue.replace("Mug", "Cup"))
    for number, text in enumerate(changes, 1):
        published = await people.publish(text)
        assert (published["version"], published["state"], published["money_changes"]) == (number, "published", [])
        assert published["waits_because"] == []
        answer = await people.approve(number)
        assert (answer.status_code, answer.json()["type"]) == (409, NOT_WAITING)
    rules = await people.publish(catalogue, more="  - {id: more, title: More, on: [chat.message.v1], points: 1}\n")
    assert (rules["version"], rules["state"]) == (4, "published")


async def test_where_points_are_paid_whatever_is_changed_waits(people: People) -> None:
    """Points are money there: who could raise a rule's alone could pay out what they like."""
    await people.approved(PAYOUT)
    raised = "  - {id: more, title: More, on: [chat.message.v1], points: 1000000}\n"
    checked = await people.publish(PAYOUT, more=raised, dry_run=True)
    proposed = await people.publish(PAYOUT, more=raised)
    for one in (checked, proposed):
        assert (one["state"], one["money_changes"], one["waits_because"]) == ("proposed", [], ["payouts"])
    assert (await people.approve(2)).status_code == 200
    # Nor is it undone by one: not the payouts, and not what goes with them.
    ended = await people.publish("")
    assert (ended["state"], ended["waits_because"]) == ("proposed", ["money", "payouts"])
    assert (await people.approve(3)).status_code == 200
    assert (await people.publish("", more=raised))["state"] == "published"


async def test_a_later_version_supersedes_one_that_waits(people: People) -> None:
    await people.approved(PAYOUT)
    dear = PAYOUT.replace("minor: 100", "minor: 900")
    assert (await people.publish(dear))["version"] == 2
    # The same again is the same proposal, by whomever.
    again = await people.publish(dear, by=people.bob)
    assert (again["version"], again["is_new"], again["state"]) == (2, False, "proposed")
    later = await people.publish(PAYOUT.replace("Mug", "Cup"))
    assert (later["version"], later["state"], later["superseded"]) == (3, "proposed", 2)
    assert (await people.approve(3)).status_code == 200
    answer = await people.approve(2)
    assert (answer.status_code, answer.json()["type"]) == (409, NOT_WAITING)
    assert "superseded" in answer.json()["detail"]
    dearer = await people.publish(dear.replace("900", "901"))
    dearest = await people.publish(dear.replace("900", "902"), by=people.bob)
    assert (dearer["version"], dearest["version"], dearest["superseded"]) == (4, 5, 4)
    assert (await people.approve(5, people.bob)).status_code == 403
    assert (await people.approve(5, people.also_ada)).status_code == 200
    assert [version for version, _ in await people.told()] == [1, 3, 5]
    listed = (await people.ada.get("/v1/programmes")).json()["items"]
    assert [(one["version"], one["state"]) for one in listed] == [
        (5, "published"),
        (4, "superseded"),
        (3, "published"),
        (2, "superseded"),
        (1, "published"),
    ]
    assert [one["effective_from"] is None for one in listed] == [False, True, False, True, False]


async def test_no_order_of_publications_brings_a_rate_into_force_that_one_alone_decided(people: People) -> None:
    soon, late = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) + timedelta(days=90)
    await people.approved(PAYOUT)
    dear = PAYOUT.replace("minor: 100", "minor: 900")
    # Two decided that it is dear in 90 days …
    await people.approved(dear, effective_from=late.isoformat())
    # … and one cannot have it so now, nor soon, by another title; nor keep it from being so.
    for at, money in ((None, dear), (soon, dear), (None, PAYOUT), (soon, PAYOUT)):
        query = {} if at is None else {"effective_from": at.isoformat()}
        more = f"  - {{id: x{len(query)}{money is dear}, title: X, on: [chat.message.v1], points: 1}}\n".lower()
        proposed = await people.publish(money, more=more, **query)
        assert "money" in proposed["waits_because"], (at, money)
    # After that day it is as two decided: what is no money is not said to be some.
    after = (late + timedelta(days=1)).isoformat()
    rule = "  - {id: after, title: After, on: [chat.message.v1], points: 1}\n"
    last = await people.publish(dear, more=rule, effective_from=after)
    assert (last["state"], last["money_changes"], last["waits_because"]) == ("proposed", [], ["payouts"])


async def test_a_version_takes_effect_when_it_was_asked_for_but_never_before_its_approval(people: People) -> None:
    await people.approved(PAYOUT)
    late = datetime.now(UTC) + timedelta(days=9)
    approved = await people.approved(PAYOUT.replace("500", "501"), effective_from=late.isoformat())
    assert datetime.fromisoformat(approved["effective_from"]) == late
    later = await people.publish(
        PAYOUT.replace("500", "502"), effective_from=(late + timedelta(days=1)).isoformat()
    )
    shown = (await people.ada.get(f"/v1/programmes/{later['version']}")).json()
    assert (shown["state"], shown["effective_from"]) == ("proposed", None)
    assert datetime.fromisoformat(shown["requested_from"]) == late + timedelta(days=1)
    assert "minimum_points: 502" in shown["text"]


@pytest.mark.parametrize("end", ["disabled", "without a role"])
async def test_what_was_proposed_by_who_may_not_any_more_is_not_approved(people: People, end: str) -> None:
    proposed = await people.publish(PAYOUT)
    roles = EVERY_ROLE if end == "disabled" else ("moderator",)
    async with people.world.pool.acquire() as conn:
        fact = person_fact(people.world.community, people.ada_id, *roles, disabled=end == "disabled", revision=2)
        await put_people(conn, [fact])
    answer = await people.approve(proposed["version"])
    assert (answer.status_code, answer.json()["type"]) == (409, NOT_WAITING)
    assert "may not do so any more" in answer.json()["detail"]
    assert await people.told() == []


async def test_a_proposed_version_is_withdrawn(people: People) -> None:
    async with people.world.begin() as tx:
        await count_waiting(tx)
    proposed = await people.publish(PAYOUT)
    for _ in range(2):
        answer = await people.also_ada.post(f"/v1/programmes/{proposed['version']}/withdraw")
        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert (await people.approve(proposed["version"])).status_code == 409
    assert (await people.approve(99)).status_code == 404
    assert (await people.ada.post("/v1/programmes/99/withdraw")).status_code == 404
    assert (await people.publish(PAYOUT))["version"] == 2


async def test_approving_takes_a_scope_of_its_own(people: People, clients: Any) -> None:
    proposed = await people.publish(PAYOUT)
    maker = await clients("programmes:write", "programmes:read")
    assert (await people.approve(proposed["version"], maker)).status_code == 403
    approver = await clients("programmes:approve")
    assert (await people.approve(proposed["version"], approver)).status_code == 200


@pytest.mark.parametrize(
    "command",
    [
        *(
            f"update programme_proposals set {column} = {column}"
            for column in ("proposed_by_person", "document", "money_changes", "requested_from", "source_text")
        ),
        "delete from programme_proposals",
        "truncate programme_proposals",
    ],
)
async def test_the_service_may_not_rewrite_what_was_proposed(world: Any, command: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.pool.execute(command)


async def has_published_by(world: Any, publishing: str, *, revision: int) -> None:
    """Let scoring hear how many people it takes to publish in the community."""
    said: Any = {"revision": revision, "review_policy": {"publishing": publishing}}
    async with world.pool.acquire() as conn:
        await put_communities(conn, data={world.community: said})


async def test_where_two_people_publish_each_version_waits_whatever_it_changes(people: People) -> None:
    await has_published_by(people.world, "two_people", revision=1)
    assert (await people.publish(dry_run=True))["state"] == "proposed"

    proposed = await people.publish()

    assert (proposed["state"], proposed["effective_from"], proposed["money_changes"]) == ("proposed", None, [])
    assert await people.told() == []
    answer = await people.approve(proposed["version"], people.also_ada)
    assert (answer.status_code, answer.json()["type"]) == (403, FOUR_EYES)
    assert (await people.approve(proposed["version"])).json()["state"] == "published"
    assert [number for number, _ in await people.told()] == [1]


async def test_one_person_publishes_again_once_the_community_says_so(people: People) -> None:
    await has_published_by(people.world, "two_people", revision=1)
    assert (await people.publish())["state"] == "proposed"
    await has_published_by(people.world, "one_person", revision=2)
    more = "  - {id: late, title: Late, on: [forum.reply.v1], points: 1}\n"

    published = await people.publish(more=more)
    assert (published["state"], published["superseded"]) == ("published", 1)
    assert (await people.publish(money=PAYOUT, more=more))["state"] == "proposed"


async def test_a_scheduled_version_is_withdrawn_by_what_goes_on_instead(people: People) -> None:
    await people.publish()
    late = datetime.now(UTC) + timedelta(days=9)
    more = "  - {id: late, title: Late, on: [forum.reply.v1], points: 1}\n"
    for number, day in ((2, late), (3, late + timedelta(days=1))):
        points = more.replace("points: 1", f"points: {number}")
        scheduled = await people.publish(more=points, effective_from=day.isoformat())
        assert scheduled["version"] == number
    await people.told()

    answer = await people.ada.post("/v1/programmes/2/withdraw")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:plaudit:problem:programme-not-withdrawable")
    assert "Version 3 is to come after version 2" in answer.json()["detail"]
    withdrawn = (await people.bob.post("/v1/programmes/3/withdraw")).json()

    assert (withdrawn["version"], withdrawn["in_force"]) == (3, "never")
    assert (withdrawn["replaced_by"], withdrawn["replacement_state"]) == (4, "published")
    assert await people.told() == [(4, None)]
    listed = (await people.ada.get("/v1/programmes")).json()["items"]
    assert [(one["version"], one["in_force"]) for one in listed] == [
        (4, "later"),
        (3, "never"),
        (2, "later"),
        (1, "now"),
    ]
    assert listed[0]["effective_from"] == listed[1]["effective_from"]
    shown = (await people.ada.get("/v1/programmes/4")).json()
    assert shown["text"] == (await people.ada.get("/v1/programmes/2")).json()["text"]
    for number in (1, 3, 4):
        assert (await people.ada.post(f"/v1/programmes/{number}/withdraw")).status_code == 409
    assert (await people.ada.post("/v1/programmes/5/withdraw")).status_code == 404
    row = await people.world.pool.fetchrow(
        "select before, after from audit_entries where community = $1 and command = 'programme.withdraw'",
        people.world.community,
    )
    assert (orjson.loads(row["before"])["version"], orjson.loads(row["after"])["version"]) == (3, 4)


async def test_that_money_does_not_change_after_all_takes_two_again(people: People) -> None:
    await people.approved(PAYOUT)
    late = datetime.now(UTC) + timedelta(days=9)
    await people.approved(PAYOUT.replace("500", "900"), effective_from=late.isoformat())

    withdrawn = (await people.ada.post("/v1/programmes/2/withdraw")).json()

    said = (withdrawn["in_force"], withdrawn["replaced_by"], withdrawn["replacement_state"])
    assert said == ("later", 3, "proposed")
    assert (await people.approve(3, people.ada)).status_code == 403
    assert (await people.approve(3)).json()["in_force"] in {"now", "later"}
    listed = (await people.ada.get("/v1/programmes")).json()["items"]
    assert [one["in_force"] for one in listed if one["version"] == 2] == ["never"]
