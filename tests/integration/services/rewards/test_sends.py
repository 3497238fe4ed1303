"""Sends: people on a list each get a reward once, whatever stops, is tried again, claimed or restored."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.rewards.erasure.handlers import on_members
from services.rewards.gifts.handlers import on_recognition
from services.rewards.sends.handlers.running import carry_on_sends, look_after_sends
from tests.integration.services.rewards.shelf import BOOKS, MUG, add, stock
from tests.integration.services.rewards.test_draws_and_gifts import grant
from tests.integration.services.rewards.test_erased_members import erased
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_reward_links import KEY, configure
from tests.integration.services.rewards.test_wallets import Wallets
from tests.integration.services.world import add_person, tie

pytestmark = pytest.mark.stack

NAMES = ("ada", "bob", "eve", "joe")


@pytest.fixture
async def shop(world: Any, spec: Any, api: Any) -> Any:
    """A community with a mug and a voucher, whose members have no points."""
    world.spec = spec
    configure(world, api, voucher_keys=KEY, sends_alone_max_points=1_000)
    await world.join(*NAMES)
    await add(api, MUG)
    await add(api, BOOKS)
    return world


def of(world: Any, *names: str) -> list[dict[str, Any]]:
    return [{"member_id": world.uuid(name)} for name in names]


async def make(api: Any, lines: list[dict[str, Any]], *, key: str | None = None, **more: Any) -> Any:
    body = {"title": "Thank you", "reward_id": "mug", "lines": lines} | more
    return await api.post("/v1/sends", json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def made(api: Any, lines: list[dict[str, Any]], **more: Any) -> Any:
    answer = await make(api, lines, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def act(api: Any, send: Any, verb: str) -> Any:
    return await api.post(f"/v1/sends/{send['send_id']}/{verb}")


async def lines_of(api: Any, send: Any, **asked: Any) -> list[Any]:
    return (await api.get(f"/v1/sends/{send['send_id']}/lines", params=asked)).json()["items"]


async def run(world: Any) -> None:
    more = True
    while more:
        async with world.begin() as tx:
            more = await carry_on_sends(tx)


async def _broken_off(world: Any) -> None:
    async with world.begin() as tx:
        await carry_on_sends(tx)
        raise ConnectionError


def types(answer: Any) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


async def test_a_draft_gives_nothing_and_what_is_handed_in_gives_each_once(shop: Any, api: Any) -> None:
    await stock(api, "CODE-1")
    lines = [*of(shop, "ada"), *({**one, "reward_id": "books"} for one in of(shop, "bob", "eve"))]
    draft = await made(api, lines)
    assert (draft["state"], draft["points"], draft["takes_second_person"]) == ("draft", 250, False)
    needs = [(need["reward_id"], need["needed_count"], need["left_count"]) for need in draft["needs"]]
    assert needs == [("books", 2, 1), ("mug", 1, None)]
    await run(shop)
    assert await shop.count("redemptions") == 0
    assert (await act(api, draft, "submit")).json()["state"] == "approved"
    assert (await act(api, draft, "submit")).json()["state"] == "approved"
    await run(shop)
    done = (await api.get(f"/v1/sends/{draft['send_id']}")).json()
    assert (done["state"], done["lines"]["given"], done["lines"]["failed"]) == ("done", 2, 1)
    failed = await lines_of(api, draft, state="failed")
    assert [(one["line"], one["why"]) for one in failed] == [(3, "out_of_stock")]
    # More codes come: only what failed goes again.
    await stock(api, "CODE-2")
    assert (await act(api, draft, "retry")).json()["lines"]["waiting"] == 1
    await run(shop)
    assert {one["state"] for one in await lines_of(api, draft)} == {"given"}
    assert await shop.count("redemptions") == 3
    own = (await api.get(f"/v1/members/{shop.uuid('eve')}/redemptions")).json()["items"]
    assert [(one["points"], one["state"], one["has_code"]) for one in own] == [(0, "confirmed", True)]
    assert (await shop.check()).differences == 0


async def test_much_takes_another_person_and_nobody_sends_to_themselves(shop: Any, api: Any, clients: Any) -> None:
    configure(shop, api, sends_alone_max_points=99)
    draft = await made(api, of(shop, "ada", "bob"))
    assert draft["takes_second_person"]
    waits = await act(api, draft, "submit")
    assert waits.json()["state"] == "waiting"
    own = await act(api, draft, "approve")
    assert (own.status_code, types(own)) == (403, "send-four-eyes")
    await run(shop)
    assert await shop.count("redemptions") == 0
    for verb in ("retry",):
        assert types(await act(api, draft, verb)) == "send-state"
    other = await clients(person_id=await add_person(shop.pool, shop.community))
    await tie(shop.pool, shop.community, other, shop.uuid("bob"))
    theirs = await act(other, draft, "approve")
    assert (theirs.status_code, types(theirs)) == (403, "about-yourself")
    third = await clients(person_id=await add_person(shop.pool, shop.community))
    assert (await act(third, draft, "approve")).json()["state"] == "approved"
    await run(shop)
    assert await shop.count("redemptions") == 2
    # Their own send they do not hand in either.
    own_send = await made(other, of(shop, "bob"))
    assert types(await act(other, own_send, "submit")) == "about-yourself"


async def test_what_is_wrong_is_said_line_by_line_and_nothing_is_made(shop: Any, api: Any) -> None:
    nobody = str(uuid4())
    wrong = await make(api, [*of(shop, "ada"), {"member_id": nobody}, {**of(shop, "bob")[0], "reward_id": "car"}])
    assert (wrong.status_code, types(wrong)) == (422, "send-refused")
    assert [(one["line"], one["detail"]) for one in wrong.json()["errors"]] == [
        (2, f"There is no member {nobody}"),
        (3, "No reward car is on offer"),
    ]
    twice = await make(api, of(shop, "ada", "bob", "ada"))
    assert [(one["line"], one["detail"]) for one in twice.json()["errors"]] == [
        (3, "The same person as on line 1")
    ]
    # Whoever wrote a table is told its lines: there are headings, and may be empty ones.
    as_written = [one | {"line": line} for one, line in zip(of(shop, "ada", "bob", "ada"), (2, 3, 7), strict=True)]
    in_table = await make(api, as_written)
    assert [(one["field"], one["line"], one["detail"]) for one in in_table.json()["errors"]] == [
        ("/lines/2", 7, "The same person as on line 2")
    ]
    neither = await make(api, [{}])
    assert (neither.status_code, types(neither)) == (422, "invalid-request")
    late = await make(api, of(shop, "ada"), claims_end_at=(datetime.now(UTC) + timedelta(days=500)).isoformat())
    assert types(late) == "send-ends"
    assert (await api.get("/v1/sends")).json()["items"] == []
    # The same key is the same send, and no other.
    first = await made(api, of(shop, "ada"), key="one")
    assert (await made(api, of(shop, "ada"), key="one"))["send_id"] == first["send_id"]
    assert types(await make(api, of(shop, "bob"), key="one")) == "idempotency-key-reused"
    configure(shop, api, sends_max_count=1)
    assert types(await make(api, of(shop, "bob"))) == "too-many-sends"


async def test_pieces_end_anywhere_and_go_on_without_giving_twice(shop: Any, api: Any) -> None:
    configure(shop, api, send_lines_per_piece_max_count=1)
    draft = await made(api, of(shop, *NAMES))
    await act(api, draft, "submit")
    with pytest.raises(ConnectionError):
        await _broken_off(shop)
    assert await shop.count("redemptions") == 0
    async with shop.begin() as tx:
        await carry_on_sends(tx)
    # A backup of before this piece: the redemption was told and read back, the line knows nothing of it.
    await shop.pool.execute(
        "update send_lines set state = 'waiting', redemption_id = null where community = $1", shop.community
    )
    await asyncio.gather(run(shop), run(shop))
    assert {one["state"] for one in await lines_of(api, draft)} == {"given"}
    assert await shop.count("redemptions") == len(NAMES)


async def test_a_recipient_is_written_to_and_claims_once_they_are_a_member(shop: Any, api: Any) -> None:
    recipient = str(uuid4())
    draft = await made(api, [{"recipient_id": recipient, "reward_id": "books"}, *of(shop, "bob")])
    await act(api, draft, "submit")
    await run(shop)
    (line, _) = await lines_of(api, draft)
    assert (line["state"], line["member_id"]) == ("offered", None)
    await shop.published()
    requested = [one for one in shop.messages if one["kind"] == "offer"]
    assert [one["recipient_id"] for one in requested] == [recipient]
    assert requested[0]["values"] == {"title": "Thank you", "line_id": line["line_id"]}
    ada = await member(shop, "ada")
    path, body = f"/v1/members/{shop.uuid('ada')}/sent-claims", {"line_id": line["line_id"]}
    assert types(await ada.post(path, json=body)) == "unknown-send-line"
    fact = shop.member("ada", "Ada", 2)
    fact["data"]["identities"].append(shop.identity("import", recipient))
    await shop.handle(on_members, fact)
    offer = f"/v1/members/{shop.uuid('ada')}/sent-offers/{line['line_id']}"
    assert (await ada.get(offer)).json()["state"] == "offered"
    assert types(await ada.post(path, json=body)) == "out-of-stock"
    await stock(api, "CODE-1", "CODE-2")
    answers = await asyncio.gather(*(ada.post(path, json=body) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["redemption_id"] for answer in answers}) == 1
    (line, _) = await lines_of(api, draft)
    assert (line["state"], line["member_id"]) == ("given", shop.uuid("ada"))
    # Nobody else sees or takes it.
    bob = await member(shop, "bob")
    assert (
        types(await bob.post(path.replace(shop.uuid("ada"), shop.uuid("bob")), json=body)) == "unknown-send-line"
    )


async def test_what_is_called_off_over_or_of_nobody_gives_nothing(shop: Any, api: Any) -> None:
    one, two, three = (str(uuid4()) for _ in range(3))
    draft = await made(api, [{"recipient_id": one}, *of(shop, "bob", "eve")])
    await act(api, draft, "submit")
    await shop.handle(on_members, erased(shop, "eve", forfeits=False))
    await run(shop)
    assert [one["why"] for one in await lines_of(api, draft, state="failed")] == ["nobody"]
    for _ in range(2):
        assert (await act(api, draft, "cancel")).json()["state"] == "cancelled"
    states = [one["state"] for one in await lines_of(api, draft)]
    assert states == ["cancelled", "given", "cancelled"]
    assert types(await act(api, draft, "retry")) == "send-state"
    later = await made(api, [{"recipient_id": two}], starts_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    await act(api, later, "submit")
    await run(shop)
    assert [one["state"] for one in await lines_of(api, later)] == ["waiting"]
    offered = await made(api, [{"recipient_id": three}])
    await act(api, offered, "submit")
    await run(shop)
    shop.later = timedelta(days=40)
    async with shop.begin() as tx:
        await look_after_sends(tx)
    assert [one["state"] for one in await lines_of(api, offered)] == ["expired"]
    ada = await member(shop, "ada")
    assert (await ada.get("/v1/sends")).status_code == 403
    assert orjson.loads((await api.get(f"/v1/sends/{uuid4()}")).content)["type"].endswith("unknown-send")


async def test_a_wallet_pays_for_what_is_sent_and_no_code_is_lost_where_it_is_empty(
    shop: Any, api: Any, finance: Any
) -> None:
    await stock(api, "CODE-1", "CODE-2")
    wallets = Wallets(finance)
    money = await wallets.funded(1_500, title="Books")
    await wallets.decide(money, "assign", spends="redemptions", reward_id="books", unit_cost=1_000)
    draft = await made(api, of(shop, "ada", "bob"), reward_id="books")
    await act(api, draft, "submit")
    await run(shop)
    assert [(one["state"], one["why"]) for one in await lines_of(api, draft)] == [
        ("given", None),
        ("failed", "out_of_stock"),
    ]
    assert await wallets.funds(money) == (500, 0, 1_000)
    left = "select count(*) from voucher_codes where community = $1 and redemption_id is null"
    assert await shop.pool.fetchval(left, shop.community) == 1
    await wallets.decide(money, "fund", amount=500)
    await act(api, draft, "retry")
    await run(shop)
    assert (await wallets.funds(money), await shop.pool.fetchval(left, shop.community)) == ((0, 0, 2_000), 0)


async def test_a_gift_card_that_is_none_yet_holds_up_nobody(shop: Any, api: Any) -> None:
    await add(api, {"id": "card", "kind": "gift_card", "title": "Gift card", "points": 10})
    draft = await made(api, [{**of(shop, "ada")[0], "reward_id": "card"}, *of(shop, "bob")])
    await act(api, draft, "submit")
    await run(shop)
    assert [(one["state"], one["why"]) for one in await lines_of(api, draft)] == [
        ("failed", "not_offered"),
        ("given", None),
    ]
    await shop.handle(on_recognition, grant(shop, "hero", "ada", reward="card"))
    assert await shop.pool.fetchval("select state from gifts where community = $1", shop.community) == "unknown"
    assert await shop.count("redemptions") == 1
