"""Rewards after a restore from a backup: nothing is given out twice, and what is owed is still paid."""

from dataclasses import replace
from typing import Any

import pytest

from services.rewards.main import SPEC
from services.rewards.payouts.four_eyes.domain import Deed
from shared.contracts.facts import REDEMPTION_CHANGED
from shared.own_facts import ReadBack
from shared.topics import POINTS, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import running, send
from tests.integration.services.rewards.finance import IBANS, ibans_of
from tests.integration.services.rewards.office import (
    Office,
    a_day_of_work,
    everything,
    has_crashed,
    published,
    redeem,
)
from tests.waiting import until

pytestmark = pytest.mark.stack


async def test_yesterdays_backup_does_not_pay_again(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        first = await office.run("first")
        await office.approve(first)
        content = await office.file(first)
        filed = await office.ask("GET", f"/v1/payout-runs/{first['run_id']}")
        before = (await office.payouts(first), [await office.balance(member) for member in IBANS])
        await published(office)
    assert sorted(ibans_of(content)) == sorted(IBANS.values())

    await restore(office.state, "rewards", saved)
    async with office.open():
        # The same request again is the same run, and its file is the same, byte by byte.
        again = await office.run("first")
        second = await office.run("second")
        checked = await office.check()
        after = (await office.payouts(first), [await office.balance(member) for member in IBANS])
        shown = await office.ask("GET", f"/v1/payout-runs/{first['run_id']}")
        same_content = await office.bytes_of(first)

        assert again["run_id"] == first["run_id"]
        assert shown == filed
        assert second["payouts"] == []
        assert checked["balanced"], checked
        assert same_content == content
        assert after == before


async def test_a_day_of_work_is_as_it_was(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        await a_day_of_work(office)
        before = await everything(office)

    await restore(office.state, "rewards", saved)
    async with office.open():
        after = await everything(office)
        checked = await office.check()
        same = await redeem(office, "bob", "shirt", "c")
        other = await office.send(
            "POST", "/v1/redemptions", key="c", json={"member_id": office.world.uuid("eve"), "reward_id": "shirt"}
        )

        assert after == before
        assert checked["balanced"], checked
        assert same["redemption_id"] in {one["redemption_id"] for one in before["redemptions"]}
        assert (other.status_code, other.json()["type"]) == (409, "urn:plaudit:problem:idempotency-key-reused")
        # What waited goes on, and who has earned since is paid that and no more.
        content = await office.file(await office.run("waiting"))
        await send(office.state, office.awards(("more", "ada", 700)))
        await office.until_has("lots", 4)
        late = await office.run("late")
        await office.approve(late)
        more = await office.file(late)

        assert sorted(ibans_of(content)) == sorted([IBANS["bob"], IBANS["eve"]])
        assert ibans_of(more) == [IBANS["ada"]]
        assert (await office.payouts(late))["ada"]["amount_minor"] == 700
        assert (await office.check())["balanced"]


async def test_points_that_were_taken_back_since_are_owed(office: Office) -> None:
    """The reversal is read before the payout is taken in: the payout was given out all the same."""
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        await published(office)
        taken_back = office.world.award("back", "ada", -1_000, amends="ada")
        key = record_key(office.world.community, office.world.uuid("ada"))
        await send(office.state, [(POINTS, key, taken_back)])
        await office.until_has("transfers", 10)
        before = await everything(office)

    await restore(office.state, "rewards", saved)
    async with office.open():
        assert await everything(office) == before
        assert (await office.check())["balanced"]
        assert (await office.balance("ada"))["available"] == -1_000


async def test_awards_that_were_amended_since_are_as_they_were(office: Office) -> None:
    """Taken back, restored and limited after the backup, some of it after a payout used the points."""
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        amended = [
            office.world.award("bob 1", "bob", -1_000, amends="bob"),
            office.world.award("bob 2", "bob", 900, amends="bob", revision=2, total=900),
        ]
        key = record_key(office.world.community, office.world.uuid("bob"))
        await send(office.state, [(POINTS, key, fact) for fact in amended])
        await office.until_has("transfers", 5)
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        await published(office)
        paid = await office.count("transfers")
        more = [
            office.world.award("ada 1", "ada", -1_000, amends="ada"),
            office.world.award("ada 2", "ada", 400, amends="ada", revision=2, total=400),
        ]
        key = record_key(office.world.community, office.world.uuid("ada"))
        await send(office.state, [(POINTS, key, fact) for fact in more])
        await office.until_has("transfers", paid + 2)
        before = await everything(office)
        assert (await office.balance("ada"))["available"] == -600

    await restore(office.state, "rewards", saved)
    async with office.open():
        assert await everything(office) == before
        assert (await office.check())["balanced"]
        given = office.world.award("ada 3", "ada", 600, amends="ada", revision=3, total=1_000)
        await send(office.state, [(POINTS, key, given)])
        await office.until_has("transfers", paid + 3)
        assert (await office.balance("ada")).get("available", 0) == 0
        assert (await office.check())["balanced"]


async def test_points_that_still_waited_in_the_backup_had_matured_when_they_were_paid(
    office: Office,
) -> None:
    office.settings = office.settings.model_copy(update={"points_hold_seconds": 1})
    async with office.open() as parts:
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        mature = next(timer for timer in SPEC.timers if timer.name == "mature-points")

        async def matured() -> bool:
            await parts.run_timer(mature)
            return (await office.balance("ada")).get("available") == 1_000

        await until(matured)
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        await published(office)
        before = await everything(office)

    office.settings = office.settings.model_copy(update={"points_hold_seconds": 3_600})
    await restore(office.state, "rewards", saved)
    async with office.open():
        assert await everything(office) == before
        assert (await office.check())["balanced"]


async def test_bank_details_that_the_backup_lacks_are_said_and_stop_nothing(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        details = {"name": "Ada anew", "iban": "AT611904300234573201"}
        await office.ask("PUT", f"/v1/payees/{office.world.uuid('ada')}", json=details)
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        await published(office)

    await restore(office.state, "rewards", saved)
    async with office.open() as parts:
        shown = await office.ask("GET", f"/v1/payout-runs/{run['run_id']}")
        no_file = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        await office.outcome(run, "settled", "ada", "bob", "eve")
        report = await parts.fence.report(parts.pool)

        assert (shown["state"], shown["seal"]) == ("filed", None)
        assert no_file.status_code == 404
        assert {one["state"] for one in (await office.payouts(run)).values()} == {"settled"}
        assert (await office.check())["balanced"]
        assert [one.subject for one in report.not_rebuilt if one.community == office.world.community] == [
            f"payout run {run['run_id']}"
        ]
        assert (await office.run("second"))["payouts"] == []


async def test_who_proposed_that_money_came_back_is_known_again(office: Office) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        await office.outcome(run, "returned", "ada", reason="AC04")
        await published(office)

    await restore(office.state, "rewards", saved)
    async with office.open():
        review = await office.ask("GET", f"/v1/payout-runs/{run['run_id']}/review", by="approver")
        assert review["made"]["person_id"] == office.people["maker"]
        # So is what the bank said against the account: it is not paid before somebody says that it is in order.
        payee = await office.ask("GET", f"/v1/payees/{office.world.uuid('ada')}")
        assert (payee["refused"]["code"], payee["refused"]["blamed"]) == ("AC04", "account")
        again = {"name": payee["name"], "iban": payee["iban"], "confirm_account": True}
        await office.ask("PUT", f"/v1/payees/{office.world.uuid('ada')}", json=again)
        second = await office.run("second")
        review = await office.ask("GET", f"/v1/payout-runs/{second['run_id']}/review")
        assert [reason for reason in review["reasons_against_you"] if reason.startswith(f"you {Deed.GAVE_BACK}")]
        # Whoever only confirmed it may approve.
        await office.approve(second)


async def test_a_second_restore_in_the_midst_of_reading_back_begins_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        await a_day_of_work(office)
        before = await everything(office)
    await restore(office.state, "rewards", saved)

    monkeypatch.setattr("shared.service.parts.FENCED_START_SECONDS", 0.0)
    steps = SPEC.read_back
    place = next(at for at, step in enumerate(steps) if REDEMPTION_CHANGED.name in step.kinds)
    dying = replace(steps[place], most_at_once=5, handler=_dies_later(steps[place]))
    halfway = replace(SPEC, read_back=[*steps[:place], dying, *steps[place + 1 :]])
    for _ in range(2):
        async with running(halfway, office.settings) as parts:
            await until(lambda parts=parts: has_crashed(parts))
        await restore(office.state, "rewards", saved)
    async with running(halfway, office.settings) as parts:
        await until(lambda: has_crashed(parts))

    # Without a restore in between it goes on where it was.
    async with office.open():
        assert await everything(office) == before
        assert (await office.check())["balanced"]


def _dies_later(step: ReadBack) -> Any:
    batches = []

    async def handler(tx: Any, facts: list[Any]) -> None:
        batches.append(len(facts))
        await step.handler(tx, facts)
        if len(batches) > 2:
            raise RuntimeError("a process that dies in the middle of it")

    return handler
