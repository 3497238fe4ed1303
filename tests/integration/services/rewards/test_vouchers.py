"""Codes of vouchers: taken in whole, given once each, seen by whom they were given to alone."""

import asyncio
import os
import secrets
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.rewards.erasure.handlers import look_after, on_members
from services.rewards.gifts.handlers import on_recognition
from services.rewards.redemptions.handlers.reserving import reserve
from services.rewards.vouchers.handlers.codes import seal_anew
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.shelf import BOOKS, MUG, add, choose, code_of, stock, table
from tests.integration.services.rewards.test_draws_and_gifts import grant
from tests.integration.services.rewards.test_erased_members import erased
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.world import NOON
from tests.waiting import until

pytestmark = pytest.mark.stack

KEY, OTHER_KEY = (secrets.token_urlsafe(32) for _ in range(2))
#: Behind PLAUDIT_FAULTS=full as many as a launch has; else as many as show the same.
CLAIMANTS, CODES = (1_000, 100) if os.environ.get("PLAUDIT_FAULTS") == "full" else (60, 7)


@pytest.fixture
async def shop(world: Any, spec: Any, api: Any) -> Any:
    """A community with a voucher for 100 points, in which ada has 1,000 and bob 150."""
    world.spec = spec
    configure(world, api, voucher_keys=KEY)
    await world.publish()
    await world.join("ada", "bob")
    await world.give(world.award("a", "ada", 1_000), world.award("b", "bob", 150))
    await add(api, BOOKS)
    return world


def configure(world: Any, api: Any, **settings: Any) -> None:
    world.configure(**settings)
    state = api._transport.app.state
    state.connected = replace(state.connected, settings=world.settings)


async def test_a_code_is_given_with_the_choice_and_seen_by_its_owner_alone(shop: Any, api: Any) -> None:
    assert await stock(api, "SPRING-1") == {"added_count": 1, "known_lines": [], "returned_count": 0}
    ada, bob = await member(shop, "ada"), await member(shop, "bob")
    made = (await choose(ada, shop, "ada")).json()
    assert (made["state"], made["has_code"], made["changed_by"]) == ("confirmed", True, "code")
    assert await shop.balance("ada") == {"available": 900, "spent": 100}
    for _ in range(2):
        shown = await code_of(ada, shop, "ada", made["redemption_id"])
        assert (shown.status_code, shown.json()["code"]) == (200, "SPRING-1")
    # Whoever runs the community sees that there is one, and not which.
    for client, name in ((api, "ada"), (bob, "ada"), (bob, "bob")):
        refused = await code_of(client, shop, name, made["redemption_id"])
        assert refused.status_code in (403, 404), refused.text
        assert "SPRING-1" not in refused.text
    listed = await api.get("/v1/catalogue/rewards/books/codes")
    assert [(one["state"], one["redemption_id"]) for one in listed.json()["items"]] == [
        ("given", made["redemption_id"])
    ]
    own = (await ada.get(f"/v1/members/{shop.uuid('ada')}/redemptions")).json()["items"]
    assert [one["has_code"] for one in own] == [True]
    # The next finds none, and keeps their points.
    gone = await choose(bob, shop, "bob")
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:plaudit:problem:out-of-stock")
    assert await shop.balance("bob") == {"available": 150}
    told = str([*await shop.published(), *shop.messages])
    assert "SPRING-1" not in told
    assert made["redemption_id"] in told
    assert (await shop.check()).differences == 0


async def test_what_is_wrong_with_a_table_is_said_by_line_and_nothing_of_it_is_taken_in(
    shop: Any, api: Any
) -> None:
    path = "/v1/catalogue/rewards/books/codes"

    async def faults(text: str) -> list[tuple[int, str]]:
        answer = await api.post(path, json={"csv": text})
        assert answer.status_code == 422, answer.text
        assert "SECRET" not in answer.text
        return [(one["line"], one["detail"]) for one in answer.json()["errors"]]

    many = await faults(
        "code;pin;expires_on\nSECRET-1;;2020-01-01\n;1;\nSECRET-2;;soon\nSECRET-3;;\nSECRET-3;;\nSECRET-4;;;\n"
    )
    assert [line for line, _ in many] == [2, 3, 4, 6, 7]
    assert many[3][1] == "it is the code of line 5 again"
    assert await faults("voucher\nSECRET-1\n") == [
        (1, "the first line names the columns, and one of them is `code`")
    ]
    assert [line for line, _ in await faults("code\n")] == [2]
    assert [line for line, _ in await faults('code\n"SECRET-1\n')] == [2]
    assert await shop.count("voucher_codes") == 0

    assert (await stock(api, "ONE", "TWO"))["added_count"] == 2
    assert await stock(api, "ONE", "THREE") == {"added_count": 1, "known_lines": [2], "returned_count": 0}
    await add(api, {**BOOKS, "id": "films"})
    other = await api.post("/v1/catalogue/rewards/films/codes", json={"csv": table("NEW", "ONE")})
    assert [(one["line"], one["detail"]) for one in other.json()["errors"]] == [
        (3, "it is a code of another reward")
    ]
    await add(api, MUG)
    none = await api.post("/v1/catalogue/rewards/mug/codes", json={"csv": table("NEW")})
    assert none.json()["type"] == "urn:plaudit:problem:no-voucher"
    configure(shop, api, voucher_codes_max_count=3)
    many_wait = await api.post(path, json={"csv": table("FOUR")})
    assert many_wait.json()["type"] == "urn:plaudit:problem:too-many-codes"
    configure(shop, api, voucher_keys="")
    unsealed = await api.post(path, json={"csv": table("FOUR")})
    assert (unsealed.status_code, unsealed.json()["type"]) == (503, "urn:plaudit:problem:no-voucher-keys")
    assert await shop.count("voucher_codes") == 3


async def test_of_many_who_claim_at_once_as_many_get_one_as_there_are(shop: Any, api: Any) -> None:
    names = [f"claimant-{number}" for number in range(CLAIMANTS)]
    await shop.give(*(shop.award(name, name, 100) for name in names))
    await stock(api, *(f"CODE-{number}" for number in range(CODES)))
    answers: list[Any] = []
    left = iter(names)

    async def claim_on() -> None:
        for name in left:
            body = {"member_id": shop.uuid(name), "reward_id": "books"}
            answers.append(await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": name}))

    await asyncio.gather(*(claim_on() for _ in range(8)))

    assert Counter(answer.status_code for answer in answers) == {201: CODES, 409: CLAIMANTS - CODES}
    given = await shop.pool.fetch(
        "select redemption_id from voucher_codes where community = $1 and redemption_id is not null",
        shop.community,
    )
    got = {answer.json()["redemption_id"] for answer in answers if answer.status_code == 201}
    assert {str(row["redemption_id"]) for row in given} == got
    kinds = await shop.pool.fetch(
        """
        select kind, count(*) as number, sum(amount)::bigint as points
        from accounts join balances using (community, account_id)
        where community = $1 and owner = any($2::uuid[]) and amount <> 0 group by kind
        """,
        shop.community,
        [shop.uuid(name) for name in names],
    )
    assert {row["kind"]: (row["number"], row["points"]) for row in kinds} == {
        "spent": (CODES, 100 * CODES),
        "available": (CLAIMANTS - CODES, 100 * (CLAIMANTS - CODES)),
    }
    assert (await shop.check()).differences == 0


async def test_whoever_finds_all_codes_in_other_hands_waits_for_one_that_comes_back(shop: Any, api: Any) -> None:
    """Somebody is being given the last code, and is refused at the end: it is the next one's, not lost."""
    await stock(api, "LAST")
    ada = await member(shop, "ada")
    async with shop.pool.acquire() as other:
        hand = other.transaction()
        await hand.start()
        await other.execute("select from voucher_codes where community = $1 for update", shop.community)
        waiting = asyncio.ensure_future(choose(ada, shop, "ada"))
        blocked = (
            "select exists (select from pg_stat_activity"
            " where wait_event_type = 'Lock' and query like '%update voucher_codes%')"
        )
        while not await shop.pool.fetchval(blocked):
            assert not waiting.done(), waiting.result().text
        await hand.rollback()
        assert (await waiting).status_code == 201


async def test_what_ends_first_is_given_first_and_what_ended_never(shop: Any, api: Any) -> None:
    text = "code,pin,expires_on\nLATE,,2090-01-01\nSOON,77,2080-01-01\nEVER,,\n"
    assert (await api.post("/v1/catalogue/rewards/books/codes", json={"csv": text})).status_code == 200
    ada = await member(shop, "ada")

    async def next_code() -> Any:
        made = await choose(ada, shop, "ada")
        assert made.status_code == 201, made.text
        return (await code_of(ada, shop, "ada", made.json()["redemption_id"])).json()

    first = await next_code()
    assert (first["code"], first["pin"], first["expires_at"]) == ("SOON", "77", "2080-01-02T00:00:00Z")
    # The day that the table says, to whom it was given and to whoever looks after the stock.
    assert first["expires_on"] == "2080-01-01"
    left = (await api.get("/v1/catalogue/rewards/books/codes")).json()["items"]
    assert {one["expires_on"] for one in left} == {"2090-01-01", "2080-01-01", None}
    await shop.pool.execute(
        "update voucher_codes set expires_at = $2 where community = $1 and redemption_id is null"
        " and expires_at is not null",
        shop.community,
        NOON,
    )
    assert (await next_code())["code"] == "EVER"
    assert (await choose(ada, shop, "ada")).json()["type"] == "urn:plaudit:problem:out-of-stock"
    states = (await api.get("/v1/catalogue/rewards/books/codes")).json()["items"]
    assert Counter(one["state"] for one in states) == {"given": 2, "ended": 1}


async def test_what_was_chosen_is_called_as_its_reader_calls_it_while_it_is_called_what_it_was(
    shop: Any, api: Any
) -> None:
    revision = (await api.get("/v1/catalogue/rewards/books")).json()["revision"]
    translated = {name: value for name, value in BOOKS.items() if name != "id"}
    translated["translations"] = [{"language": "it", "title": "Buono libri"}]
    put = await api.put("/v1/catalogue/rewards/books", json=translated | {"revision": revision})
    assert put.status_code == 200, put.text
    await stock(api, "SPRING-1", "SPRING-2")
    ada, own = await member(shop, "ada"), f"/v1/members/{shop.uuid('ada')}"
    # What the command answers is what is kept: the title in the community's own language.
    made = (await choose(ada, shop, "ada")).json()
    assert made["title"] == "Book voucher"
    ordered = await ada.post(
        f"{own}/orders",
        json={"items": [{"reward_id": "books"}], "points": 100},
        headers={"Idempotency-Key": "order"},
    )
    paths = (
        f"{own}/redemptions",
        f"{own}/redemptions/{made['redemption_id']}/code",
        f"{own}/orders/{ordered.json()['order_id']}",
    )

    async def titles(language: str | None) -> set[str]:
        answers = [await ada.get(path, params={"language": language} if language else {}) for path in paths]
        assert {answer.status_code for answer in answers} == {200}
        return {one["title"] for answer in answers for one in answer.json().get("items", [answer.json()])}

    assert await titles("it") == {"Buono libri"}
    assert await titles("de") == await titles(None) == {"Book voucher"}
    # Another title since is not what the member chose, in any language.
    renamed = translated | {"title": "Film voucher", "revision": revision + 1}
    assert (await api.put("/v1/catalogue/rewards/books", json=renamed)).status_code == 200
    assert await titles("it") == {"Book voucher"}


async def test_a_badge_gives_a_code_for_nothing(shop: Any, api: Any) -> None:
    await stock(api, "GIFT")
    await shop.handle(on_recognition, grant(shop, "hero", "ada", reward="books"))
    ada = await member(shop, "ada")
    own = (await ada.get(f"/v1/members/{shop.uuid('ada')}/redemptions")).json()["items"]
    assert [(one["points"], one["has_code"]) for one in own] == [(0, True)]
    assert (await code_of(ada, shop, "ada", own[0]["redemption_id"])).json()["code"] == "GIFT"


async def test_keys_rotate_and_a_code_of_before_is_known_and_seen(shop: Any, api: Any) -> None:
    await stock(api, "ONE", "TWO")
    ada = await member(shop, "ada")
    made = (await choose(ada, shop, "ada")).json()["redemption_id"]
    configure(shop, api, voucher_keys=f"{OTHER_KEY},{KEY}")
    # Before anything is sealed anew it is known by the hash of before.
    assert (await stock(api, "ONE", "TWO"))["added_count"] == 0
    async with shop.begin() as tx:
        await seal_anew(tx)
    configure(shop, api, voucher_keys=OTHER_KEY)
    assert (await stock(api, "ONE", "TWO"))["added_count"] == 0
    shown = await code_of(await member(shop, "ada"), shop, "ada", made)
    assert shown.json()["code"] in ("ONE", "TWO")
    configure(shop, api, voucher_keys=KEY)
    gone = await code_of(await member(shop, "ada"), shop, "ada", made)
    assert gone.json()["type"] == "urn:plaudit:problem:no-voucher-keys"


async def test_keys_rotate_while_codes_and_a_link_are_claimed_and_none_fails(shop: Any, api: Any) -> None:
    names = [f"claimant-{number}" for number in range(24)]
    await shop.join(*names)
    await shop.give(*(shop.award(name, name, 100) for name in names))
    await stock(api, *(f"CODE-{number}" for number in range(24)))
    await add(api, MUG, kind="other")
    ends = datetime.now(UTC) + timedelta(days=1)
    said = {"reward_id": "mug", "uses_max_count": 24, "expires_at": ends.isoformat()}
    link = (await api.post("/v1/reward-links", json=said, headers={"Idempotency-Key": "link"})).json()["link_id"]
    left, under_way, given = iter(names), set(), {}

    async def claim_on() -> None:
        for name in left:
            under_way.add(name)
            token = (await api.get(f"/v1/reward-links/{link}")).json()["token"]
            path = f"/v1/members/{shop.uuid(name)}"
            claimed = await api.post(f"{path}/reward-claims", json={"token": token})
            body = {"member_id": shop.uuid(name), "reward_id": "books"}
            chosen = await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": name})
            assert (claimed.status_code, chosen.status_code) == (200, 201), (claimed.text, chosen.text)
            given[name] = chosen.json()["redemption_id"]
            under_way.discard(name)

    async def rotate() -> None:
        async def have_been_given(count: int) -> bool:
            return len(given) >= count

        await until(partial(have_been_given, 4))
        configure(shop, api, voucher_keys=f"{OTHER_KEY},{KEY}")
        began = set(under_way)

        async def is_sealed_anew() -> bool:
            async with shop.begin() as tx:
                await seal_anew(tx)
            query = "select count(distinct sealed_by) from voucher_codes where community = $1"
            # Whoever was shown a link of before has claimed by then.
            return not began & under_way and await shop.pool.fetchval(query, shop.community) == 1

        await until(is_sealed_anew)
        configure(shop, api, voucher_keys=OTHER_KEY)

    await asyncio.gather(rotate(), *(claim_on() for _ in range(4)))
    codes = set()
    for name, redemption_id in given.items():
        codes.add((await code_of(await member(shop, name), shop, name, redemption_id)).json()["code"])
    assert codes == {f"CODE-{number}" for number in range(24)}
    assert (await api.get(f"/v1/reward-links/{link}")).json()["claims_count"] == 24
    assert (await shop.check()).differences == 0


async def test_a_code_goes_with_its_owner_and_a_merge_shows_it_to_both(shop: Any, api: Any) -> None:
    await stock(api, "ONE", "TWO", "THREE")
    made = (await choose(await member(shop, "bob"), shop, "bob")).json()["redemption_id"]
    await Merging(shop, on_members).merge("ada", "bob")
    ada = await member(shop, "ada")
    seen = (await code_of(ada, shop, "ada", made)).json()["code"]
    await shop.handle(on_members, erased(shop, "bob", forfeits=False))
    async with shop.begin() as tx:
        await look_after(tx)
    assert (await code_of(ada, shop, "ada", made)).json()["type"] == "urn:plaudit:problem:no-code"
    kept = await shop.pool.fetchrow(
        "select sealed, given_at from voucher_codes where community = $1 and redemption_id = $2",
        shop.community,
        made,
    )
    assert (kept["sealed"], kept["given_at"] is not None) == (None, True)
    # It is nobody's again: not by the same table, and not by the database's own role.
    assert await stock(api, seen) == {"added_count": 0, "known_lines": [2], "returned_count": 0}
    with pytest.raises(Exception, match="was given before"):
        await shop.pool.execute(
            "update voucher_codes set redemption_id = null, given_at = null where community = $1", shop.community
        )


async def test_who_is_erased_in_the_middle_keeps_no_code(shop: Any, api: Any) -> None:
    """The choice commits after the erasure was followed: what came with it goes all the same."""
    await stock(api, "ONE", "TWO")
    gone = erased(shop, "ada", forfeits=False)
    gone["data"]["erased_at"] = datetime.now(UTC)
    async with shop.begin() as tx:
        made = await reserve(
            tx,
            community=shop.community,
            member_id=shop.uuid("ada"),
            reward_id="books",
            idempotency_key="late",
            by="key",
        )
        await shop.handle(on_members, gone)
    readable = (
        "select count(*) from voucher_codes where community = $1 and redemption_id = $2 and sealed is not null"
    )
    assert await shop.pool.fetchval(readable, shop.community, made.redemption_id) == 1
    async with shop.begin() as tx:
        await look_after(tx)
    assert await shop.pool.fetchval(readable, shop.community, made.redemption_id) == 0
    refused = await choose(api, shop, "ada")
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:plaudit:problem:unknown-member")
