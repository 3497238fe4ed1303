"""Two people say how long points wait, from which amount payouts are made, and what keeps one back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.erasure.handlers import on_members
from services.rewards.metrics import PAYOUT_FINDINGS
from services.rewards.payouts.clearances.store import forget_clearance_reasons
from services.rewards.payouts.findings.handlers.looking import count_findings
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.conftest import TERMS
from tests.integration.services.rewards.finance import (
    IBANS,
    PAYER,
    Finance,
    approved,
    assert_altered,
    check,
    filed,
    ibans_paid,
)
from tests.integration.services.rewards.test_liability import problem
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack

POLICIES = "/v1/finance/payout-policies"
LOOKED_AT = "held by finance: the account is being checked"
YEAR = "held by finance: the year's total is being checked"


async def propose(finance: Finance, **terms: Any) -> Any:
    body = {"effective_from": "2026-01-01", "currency": "EUR"} | terms
    return await finance.maker.post(POLICIES, json=body, headers={"Idempotency-Key": uuid4().hex})


async def policy(finance: Finance, **terms: Any) -> Any:
    """One that is in force."""
    made = await propose(finance, **terms)
    assert made.status_code == 201, made.text
    done = await finance.approver.post(f"{POLICIES}/{made.json()['policy_id']}/approve")
    assert done.status_code == 200, done.text
    return done.json()


async def wait(finance: Finance, member: str) -> Any:
    answer = await finance.maker.get(f"/v1/members/{finance.world.uuid(member)}/payout-wait")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def findings(finance: Finance, **said: Any) -> list[Any]:
    answer = await finance.maker.get("/v1/payout-findings", params=said)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def states(finance: Finance, run: Any) -> dict[str, tuple[str, int, str | None]]:
    found = await finance.payouts(run)
    return {name: (one["state"], one["amount_minor"], one["reason"]) for name, one in found.items()}


async def test_a_policy_takes_two_people_and_applies_from_its_day(finance: Finance) -> None:
    made = await propose(finance, minimum_minor=10_000)
    path = f"{POLICIES}/{made.json()['policy_id']}"
    assert problem(await finance.maker.post(f"{path}/approve")) == (403, "payout-policy-four-eyes")
    assert (await finance.run())["minimum_minor"] == 0  # nobody approved it
    assert (await finance.approver.post(f"{path}/approve")).status_code == 200
    assert problem(await finance.maker.post(f"{path}/withdraw")) == (409, "payout-policy-decided")
    await policy(finance, minimum_minor=1, effective_from="2999-01-01")
    await policy(finance, minimum_minor=2, currency="USD")
    run = await finance.run()
    assert (run["minimum_minor"], run["policy_id"]) == (10_000, made.json()["policy_id"])
    wrong = await propose(finance, holding_days=91, warn_above_minor=2, stop_above_minor=1)
    assert wrong.status_code == 422
    assert problem(await finance.maker.get(f"{POLICIES}/{uuid4()}")) == (404, "unknown-payout-policy")


async def test_points_are_paid_once_they_have_waited(both: Finance) -> None:
    world, now = both.world, datetime.now(UTC)
    await world.give(
        world.award("new", "ada", 700, at=now - timedelta(days=3)),
        world.award("newer", "ada", 100, at=now - timedelta(days=1)),
        world.award("young", "eve", 1, at=now - timedelta(days=1)),
    )
    await policy(both, holding_days=14)
    said = await wait(both, "ada")
    assert (said["available_points"], said["waiting_points"], said["payable_minor"]) == (2_050, 800, 600)
    until = datetime.fromisoformat(said["payable_from"])
    assert until == (now - timedelta(days=3) + timedelta(days=14)).replace(microsecond=until.microsecond)
    run = await both.run()
    assert await states(both, run) == {"ada": ("eligible", 600, None), "bob": ("eligible", 250, None)}
    assert (await both.approve(run)).status_code == 200
    # What was used is what had waited, whatever expires first.
    used = await world.pool.fetch(
        "select sum(l.remaining)::int from lots l where community = $1 and earned_at > $2",
        world.community,
        now - timedelta(days=14),
    )
    assert used[0][0] == 801
    assert (await both.file(run)).status_code == 200
    world.later = timedelta(days=11, minutes=1)
    later = await both.run()
    assert await states(both, later) == {"ada": ("eligible", 350, None)}
    assert (await check(both))["balanced"]


async def test_what_expires_first_is_not_used_before_it_has_waited(finance: Finance) -> None:
    world, now = finance.world, datetime.now(UTC)
    await world.give(world.award("b young", "bob", 600, at=now - timedelta(days=1)))
    await world.pool.execute(
        "update lots set expires_at = $2 where community = $1 and earned_at > $3",
        world.community,
        now + timedelta(days=5),
        now - timedelta(days=2),
    )
    assert (await finance.payee("bob")).status_code == 200
    await policy(finance, holding_days=7)
    run = await filed(finance)
    assert (await states(finance, run))["bob"] == ("submitted", 250, None)
    left = await world.pool.fetchval(
        "select remaining from lots where community = $1 and earned_at > $2",
        world.community,
        now - timedelta(days=2),
    )
    assert left == 600
    assert "bob" not in await states(finance, await finance.run())


async def test_a_minimum_waits_for_the_total_and_says_what_is_missing(both: Finance) -> None:
    await policy(both, minimum_minor=500)
    assert await states(both, await both.run()) == {"ada": ("eligible", 600, None)}
    said = await wait(both, "bob")
    assert (said["payable_minor"], said["missing_points"], said["missing_minor"]) == (0, 0, 250)
    listed = (await both.maker.get("/v1/payout-waits", params={"limit": 1})).json()
    more = (await both.maker.get("/v1/payout-waits", params={"after": listed["next"]})).json()
    assert {one["member_name"]: one["missing_minor"] for one in [*listed["items"], *more["items"]]} == {
        "Bob": 250,
        "Eve": 300,
    }
    await both.world.give(both.world.award("more", "bob", 500))
    assert (await wait(both, "bob"))["missing_minor"] == 0
    assert (await states(both, await both.run()))["bob"] == ("eligible", 500, None)


async def test_what_came_back_keeps_its_terms(finance: Finance) -> None:
    """Approved at EUR 10.00 and sent back: it is owed EUR 10.00, whatever price, minimum and wait are by then."""
    world = finance.world
    await world.publish(2, TERMS | {"minor": 100})
    await world.give(world.award("b more", "bob", 500))
    assert (await finance.payee("bob")).status_code == 200
    run = await filed(finance)
    assert (await states(finance, run))["bob"] == ("submitted", 1_000, None)
    payout = (await finance.payouts(run))["bob"]["payout_id"]
    said = await finance.outcome(run, "returned", payout_ids=[payout], reason="MS03")
    assert said.is_success, said.text
    await world.publish(3, TERMS | {"minor": 1, "minimum_points": 5_000})
    await policy(finance, minimum_minor=5_000, holding_days=90)
    await world.give(world.award("b last", "bob", 400, at=datetime.now(UTC)))
    again = await filed(finance)
    assert (await states(finance, again))["bob"] == ("submitted", 1_000, None)
    assert (await world.balance("bob"))["available"] == 400
    assert (await check(finance))["balanced"]


async def test_an_account_in_another_country_waits_for_finance(both: Finance) -> None:
    first = await both.run()
    await policy(both, countries=["NL", "DE"])
    # It is looked at again when the run is approved, and by whoever makes the next one.
    assert (await both.approve(first)).status_code == 200
    assert (await states(both, first))["bob"] == ("failed", 250, LOOKED_AT)
    second = await both.run()
    assert await states(both, second) == {"bob": ("held", 250, LOOKED_AT)}
    (one, before) = await findings(both)
    assert (one["check"], one["country"], one["waits"], one["member_name"]) == ("country", "FR", True, "Bob")
    assert (before["waits"], before["state"]) == (False, "failed")
    assert await findings(both, waits=True) == [one]
    async with both.world.begin() as tx:
        await count_findings(tx)
    assert PAYOUT_FINDINGS.labels("country")._value.get() >= 1
    assert (await both.file(first)).status_code == 200
    assert (await both.approve(second)).status_code == 200
    await policy(both, countries=["FR", "NL"])
    assert (await states(both, await both.run()))["bob"] == ("eligible", 250, None)


async def test_a_hold_that_is_released_does_not_release_what_a_check_keeps_back(both: Finance) -> None:
    first = await both.run()
    payout = (await both.payouts(first))["bob"]
    hold = await both.maker.post(f"/v1/payouts/{payout['payout_id']}/hold", json={"cause": "under_review"})
    await policy(both, countries=["NL"])
    run = await both.run()
    assert (await states(both, run))["bob"][2] == "held by finance: it is being looked at"
    done = await both.maker.post(f"/v1/payout-holds/{hold.json()['hold_id']}/release")
    assert done.status_code == 200
    assert (await states(both, run))["bob"] == ("held", 250, LOOKED_AT)


async def test_a_years_total_warns_and_then_stops_whoever_is_merged(both: Finance) -> None:
    world = both.world
    await policy(both, warn_above_minor=500, stop_above_minor=1_000)
    run = await filed(both)
    assert [(one["check"], one["stops"], one["total_minor"]) for one in await findings(both)] == [
        ("yearly_warning", False, 600)
    ]
    assert (await both.outcome(run, "settled")).is_success
    await world.give(world.award("more", "bob", 1_200))
    await Merging(world, on_members).merge("bob", into="ada")
    second = await both.run()
    assert await states(both, second) == {"ada": ("held", 600, YEAR)}
    (one,) = await findings(both, waits=True)
    assert (one["total_minor"], one["limit_minor"], one["year"]) == (1_450, 1_000, datetime.now(UTC).year)


async def test_two_payouts_of_a_year_do_not_pass_each_other(both: Finance) -> None:
    """Approved before the policy: the file looks again."""
    run = await approved(both)
    await policy(both, stop_above_minor=300)
    assert (await both.file(run)).status_code == 200
    assert await states(both, run) == {"ada": ("failed", 600, YEAR), "bob": ("submitted", 250, None)}
    assert await ibans_paid(both, run)
    assert (await check(both))["balanced"]


async def test_a_runs_policy_is_sealed(both: Finance, by_hand: Any) -> None:
    await policy(both, minimum_minor=100)
    run = await both.run()
    await by_hand("update payout_runs set minimum_minor = 0 where community = $1")
    assert_altered(await both.approve(run))


async def clear(finance: Finance, payout: Any, check_name: str, by: Any = None, **more: Any) -> Any:
    body = {"check": check_name, "reason": "They are a couple"} | more
    path = f"/v1/payouts/{payout['payout_id']}/clearances"
    return await (by or finance.maker).post(path, json=body, headers={"Idempotency-Key": uuid4().hex})


async def cleared(finance: Finance, payout: Any, check_name: str) -> Any:
    made = await clear(finance, payout, check_name)
    assert made.status_code == 201, made.text
    done = await finance.approver.post(f"/v1/payout-clearances/{made.json()['clearance_id']}/approve")
    assert done.status_code == 200, done.text
    return done.json()


async def test_an_account_of_several_persons_waits_until_two_people_let_each_pass(both: Finance) -> None:
    world = both.world
    url = f"/v1/payees/{world.uuid('bob')}"
    assert (await both.maker.put(url, json={"name": "Bob M", "iban": IBANS["ada"]})).status_code == 200
    await policy(both, stops_shared_accounts=True)
    run = await both.run()
    assert {name: said[0] for name, said in (await states(both, run)).items()} == {"ada": "held", "bob": "held"}
    found = await findings(both, check="shared_account")
    assert {(one["others_count"], one["is_payer"], one["waits"]) for one in found} == {(1, False, True)}
    assert IBANS["ada"] not in str(found)
    payouts = await both.payouts(run)
    made = await clear(both, payouts["bob"], "shared_account")
    path = f"/v1/payout-clearances/{made.json()['clearance_id']}"
    assert problem(await both.maker.post(f"{path}/approve")) == (403, "payout-clearance-four-eyes")
    assert problem(await clear(both, payouts["bob"], "country")) == (409, "nothing-to-clear")
    assert (await both.approver.post(f"{path}/approve")).status_code == 200
    assert (await both.approve(run)).status_code == 200
    again = await both.run()
    assert {name: said[0] for name, said in (await states(both, again)).items()} == {
        "ada": "held",
        "bob": "eligible",
    }
    listed = (await both.maker.get("/v1/payout-clearances", params={"state": "approved"})).json()["items"]
    assert [(one["member_name"], one["basis"], one["reason"]) for one in listed] == [
        ("Bob", "revision 2", "They are a couple")
    ]
    # Other bank details are looked at anew, and whoever is one person shares with nobody.
    assert (await both.maker.put(url, json={"name": "Robert", "iban": IBANS["ada"]})).status_code == 200
    assert (await both.approve(again)).status_code == 200
    third = await both.run()
    assert (await states(both, third))["bob"][0] == "held"
    assert (await both.maker.post(f"/v1/payout-runs/{third['run_id']}/cancel")).status_code == 200
    await Merging(world, on_members).merge("bob", into="ada")
    assert await states(both, await both.run()) == {"ada": ("eligible", 850, None)}


async def test_the_payers_own_account_waits_too(both: Finance) -> None:
    url = f"/v1/payees/{both.world.uuid('bob')}"
    assert (await both.maker.put(url, json={"name": "Bob", "iban": PAYER["iban"]})).status_code == 200
    await policy(both, stops_shared_accounts=True)
    run = await both.run()
    assert (await states(both, run))["bob"] == ("held", 250, LOOKED_AT)
    (one,) = await findings(both, check="shared_account")
    assert (one["is_payer"], one["others_count"]) == (True, 0)


async def test_two_people_let_a_country_and_a_year_pass_for_one_person(both: Finance) -> None:
    await policy(both, countries=["NL"], stop_above_minor=500)
    run = await both.run()
    payouts = await both.payouts(run)
    assert {payouts[name]["state"] for name in ("ada", "bob")} == {"held"}
    country = await cleared(both, payouts["bob"], "country")
    year = await cleared(both, payouts["ada"], "yearly_stop")
    assert problem(await clear(both, payouts["ada"], "yearly_stop")) == (409, "nothing-to-clear")
    assert (country["basis"], year["basis"]) == ("FR", f"{datetime.now(UTC).year} EUR")
    await policy(both, countries=["NL"], stop_above_minor=500)  # another entry says the same: they hold on
    assert (await both.approve(run)).status_code == 200
    paid = await filed(both)
    assert await states(both, paid) == {"ada": ("submitted", 600, None), "bob": ("submitted", 250, None)}
    assert {one["waits"] for one in await findings(both)} == {False}
    assert problem(await clear(both, (await both.payouts(paid))["bob"], "country")) == (409, "nothing-to-clear")
    assert (await check(both))["balanced"]


async def test_nobody_lets_themselves_pass(both: Finance, person: Any) -> None:
    await policy(both, countries=["NL"])
    run = await both.run()
    bob = (await both.payouts(run))["bob"]
    themselves = await person()
    await tie(both.world.pool, both.world.community, themselves.keys[0], both.world.uuid("bob"))
    assert problem(await clear(both, bob, "country", by=themselves.api)) == (403, "about-yourself")
    made = (await clear(both, bob, "country")).json()
    refused = await themselves.api.post(f"/v1/payout-clearances/{made['clearance_id']}/approve")
    assert problem(refused) == (403, "about-yourself")
    gone = await both.approver.post(f"/v1/payout-clearances/{uuid4()}/approve")
    assert problem(gone) == (404, "unknown-payout-clearance")


async def test_two_people_who_decide_at_once_and_two_runs_at_once_pay_once(both: Finance) -> None:
    await policy(both, countries=["NL"])
    first = await both.run()
    made = (await clear(both, (await both.payouts(first))["bob"], "country")).json()
    path = f"/v1/payout-clearances/{made['clearance_id']}"
    answers = await asyncio.gather(
        both.approver.post(f"{path}/approve"),
        both.maker.post(f"{path}/withdraw"),
        both.approver.post(f"{path}/approve"),
        both.approve(first),
    )
    assert all(answer.status_code in (200, 409) for answer in answers)
    runs = await asyncio.gather(both.run(), both.run())
    await asyncio.gather(*(both.approve(run) for run in runs))
    await asyncio.gather(*(both.file(run) for run in runs))
    taken = await both.world.pool.fetch(
        """
        select member_id, count(*) as paid from payouts
        where community = $1 and state in ('reserved', 'submitted') group by 1
        """,
        both.world.community,
    )
    assert {row["paid"] for row in taken} == {1}
    assert (await check(both))["balanced"]


async def test_why_somebody_passed_is_forgotten_with_them(both: Finance) -> None:
    await policy(both, countries=["NL"])
    run = await both.run()
    await cleared(both, (await both.payouts(run))["bob"], "country")
    async with both.world.begin() as tx:
        await forget_clearance_reasons(
            tx.conn, community=both.world.community, member_ids=[both.world.uuid("bob")]
        )
    listed = (await both.maker.get("/v1/payout-clearances")).json()["items"]
    assert [one["reason"] for one in listed] == [""]


async def totals(finance: Finance, **said: Any) -> dict[str, tuple[int, int, int]]:
    answer = await finance.maker.get(f"/v1/payout-totals/{datetime.now(UTC).year}", params=said)
    assert answer.status_code == 200, answer.text
    return {
        one["member_name"]: (one["paid_count"], one["paid_minor"], one["on_its_way_minor"])
        for one in answer.json()["items"]
    }


async def test_what_persons_were_paid_in_a_year_is_what_banks_settled_of_it(both: Finance) -> None:
    world = both.world
    run = await filed(both)
    payouts = await both.payouts(run)
    assert await totals(both) == {"Ada": (0, 0, 600), "Bob": (0, 0, 250)}
    ids = {name: payouts[name]["payout_id"] for name in payouts}
    assert (await both.outcome(run, "settled", payout_ids=[ids["ada"]])).is_success
    assert (await both.outcome(run, "returned", payout_ids=[ids["bob"]], reason="MS03")).is_success
    assert await totals(both) == {"Ada": (1, 600, 0)}
    again = await filed(both)
    assert (await both.outcome(again, "settled")).is_success
    assert await totals(both) == {"Ada": (1, 600, 0), "Bob": (1, 250, 0)}
    assert await totals(both, member=world.uuid("bob")) == {"Bob": (1, 250, 0)}
    merging = Merging(world, on_members)
    await merging.merge("bob", into="ada")
    assert await totals(both) == {"Ada": (2, 850, 0)}
    assert await totals(both, member=world.uuid("bob")) == {"Ada": (2, 850, 0)}
    await world.handle(on_members, merging.told("bob", "ada"))
    assert await totals(both) == {"Ada": (1, 600, 0), "Bob": (1, 250, 0)}
    before = await both.maker.get(f"/v1/payout-totals/{datetime.now(UTC).year - 1}")
    assert before.json()["items"] == []
    first = (await both.maker.get(f"/v1/payout-totals/{datetime.now(UTC).year}", params={"limit": 1})).json()
    rest = await both.maker.get(
        f"/v1/payout-totals/{datetime.now(UTC).year}", params={"limit": 1, "after": first["next"]}
    )
    names = {one["member_name"] for one in [*first["items"], *rest.json()["items"]]}
    assert names == {"Ada", "Bob"}
