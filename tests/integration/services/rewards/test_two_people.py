"""Four eyes are two people: who has another hand in a run does not approve it, in whatever order things happen."""

import asyncio
import random
from typing import Any

import pytest

from shared.access_keys.store import put_people
from tests.integration.services.rewards.finance import IBANS, OTHER_IBAN, Finance, Person, approved, shown
from tests.integration.services.world import EVERY_ROLE, person_fact

pytestmark = pytest.mark.stack

FOUR_EYES = "urn:plaudit:problem:four-eyes"
STOPPED = "urn:plaudit:problem:payout-run-stopped"


def refused(answer: Any, *reasons: str) -> bool:
    body = answer.json()
    assert (answer.status_code, body.get("type")) == (403, FOUR_EYES), answer.text
    return all(reason in body["detail"].lower() for reason in reasons)


async def test_two_keys_of_one_person_are_one_person(person: Any) -> None:
    one, other = await person(), await person()
    run = await one.run()
    for _ in range(2):
        assert refused(await one.approve(run), "you made the run")
    assert (await other.approve(run)).status_code == 200


async def test_who_sets_the_accounts_of_held_payouts_does_not_approve_them(finance: Finance, person: Any) -> None:
    """The case as it was found: a run with held payouts, and one key that sets their account and approves."""
    thief = await person()
    run = await finance.run()
    await thief.set_payee("bob", OTHER_IBAN)
    payouts = await finance.payouts(run)
    assert (payouts["bob"]["state"], payouts["bob"]["iban"]) == ("eligible", OTHER_IBAN)
    assert payouts["bob"]["payee_changed_by_person"] == thief.person_id
    assert refused(
        await thief.approve(run),
        f"you set or changed bank details of it (payout {payouts['bob']['payout_id']})",
        "you released a payout of it from being held",
    )
    assert (await finance.file(run)).status_code == 409
    assert (await finance.approve(run)).status_code == 200


async def before_it(finance: Finance, eve: Person, other: Person) -> Any:
    await eve.set_payee("ada", OTHER_IBAN)
    return await finance.run()


async def before_it_and_then_again_by_another(finance: Finance, eve: Person, other: Person) -> Any:
    await eve.set_payee("ada", OTHER_IBAN)
    await other.set_payee("ada", OTHER_IBAN)
    return await finance.run()


async def before_it_and_put_back_in_between(finance: Finance, eve: Person, other: Person) -> Any:
    await eve.set_payee("ada", OTHER_IBAN)
    await other.set_payee("ada", IBANS["ada"])
    await other.set_payee("ada", OTHER_IBAN)
    return await finance.run()


async def after_it(finance: Finance, eve: Person, other: Person) -> Any:
    run = await finance.run()
    await eve.set_payee("ada", OTHER_IBAN)
    return run


async def after_it_and_put_back_by_another(finance: Finance, eve: Person, other: Person) -> Any:
    run = await finance.run()
    await eve.set_payee("ada", OTHER_IBAN)
    await other.set_payee("ada", IBANS["ada"], "Ada Müller")
    return run


async def in_a_run_that_was_cancelled(finance: Finance, eve: Person, other: Person) -> Any:
    run = await finance.run()
    await eve.set_payee("bob", OTHER_IBAN)
    assert (await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200
    return await finance.run()


async def while_it_was_held_by_an_earlier_run(finance: Finance, eve: Person, other: Person) -> Any:
    await approved(finance)
    await eve.set_payee("bob", OTHER_IBAN)
    return await finance.run()


@pytest.mark.parametrize(
    "order",
    [
        before_it,
        before_it_and_then_again_by_another,
        before_it_and_put_back_in_between,
        after_it,
        after_it_and_put_back_by_another,
        in_a_run_that_was_cancelled,
        while_it_was_held_by_an_earlier_run,
    ],
    ids=lambda order: order.__name__,
)
async def test_who_set_details_does_not_approve_whenever_that_was(
    finance: Finance, person: Any, order: Any
) -> None:
    eve, other, third = await person(), await person(), await person()
    run = await order(finance, eve, other)
    assert refused(await eve.approve(run), "you set or changed bank details of it")
    assert (await third.approve(run)).status_code == 200


async def test_who_set_details_that_another_has_replaced_may_approve(finance: Finance, person: Any) -> None:
    eve, other = await person(), await person()
    await eve.set_payee("ada", OTHER_IBAN)
    await other.set_payee("ada", IBANS["ada"])
    assert (await eve.approve(await finance.run())).status_code == 200


async def test_another_role_and_another_key_make_nobody_else_of_somebody(
    finance: Finance, person: Any, clients: Any
) -> None:
    eve, other = await person(), await person()
    await eve.set_payee("ada", OTHER_IBAN)
    await change_person(finance, eve, "finance_approver")
    run = await finance.run()
    approver = await clients("payouts:approve", person_id=eve.person_id)
    assert refused(
        await approver.post(f"/v1/payout-runs/{run['run_id']}/approve"), "you set or changed bank details of it"
    )
    assert (await other.approve(run)).status_code == 200


async def test_details_that_an_approver_sets_while_approving_are_not_paid(finance: Finance, person: Any) -> None:
    eve = await person()
    run = await finance.run()

    answer, _ = await asyncio.gather(eve.approve(run), eve.set_payee("ada", OTHER_IBAN))

    if answer.status_code == 200:
        await finance.file(run)
    else:
        assert refused(answer, "you set or changed bank details of it")
        assert (await finance.approve(run)).status_code == 200
    ada = (await finance.payouts(run))["ada"]
    assert (ada["state"], ada["reason"].partition(" since")[0]) == ("failed", "the bank details changed")
    assert (await finance.world.check()).differences == 0


async def test_a_run_made_anew_by_another_is_approved_by_who_made_the_first_but_not_with_their_details(
    finance: Finance, person: Any
) -> None:
    one, other = await person(), await person()
    first = await one.run()
    assert refused(await one.approve(first), "you made the run")
    assert (await one.act(first, "cancel")).status_code == 200
    second = await other.run()
    await one.set_payee("bob", OTHER_IBAN)
    assert refused(await one.approve(second), "released a payout of it")
    assert (await other.act(second, "cancel")).status_code == 200
    third = await other.run()
    assert refused(await one.approve(third), "you set or changed bank details of it")
    await other.set_payee("bob", IBANS["bob"])
    assert (await other.act(third, "cancel")).status_code == 200
    assert (await one.approve(await other.run())).status_code == 200


async def test_an_old_deed_of_which_nobody_knows_whose_it_was_lets_nobody_approve(
    finance: Finance, by_hand: Any
) -> None:
    run = await finance.run()
    await by_hand("update payout_runs set created_by_person = null where community = $1")
    # Whose key it was is known: it is as if the row said so.
    assert refused(await finance.maker.post(f"/v1/payout-runs/{run['run_id']}/approve"), "you made the run")
    await by_hand(
        "update access_keys set person_id = null where community = $1 and key_id = $2", run["created_by"]
    )
    assert refused(await finance.approve(run), f"somebody made the run by {run['created_by']}")


async def test_whoever_has_a_hand_in_it_is_refused_and_nobody_else(
    finance: Finance, person: Any, seed: int
) -> None:
    """Three people do anything in any order; then each tries to approve."""
    rng = random.Random(seed)
    people = [await person() for _ in range(3)]
    accounts = [OTHER_IBAN, *IBANS.values()]
    history: dict[str, list[tuple[str, str]]] = {"ada": [(IBANS["ada"], "maker")], "bob": []}
    runs: list[tuple[Any, Person, dict[str, int], set[str]]] = []
    for _ in range(rng.randint(3, 8)):
        somebody = rng.choice(people)
        if runs and rng.random() < 0.2:
            await somebody.act(runs.pop()[0], "cancel")
        elif not runs and rng.random() < 0.5:
            copied = {member: len(known) - 1 for member, known in history.items() if known}
            runs.append((await somebody.run(), somebody, copied, set()))
        else:
            member, iban = rng.choice(["ada", "bob"]), rng.choice(accounts)
            await somebody.set_payee(member, iban)
            if (
                not history[member]
                or history[member][-1][0] != iban
                or (member == "ada" and len(history[member]) == 1)
            ):
                history[member].append((iban, somebody.person_id))
            if runs and member not in runs[-1][2]:
                runs[-1][2][member] = len(history[member]) - 1
                runs[-1][3].add(somebody.person_id)
    if not runs:
        copied = {member: len(known) - 1 for member, known in history.items() if known}
        runs.append((await people[0].run(), people[0], copied, set()))
    run, maker, copied, released = runs[-1]
    involved = {maker.person_id} | released
    for member, place in copied.items():
        known = history[member]
        involved |= {by for at, (iban, by) in enumerate(known) if at >= place or iban == known[place][0]}
    for somebody in people:
        if somebody.person_id in involved:
            assert refused(await somebody.approve(run))
    others = [somebody for somebody in people if somebody.person_id not in involved] or [await person()]
    assert (await others[0].approve(run)).status_code == 200


@pytest.fixture(params=range(6))
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


# Who may not act any more stops what they made.


async def revoke_key(finance: Finance, who: Person) -> None:
    done = await finance.world.pool.execute(
        "update access_keys set revoked = true where community = $1 and person_id = $2",
        finance.world.community,
        who.person_id,
    )
    assert done != "UPDATE 0"


async def replace_key(finance: Finance, who: Person) -> None:
    await finance.world.pool.execute(
        "update access_keys set expires_at = now() where community = $1 and person_id = $2",
        finance.world.community,
        who.person_id,
    )


async def change_person(finance: Finance, who: Person, *roles: str, disabled: bool = False) -> None:
    async with finance.world.pool.acquire() as conn:
        fact = person_fact(finance.world.community, who.person_id, *roles, disabled=disabled, revision=2)
        await put_people(conn, [fact])


async def disable(finance: Finance, who: Person) -> None:
    await change_person(finance, who, *EVERY_ROLE, disabled=True)


async def take_role(finance: Finance, who: Person) -> None:
    await change_person(finance, who, "moderator")


@pytest.mark.parametrize(
    ("end", "reason"),
    [(revoke_key, "was revoked"), (disable, "is disabled"), (take_role, "no role any more")],
    ids=["revoked", "disabled", "without-role"],
)
@pytest.mark.parametrize("when", ["before approval", "before the file", "its approver's, before the file"])
async def test_a_run_stops_with_who_made_or_approved_it(
    finance: Finance, person: Any, when: str, end: Any, reason: str
) -> None:
    maker, approver, other = await person(), await person(), await person()
    run = await maker.run()
    if when != "before approval":
        assert (await approver.approve(run)).status_code == 200
    await end(finance, approver if "approver's" in when else maker)

    answer = await (approver.approve(run) if when == "before approval" else finance.file(run))

    assert (answer.status_code, answer.json()["type"]) == (409, STOPPED), answer.text
    assert reason in answer.json()["detail"]
    said = (await shown(finance, run))["stopped"]
    assert said.startswith(f"who {'approved' if 'approver' in when else 'made'} it may not do so any more")
    assert reason in said
    listed = (await finance.maker.get("/v1/payout-runs")).json()["items"]
    assert [one["stopped"] for one in listed] == [said]
    # Another takes it up.
    assert (await other.act(run, "cancel")).json()["stopped"] is None
    again = await other.run()
    assert (await finance.approve(again)).status_code == 200
    assert (await finance.file(again)).status_code == 200
    assert (await finance.world.check()).differences == 0


async def test_a_key_that_was_replaced_or_has_ended_stops_nothing(finance: Finance, person: Any) -> None:
    maker, approver = await person(), await person()
    run = await maker.run()
    await replace_key(finance, maker)
    assert (await approver.approve(run)).status_code == 200
    await replace_key(finance, approver)
    assert (await finance.file(run)).status_code == 200
