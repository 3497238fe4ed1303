"""One payout is held, let go on, left out or stopped by itself until its file, and the others go on."""

import asyncio
from typing import Any

import pytest

from services.rewards.erasure.handlers import look_after, on_members
from services.rewards.payouts.holds.handlers.deciding import count_holds
from services.rewards.payouts.holds.handlers.told import on_holds_told
from shared.contracts.facts import MEMBER_ERASED, PAYOUT_HOLD_CHANGED
from tests.integration.services.backups import backup, restore
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.finance import (
    IBANS,
    Finance,
    approved,
    assert_altered,
    check,
    ibans_paid,
    shown,
)
from tests.integration.services.rewards.office import Office, published
from tests.integration.services.world import NOON, tie

pytestmark = pytest.mark.stack

REASON = "held by finance: it is being looked at"
NOTE = "Called on Monday"


async def hold(finance: Finance, payout: Any, api: Any = None, **more: Any) -> Any:
    body = {"cause": "under_review", "note": NOTE} | more
    return await (api or finance.maker).post(f"/v1/payouts/{payout['payout_id']}/hold", json=body)


async def held(finance: Finance, payout: Any) -> Any:
    answer = await hold(finance, payout)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def release(finance: Finance, standing: Any, api: Any = None) -> Any:
    return await (api or finance.maker).post(f"/v1/payout-holds/{standing['hold_id']}/release")


async def leave_out(finance: Finance, payout: Any, **more: Any) -> Any:
    body = {"cause": "disputed"} | more
    return await finance.maker.post(f"/v1/payouts/{payout['payout_id']}/leave-out", json=body)


async def states(finance: Finance, run: Any) -> dict[str, tuple[str, str | None]]:
    return {name: (one["state"], one["reason"]) for name, one in (await finance.payouts(run)).items()}


async def test_what_is_held_is_not_paid_and_what_is_released_is(both: Finance, person: Any) -> None:
    other, third = await person(), await person()
    first = await both.run()
    standing = await held(both, (await both.payouts(first))["ada"])
    assert (standing["state"], standing["reason"], standing["note"]) == ("standing", REASON, NOTE)
    assert await states(both, first) == {"ada": ("failed", REASON), "bob": ("eligible", None)}
    assert (await both.approve(first)).status_code == 200
    assert (await both.file(first)).status_code == 200
    assert await ibans_paid(both, first) == [IBANS["bob"]]

    second = await both.run()
    assert await states(both, second) == {"ada": ("held", REASON)}
    before = (await shown(both, second))["seal"]
    assert (await release(both, standing, other.api)).json()["state"] == "released"
    assert await states(both, second) == {"ada": ("eligible", None)}
    assert (await shown(both, second))["seal"] != before
    refused = await other.approve(second)
    assert refused.json()["type"] == "urn:plaudit:problem:four-eyes"
    assert "You released a payout of it from being held" in refused.json()["detail"]
    assert (await third.approve(second)).status_code == 200
    assert (await both.file(second)).status_code == 200
    assert await ibans_paid(both, second) == [IBANS["ada"]]
    assert (await check(both))["balanced"]
    told = [fact for fact in await both.world.published() if fact["type"] == "payout.hold_changed.v1"]
    assert [fact["data"]["state"] for fact in told] == ["standing", "released"]
    assert NOTE not in str(told)
    # Nobody was written to that money came back: none had left.
    assert [message for message in both.world.messages if message["kind"] == "payout"] == []


async def test_an_approved_payout_is_stopped_by_itself_and_has_its_points_again(both: Finance) -> None:
    run = await approved(both)
    ada = (await both.payouts(run))["ada"]
    assert await both.world.balance("ada") == {"available": 50, "reserved": 1_200}
    await held(both, ada)
    assert await both.world.balance("ada") == {"available": 1_250}
    assert (await both.file(run)).status_code == 200
    assert await ibans_paid(both, run) == [IBANS["bob"]]
    late = await hold(both, (await both.payouts(run))["bob"])
    assert (late.status_code, late.json()["type"]) == (409, "urn:plaudit:problem:payout-past-stopping")
    assert (await leave_out(both, ada)).status_code == 409  # it has failed already
    assert (await check(both))["balanced"]


async def test_what_is_left_out_is_computed_anew_by_the_next_run(both: Finance) -> None:
    run = await both.run()
    payout = (await both.payouts(run))["ada"]
    left = await leave_out(both, payout)
    assert (left.status_code, left.json()["state"]) == (200, "failed")
    assert left.json()["reason"] == "left out by finance: the amount is disputed"
    assert (await both.approve(run)).status_code == 200
    stopped = (await both.payouts(run))["bob"]
    assert (await leave_out(both, stopped, cause="asked")).status_code == 200
    assert (await both.file(run)).status_code == 409  # nothing is left to be paid
    again = await both.run()
    assert {name: one["amount_minor"] for name, one in (await both.payouts(again)).items()} == {
        "ada": payout["amount_minor"],
        "bob": stopped["amount_minor"],
    }
    assert (await check(both))["balanced"]


async def test_bank_details_do_not_end_a_hold_and_its_end_does_not_replace_them(finance: Finance) -> None:
    run = await finance.run()
    standing = await held(finance, (await finance.payouts(run))["bob"])
    assert (await states(finance, run))["bob"] == ("held", "no bank details")
    assert (await finance.payee("bob")).status_code == 200
    assert (await states(finance, run))["bob"] == ("held", REASON)
    assert (await release(finance, standing)).status_code == 200
    assert (await states(finance, run))["bob"] == ("eligible", None)
    # The other way round: released first.
    eve = await finance.run("eve")
    assert eve["payouts"] == []
    assert (await check(finance))["balanced"]


async def test_who_is_held_again_keeps_the_hold_and_both_ends_say_so(finance: Finance) -> None:
    run = await finance.run()
    payouts = await finance.payouts(run)
    first, again = await held(finance, payouts["bob"]), await hold(finance, payouts["bob"], cause="other")
    assert (again.json()["hold_id"], again.json()["cause"]) == (first["hold_id"], "under_review")
    for _ in range(2):
        assert (await release(finance, first)).json()["state"] == "released"
    other = await held(finance, payouts["bob"])
    listed = (await finance.maker.get("/v1/payout-holds", params={"limit": 1})).json()
    assert ([one["hold_id"] for one in listed["items"]], bool(listed["next"])) == ([other["hold_id"]], True)
    standing = (await finance.maker.get("/v1/payout-holds", params={"state": "standing"})).json()["items"]
    assert [(one["member_name"], one["hold_id"]) for one in standing] == [("Bob", other["hold_id"])]
    finance.world.configure(payout_holds_max_count=1)
    many = await hold(finance, payouts["ada"])
    assert (many.status_code, many.json()["type"]) == (409, "urn:plaudit:problem:too-many-payout-holds")
    async with finance.world.begin() as tx:
        await count_holds(tx)


async def test_a_hold_keeps_back_the_whole_person(both: Finance, world: Any) -> None:
    merging = Merging(world, on_members)
    run = await approved(both)
    standing = await held(both, (await both.payouts(run))["ada"])
    await merging.merge("ada", "bob")
    # Bob's was approved before they were one: it is looked at again before the file.
    assert (await both.file(run)).status_code == 409
    assert (await states(both, run))["bob"] == ("failed", REASON)
    assert (await states(both, await both.run()))["bob"] == ("held", REASON)
    await merging.unmerge("ada")
    assert (await release(both, standing)).status_code == 200
    assert (await check(both))["balanced"]


async def test_who_released_it_before_the_run_was_made_does_not_approve_it(both: Finance, person: Any) -> None:
    other = await person()
    standing = await held(both, (await both.payouts(await both.run()))["ada"])
    assert (await release(both, standing, other.api)).status_code == 200
    run = await both.run()
    assert "You released a payout" in (await other.approve(run)).json()["detail"]
    assert (await both.approve(run)).status_code == 200


async def test_nobody_holds_leaves_out_or_releases_what_is_their_own(finance: Finance) -> None:
    world = finance.world
    payouts = await finance.payouts(await finance.run())
    standing = await held(finance, payouts["bob"])
    await tie(world.pool, world.community, finance.maker, world.uuid("ada"), world.uuid("bob"))
    for answer in (
        await hold(finance, payouts["ada"]),
        await leave_out(finance, payouts["ada"]),
        await release(finance, standing),
    ):
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:plaudit:problem:about-yourself")


async def test_what_is_not_as_it_was_approved_is_not_stopped_but_an_alarm(both: Finance, by_hand: Any) -> None:
    run = await approved(both)
    ada = (await both.payouts(run))["ada"]
    await by_hand("update payouts set points = 700 where community = $1 and member_id = $2", ada["member_id"])
    assert_altered(await hold(both, ada))
    assert_altered(await leave_out(both, ada))
    assert (await both.maker.get("/v1/payout-holds")).json()["items"] == []


async def test_stopped_while_it_is_approved_it_is_paid_or_stopped_and_never_both(both: Finance) -> None:
    run = await both.run()
    payouts = await both.payouts(run)
    answers = await asyncio.gather(
        both.approve(run), leave_out(both, payouts["ada"]), hold(both, payouts["bob"]), return_exceptions=False
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200], [answer.text for answer in answers]
    assert {state for state, _ in (await states(both, run)).values()} == {"failed"}
    assert await both.world.balance("ada") == {"available": 1_250}
    assert (await both.file(run)).status_code == 409
    assert (await check(both))["balanced"]


async def test_what_was_told_of_holds_is_taken_in_again(finance: Finance, by_hand: Any) -> None:
    run = await finance.run()
    standing = await held(finance, (await finance.payouts(run))["ada"])
    ended = await held(finance, (await finance.payouts(run))["bob"])
    await release(finance, ended)
    told = [fact for fact in await finance.world.published() if fact["type"] == PAYOUT_HOLD_CHANGED.name]
    await by_hand("delete from payout_holds where community = $1")
    for _ in range(2):
        await finance.world.handle(on_holds_told, *told)
    listed = (await finance.maker.get("/v1/payout-holds")).json()["items"]
    assert {one["hold_id"]: (one["state"], one["note"]) for one in listed} == {
        standing["hold_id"]: ("standing", None),
        ended["hold_id"]: ("released", None),
    }
    assert (await states(finance, await finance.run()))["ada"] == ("held", REASON)


async def test_what_was_noted_of_somebody_goes_when_they_are_erased(finance: Finance, world: Any) -> None:
    standing = await held(finance, (await finance.payouts(await finance.run()))["bob"])
    assert standing["note"] == NOTE
    data = {"member_id": world.uuid("bob"), "revision": 9, "erased_at": NOON, "identities": [], "forfeits": False}
    erased = world.fact("member.erased.v1", "bob is erased", data)
    await world.handle(on_members, MEMBER_ERASED.adapter.validate_python(erased))
    async with world.begin() as tx:
        await look_after(tx)
    (listed,) = (await finance.maker.get("/v1/payout-holds")).json()["items"]
    assert (listed["note"], listed["state"]) == (None, "standing")


async def test_after_a_restore_nobody_is_paid_whose_money_was_held(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        ada = (await office.payouts(await office.run("first")))["ada"]
        await office.ask("POST", f"/v1/payouts/{ada['payout_id']}/hold", json={"cause": "under_review"})
        await published(office)
    await restore(office.state, "rewards", saved)
    async with office.open():
        (standing,) = (await office.ask("GET", "/v1/payout-holds?state=standing"))["items"]
        assert standing["member_id"] == office.world.uuid("ada")
        second = (await office.payouts(await office.run("second")))["ada"]
        assert (second["state"], second["reason"]) == ("held", REASON)
        assert (await office.check())["balanced"]
