"""kill -9 amid a piece of computing, approving or filing a run: nothing is half done, or done twice."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from shared.postgres import database_url, role_name
from tests.faults.workers import Worker, Workers
from tests.integration.services.rewards.finance import IBANS, ibans_of
from tests.integration.services.rewards.office import Office, published
from tests.waiting import until

pytestmark = pytest.mark.stack

HELD = """
select from balances join accounts using (community, account_id)
where community = $1 and owner = $2 and kind = 'available' for update of balances
"""
WAITING = """
select exists (
    select from pg_stat_activity a join pg_locks l on l.pid = a.pid and not l.granted
    where a.usename = 'plaudit_rewards' and $1 = any(pg_blocking_pids(a.pid)))
"""


@pytest.fixture
async def worker(office: Office) -> AsyncIterator[Worker]:
    """Rewards as a process of its own, started again whenever it dies; a piece is one payout."""
    workers = Workers(office.state, {})
    made = workers.start("rewards", name="rewards-killed", port=office.port, payouts_per_piece_max_count="1")
    await until(lambda: answers(office))
    yield made
    await workers.stop_all()


async def answers(office: Office) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return await office.is_ready()
    return False


@asynccontextmanager
async def killed_at_bob(office: Office, worker: Worker) -> AsyncIterator[None]:
    """While Bob's points are held by somebody, the service comes to his piece, and dies in it; then it is back."""
    admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
    try:
        deaths = len(worker.exits)
        async with admin.transaction():
            await admin.execute(HELD, office.world.community, office.world.uuid("bob"))
            yield
            await until(lambda: admin.fetchval(WAITING, admin.get_server_pid()))
            worker.kill()

            async def is_dead() -> bool:
                return len(worker.exits) > deaths

            await until(is_dead)
        assert worker.exits[-1] == -signal.SIGKILL
        await until(lambda: answers(office))
    finally:
        await admin.close()


async def ask_and_die(office: Office, worker: Worker, path: str, by: str = "maker") -> None:
    """Ask for something in the middle of which the service dies: there is no answer."""
    async with killed_at_bob(office, worker):
        asked = asyncio.create_task(office.send("POST", path, by, "first"))
    with pytest.raises(httpx.HTTPError):
        await asked


async def test_a_run_goes_on_whenever_it_was_killed(office: Office, worker: Worker) -> None:
    await office.prepare()
    await ask_and_die(office, worker, "/v1/payout-runs")
    run = await office.run("first")
    assert (run["state"], sum(one["count"] for one in run["payouts"])) == ("open", 3)

    path = f"/v1/payout-runs/{run['run_id']}"
    await ask_and_die(office, worker, f"{path}/approve", by="approver")
    assert (await office.approve(run))["state"] == "approved" or await is_in(office, path, "approved")
    assert {one["state"] for one in (await office.payouts(run)).values()} == {"reserved"}

    await ask_and_die(office, worker, f"{path}/file")
    await office.ask("POST", f"{path}/file")
    await until(lambda: is_in(office, path, "filed"))
    await published(office)
    assert sorted(ibans_of(await office.bytes_of(run))) == sorted(IBANS.values())
    assert [await office.balance(member) for member in IBANS] == [{"reserved": 1_000}] * 3
    assert (await office.run("second"))["payouts"] == []
    assert (await office.check())["balanced"]


async def is_in(office: Office, path: str, state: str) -> Any:
    return (await office.ask("GET", path))["state"] == state
