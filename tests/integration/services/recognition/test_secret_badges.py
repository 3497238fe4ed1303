"""A secret badge is in nothing that a member or a visitor reads until they hold it, and no longer than that."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from services.recognition.badges.handlers.deciding import keep_badges
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from tests.integration.services.recognition.test_badges_by_criteria import kept, programme
from tests.integration.services.test_who_may import TOKEN_KEYS, know_token_keys, show_everything, token
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

BADGES = [
    {"id": "open", "title": "Open", "at_least": 1000},
    {"id": "hidden", "title": "Hidden", "at_least": 10, "secret": True},
    {"id": "both", "title": "Of both", "when": 'points >= 10 && events("message") >= 0', "secret": True},
    {"id": "gift", "title": "A gift", "by_hand": True, "secret": True},
]
SECRETS = ("hidden", "both", "gift")


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write"]


@pytest.fixture
async def member(world: Any, clients: Any) -> httpx.AsyncClient:
    """Member a, signed in, of a community that shows everything to everybody."""
    assert TOKEN_KEYS
    await know_token_keys(world.pool)
    await show_everything(world.pool, world.community)
    await world.handle(on_programmes, programme(world, 1, *BADGES))
    for name in "ab":
        data = {"member_id": world.uuid(name), "name": name.upper(), "revision": 1, "identities": []}
        await world.handle(on_members, world.fact("member.identified.v1", f"{name} 1", data))
    await kept(world)
    made: httpx.AsyncClient = await clients("points:read")
    made.headers.update(token(world.community, world.uuid("a"), world.uuid("a")))
    return made


async def seen_by(one: httpx.AsyncClient, member_id: str | None = None) -> set[str]:
    """The badges that somebody reads of: in the catalogue, each by itself and its picture, and among their own."""
    lists = [{badge["name"] for badge in (await one.get("/v1/badges")).json()["badges"]}]
    for path in ("/v1/badges/{}", "/v1/badges/{}/picture"):
        answers = {badge["id"]: await one.get(path.format(badge["id"])) for badge in BADGES}
        assert {answer.status_code for answer in answers.values()} <= {200, 404}
        lists.append({name for name, answer in answers.items() if answer.status_code == 200})
    if member_id is not None:
        own = (await one.get(f"/v1/members/{member_id}/badges")).json()["items"]
        lists.append({of["badge"]["name"] for of in own})
    assert all(names == lists[0] for names in lists)
    return lists[0]


async def test_a_member_reads_of_a_secret_badge_while_they_hold_it(
    world: Any, api: httpx.AsyncClient, member: httpx.AsyncClient, clients: Any
) -> None:
    visitor, own = await clients("public:read"), world.uuid("a")
    everything = {"open", *SECRETS}
    assert await seen_by(member, own) == await seen_by(visitor) == {"open"}
    # What is not there and what is hidden are answered alike.
    hidden, none = [(await member.get(f"/v1/badges/{name}")).json() for name in ("hidden", "none")]
    assert {**hidden, "instance": ""} == {**none, "instance": ""}
    assert await seen_by(api, own) == everything

    award = world.award("a", 10)
    await world.awarded(award)
    await kept(world)
    gift = {"badge": "gift", "citation": "For the surprise"}
    given = await api.post(f"/v1/members/{own}/badges", json=gift, headers={"Idempotency-Key": "one"})
    assert given.status_code == 201, given.text
    assert await seen_by(member, own) == everything
    # Others learn nothing of it, and how many hold it is not said to them either.
    member.headers.update(token(world.community, world.uuid("b"), world.uuid("b")))
    assert await seen_by(member, world.uuid("b")) == await seen_by(visitor) == {"open"}
    assert (await member.get(f"/v1/members/{own}/badges")).status_code == 403

    await world.awarded(world.reversal(award))
    await kept(world)
    async with world.begin() as tx:
        await keep_badges(tx)
    member.headers.update(token(world.community, own, own))
    assert await seen_by(member, own) == {"open", "gift"}
    taken = await api.post(f"/v1/members/{own}/badges/gift/take-back", json={"reason": "The surprise is over"})
    assert taken.status_code == 200, taken.text
    assert await seen_by(member, own) == {"open"}


async def told_of(one: httpx.AsyncClient, member_id: str) -> tuple[list[str], int, list[str]]:
    """What a member's card and the feed say of badges: titles, how many, and those that were celebrated."""
    card = (await one.get(f"/v1/members/{member_id}/card")).json()
    feed = (await one.get("/v1/celebrations", params={"kind": "badge"})).json()["items"]
    return card["badges"], card["badges_count"], sorted(one["name"] for one in feed)


async def test_a_card_and_the_feed_tell_nobody_of_a_secret_badge(
    world: Any, api: httpx.AsyncClient, member: httpx.AsyncClient, clients: Any
) -> None:
    own = world.uuid("a")
    consent = {
        "kind": "consent",
        "name": "card",
        "since": NOON,
        "said_at": NOON,
        "value": True,
        "source": "member",
    }
    wanting = {"member_id": own, "name": "A", "revision": 2, "identities": [], "dated": [consent]}
    await world.handle(on_members, world.fact("member.identified.v1", "a 2", wanting))
    await world.awarded(world.award("a", 1000))
    await kept(world)
    gift = {"badge": "gift", "citation": "For the surprise"}
    given = await api.post(f"/v1/members/{own}/badges", json=gift, headers={"Idempotency-Key": "one"})
    assert given.status_code == 201, given.text
    visitor = await clients("public:read")
    everything = sorted(["open", *SECRETS])

    assert await told_of(visitor, own) == (["Open"], 1, ["open"])
    # They see what everybody sees on their card, and in the feed what is theirs when they ask for that.
    assert await told_of(member, own) == (["Open"], 1, ["open"])
    mine = (await member.get("/v1/celebrations", params={"member": own, "kind": "badge"})).json()["items"]
    assert sorted(one["name"] for one in mine) == everything
    assert (await told_of(api, own))[2] == everything

    # What somebody gave stays when the programme has it no more: a secret as before.
    await world.handle(on_programmes, programme(world, 2, BADGES[0]))
    await kept(world)
    assert await told_of(visitor, own) == (["Open"], 1, ["open"])
    # A version that has it openly tells of it.
    shown = [BADGES[0], {name: value for name, value in BADGES[3].items() if name != "secret"}]
    await world.handle(on_programmes, programme(world, 3, *shown))
    await kept(world)
    assert await told_of(visitor, own) == (["A gift", "Open"], 2, ["gift", "open"])
