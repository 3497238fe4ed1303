"""A sanctions list keeps payouts back whose payee has a name like one of it, until two people let them pass."""

from typing import Any
from uuid import uuid4

import pytest

from services.rewards.metrics import PAYOUT_FINDINGS
from services.rewards.payouts.findings.handlers.looking import count_findings, look_by_new_lists
from tests.integration.services.rewards.finance import Finance, approved, check
from tests.integration.services.rewards.test_liability import problem
from tests.integration.services.rewards.test_payout_policies import (
    LOOKED_AT,
    clear,
    cleared,
    findings,
    states,
)

pytestmark = pytest.mark.stack

LISTS = "/v1/finance/sanctions-lists"
BOB = (
    "id,name,birth_date,country\nEX-17,MOULIN Robert,1970,FR\nEX-17,Bob Moulin,1970,FR\nEX-18,Erika Beispiel,,DE\n"
)
NOBODY = "id,name\nEX-18,Erika Beispiel\n"


async def load(finance: Finance, text: str, *, by: Any = None, key: str | None = None, **said: str) -> Any:
    headers = {"Idempotency-Key": key or uuid4().hex, "Content-Type": "text/csv"}
    params = {"title": "EU, 26 November 2026"} | said
    return await (by or finance.maker).post(LISTS, content=text.encode(), headers=headers, params=params)


async def in_force(finance: Finance, text: str) -> Any:
    made = await load(finance, text)
    assert made.status_code == 201, made.text
    done = await finance.approver.post(f"{LISTS}/{made.json()['list_id']}/approve")
    assert done.status_code == 200, done.text
    return done.json()


async def looked(finance: Finance, **settings: Any) -> None:
    """As the timer does it until nothing is left to look at."""
    finance.world.configure(**settings)
    while True:
        async with finance.world.begin() as tx:
            await look_by_new_lists(tx)
        query = "select count(*) from sanctions_lists where community = $1 and looked_at is null and state = $2"
        if not await finance.world.pool.fetchval(query, finance.world.community, "approved"):
            return


async def named(finance: Finance, name: str) -> None:
    """Bob's account is of somebody with this name."""
    iban = (await finance.maker.get(f"/v1/payees/{finance.world.uuid('bob')}")).json()["iban"]
    url = f"/v1/payees/{finance.world.uuid('bob')}"
    assert (await finance.maker.put(url, json={"name": name, "iban": iban})).status_code == 200


async def test_a_list_takes_two_people(finance: Finance) -> None:
    made = await load(finance, BOB, key="first")
    path = f"{LISTS}/{made.json()['list_id']}"
    assert (made.json()["entries_count"], made.json()["state"]) == (3, "proposed")
    assert (await load(finance, BOB, key="first")).json() == made.json()
    assert problem(await load(finance, NOBODY, key="first")) == (409, "idempotency-key-reused")
    assert problem(await finance.maker.post(f"{path}/approve")) == (403, "sanctions-list-four-eyes")
    listed = (await finance.maker.get(f"{path}/entries", params={"limit": 2})).json()
    more = (await finance.maker.get(f"{path}/entries", params={"after": listed["next"]})).json()
    assert [one["name"] for one in (*listed["items"], *more["items"])] == [
        "MOULIN Robert",
        "Bob Moulin",
        "Erika Beispiel",
    ]
    assert (await finance.approver.post(f"{path}/approve")).json()["state"] == "approved"
    assert problem(await finance.maker.post(f"{path}/withdraw")) == (409, "sanctions-list-decided")
    left = (await load(finance, NOBODY)).json()
    assert (await finance.maker.post(f"{LISTS}/{left['list_id']}/withdraw")).json()["state"] == "withdrawn"
    assert (await finance.maker.get(f"{LISTS}/{left['list_id']}/entries")).json()["items"] == []
    states_ = [one["state"] for one in (await finance.maker.get(LISTS)).json()["items"]]
    assert states_ == ["withdrawn", "approved"]
    assert problem(await finance.maker.get(f"{LISTS}/{uuid4()}")) == (404, "unknown-sanctions-list")


async def test_a_file_that_is_no_list_loads_nothing(finance: Finance) -> None:
    wrong = await load(finance, "id,name\nEX-1,\n,Jan\n")
    assert problem(wrong) == (422, "invalid-sanctions-list")
    assert [one["line"] for one in wrong.json()["errors"]] == [2, 3]
    headers = {"Idempotency-Key": "x", "Content-Type": "application/json"}
    said = await finance.maker.post(LISTS, content=b"{}", headers=headers, params={"title": "EU"})
    assert said.status_code == 415
    assert (await finance.maker.get(LISTS)).json()["items"] == []
    finance.world.configure(sanctions_lists_waiting_max_count=1)
    assert (await load(finance, NOBODY)).status_code == 201
    assert problem(await load(finance, NOBODY)) == (409, "too-many-sanctions-lists")


async def test_a_name_like_one_of_the_list_waits_for_two_people(both: Finance) -> None:
    await named(both, "Róbert Moulin")
    first = await in_force(both, BOB)
    run = await both.run()
    assert await states(both, run) == {"ada": ("eligible", 600, None), "bob": ("held", 250, LOOKED_AT)}
    (one,) = await findings(both, check="sanctions_list")
    assert (one["waits"], one["list_id"], one["policy_id"]) == (True, first["list_id"], None)
    assert one["payee_name"] == "Róbert Moulin"
    assert one["entries"] == [
        {"entry_id": "EX-17", "name": "MOULIN Robert", "birth_date": "1970", "country": "FR"}
    ]
    async with both.world.begin() as tx:
        await count_findings(tx)
    assert PAYOUT_FINDINGS.labels("sanctions_list")._value.get() >= 1
    # Their member reads that something is looked at, and no more.
    theirs = (await both.maker.get(f"/v1/members/{both.world.uuid('bob')}/payouts")).json()
    assert theirs["items"]
    assert "EX-17" not in str(theirs)
    assert "sanction" not in str(theirs)
    payouts = await both.payouts(run)
    await cleared(both, payouts["bob"], "sanctions_list")
    assert (await both.approve(run)).status_code == 200
    again = await both.run()
    assert (await states(both, again))["bob"] == ("eligible", 250, None)
    # The same entries on another list are the same match; what an entry says anew is another.
    await in_force(both, f"{BOB}EX-19,Jan Voorbeeld,,\n")
    assert (await both.approve(again)).status_code == 200
    assert (await states(both, again))["bob"][0] == "reserved"
    await in_force(both, BOB.replace("1970", "1971"))
    assert problem(await both.file(again)) == (409, "payout-run-refused")  # nobody is left in it
    assert (await states(both, again))["bob"] == ("failed", 250, LOOKED_AT)
    assert (await check(both))["balanced"]


async def test_payouts_on_their_way_are_looked_at_in_pieces_when_a_list_comes_into_force(both: Finance) -> None:
    await named(both, "Bob Moulin")
    run = await approved(both)
    assert await findings(both) == []
    loaded = await in_force(both, BOB)
    await looked(both, sanctions_looked_at_once_max_count=1)
    (one,) = await findings(both)
    assert (one["check"], one["state"], one["waits"]) == ("sanctions_list", "reserved", False)
    assert (await both.maker.get(f"{LISTS}/{loaded['list_id']}")).json()["looked_at"] is not None
    assert (await both.file(run)).status_code == 200
    assert await states(both, run) == {"ada": ("submitted", 600, None), "bob": ("failed", 250, LOOKED_AT)}
    held = await both.run()
    assert (await states(both, held))["bob"] == ("held", 250, LOOKED_AT)
    # A list without the name lets them go, with the next run; and so do bank details of somebody else.
    await in_force(both, NOBODY)
    await looked(both)
    assert (await both.approve(held)).status_code == 200
    assert (await states(both, await both.run()))["bob"] == ("eligible", 250, None)


async def test_other_bank_details_are_looked_at_anew(both: Finance) -> None:
    await named(both, "Bob Moulin")
    await in_force(both, BOB)
    run = await both.run()
    payouts = await both.payouts(run)
    assert problem(await clear(both, payouts["ada"], "sanctions_list")) == (409, "nothing-to-clear")
    await cleared(both, payouts["bob"], "sanctions_list")
    await named(both, "Robert Moulin")
    assert (await both.approve(run)).status_code == 200
    again = await both.run()
    assert (await states(both, again))["bob"] == ("held", 250, LOOKED_AT)
    assert (await both.maker.post(f"/v1/payout-runs/{again['run_id']}/cancel")).status_code == 200
    await named(both, "Erik Andersen")
    assert (await states(both, await both.run()))["bob"] == ("eligible", 250, None)


async def test_entries_of_old_lists_go_and_who_loaded_them_stays(both: Finance) -> None:
    both.world.configure(sanctions_lists_kept_count=1)
    await named(both, "Bob Moulin")
    old = await in_force(both, BOB)
    await both.run()
    new = await in_force(both, NOBODY)
    assert (await both.maker.get(f"{LISTS}/{old['list_id']}/entries")).json()["items"] == []
    assert len((await both.maker.get(f"{LISTS}/{new['list_id']}/entries")).json()["items"]) == 1
    (one,) = await findings(both)
    assert (one["list_id"], one["entries"]) == (old["list_id"], [])
    keys = "select distinct list_id::text from sanctions_keys where community = $1"
    assert [row[0] for row in await both.world.pool.fetch(keys, both.world.community)] == [new["list_id"]]
