"""Runs of any size: in pieces that others wait for, going on by themselves, and nobody kept out of them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.payouts.runs.handlers.pieces import carry_on_runs
from tests.integration.services.rewards.finance import IBANS, ByHand, Finance, check, filed, shown, work

pytestmark = pytest.mark.stack


async def until(finance: Finance, run: Any, state: str, *, turns: int = 20) -> Any:
    for _ in range(turns):
        found = await shown(finance, run)
        if found["state"] == state:
            return found
        await work(finance.world)
    raise AssertionError(f"after {turns} turns it is {found['state']}")


@pytest.fixture
async def slow(both: Finance) -> Finance:
    """Ada, bob and eve are owed money and have bank details; requests only begin, and a piece is one payout."""
    await both.world.give(both.world.award("e2", "eve", 501))
    assert (await both.payee("eve")).status_code == 200
    both.world.configure(payouts_per_piece_max_count=1, payout_request_seconds=0)
    return both


async def begin_run(finance: Finance, key: str | None = None) -> Any:
    answer = await finance.maker.post("/v1/payout-runs", headers={"Idempotency-Key": key or uuid4().hex})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_who_is_held_keeps_nobody_out(finance: Finance) -> None:
    """A run has room for one; whoever has no bank details waits beside those who have some."""
    world = finance.world
    world.configure(payouts_per_run_max_count=1)
    names = {world.uuid(name): name for name in ("ada", "bob")}
    assert len(names) == 2
    run = await filed(finance)
    assert {name: one["state"] for name, one in (await finance.payouts(run)).items()} == {
        "ada": "submitted",
        "bob": "held",
    }
    assert (run["complete"], run["left_payable_count"]) == (True, 0)


async def test_whoever_waits_longest_comes_first(both: Finance) -> None:
    world = both.world
    await world.give(world.award("e2", "eve", 501))
    await both.payee("eve")
    world.configure(payouts_per_run_max_count=1)
    turns = []
    for number in range(7):
        run = await filed(both)
        (payout,) = (await both.payouts(run)).items()
        turns.append(payout[0])
        await world.give(*(world.award(f"{name} {number}", name, 1_000) for name in IBANS))
    # At first by the oldest of their points; then whoever was paid longest ago.
    assert turns == ["ada", "bob", "eve", "ada", "bob", "eve", "ada"]


async def test_whoever_fails_again_and_again_keeps_nobody_out(both: Finance) -> None:
    """Ada changes her account whenever a run was made."""
    both.world.configure(payouts_per_run_max_count=1)
    paid = []
    for number in range(4):
        run = await both.run()
        if "ada" in await both.payouts(run):
            await both.payee("ada", f"Ada {number}")
        await both.approve(run)
        paid += [(name, one["state"]) for name, one in (await both.payouts(run)).items()]
        await both.world.give(both.world.award(f"b{number}", "bob", 1_000))
        if paid[-1][1] == "reserved":
            await both.file(run)
    assert paid == [("ada", "failed"), ("bob", "reserved"), ("ada", "failed"), ("bob", "reserved")]


async def test_a_run_goes_on_by_itself_and_says_how_far_it_is(slow: Finance) -> None:
    world = slow.world
    run = await begin_run(slow, "weekly")
    assert (run["state"], run["progress"], run["seal"]) == ("computing", {"done_count": 1, "total_count": 3}, None)
    await work(world)
    assert (await shown(slow, run))["progress"] == {"done_count": 2, "total_count": 3}
    # Asked again it goes on, too; nobody may approve it yet.
    assert (await begin_run(slow, "weekly"))["progress"] == {"done_count": 3, "total_count": 3}
    assert (await slow.approve(run)).status_code == 409
    run = await until(slow, run, "open")
    assert run["seal"] is not None
    assert run["progress"] is None

    approving = await slow.approve(run)
    assert (approving.status_code, approving.json()["state"]) == (202, "approving")
    assert approving.json()["progress"] == {"done_count": 1, "total_count": 3}
    assert (await slow.file(run)).status_code == 409
    # Meanwhile another gives bank details, and whoever had theirs changed is not paid.
    later = max((await slow.payouts(run)).values(), key=lambda payout: payout["payout_id"])
    name = next(name for name in IBANS if world.uuid(name) == later["member_id"])
    assert (await slow.payee(name, "Somebody Else")).status_code == 200
    await until(slow, run, "approved")
    states = {one: payout["state"] for one, payout in (await slow.payouts(run)).items()}
    assert states == dict.fromkeys(IBANS, "reserved") | {name: "failed"}
    assert (await slow.approve(run)).status_code == 200

    filing = await slow.file(run)
    assert (filing.status_code, filing.json()["state"]) == (202, "filing")
    assert (await slow.maker.get(f"/v1/payout-runs/{run['run_id']}/file")).status_code == 404
    assert (await slow.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 409
    await until(slow, run, "filed")
    written = (await slow.file(run)).json()
    assert written["payment_count"] == 2
    content = await slow.maker.get(f"/v1/payout-runs/{run['run_id']}/file")
    assert content.status_code == 200
    assert (await check(slow))["balanced"]
    told = [fact["data"]["state"] for fact in await world.published() if fact["type"] == "payout_run.changed.v1"]
    assert told == ["computing", "open", "approving", "approved", "filing", "filed"]


async def test_the_timer_works_at_one_run_after_the_other(slow: Finance) -> None:
    """It is everybody's: however many runs of others wait, and stop, this one's turn comes."""
    world = slow.world
    run = await begin_run(slow)
    for _ in range(300):
        world.later += timedelta(seconds=1)
        async with world.begin() as tx:
            await carry_on_runs(tx)
        if (await shown(slow, run))["state"] == "open":
            return
    raise AssertionError("300 turns were not enough")


@pytest.mark.parametrize("state", ["computing", "approving"])
async def test_work_that_goes_on_can_be_given_up(slow: Finance, state: str) -> None:
    world = slow.world
    run = await begin_run(slow)
    if state == "approving":
        await until(slow, run, "open")
        assert (await slow.approve(run)).status_code == 202
    cancelling = await slow.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")
    assert (cancelling.status_code, cancelling.json()["state"]) == (202, "cancelling")
    await until(slow, run, "cancelled")
    assert await world.balance("ada") == {"available": 1_250}
    assert await world.money() == {}
    assert await world.count("payout_run_members") == 0
    again = await begin_run(slow)
    await until(slow, again, "open")
    assert len(await slow.payouts(again)) == 3
    assert (await check(slow))["balanced"]


async def test_whoever_may_not_act_any_more_stops_it_in_the_midst(slow: Finance, by_hand: ByHand) -> None:
    run = await begin_run(slow)
    await until(slow, run, "open")
    approving = (await slow.approve(run)).json()
    await by_hand(
        "update access_keys set revoked = true where community = $1 and key_id = $2", approving["decided_by"]
    )
    for _ in range(3):
        await work(slow.world)
    stopped = await shown(slow, run)
    assert stopped["progress"] == approving["progress"]
    assert "was revoked" in stopped["stopped"]
    assert (await slow.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 202
    await until(slow, run, "cancelled")


async def test_a_run_that_somebody_set_to_be_approved_by_hand_is_not(slow: Finance) -> None:
    """The state is what the service's role may write: what is said yes to is sealed, and that is not."""
    run = await begin_run(slow)
    run = await until(slow, run, "open")
    for state in ("approving", "filing"):
        await slow.world.pool.execute(
            "update payout_runs set state = $2, decided_by = created_by, filing_by = created_by"
            " where community = $1",
            slow.world.community,
            state,
        )
        for _ in range(6):
            await work(slow.world)
        assert {one["state"] for one in (await slow.payouts(run)).values()} == {"eligible"}
        assert (await shown(slow, run))["state"] == state
        assert await slow.world.count("payout_files") == 0


async def test_a_payout_that_is_put_in_while_it_is_approved_is_found(slow: Finance, by_hand: ByHand) -> None:
    run = await begin_run(slow)
    await until(slow, run, "open")
    assert (await slow.approve(run)).status_code == 202
    await by_hand("update payouts set amount_minor = amount_minor * 3 where community = $1 and state = 'eligible'")
    for _ in range(6):
        await work(slow.world)
    assert (await shown(slow, run))["state"] == "approving"
    assert (await check(slow))["balanced"] is False
