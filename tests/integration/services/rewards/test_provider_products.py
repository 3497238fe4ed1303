"""What a provider has: asked for, shown as it differs, and accepted by people before anything changes."""

import secrets
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest
from prometheus_client import REGISTRY

from plaudit.sandbox_provider.orders import PRODUCTS
from services.rewards.products.handlers import count_gone, refresh_products
from tests.integration.services.rewards.cards import Store, configure, selling
from tests.integration.services.rewards.shelf import choose
from tests.integration.services.rewards.test_members_themselves import member

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)
HERE = "/v1/providers/sandbox"
BOOKS, ANY = PRODUCTS


@pytest.fixture
async def store(world: Any, spec: Any, api: Any) -> AsyncIterator[Store]:
    world.spec = spec
    async with selling(world, api, KEY) as made:
        yield made


async def refreshed(store: Store) -> Any:
    """How it stands once the provider was asked again."""
    asked = await store.api.post(f"{HERE}/refresh")
    assert asked.status_code == 200, asked.text
    await store.work(later_seconds=31)
    await refresh_products(store.world.begin, monotonic())
    return (await store.api.get(f"{HERE}/refresh")).json()


async def differing(store: Store) -> dict[str, Any]:
    found = (await store.api.get(f"{HERE}/products", params={"differs": "true"})).json()
    return {one["product_id"]: one for one in found["items"]}


async def accept(store: Store, revision: int, *product_ids: str) -> Any:
    named = [
        {"product_id": one, "currency": "EUR" if one == BOOKS["product_id"] else "USD"} for one in product_ids
    ]
    body = {"revision": revision} | ({"products": named} if named else {})
    return await store.api.post(f"{HERE}/products/accept", json=body)


async def gone(store: Store) -> float:
    async with store.world.begin() as tx:
        await count_gone(tx)
    return REGISTRY.get_sample_value("plaudit_rewards_products_gone") or 0.0


async def test_what_a_provider_has_is_accepted_by_people(store: Store, api: Any) -> None:
    ada, before = await member(store.world, "ada"), await gone(store)
    assert (await api.get(f"{HERE}/refresh")).status_code == 404
    first = await refreshed(store)
    assert (first["revision"], first["reason"]) == (1, None)
    found = await differing(store)
    assert {name: one["difference"] for name, one in found.items()} == {
        "sandbox-any": "new",
        "sandbox-books": "new",
    }
    assert found["sandbox-books"]["rewards"] == ["card"]
    assert (await accept(store, 1)).json() == {"accepted_count": 2, "withdrawn": []}
    assert await differing(store) == {}
    # Asked again it has the same: nothing is other.
    assert (await refreshed(store))["revision"] == 1

    # It takes more, and no more comes in 10 EUR; another is new.
    changed = {**BOOKS, "faces": [500, 2500], "fee_basis_points": 150, "countries": ["DE"], "validity": "1 year"}
    store.shop.products = [changed, ANY, {**ANY, "product_id": "sandbox-new"}]
    assert (await refreshed(store))["revision"] == 2
    found = await differing(store)
    assert {name: one["difference"] for name, one in found.items()} == {
        "sandbox-books": "changed",
        "sandbox-new": "new",
    }
    said = {one["part"]: (one["before"], one["after"]) for one in found["sandbox-books"]["changes"]}
    assert said == {
        "values": ("5.00, 10.00, 25.00", "5.00, 25.00"),
        "fee": ("0 %", "1.5 %"),
        "validity": ("24 months", "1 year"),
        "countries": ("DE, IT", "DE"),
    }
    assert found["sandbox-books"]["lacking"] == ["card"]
    assert await gone(store) == before + 1
    # Nothing changed for members, and nobody accepts a list that is another since.
    assert (await choose(ada, store.world, "ada", "card")).status_code == 201
    stale = await accept(store, 1)
    assert (stale.status_code, stale.json()["type"].rpartition(":")[2]) == (409, "provider-products-moved")
    wrong = await accept(store, 2, "sandbox-any")
    assert (wrong.status_code, wrong.json()["type"].rpartition(":")[2]) == (409, "unknown-provider-product")
    assert (await accept(store, 2, "sandbox-new")).json() == {"accepted_count": 1, "withdrawn": []}
    assert list(await differing(store)) == ["sandbox-books"]

    assert (await accept(store, 2, "sandbox-books")).json() == {"accepted_count": 1, "withdrawn": ["card"]}
    assert await gone(store) == before
    refused = await choose(ada, store.world, "ada", "card")
    assert refused.status_code in (404, 409)
    reward = (await api.get("/v1/catalogue/rewards/card")).json()
    assert (reward["is_withdrawn"], reward["is_offered"]) == (True, False)


async def test_what_is_gone_is_shown_and_withdrawn_by_a_person(store: Store, api: Any) -> None:
    await refreshed(store)
    await accept(store, 1)
    before = await gone(store)
    store.shop.products = [ANY]
    await refreshed(store)
    (found,) = (await differing(store)).values()
    assert (found["difference"], found["lacking"], found["found"]) == ("gone", ["card"], None)
    assert await gone(store) == before + 1
    assert (await accept(store, 2)).json() == {"accepted_count": 1, "withdrawn": ["card"]}
    listed = (await api.get(f"{HERE}/products")).json()["items"]
    assert [one["product_id"] for one in listed] == ["sandbox-any"]
    assert (await api.get("/v1/catalogue/rewards/card")).json()["is_withdrawn"] is True
    # It is there again, and new; the reward stays as people left it.
    store.shop.products = [ANY, BOOKS]
    await refreshed(store)
    (back,) = (await differing(store)).values()
    assert (back["difference"], back["rewards"]) == ("new", [])


@pytest.mark.parametrize(
    "products",
    [
        [{**BOOKS, "faces": "all"}],
        [{**BOOKS, "name": "x" * 201}],
        [{**BOOKS, "product_id": "a\u0000b"}],
        [{**BOOKS, "currency": "eur"}],
        [{**BOOKS, "max_minor": 10**30}],
        [{"product_id": "half"}],
        [{**BOOKS, "product_id": f"many-{number}"} for number in range(4)],
    ],
)
async def test_what_is_no_list_of_products_changes_nothing(store: Store, api: Any, products: Any) -> None:
    configure(store.world, api, provider_products_max_count=3)
    await refreshed(store)
    store.shop.products = products
    failed = await refreshed(store)
    assert failed["revision"] == 1
    assert failed["reason"]
    assert {one["difference"] for one in (await differing(store)).values()} == {"new"}
    # Asked again once it is put right.
    store.shop.products = PRODUCTS
    assert (await refreshed(store))["reason"] is None
