"""Months of the books: closed and opened again by two people, and whatever comes late is of the open one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.rewards.chain.handlers import chain
from services.rewards.lots.handlers.awards import on_awards
from services.rewards.periods.handlers import count_overdue, on_periods_told
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.rewards.finance import ByHand, Finance
from tests.integration.services.rewards.upkeep import run_out
from tests.waiting import until

pytestmark = pytest.mark.stack


def month_before(months: int) -> str:
    day = datetime.now(UTC).date().replace(day=1)
    for _ in range(months):
        day = (day - timedelta(days=1)).replace(day=1)
    return f"{day:%Y-%m}"


LAST, BEFORE = month_before(1), month_before(2)


def at(month: str, day: int = 15) -> timedelta:
    """How much later than now a day of a month is: below zero."""
    return datetime.fromisoformat(f"{month}-{day:02}T12:00:00+00:00") - datetime.now(UTC)


class Books:
    """The books of a community whose people close months."""

    def __init__(self, finance: Finance) -> None:
        self.finance, self.world = finance, finance.world

    async def booked(self, month: str, *awards: Any) -> None:
        self.world.later = at(month)
        try:
            await self.world.give(*awards)
        finally:
            self.world.later = timedelta(0)
        await self.chained()

    async def chained(self) -> None:
        async with self.world.begin() as tx:
            while await chain(tx):
                pass

    async def close(self, month: str) -> Any:
        return await self.finance.maker.post(f"/v1/periods/{month}/close")

    async def reopen(self, month: str) -> Any:
        return await self.finance.maker.post(f"/v1/periods/{month}/reopen", json={"reason": "charges came late"})

    async def confirm(self, month: str, api: Any = None) -> Any:
        return await (api or self.finance.approver).post(f"/v1/periods/{month}/confirm")

    async def withdraw(self, month: str) -> Any:
        return await self.finance.maker.post(f"/v1/periods/{month}/withdraw")

    async def closed(self, month: str) -> Any:
        for answer in (await self.close(month), await self.confirm(month)):
            assert answer.status_code == 200, answer.text
        return answer.json()

    async def month(self, month: str) -> Any:
        return (await self.finance.approver.get(f"/v1/periods/{month}")).json()

    async def figures(self, month: str) -> dict[tuple[str, str], tuple[int, int]]:
        found = (await self.month(month))["figures"]
        return {(one["kind"], one["currency"]): (one["before"], one["after"]) for one in found}


@pytest.fixture
async def books(world: Any, clients: Any) -> Books:
    """Ada was given 900 points two months ago, and 100 in the last one."""
    await world.publish()
    await world.join("ada")
    made = Books(Finance(world, await clients(), await clients()))
    await made.booked(BEFORE, world.award("first", "ada", 900))
    await made.booked(LAST, world.award("second", "ada", 100))
    return made


async def test_two_people_close_a_month_by_its_figures_and_nothing_is_booked_into_it(
    books: Books, all_pages: Any
) -> None:
    maker, approver = books.finance.maker, books.finance.approver
    listed = await all_pages(approver, "/v1/periods", limit=1)
    assert [one["month"] for one in listed] == [month_before(0), LAST, BEFORE]
    assert {one["state"] for one in listed} == {"open"}

    proposed = await books.close(BEFORE)

    assert (proposed.status_code, proposed.json()["state"]) == (200, "closing"), proposed.text
    assert (await books.close(BEFORE)).json() == proposed.json()
    assert (await books.confirm(BEFORE, maker)).json()["type"] == "urn:plaudit:problem:four-eyes"
    seen = await books.month(BEFORE)
    assert seen["balanced"]
    assert await books.figures(BEFORE) == {("available", "PTS"): (0, 900), ("points_issued", "PTS"): (0, -900)}
    last = (await approver.get("/v1/ledger/chain")).json()["last"]
    assert seen["block"] == {"number": last["number"], "hash": last["hash"]}
    closed = await books.confirm(BEFORE)
    assert (closed.status_code, closed.json()["state"]) == (200, "closed"), closed.text
    assert (await books.confirm(BEFORE)).status_code == 409

    # Whoever is still at work with the time of that month is refused by the database, and tried again.
    with pytest.raises(asyncpg.SerializationError, match="are closed until"):
        await books.booked(BEFORE, books.world.award("too-late", "ada", 5))
    await books.world.give(books.world.award("too-late", "ada", 5))
    await books.world.give(books.world.award("less", "ada", -40, "first", total=860))
    assert await books.figures(BEFORE) == {("available", "PTS"): (0, 900), ("points_issued", "PTS"): (0, -900)}
    assert (await books.figures(LAST))["available", "PTS"] == (900, 1000)
    assert (await books.figures(month_before(0)))["available", "PTS"] == (1000, 965)
    statement = await all_pages(approver, f"/v1/members/{books.world.uuid('ada')}/statement", limit=50)
    less = next(one for one in statement if one["kind"] == "amendment")
    first = next(one for one in statement if one["cause_id"] == books.world.uuid("award first"))
    assert less["amends"] == first["transfer_id"]
    facts = [fact["data"] for fact in await books.world.published() if fact["type"] == "ledger.period_changed.v1"]
    assert [(fact["month"], fact["state"], fact["revision"]) for fact in facts] == [
        (BEFORE, "closing", 1),
        (BEFORE, "closed", 2),
    ]
    assert [one["amount"] for one in facts[1]["figures"]] == [900, -900]
    assert facts[1]["block"]["hash"] == last["hash"]


async def test_months_are_closed_in_order_and_opened_the_other_way(books: Books) -> None:
    async def why(answer: Any) -> str:
        assert answer.status_code == 409, answer.text
        return str(answer.json()["detail"])

    assert "not over yet" in await why(await books.close(month_before(0)))
    assert "is open" in await why(await books.reopen(BEFORE))
    assert "waits for nobody" in await why(await books.confirm(LAST))
    await books.closed(BEFORE)
    await books.closed(LAST)
    assert "comes after it" in await why(await books.reopen(BEFORE))
    assert (await books.reopen(LAST)).json()["state"] == "reopening"
    assert (await books.withdraw(LAST)).json()["state"] == "closed"
    assert (await books.reopen(LAST)).json()["reason"] == "charges came late"
    with pytest.raises(asyncpg.SerializationError):
        await books.booked(LAST, books.world.award("between", "ada", 5))
    assert (await books.confirm(LAST, books.finance.maker)).status_code == 403
    assert (await books.confirm(LAST)).json()["state"] == "open"
    await books.booked(LAST, books.world.award("between", "ada", 5))
    assert (await books.figures(LAST))["available", "PTS"] == (900, 1005)
    await books.closed(LAST)
    for path in (f"/v1/periods/{month_before(3)}", "/v1/periods/2099-01"):
        assert (await books.finance.maker.get(path)).status_code == 404
    assert (await books.finance.maker.get("/v1/periods/2026-13")).status_code == 422


async def test_months_before_the_first_that_is_closed_are_locked(books: Books, all_pages: Any) -> None:
    async def states() -> dict[str, str]:
        listed = await all_pages(books.finance.approver, "/v1/periods", limit=1)
        return {one["month"]: one["state"] for one in listed}

    open_one = {month_before(0): "open"}
    assert (await books.close(LAST)).json()["state"] == "closing"
    assert await states() == {BEFORE: "locked", LAST: "closing", **open_one}
    assert (await books.withdraw(LAST)).status_code == 200
    assert await states() == {BEFORE: "open", LAST: "open", **open_one}
    await books.closed(LAST)
    assert await states() == {BEFORE: "locked", LAST: "closed", **open_one}
    assert (await books.month(BEFORE))["state"] == "locked"
    with pytest.raises(asyncpg.SerializationError, match="are closed until"):
        await books.booked(BEFORE, books.world.award("too-late", "ada", 5))
    for refused in (await books.close(BEFORE), await books.reopen(BEFORE)):
        assert (refused.status_code, "as a later month is shut" in refused.text) == (409, True), refused.text
    await books.reopen(LAST)
    assert await states() == {BEFORE: "locked", LAST: "reopening", **open_one}
    await books.confirm(LAST)
    assert await states() == {BEFORE: "open", LAST: "open", **open_one}
    assert (await books.closed(BEFORE))["state"] == "closed"


async def test_what_is_being_booked_when_a_month_is_shut_is_in_its_figures_or_in_the_next_month(
    books: Books,
) -> None:
    world = books.world
    world.later = at(BEFORE)
    async with world.begin() as tx:
        world.later = timedelta(0)
        await on_awards(tx, [world.award("under-way", "ada", 1)])
        closing = asyncio.create_task(books.close(BEFORE))
        await until_shut(books)
        assert not closing.done()
    await books.chained()
    assert (await closing).status_code == 200
    assert (await books.figures(BEFORE))["available", "PTS"] == (0, 901)
    assert (await books.confirm(BEFORE)).json()["state"] == "closed"


async def until_shut(books: Books) -> None:
    async def is_shut() -> bool:
        return (await books.month(BEFORE))["state"] == "closing"

    await until(is_shut)


async def test_a_redemption_under_way_over_a_close_ends_in_the_open_month(books: Books) -> None:
    world, maker = books.world, books.finance.maker
    body = {"member_id": world.uuid("ada"), "reward_id": "shirt"}
    made = await maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "r"})
    assert made.status_code == 201, made.text
    await books.chained()
    await books.closed(BEFORE)
    await books.closed(LAST)
    world.later = timedelta(hours=1)
    async with world.begin() as tx:
        await run_out(tx, expire_reservations)
    world.later = timedelta(0)
    assert await world.balance("ada") == {"available": 1000}
    assert (await world.check()).differences == 0


async def test_a_month_that_was_altered_is_not_confirmed(books: Books, by_hand: ByHand) -> None:
    assert (await books.close(BEFORE)).status_code == 200
    await by_hand("update entries set amount = amount + sign(amount)::int where community = $1")
    assert (await books.confirm(BEFORE)).json()["type"] == "urn:plaudit:problem:rows-altered"
    assert (await books.withdraw(BEFORE)).json()["state"] == "open"


async def test_what_a_month_closed_with_is_read_back(books: Books, by_hand: ByHand) -> None:
    await books.closed(BEFORE)
    before = await books.month(BEFORE)
    facts = [fact for fact in await books.world.published() if fact["type"] == "ledger.period_changed.v1"]
    await by_hand("delete from periods where community = $1")
    assert (await books.month(BEFORE))["state"] == "open"

    await books.world.handle(on_periods_told, *reversed(facts))

    assert await books.month(BEFORE) == before


async def test_after_a_restore_a_month_is_opened_and_closed_again_before_the_next_is(
    books: Books, by_hand: ByHand
) -> None:
    await books.closed(BEFORE)
    facts = [fact for fact in await books.world.published() if fact["type"] == "ledger.period_changed.v1"]
    for one in facts[-1]["data"]["figures"]:
        one["amount"] += 50 if one["amount"] > 0 else -50
    await by_hand("delete from periods where community = $1")
    await books.world.handle(on_periods_told, *facts)
    # 50 of what it was closed with were forgotten, and are booked again.
    await books.booked(LAST, books.world.award("forgotten", "ada", 50))
    assert (await books.close(LAST)).status_code == 200
    refused = await books.confirm(LAST)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:period-refused")
    assert f"What {BEFORE} was closed with" in refused.json()["detail"]
    await books.withdraw(LAST)
    await books.reopen(BEFORE)
    await books.confirm(BEFORE)
    await books.closed(BEFORE)
    await books.closed(LAST)
    assert (await books.figures(LAST))["available", "PTS"] == (900, 1050)


async def test_a_month_that_stays_open_too_long_is_counted(books: Books) -> None:
    async def overdue() -> float:
        async with books.world.begin() as tx:
            await count_overdue(tx)
        return REGISTRY.get_sample_value("plaudit_rewards_periods_overdue") or 0.0

    books.world.configure(period_close_days=366)
    before = await overdue()
    await books.closed(BEFORE)
    assert await overdue() == before
    books.world.later = timedelta(days=500)
    assert await overdue() >= before + 1


async def test_the_database_refuses_what_would_overdraw_an_account(books: Books) -> None:
    account = await books.world.pool.fetchval(
        "select account_id from accounts where community = $1 and kind = 'available'", books.world.community
    )
    await books.world.pool.execute(
        "update balances set amount = amount - 5000 where community = $1 and account_id = $2",
        books.world.community,
        account,
    )
    maker = books.finance.maker
    await books.world.give(books.world.award("more", "ada", 9000))
    body = {"member_id": books.world.uuid("ada"), "reward_id": "shirt"}
    assert (await maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "r"})).status_code == 201
    with pytest.raises(asyncpg.CheckViolationError, match="would be overdrawn"):
        await books.world.pool.execute(
            """
            update balances b set amount = b.amount - 401 from accounts a
            where a.community = $1 and a.kind = 'reserved'
              and (b.community, b.account_id) = (a.community, a.account_id)
            """,
            books.world.community,
        )
