"""A gift card in another currency: quoted for a while, and reserved at the quoted price."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.approvals.domain import Author, Subject, proposed
from services.rewards.approvals.store import set_approval
from services.rewards.quotes.handlers.pricing import quote_cards
from services.rewards.quotes.store.prices import lock_due
from services.rewards.rates.domain.policies import (
    RatePolicy,
    RatePolicyTerms,
    RateSource,
)
from services.rewards.rates.store.policies import add_policy
from tests.integration.services.rewards.cards import Store, selling
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_wallets import Wallets

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)
DOLLARS = {"provider": "sandbox", "product_id": "sandbox-any", "face_minor": 1000, "currency": "USD"}
PRICE = "/v1/catalogue/rewards/card/card/price"
MIA, OMAR = (Author(str(uuid4()), name, "key") for name in ("Mia", "Omar"))


@pytest.fixture
async def store(world: Any, spec: Any, api: Any) -> AsyncIterator[Store]:
    world.spec = spec
    async with selling(world, api, KEY) as made:
        assert (await api.put("/v1/catalogue/rewards/card/card", json=DOLLARS)).status_code == 200
        yield made


async def rates(store: Store, usd: str, *, max_age_days: int = 3_650, spread: int = 150) -> None:
    """A table of rates in force, as two people decided it."""
    terms = RatePolicyTerms(
        date(2026, 1, 1), "EUR", RateSource.TABLE, {"USD": Decimal(usd)}, 500, spread, max_age_days
    )
    now = datetime.now(UTC)
    waits = proposed(Subject.RATE_POLICY, by=MIA, now=now)
    policy = RatePolicy(store.world.community, str(uuid4()), terms, waits)
    async with store.world.pool.acquire() as conn:
        await add_policy(conn, policy)
        approved = waits.approved(by=OMAR, now=now)
        await set_approval(conn, approved, community=policy.community, entry_id=policy.policy_id)


async def quoted(store: Store, *, later_seconds: float = 0) -> list[Any]:
    store.world.later += timedelta(seconds=later_seconds)
    async with store.world.begin() as tx:
        await quote_cards(tx)
    found = (await store.api.get("/v1/catalogue/quotes")).json()["items"]
    return [one for one in found if one["reward_id"] == "card"]


async def choose(store: Store, client: Any, quote_id: str | None) -> Any:
    path = f"/v1/members/{store.world.uuid('ada')}/redemptions"
    body = {"reward_id": "card"} | ({} if quote_id is None else {"quote_id": quote_id})
    return await client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_the_price_reserved_is_the_quoted_one(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    put = await api.put(PRICE, json={"currency": "EUR", "minor_per_point": "1.5"})
    assert put.json() == {
        "reward_id": "card",
        "currency": "EUR",
        "minor_per_point": "1.5",
        "follows": "rates",
    }
    # Without rates there is no price, and nobody chooses at the catalogue's.
    assert await quoted(store) == []
    refused = await choose(store, ada, None)
    assert problem(refused) == (409, "quote-needed")
    assert "rates are missing or too old" in refused.json()["detail"]

    await rates(store, "1.0956")
    (first,) = await quoted(store, later_seconds=61)
    # 10.00 USD are 9.12742… EUR, and 1.5 % is 9.26433…: 927 cents, at 1.5 cents a point 618.
    assert (first["cost_minor"], first["cost_currency"], first["points"]) == (927, "EUR", 618)
    assert (first["rate"], first["spread_basis_points"], first["source"]) == ("1.0956", 150, "table")
    assert (await ada.get("/v1/catalogue/quotes")).json()["items"] == [first]
    assert problem(await choose(store, ada, None)) == (409, "quote-needed")
    assert problem(await choose(store, ada, str(uuid4()))) == (409, "quote-over")

    # The rate moves: what was shown still holds, until its time is over.
    await rates(store, "1.2000")
    (second,) = await quoted(store, later_seconds=460)
    assert second["points"] == 564
    made = await choose(store, ada, first["quote_id"])
    assert (made.status_code, made.json()["points"]) == (201, 618)
    await store.work()
    assert await store.state(made.json()["redemption_id"]) == ("confirmed", "fulfilled")
    assert await store.world.balance("ada") == {"available": 382, "spent": 618}
    kept = await store.world.pool.fetchrow(
        "select points, cost_minor, priced_in, target_units from quoted_redemptions where redemption_id = $1",
        made.json()["redemption_id"],
    )
    assert tuple(kept) == (618, 927, "EUR", Decimal("1.0956"))
    # It is charged in dollars, with 1.5 % beside: what it was quoted at in euros is not compared with that.
    assert await store.world.money() == {"provider_balance": 1_015, "card_cost": -1_000, "card_fees": -15}
    assert (await store.world.check()).differences == 0


async def test_one_that_is_over_is_refused_and_another_offered(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    await rates(store, "1.0956")
    await api.put(PRICE, json={"currency": "EUR", "minor_per_point": "1"})
    (first,) = await quoted(store)
    assert first["points"] == 927
    (second,) = await quoted(store, later_seconds=901)
    assert second["quote_id"] != first["quote_id"]
    refused = await choose(store, ada, first["quote_id"])
    assert problem(refused) == (409, "quote-over")
    assert f"It costs 927 points until {second['expires_at'][:19]}" in refused.json()["detail"]
    assert second["quote_id"] in refused.json()["detail"]
    assert await store.world.balance("ada") == {"available": 1_000}

    # Another card than the quoted one is not had at its price; a cart names what all of it costs.
    await api.put("/v1/catalogue/rewards/card/card", json=DOLLARS | {"face_minor": 500})
    assert problem(await choose(store, ada, second["quote_id"])) == (409, "quote-over")
    (third,) = await quoted(store)
    assert third["points"] == 464
    path, headers = f"/v1/members/{store.world.uuid('ada')}/orders", {"Idempotency-Key": "cart"}
    cart = {"items": [{"reward_id": "card", "count": 2}], "points": 900}
    assert problem(await ada.post(path, json=cart, headers=headers)) == (409, "order-price-changed")
    assert (await ada.post(path, json=cart | {"points": 928}, headers=headers)).status_code == 201
    assert await store.world.balance("ada") == {"available": 72, "reserved": 928}

    # The catalogue's own price again; a quote is none for it.
    await api.put(PRICE, json={"currency": None, "minor_per_point": None})
    assert problem(await choose(store, ada, third["quote_id"])) == (409, "quote-over")
    assert await quoted(store) == []


async def test_a_wallet_pays_what_was_quoted(store: Store, api: Any, clients: Any) -> None:
    wallets = Wallets(Finance(store.world, await clients(), await clients()))
    money = await wallets.funded(1_000)
    await wallets.decide(money, "assign", spends="redemptions", reward_id="card", unit_cost=5_000)
    await rates(store, "1.0956")
    await api.put(PRICE, json={"currency": "EUR", "minor_per_point": "1.5"})
    (found,) = await quoted(store)
    made = await choose(store, await member(store.world, "ada"), found["quote_id"])
    assert made.status_code == 201, made.text
    assert await wallets.funds(money) == (73, 927, 0)
    await store.work()
    assert await wallets.funds(money) == (73, 0, 927)
    assert (await store.world.check()).differences == 0


async def test_whoever_has_many_cards_lets_others_have_their_turn(store: Store, api: Any) -> None:
    world = store.world
    await api.put(PRICE, json={"currency": "USD", "minor_per_point": "1"})
    async with world.pool.acquire() as conn:
        # It is there for as long as it is looked at.
        passing = conn.transaction()
        await passing.start()
        many = f"{world.community}-many"
        for table in ("catalogue_rewards", "gift_cards", "card_prices"):
            columns = await conn.fetchval(
                """
                select string_agg(attname, ', ') from pg_attribute
                where attrelid = $1::regclass and attnum > 0 and attname not in ('community', 'reward_id')
                    and not attisdropped and attgenerated = ''
                """,
                table,
            )
            await conn.execute(
                f"""
                insert into {table} (community, reward_id, {columns})
                select $2, 'card-' || n, {columns} from {table}, generate_series(1, 3) n
                where community = $1 and reward_id = 'card'
                """,
                world.community,
                many,
            )
        await conn.execute("update card_prices set due_at = due_at - interval '1 day' where community = $1", many)
        due = await lock_due(conn, now=datetime.now(UTC) + timedelta(seconds=1), limit=10_000)
        ours = [one.community for one in due if one.community in (many, world.community)]
        assert ours == [many, world.community, many, many]
        await passing.rollback()


async def test_what_cannot_be_priced_stops_no_other(store: Store, api: Any) -> None:
    for said in (
        {"currency": "EUR", "minor_per_point": None},
        {"currency": "EUR", "minor_per_point": "0"},
        {"currency": "EUR", "minor_per_point": 1.5},
        {"currency": "eur", "minor_per_point": "1"},
        {"currency": "EUR", "minor_per_point": "1", "spread": 0},
    ):
        assert (await api.put(PRICE, json=said)).status_code == 422
    missing = await api.put(
        "/v1/catalogue/rewards/nothing/card/price", json={"currency": None, "minor_per_point": None}
    )
    assert problem(missing) == (404, "unknown-catalogue-reward")
    # Of one currency it needs no rate.
    await api.put(PRICE, json={"currency": "USD", "minor_per_point": "0.5"})
    (found,) = await quoted(store)
    assert (found["points"], found["rate"], found["source"]) == (2000, "1", None)
    # Too old rates leave it without a price, and say so.
    await rates(store, "1.0956", max_age_days=1)
    await api.put(PRICE, json={"currency": "EUR", "minor_per_point": "1"})
    await quoted(store)
    failed = await store.world.pool.fetchval(
        "select reason from card_prices where community = $1", store.world.community
    )
    assert failed == "StaleRatesError"
