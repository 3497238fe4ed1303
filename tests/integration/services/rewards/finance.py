"""Who pays in the tests: two people with access keys, and somebody who writes behind their backs."""

import contextlib
from typing import Any
from uuid import uuid4

import asyncpg
from lxml import etree

from services.rewards.bank_messages.pain001.domain import NAMESPACE
from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.payouts.runs.domain.runs import RunStoppedError
from services.rewards.payouts.runs.handlers.pieces import work_on
from services.rewards.payouts.runs.store.runs import load_worked_at

PAYER = {"name": "Example Community", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
CATALOGUE = [
    {"id": "sticker", "title": "Sticker", "points": 30},
    {"id": "shirt", "title": "Shirt", "points": 400},
]

ALTERED = "urn:plaudit:problem:rows-altered"

OTHER_IBAN = "DE89370400440532013000"
IBANS = {"ada": "NL91ABNA0417164300", "bob": "FR1420041010050500013M02606", "eve": "AT611904300234573201"}


class Finance:
    """Two people with access keys: one makes runs, the other approves."""

    def __init__(self, world: Any, maker: Any, approver: Any) -> None:
        self.world, self.maker, self.approver = world, maker, approver

    async def payee(self, member: str, name: str | None = None) -> Any:
        body = {"name": name or f"{member.title()} Müller", "iban": IBANS[member]}
        return await self.maker.put(f"/v1/payees/{self.world.uuid(member)}", json=body)

    async def run(self, key: str | None = None) -> Any:
        answer = await self.maker.post("/v1/payout-runs", headers={"Idempotency-Key": key or uuid4().hex})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def approve(self, run: Any) -> Any:
        return await self.approver.post(f"/v1/payout-runs/{run['run_id']}/approve")

    async def file(self, run: Any) -> Any:
        return await self.maker.post(f"/v1/payout-runs/{run['run_id']}/file")

    async def outcome(self, run: Any, state: str, **more: Any) -> Any:
        """What the bank said, noted by the maker, and confirmed by the approver where that takes two."""
        noted = await self.propose(run, state, **more)
        if noted.status_code != 202:
            return noted
        return await self.confirm(run, noted.json()["outcome"])

    async def propose(self, run: Any, state: str, **more: Any) -> Any:
        return await self.maker.post(f"/v1/payout-runs/{run['run_id']}/outcome", json={"state": state, **more})

    async def confirm(self, run: Any, outcome: Any, api: Any = None) -> Any:
        url = f"/v1/payout-runs/{run['run_id']}/outcomes/{outcome['outcome_id']}/confirm"
        return await (api or self.approver).post(url)

    async def payouts(self, run: Any) -> dict[str, Any]:
        answer = await self.maker.get("/v1/payouts", params={"run": run["run_id"]})
        members = {self.world.uuid(name): name for name in IBANS}
        return {members[one["member_id"]]: one for one in answer.json()["items"]}


class Person:
    """Somebody with two keys: whichever they use, they are the same."""

    def __init__(self, finance: Finance, person_id: str, keys: list[Any]) -> None:
        self.finance, self.person_id, self.keys = finance, person_id, keys
        self.uses = 0

    @property
    def api(self) -> Any:
        """Their keys in turn."""
        self.uses += 1
        return self.keys[self.uses % 2]

    async def set_payee(self, member: str, iban: str, name: str = "Somebody") -> None:
        url = f"/v1/payees/{self.finance.world.uuid(member)}"
        answer = await self.api.put(url, json={"name": name, "iban": iban})
        assert answer.status_code == 200, answer.text

    async def run(self) -> Any:
        answer = await self.api.post("/v1/payout-runs", headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def approve(self, run: Any) -> Any:
        return await self.api.post(f"/v1/payout-runs/{run['run_id']}/approve")

    async def act(self, run: Any, verb: str) -> Any:
        return await self.api.post(f"/v1/payout-runs/{run['run_id']}/{verb}")


class ByHand:
    """Somebody with the administrator's rights on the database, who writes behind the service's back."""

    def __init__(self, world: Any, connection: asyncpg.Connection) -> None:
        self.world, self.connection = world, connection

    async def __call__(self, sql: str, *values: Any) -> None:
        """Run a statement, with the community as `$1`; it must change a row."""
        done = await self.connection.execute(sql, self.world.community, *values)
        assert not done.endswith(" 0"), f"{done} changed nothing"


async def approved(finance: Finance) -> Any:
    run = await finance.run()
    assert (await finance.approve(run)).status_code == 200
    return run


async def filed(finance: Finance) -> Any:
    run = await approved(finance)
    assert (await finance.file(run)).status_code == 200
    return run


async def ibans_paid(finance: Finance, run: Any) -> list[str]:
    """Whose accounts the run's bank file pays."""
    answer = await finance.maker.get(f"/v1/payout-runs/{run['run_id']}/file")
    assert answer.status_code == 200, answer.text
    return ibans_of(answer.content)


def ibans_of(content: bytes) -> list[str]:
    """Whose accounts a bank file pays."""
    return [str(found.text) for found in etree.fromstring(content).iterfind(".//p:CdtrAcct//p:IBAN", NAMESPACE)]


async def shown(finance: Finance, run: Any) -> Any:
    return (await finance.maker.get(f"/v1/payout-runs/{run['run_id']}")).json()


async def check(finance: Finance) -> Any:
    return (await finance.maker.get("/v1/ledger/check")).json()


def assert_altered(answer: Any) -> None:
    assert (answer.status_code, answer.json().get("type")) == (409, ALTERED), answer.text


async def work(world: Any) -> None:
    """One piece of each run of the community that waits for work; what stops one is left for whoever looks."""
    async with world.begin() as tx:
        waiting = await load_worked_at(tx.conn, limit=1_000)
    for run in waiting:
        if run.community == world.community:
            with contextlib.suppress(AlteredError, RunStoppedError):
                async with world.begin() as tx:
                    await work_on(tx, community=run.community, run_id=run.run_id)
