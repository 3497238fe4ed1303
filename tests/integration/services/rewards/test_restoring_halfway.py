"""A restore in the midst of paying: what was computed, approved or filed by half goes on, and pays once."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.rewards.main import SPEC
from shared.topics import PROGRAMMES, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import send
from tests.integration.services.rewards.finance import CATALOGUE, IBANS, ibans_of
from tests.integration.services.rewards.office import TERMS, Office, everything, published
from tests.waiting import until

pytestmark = pytest.mark.stack

CARRY_ON = next(timer for timer in SPEC.timers if timer.name == "carry-on-runs")
STEPS = {"computing": "open", "approving": "approved", "filing": "filed"}


@asynccontextmanager
async def by_hand(office: Office) -> AsyncIterator[None]:
    """The service with pieces of one payout, each of which has to be asked for."""
    settings = office.settings
    office.settings = settings.model_copy(update={"payouts_per_piece_max_count": 1, "payout_request_seconds": 0.0})
    async with office.open():
        yield
    office.settings = settings


async def begin(office: Office, state: str, run: Any) -> Any:
    """Ask for a step of a run, which works at one piece of it."""
    if state == "computing":
        return await office.run("first")
    return await (office.approve(run) if state == "approving" else office.ask("POST", path_of(run, "/file")))


def path_of(run: Any, action: str = "") -> str:
    return f"/v1/payout-runs/{run['run_id']}{action}"


async def shown(office: Office, run: Any) -> Any:
    return await office.ask("GET", path_of(run))


async def finished(office: Office, parts: Any, run: Any, state: str) -> Any:
    """The run once the timer has brought it there."""
    found = run

    async def is_there() -> bool:
        nonlocal found
        await parts.run_timer(CARRY_ON)
        found = await shown(office, run)
        return bool(found["state"] == state)

    await until(is_there)
    return found


@pytest.mark.parametrize("half", STEPS)
async def test_what_was_half_done_goes_on_and_pays_nobody_twice(office: Office, half: str) -> None:
    async with by_hand(office):
        await office.prepare()
        await published(office)
        before_it = (await backup(office.state, "rewards", office.directory)).rename(office.directory / "before")
        run: Any = None
        for begun, done in STEPS.items():
            answer = await begin(office, begun, run)
            run = run or answer
            if begun == half:
                break
            while (await shown(office, run))["state"] != done:
                await begin(office, begun, run)
        found = await shown(office, run)
        assert (found["state"], found["progress"]) == (half, {"done_count": 1, "total_count": 3})
        await published(office)
        in_it = await backup(office.state, "rewards", office.directory)

    # 1. Everything is lost but what was told: the run goes on from there.
    await restore(office.state, "rewards", before_it)
    async with office.open() as parts:
        run = await finished(office, parts, run, STEPS[half])
        if half == "computing":
            run = await office.approve(run)
        content = await office.file(run)
        paid = Counter(ibans_of(content))
        # Whoever was not computed yet is in no run: its list was told to nobody.
        rest = await office.run("rest")
        if rest["payouts"]:
            await office.approve(rest)
            paid += Counter(ibans_of(await office.file(rest)))
        await published(office)
        before = await everything(office)
        assert paid == Counter(IBANS.values())
        assert (await office.check())["balanced"]

    # 2. The backup knows half of it, and everything was told since.
    await restore(office.state, "rewards", in_it)
    async with office.open():
        assert await everything(office) == before
        assert await office.bytes_of(run) == content
        assert (await office.check())["balanced"]
        assert (await office.run("another"))["payouts"] == []


async def test_a_payout_in_parts_is_as_it_was(office: Office) -> None:
    """What came back is paid at the rate that it was filed at, what was earned since at that of now; once each."""
    async with office.open():
        await office.prepare()
        first = await office.run("first")
        await office.approve(first)
        await office.file(first)
        await office.outcome(first, "returned", "ada", "bob", reason="MS03")
        half_the_price = TERMS | {"minor": 50}
        document = {"programme": "demo", "rewards": {"catalogue": CATALOGUE, "payout": half_the_price}}
        key = record_key(office.world.community, "demo")
        await send(office.state, [(PROGRAMMES, key, office.world.programme_fact(2, document))])
        await office.until_has("programmes", 2)
        await send(office.state, office.awards(("more", "ada", 700)))
        await office.until_has("lots", 4)
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        second = await office.run("second")
        await office.approve(second)
        content = await office.file(second)
        await office.outcome(second, "settled", "ada")
        await office.outcome(second, "returned", "bob", reason="MS03")
        await published(office)
        before = await everything(office)
        amounts = {name: one["amount_minor"] for name, one in (await office.payouts(second)).items()}
        assert amounts == {"ada": 1_350, "bob": 1_000}

    await restore(office.state, "rewards", saved)
    async with office.open():
        assert await everything(office) == before
        assert await office.bytes_of(second) == content
        third = await office.run("third")
        await office.approve(third)
        again = ibans_of(await office.file(third))
        owed = {name: one["amount_minor"] for name, one in (await office.payouts(third)).items()}
        assert (again, owed) == ([IBANS["bob"]], {"bob": 1_000})
        assert (await office.check())["balanced"]
