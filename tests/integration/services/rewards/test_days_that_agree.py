"""Points end with a day: liability, journal, statements, the month's end and exports say the same of it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Transaction
from beancount.loader import load_file
from click.testing import CliRunner

from plaudit.cli import main
from services.rewards.chain.handlers import chain
from services.rewards.liability.handlers import take_next_day
from services.rewards.liability.store import days
from services.rewards.lots.handlers.upkeep import expire_points
from services.rewards.programmes.handlers import on_programmes
from tests.integration.services.rewards.finance import CATALOGUE, Finance
from tests.integration.services.rewards.test_general_ledger import mapped
from tests.integration.services.rewards.test_liability import POLICIES, TERMS
from tests.local_providers import served

pytestmark = pytest.mark.stack

YEAR = datetime.now(UTC).year
#: When the year before ended, and with it its last month and day: the community's days are those of UTC.
ENDED = datetime(YEAR, 1, 1, tzinfo=UTC)
LAST_DAY = date(YEAR - 1, 12, 31)
HELD = ("Pending", "Available", "Reserved")


def at(world: Any, moment: datetime) -> None:
    """From here on it is that moment for whatever books."""
    world.later = moment - datetime.now(UTC)


async def a_day_that_ends(world: Any, api: Any, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """560 points are there when it ends, 100 of them for no longer; 40 of it are booked after it, 7 taken back."""
    made = await api.post(POLICIES, json=TERMS, headers={"Idempotency-Key": "policy"})
    decided = await other.post(f"{POLICIES}/{made.json()['policy_id']}/approve")
    assert decided.status_code == 200, decided.text
    await mapped(Finance(world, api, other))
    await world.join("bob")
    at(world, ENDED - timedelta(days=2))
    short = world.award("short", "bob", 100, at=ENDED - timedelta(days=2))
    short["data"]["expires_at"] = ENDED - timedelta(hours=3)
    wrong = world.award("wrong", "bob", 60, at=ENDED - timedelta(days=2))
    await world.give(world.award("long", "bob", 400, at=ENDED - timedelta(days=2)), short, wrong)
    at(world, ENDED + timedelta(seconds=20))
    await world.give(
        world.award("late", "bob", 40, at=ENDED - timedelta(minutes=5)),
        world.award("next", "bob", 1_000, at=ENDED + timedelta(seconds=5)),
        world.award("less", "bob", -7, "wrong", total=53, at=ENDED + timedelta(seconds=10)),
    )
    at(world, ENDED + timedelta(seconds=40))
    async with world.begin() as tx:
        while await expire_points(tx):
            pass
    candidates = days.load_candidates

    async def own(*said: Any, **more: Any) -> Any:
        """No other test's community has a day of the year before taken."""
        return [one for one in await candidates(*said, **more) if one[0] == world.community]

    monkeypatch.setattr(days, "load_candidates", own)
    at(world, ENDED + timedelta(seconds=90))
    async with world.begin() as tx:
        assert await take_next_day(tx)
    world.later = timedelta(0)
    async with world.begin() as tx:
        while await chain(tx):
            pass


async def test_what_ends_with_a_day_is_of_that_day_wherever_it_is_said(
    world: Any, api: Any, clients: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_day_that_ends(world, api, await clients(), monkeypatch)
    bob = f"/v1/members/{world.uuid('bob')}"

    # The liability of the day has the breakage, and what was booked of it before it was taken.
    owed = (await api.get(f"/v1/finance/liability/days/{LAST_DAY}")).json()
    assert (owed["issued_points"], owed["expired_points"]) == (593, 100)
    assert owed["outstanding_points"] == 493
    # So has the journal, on that day.
    span = {"from": str(LAST_DAY), "to": str(ENDED.date())}
    lines = (await api.get("/v1/finance/journal", params=span)).json()["lines"]
    of_day = [one for one in lines if one["account"] == "points_liability"]
    assert {one["day"] for one in of_day} == {str(LAST_DAY)}
    assert sum(one["amount"] for one in of_day) == -owed["liability_minor"] == -round(493 * 0.8 * 0.95)

    # The ledger has them to the last moment of the day: the month's end says how one comes to the other.
    end = (await api.get(f"/v1/finance/month-ends/{YEAR - 1}-12")).json()
    assert end["points"]["closing"] == 560
    assert end["valued"] == {
        "held": 560,
        "set_aside": 0,
        "ended": 100,
        "late": 33,
        "outstanding": 493,
        "difference": 0,
    }
    # The next month opens with what this one closed with, and books them away.
    then = (await api.get(f"/v1/finance/month-ends/{YEAR}-01")).json()["points"]
    assert (then["opening"], then["expired"], then["difference"]) == (560, 100, 0)

    # A member's statement of the year says how many of its closing are over; the balance of a moment goes by it.
    points = (await api.get(f"{bob}/statements/{YEAR - 1}")).json()["sums"][0]
    assert (points["closing"], points["ended"], points["expired"]) == (560, 100, 0)
    points = (await api.get(f"{bob}/statements/{YEAR}")).json()["sums"][0]
    assert (points["opening"], points["ended"], points["expired"]) == (560, 0, 100)
    before = (await api.get(f"{bob}/balance", params={"at": (ENDED - timedelta(seconds=1)).isoformat()})).json()
    after = (await api.get(f"{bob}/balance", params={"at": ENDED.isoformat()})).json()
    assert (before["available"], after["available"]) == (560, 460)
    entries = (await api.get(f"{bob}/statement")).json()["items"]
    (moment,) = {one["event_time"] for one in entries if one["kind"] == "expiry"}
    assert datetime.fromisoformat(moment) == ENDED

    # The file for other tools has both moments.
    async with served(api._transport.app) as url:
        key = api.headers["Authorization"].removeprefix("Bearer ")
        environment = {"PLAUDIT_URL": f"rewards={url}", "PLAUDIT_KEY": key}
        books = tmp_path / "books.beancount"
        arguments = ["ledger", "export", str(books), "--as", "beancount"]
        result = await asyncio.to_thread(CliRunner().invoke, main, arguments, env=environment)
        assert result.exit_code == 0, result.output
    loaded, errors, _ = load_file(str(books))
    assert errors == []
    booked = [one for one in loaded if isinstance(one, Transaction)]
    by_day = sum(_held(one) for one in booked if one.date <= LAST_DAY)
    over = sum(
        _held(one)
        for one in booked
        if one.date > LAST_DAY and "ended-at" in one.meta and datetime.fromisoformat(one.meta["ended-at"]) <= ENDED
    )
    assert (by_day, over) == (560, -100)


def _held(one: Transaction) -> int:
    """What a transaction brought to the accounts of what members hold."""
    return -int(sum(posting.units.number for posting in one.postings if posting.account.split(":")[2] in HELD))


async def test_what_is_given_up_after_its_time_ended_when_it_came_back(world: Any, api: Any) -> None:
    """It was set aside when its day ended, so it is not among what ended with that."""
    world.configure(points_lifetime_seconds=60)
    document = {"programme": "demo", "rewards": {"catalogue": CATALOGUE, "expiry": {"grace_days": 0}}}
    await world.handle(on_programmes, world.programme_fact(1, document))
    await world.join("ada")
    await world.give(world.award("short", "ada", 100, at=datetime.now(UTC)))
    body = {"member_id": world.uuid("ada"), "reward_id": "sticker"}
    made = await api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "given-up"})
    world.later = timedelta(days=2)
    assert (await api.post(f"/v1/redemptions/{made.json()['redemption_id']}/cancel")).status_code == 200
    rows = await world.pool.fetch(
        """
        select t.event_time = l.expires_at as is_at_the_end, t.event_time = t.recorded_at as is_then, e.amount
        from transfers t join lots l on l.community = t.community and l.award_id = t.cause_id
        join entries e on e.community = t.community and e.transfer_id = t.transfer_id and e.amount > 0
        where t.community = $1 and t.kind = 'expiry' order by e.amount
        """,
        world.community,
    )
    assert [tuple(row) for row in rows] == [(False, True, 30), (True, False, 70)]
