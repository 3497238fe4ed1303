"""The books as finance looks into them: what would be paid, accounts, and transfers."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.rewards.books.handlers import fold
from services.rewards.ledger.domain.entries import Owner
from services.rewards.ledger.store.balances import load_due
from services.rewards.ledger.store.entries import fold_sums
from tests.integration.services.rewards.finance import ByHand, Finance, filed

pytestmark = pytest.mark.stack


async def test_a_preview_says_what_the_run_then_is(finance: Finance) -> None:
    await finance.world.give(finance.world.award("held", "bob", 700))

    preview = (await finance.approver.get("/v1/payout-run-preview")).json()

    assert (preview["payer"]["name"], preview["currency"], preview["minor"]) == ("Example Community", "EUR", 50)
    run = await finance.run()
    made = {one["state"]: {**one, "payouts_count": one["count"]} for one in run["payouts"]}
    for key, state in (("paid", "eligible"), ("held", "held")):
        assert preview[key] == {name: made[state][name] for name in preview[key]}
    # Nobody is in two runs.
    again = (await finance.maker.get("/v1/payout-run-preview")).json()
    assert (again["paid"]["payouts_count"], again["held"]["payouts_count"]) == (0, 0)


async def test_without_terms_there_is_no_preview(finance: Finance) -> None:
    await finance.world.publish(2, None)
    refused = await finance.maker.get("/v1/payout-run-preview")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:no-payable-terms")


async def test_the_trial_balance_is_zero_and_leads_to_entries_and_transfers(
    finance: Finance, all_pages: Any
) -> None:
    run = await filed(finance)
    await finance.outcome(run, "settled")

    books = (await finance.approver.get("/v1/ledger/accounts")).json()

    assert {one["currency"]: one["total"] for one in books["totals"]} == {"EUR": 0, "PTS": 0}
    by_kind = {(one["kind"], one["currency"]): one for one in books["accounts"]}
    paid = (await finance.world.balance("ada"))["paid"]
    assert by_kind["paid", "PTS"]["amount"] == paid
    listed = await all_pages(finance.approver, "/v1/ledger/member-accounts", limit=1, kind="available")
    assert sum(one["amount"] for one in listed) == by_kind["available", "PTS"]["amount"]
    assert {one["member_name"] for one in listed} == {"Ada", "Bob", "Eve"}
    bank = by_kind["bank", "EUR"]
    url = f"/v1/ledger/accounts/{bank['account_id']}"
    account = (await finance.maker.get(url)).json()
    assert (account["kind"], account["amount"], account["member_id"]) == ("bank", bank["amount"], None)
    entries = await all_pages(finance.maker, f"{url}/entries", limit=1)
    assert sum(one["amount"] for one in entries) == bank["amount"]
    assert {one["kind"] for one in entries} == {"payout_settled"}

    transfer = (await finance.maker.get(f"/v1/ledger/transfers/{entries[0]['transfer_id']}")).json()
    assert transfer["member_id"] == finance.world.uuid("ada")
    sides = [(one["account"], one["currency"], one["amount"]) for one in transfer["entries"]]
    money = bank["amount"]
    assert sides == [
        ("bank_in_transit", "EUR", -money),
        ("bank", "EUR", money),
        ("reserved", "PTS", -paid),
        ("paid", "PTS", paid),
    ]
    for path in ("accounts", "transfers"):
        assert (await finance.maker.get(f"/v1/ledger/{path}/{uuid4()}")).status_code == 404
    assert (await finance.maker.get(f"/v1/ledger/accounts/{uuid4()}/entries")).status_code == 404


async def test_books_and_statements_of_another_time(finance: Finance, all_pages: Any) -> None:
    async def books(**asked: str) -> Any:
        found = (await finance.approver.get("/v1/ledger/accounts", params=asked)).json()
        assert not any(one["total"] for one in found["totals"])
        return {(one["kind"], one["currency"]): one["amount"] for one in found["accounts"]}

    async def members(**asked: str) -> Any:
        found = await all_pages(finance.approver, "/v1/ledger/member-accounts", limit=2, kind="available", **asked)
        return {one["member_id"]: one["amount"] for one in found}

    before, theirs = await books(), await members()
    between = datetime.now(UTC).isoformat()
    await finance.world.give(finance.world.award("more", "ada", 30), finance.world.award("first", "fay", 4))

    assert await books() != before
    assert await books(at=between) == before
    assert await members() == theirs | {
        finance.world.uuid("ada"): theirs[finance.world.uuid("ada")] + 30,
        finance.world.uuid("fay"): 4,
    }
    assert await members(at=between) == theirs
    assert await books(at="2001-01-01T00:00:00Z") == {}
    assert await books(at="2901-01-01T00:00:00Z") == await books()

    statement = f"/v1/members/{finance.world.uuid('ada')}/statement"
    account = next(
        one["account_id"]
        for one in await all_pages(finance.approver, "/v1/ledger/member-accounts", limit=9, kind="available")
        if one["member_id"] == finance.world.uuid("ada")
    )
    for path in (statement, f"/v1/ledger/accounts/{account}/entries"):
        old = await all_pages(finance.approver, path, limit=1, to=between)
        new = await all_pages(finance.approver, path, limit=1, **{"from": between})
        assert [one["amount"] for one in new] == [30]
        assert new + old == await all_pages(finance.approver, path, limit=50)


async def test_the_trial_balance_has_every_account_once_while_its_parts_are_folded(finance: Finance) -> None:
    world, run = finance.world, await filed(finance)
    await world.give(world.award("more", "eve", 30), world.award("other", "fay", 5))

    async def said() -> Any:
        books = (await finance.approver.get("/v1/ledger/accounts")).json()["accounts"]
        return {
            (one["kind"], one["currency"]): (one["accounts_count"], one["amount"])
            for one in books
            if one["account_id"] is None
        }

    async def added_up() -> Any:
        rows = await world.pool.fetch(
            """
            select kind, currency, count(*) as number, sum(amount)::bigint as amount
            from accounts join balances using (community, account_id)
            where community = $1 and owner is not null group by 1, 2
            """,
            world.community,
        )
        return {(row["kind"], row["currency"]): (row["number"], row["amount"]) for row in rows}

    before = await said()
    assert before == await added_up()
    assert before["reserved", "PTS"][1] > 0
    async with world.begin() as tx:
        assert await fold_sums(tx.conn, limit=1_000) > len(before)
        # Who books meanwhile waits for nobody.
        async with asyncio.timeout(10):
            await world.give(world.award("meanwhile", "eve", 7))
            assert await said() == await added_up()
    async with world.begin() as tx:
        await fold(tx)
    assert await said() == await added_up()
    parts = await world.pool.fetchval("select count(*) from member_sums where community = $1", world.community)
    assert parts == len(await added_up())
    await finance.outcome(run, "settled")
    assert await said() == await added_up()
    assert (await finance.approver.get("/v1/ledger/check")).json()["sum_differences"] == []


LATER_COUNT = 2_000


async def test_a_balance_reads_no_lot_whose_time_has_not_come(finance: Finance, by_hand: ByHand) -> None:
    """By how many lots are read: which index does it depends on what else there is."""
    world, now = finance.world, datetime.now(UTC)
    owner = Owner(world.community, world.uuid("ada"))
    admin = by_hand.connection
    changes = admin.transaction()
    await changes.start()
    # Lots of Ada whose time comes in a year, seen by this transaction alone, which knows how many there are.
    await by_hand(
        """
        insert into lots (community, award_id, member_id, points, remaining, earned_at, expires_at, pending_until)
        select $1, gen_random_uuid(), $2, 1, 1, $3, $4::timestamptz,
            case when n % 2 = 0 then $4::timestamptz end
        from generate_series(1, $5) n
        """,
        owner.member_id,
        now,
        now + timedelta(days=365),
        LATER_COUNT,
    )
    await admin.execute("analyze lots")
    read: list[int] = []

    class Explained:
        async def fetchrow(self, query: str, *values: Any) -> None:
            row = await admin.fetchval(f"explain (analyze, format json) {query}", *values)
            read.extend(lots_read(orjson.loads(row)[0]["Plan"]))

    try:
        await load_due(Explained(), owner, now=now, at=now + timedelta(days=1))  # type: ignore[arg-type]
    finally:
        await changes.rollback()
    assert len(read) == 3
    assert sum(read) < LATER_COUNT / 20, read


def lots_read(plan: Any) -> Iterator[int]:
    """How many lots each scan of a plan looked at, those too that it put aside."""
    if plan.get("Relation Name") == "lots":
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield int(rows * plan["Actual Loops"])
    for below in plan.get("Plans", ()):
        yield from lots_read(below)


async def test_every_transfer_of_a_member_is_whole(finance: Finance, all_pages: Any) -> None:
    world = finance.world
    run = await filed(finance)
    payout = (await finance.payouts(run))["ada"]
    await finance.outcome(run, "returned", payout_ids=[payout["payout_id"]], reason="MS03")
    await world.give(world.award("less", "ada", -20, "a0", revision=1, total=230))
    statement = await all_pages(finance.maker, f"/v1/members/{world.uuid('ada')}/statement", limit=50)
    transfers = {one["transfer_id"] for one in statement}
    assert len({one["kind"] for one in statement}) >= 3
    for transfer_id in transfers:
        transfer = (await finance.maker.get(f"/v1/ledger/transfers/{transfer_id}")).json()
        sums: dict[str, int] = {}
        for side in transfer["entries"]:
            sums[side["currency"]] = sums.get(side["currency"], 0) + side["amount"]
        assert sums
        assert transfer["is_whole"]
        assert set(sums.values()) == {0}, transfer
        own = {(one["account"], one["amount"]) for one in statement if one["transfer_id"] == transfer_id}
        assert own == {(one["account"], one["amount"]) for one in transfer["entries"] if one["member_id"]}


async def test_an_outcome_is_foreseen_line_by_line_and_nothing_is_noted(finance: Finance) -> None:
    run = await filed(finance)
    payout = (await finance.payouts(run))["ada"]["payout_id"]
    url = f"/v1/payout-runs/{run['run_id']}/outcome-preview"
    lines = [
        {"payout_id": payout, "state": "returned"},
        {"payout_id": payout.replace("-", ""), "state": "settled"},
        {"payout_id": str(uuid4()), "state": "settled"},
    ]

    foreseen = (await finance.maker.post(url, json={"lines": lines})).json()["lines"]

    assert [(one["said"], one["why"]) for one in foreseen] == [
        ("proposed", None),
        (None, "another line names it too"),
        (None, "it is not one of this run"),
    ]
    assert (foreseen[0]["state"], foreseen[0]["payee_name"]) == ("submitted", "Ada Müller")
    assert (await finance.payouts(run))["ada"]["state"] == "submitted"

    async def said(state: str) -> tuple[str | None, str | None]:
        (line,) = (await finance.maker.post(url, json={"lines": [{"payout_id": payout, "state": state}]})).json()[
            "lines"
        ]
        return line["said"], line["why"]

    assert await said("settled") == ("changed", None)
    assert (await said("corrected"))[1] == "a payout that is submitted cannot become corrected"
    proposed = await finance.propose(run, "returned", payout_ids=[payout])
    assert "it waits in an outcome already" in str((await said("returned"))[1])
    await finance.confirm(run, proposed.json()["outcome"])
    assert await said("returned") == ("unchanged", None)
    unfiled = await finance.run()
    refused = await finance.maker.post(
        f"/v1/payout-runs/{unfiled['run_id']}/outcome-preview", json={"lines": lines}
    )
    assert refused.status_code == 409
