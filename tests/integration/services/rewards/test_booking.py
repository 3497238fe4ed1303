"""Awards become points once, whatever comes again; and the database itself keeps the ledger right."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.rewards.ledger.domain.entries import (
    Owner,
    Transfer,
    community_account,
    member_account,
    move,
    transfer_id,
)
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots.handlers.upkeep import expire_points, mature_points
from shared.followed_members import on_members

pytestmark = pytest.mark.stack


@pytest.mark.usefixtures("new_rows")
async def test_awards_are_booked_once_however_often_they_come(world: Any) -> None:
    awards = [world.award(f"a{n}", "ada" if n % 2 else "bob", n) for n in range(1, 7)]

    await world.give(*awards[:4], awards[0])
    await world.give(*awards)
    await world.give(*awards)

    assert await world.balance("ada") == {"available": 9}
    assert await world.balance("bob") == {"available": 12}
    assert await world.lots("ada") == [1, 3, 5]
    assert (await world.count("transfers"), await world.count("entries")) == (6, 12)
    issued = community_account(world.community, "points_issued").account_id
    assert await world.pool.fetchval("select amount from balances where account_id = $1", issued) == -21
    assert (await world.check()).differences == 0


async def test_a_reversal_takes_back_its_own_lot_first(world: Any) -> None:
    await world.give(world.award("a", "ada", 10), world.award("b", "ada", 20))
    await world.give(world.award("not b", "ada", -20, amends="b"))
    assert await world.lots("ada") == [10, 0]
    assert await world.balance("ada") == {"available": 10}
    rows = await world.pool.fetch(
        "select amends, revision, why from transfers where community = $1 and kind = 'amendment'", world.community
    )
    assert [tuple(row) for row in rows] == [(UUID(transfer_id(world.uuid("award b"), "award")), 1, "retracted")]


async def test_points_already_used_become_a_debt_that_later_awards_pay(world: Any, api: Any) -> None:
    await world.publish()
    await world.give(world.award("a", "ada", 30))
    body = {"member_id": world.uuid("ada"), "reward_id": "sticker"}
    assert (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "k"})).status_code == 201

    await world.give(world.award("not a", "ada", -30, amends="a"))
    assert await world.balance("ada") == {"available": -30, "reserved": 30}
    await world.give(world.award("b", "ada", 25), world.award("c", "ada", 10), world.award("d", "ada", 7))

    assert await world.balance("ada") == {"available": 12, "reserved": 30}
    # What its own lot lacks no other gives up for good: fewer are available.
    assert await world.lots("ada") == [0, 25, 10, 7]
    assert (await world.check()).differences == 0


@pytest.mark.usefixtures("new_rows")
async def test_a_reversal_in_the_batch_of_its_award_and_before_it(world: Any) -> None:
    await world.give(world.award("a", "ada", 10), world.award("not a", "ada", -10, amends="a"))
    await world.give(world.award("not b", "bob", -5, amends="b"), world.award("b", "bob", 5))
    assert await world.balance("ada") == {}
    assert await world.balance("bob") == {}
    assert (await world.lots("ada"), await world.lots("bob")) == ([0], [0])
    assert (await world.check()).differences == 0


async def test_held_points_are_pending_until_their_time_and_are_reversed_there(world: Any) -> None:
    world.configure(points_hold_seconds=3600)
    await world.give(world.award("a", "ada", 10), world.award("b", "ada", 20))
    await world.give(world.award("not a", "ada", -10, amends="a"))
    assert await world.balance("ada") == {"pending": 20}
    async with world.begin() as tx:
        await mature_points(tx)
    assert await world.balance("ada") == {"pending": 20}
    async with world.begin() as tx:
        tx.now += timedelta(hours=2)
        await mature_points(tx)
    assert await world.balance("ada") == {"available": 20}
    assert await world.lots("ada") == [0, 20]
    assert (await world.check()).differences == 0


async def test_points_expire_when_their_time_is_over(world: Any) -> None:
    days = (datetime.now(UTC) - datetime(2026, 3, 4, tzinfo=UTC)).days
    world.configure(points_lifetime_seconds=(abs(days) + 30) * 86_400)
    await world.give(world.award("a", "ada", 10), world.award("b", "bob", 20))
    await world.give(world.award("not b", "bob", -15, amends="b"))
    async with world.begin() as tx:
        tx.now += timedelta(days=400 + 2 * abs(days))
        await expire_points(tx)
    assert await world.balance("ada") == {"expired": 10}
    assert await world.balance("bob") == {"expired": 5}
    assert await world.lots("ada") == [0]
    assert (await world.check()).differences == 0


async def test_many_members_and_reversals_in_batches_of_any_size_add_up(world: Any) -> None:
    chance = random.Random(11)
    expected: Counter[str] = Counter()
    facts, open_awards = [], []
    for number in range(1_500):
        if open_awards and chance.random() < 0.15:
            name, member, points = open_awards.pop(chance.randrange(len(open_awards)))
            facts.append(world.award(f"not {name}", member, -points, amends=name))
            expected[member] -= points
        else:
            one = (f"a{number}", f"m{chance.randrange(60)}", chance.randrange(1, 50))
            facts.append(world.award(*one))
            open_awards.append(one)
            expected[one[1]] += one[2]
    at = 0
    while at < len(facts):
        size = chance.choice((1, 3, 50, 400))
        await world.give(*facts[max(0, at - 5) : at + size])
        at += size

    assert {member: (await world.balance(member)).get("available", 0) for member in expected} == expected
    found = await world.check()
    assert found.differences == 0
    assert found.ledger.entries_count == 2 * len(facts)


async def raw_transfer(world: Any, conn: Any, transfer: UUID) -> None:
    await conn.execute(
        "insert into transfers (community, transfer_id, kind, cause_id, event_time, recorded_at)"
        " values ($1, $2, 'award', $2, now(), now())",
        world.community,
        transfer,
    )


async def test_the_database_refuses_entries_that_do_not_sum_to_zero(world: Any) -> None:
    account, other, transfer = uuid4(), uuid4(), uuid4()
    add = """
        insert into entries (community, account_id, recorded_at, transfer_id, amount, currency)
        select $1, a, now(), $2, m, c from unnest($3::uuid[], $4::bigint[], $5::text[]) as e(a, m, c)
    """
    async with world.pool.acquire() as conn:
        await raw_transfer(world, conn, transfer)
        for amounts, currencies in (([10, -9], ["PTS", "PTS"]), ([10, -10], ["PTS", "EUR"])):
            with pytest.raises(asyncpg.CheckViolationError, match="do not sum to zero"):
                await conn.execute(add, world.community, transfer, [account, other], amounts, currencies)
        with pytest.raises(asyncpg.CheckViolationError, match="do not sum to zero"):
            await conn.copy_records_to_table(
                "entries",
                columns=("community", "account_id", "recorded_at", "transfer_id", "amount", "currency"),
                records=[(world.community, account, datetime.now(UTC), transfer, 5, "PTS")],
            )
    assert await world.count("entries") == 0


@pytest.mark.parametrize(
    "table",
    ["entries", "transfers", "accounts", "lot_uses", "lot_uses_given_back", "payout_files", "payout_changes"],
)
@pytest.mark.parametrize("command", ["update {} set community = 'x'", "delete from {}", "truncate {}"])
async def test_the_service_may_not_change_what_was_booked(world: Any, table: str, command: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.pool.execute(command.format(table))


async def test_the_check_finds_whatever_is_wrong(world: Any, api: Any, stack: Any) -> None:
    await world.give(world.award("a", "ada", 10), world.award("b", "bob", 20))
    answer = (await api.get("/v1/ledger/check")).json()
    assert answer["balanced"] is True
    assert answer["sums"] == [{"currency": "PTS", "entries": 4, "total": 0}]

    available = member_account(Owner(world.community, world.uuid("ada")), "available").account_id
    await world.pool.execute("update balances set amount = 11 where account_id = $1", available)
    await world.pool.execute(
        "update lots set remaining = 19 where community = $1 and remaining = 20", world.community
    )
    async with world.pool.acquire() as conn:
        await raw_transfer(world, conn, lonely := uuid4())
    answer = (await api.get("/v1/ledger/check")).json()

    assert answer["balanced"] is False
    assert [(d["kind"], d["balance"], d["entries"]) for d in answer["balance_differences"]] == [
        ("available", 11, 10)
    ]
    assert answer["sum_differences"] == [{"kind": "available", "currency": "PTS", "amount": 30, "balances": 31}]
    assert {d["member_id"]: (d["balance"], d["remaining"]) for d in answer["lot_differences"]} == {
        world.uuid("ada"): (11, 10),
        world.uuid("bob"): (20, 19),
    }
    assert [d["transfer_id"] for d in answer["unbalanced_transfers"]] == [str(lonely)]


@pytest.mark.usefixtures("new_rows")
async def test_a_transfer_of_a_command_is_never_booked_twice(world: Any) -> None:
    owner = Owner(world.community, world.uuid("ada"))
    made = transfer_id(owner.member_id, "maturity")
    accounts = (
        member_account(owner, "pending"),
        member_account(owner, "available"),
    )

    async def book() -> None:
        async with world.begin() as tx:
            transfer = Transfer(world.community, made, "maturity", owner.member_id, tx.now)
            await ledger_store.post(tx.conn, [transfer], entries=list(move(made, *accounts, 5)), now=tx.now)

    await book()
    with pytest.raises(ledger_store.NotNewError):
        await book()
    assert await world.balance("ada") == {"pending": -5, "available": 5}


async def test_statement_and_balance_explain_every_point(world: Any, api: Any, all_pages: Any) -> None:
    await world.publish()
    await world.join("ada")
    await world.give(world.award("a", "ada", 10), world.award("b", "ada", 40))
    body = {"member_id": world.uuid("ada"), "reward_id": "sticker"}
    redemption = (await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "k"})).json()
    await api.post(f"/v1/redemptions/{redemption['redemption_id']}/confirm")
    await world.give(world.award("not a", "ada", -10, amends="a"))

    balance = (await api.get(f"/v1/members/{world.uuid('ada')}/balance")).json()
    assert (balance["name"], balance["available"], balance["reserved"], balance["spent"]) == ("Ada", 10, 0, 30)
    lines = await all_pages(api, f"/v1/members/{world.uuid('ada')}/statement", limit=2)
    assert [(line["kind"], line["account"], line["amount"]) for line in lines[:1]] == [
        ("amendment", "available", -10)
    ]
    assert Counter((line["kind"], line["account"], line["amount"]) for line in lines) == Counter(
        [
            ("award", "available", 10),
            ("award", "available", 40),
            ("redemption_reserved", "available", -30),
            ("redemption_reserved", "reserved", 30),
            ("redemption_confirmed", "reserved", -30),
            ("redemption_confirmed", "spent", 30),
            ("amendment", "available", -10),
        ]
    )
    assert {line["cause_id"] for line in lines if line["kind"] == "award"} == {
        world.uuid("award a"),
        world.uuid("award b"),
    }
    assert (await api.get(f"/v1/members/{uuid4()}/balance")).status_code == 404
    assert (await api.get(f"/v1/members/{uuid4()}/statement")).status_code == 404
    await world.join("bob")
    assert (await api.get(f"/v1/members/{world.uuid('bob')}/statement")).json() == {"items": [], "next": None}
    assert (await api.get(f"/v1/members/{world.uuid('ada')}/statement?after=bad")).status_code == 422


async def test_a_members_name_is_that_of_the_highest_revision(world: Any, api: Any) -> None:
    await world.handle(on_members, world.member("ada", "Ada", 5), world.member("ada", "Older", 4))
    await world.handle(on_members, world.member("ada", "Oldest", 3))
    assert (await api.get(f"/v1/members/{world.uuid('ada')}/balance")).json()["name"] == "Ada"
