"""The whole service on a real broker: awards in, payouts out, and nothing twice when it starts again."""

import socket
from typing import Any

import httpx
import pytest

from services.rewards.main import SPEC
from services.rewards.settings import Settings
from shared.access_keys import hash_secret
from shared.contracts.facts import PAYOUT_FACT
from shared.topics import ACCESS_KEYS, MEMBERS, PAYOUTS, PEOPLE, POINTS, PROGRAMMES, Topic, record_key
from tests.integration.services.process import read, running, send
from tests.integration.services.world import person_fact
from tests.waiting import until

SECRET = "plk_test_secret"

pytestmark = pytest.mark.stack


def award_records(world: Any, count: int) -> list[tuple[Topic, bytes, Any]]:
    facts = [world.award(f"a{number}", f"m{number % 7}", 100) for number in range(count)]
    return [(POINTS, record_key(world.community, fact["data"]["member_id"]), fact) for fact in facts]


async def test_awards_become_points_and_payouts_and_a_restart_repeats_nothing(stack: Any, world: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = Settings(**stack.settings("rewards") | {"http_port": port})
    awards = award_records(world, 70)
    payee = world.uuid("m0")

    async with running(SPEC, settings):
        await send(stack.state, awards[:50])
        await until(lambda: has(world, "transfers", 50))
    async with running(SPEC, settings) as parts:
        world.told = parts.told  # what this process told is on the broker
        await send(stack.state, awards)  # the first fifty come again
        for topic, key, fact in (
            (MEMBERS, payee, world.member("m0", "Zoë", 1)),
            (PROGRAMMES, "demo", programme(world)),
            (PEOPLE, "maker", person(world, "maker", "finance_maker")),
            (PEOPLE, "approver", person(world, "approver", "finance_approver")),
            (ACCESS_KEYS, "maker", access_key(world, "maker", "payouts:write", "payouts:read")),
            (ACCESS_KEYS, "approver", access_key(world, "approver", "payouts:approve")),
        ):
            await send(stack.state, [(topic, record_key(world.community, key), fact)])
        await until(lambda: has(world, "transfers", 70))
        for table in ("followed_members", "programmes"):
            await until(lambda table=table: has(world, table, 1))
        for table in ("access_keys", "followed_people"):
            await until(lambda table=table: has(world, table, 2))
        await pay(port, world.community, payee)

        records = await read(stack.state, PAYOUTS, world.community, 18)
    facts = [PAYOUT_FACT.validate_json(record.value) for record in records]

    assert await world.balance("m0") == {"reserved": 1_000}
    assert sum([(await world.balance(f"m{n}")).get("available", 0) for n in range(1, 7)]) == 6_000
    states = [fact["data"]["state"] for fact in facts if fact["type"] == "payout.changed.v1"]
    assert [states.count(state) for state in ("accrued", "held", "eligible", "reserved", "submitted")] == [
        7,
        6,
        1,
        1,
        1,
    ]
    lots = [lot for fact in facts if fact["type"] == "payout.lots.v1" for lot in fact["data"]["lots"]]
    assert sum(lot["points"] for lot in lots) == 1_000
    assert (await world.check()).differences == 0


async def has(world: Any, table: str, count: int) -> bool:
    return bool(await world.count(table) == count)


def programme(world: Any) -> Any:
    account = {"name": "Example", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
    terms = {"currency": "EUR", "points": 100, "minor": 1, "minimum_points": 500, "paying_account": account}
    return world.programme_fact(1, {"programme": "demo", "rewards": {"payout": terms}})


def access_key(world: Any, name: str, *scopes: str) -> Any:
    data = {
        "key_id": name,
        "person_id": world.uuid(f"person {name}"),
        "name": name,
        "secret_sha256": hash_secret(f"{SECRET}_{name}_{world.community}"),
        "scopes": list(scopes),
        "revoked": False,
    }
    return world.fact("access_key.changed.v1", name, data)


def person(world: Any, name: str, *roles: str) -> Any:
    return person_fact(world.community, world.uuid(f"person {name}"), *roles)


async def pay(port: int, community: str, payee: str) -> None:
    """Through the process's own API: bank details, a run, its approval and its file."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:

        async def ask(method: str, path: str, name: str, **more: Any) -> Any:
            headers = {"Authorization": f"Bearer {SECRET}_{name}_{community}", "Idempotency-Key": "run"}
            answer = await http.request(method, path, headers=headers, **more)
            assert answer.is_success, answer.text
            return answer.json()

        await ask("PUT", f"/v1/payees/{payee}", "maker", json={"name": "Zoë", "iban": "NL91ABNA0417164300"})
        run = await ask("POST", "/v1/payout-runs", "maker")
        await ask("POST", f"/v1/payout-runs/{run['run_id']}/approve", "approver")
        filed = await ask("POST", f"/v1/payout-runs/{run['run_id']}/file", "maker")
        assert (filed["payment_count"], filed["control_sum_minor"]) == (1, 10)
