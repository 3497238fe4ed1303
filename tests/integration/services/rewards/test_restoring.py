"""Rewards after a restore from a backup: nothing is given out twice, and what is owed is still paid."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.rewards.main import SPEC
from services.rewards.payouts.four_eyes.domain import Deed
from services.rewards.settings import Settings
from shared.access_keys import hash_secret
from shared.own_facts import ReadBack
from shared.positions import DatabaseWentBackError
from shared.postgres import create_pool, database_url, role_name
from shared.topics import ACCESS_KEYS, MEMBERS, PAYOUTS, PEOPLE, POINTS, PROGRAMMES, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read, running, send
from tests.integration.services.rewards.conftest import CATALOGUE, PAYER, RewardsWorld
from tests.integration.services.rewards.finance import IBANS, ibans_of
from tests.integration.services.world import person_fact
from tests.waiting import until

TERMS = {"currency": "EUR", "points": 100, "minor": 100, "minimum_points": 500, "paying_account": PAYER}
SECRET = "plk_restore"

pytestmark = pytest.mark.stack


class Office:
    """Rewards as a process that can be stopped, restored and started, and the two people who pay."""

    def __init__(self, stack: Any, directory: Path) -> None:
        self.state, self.directory = stack.state, directory
        self.world = RewardsWorld(None)  # no connection of ours may be open while the database is dropped
        self.people = {name: str(uuid4()) for name in ("maker", "approver")}
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.settings = Settings(**stack.settings("rewards") | {"http_port": self.port})
        self.url = f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        async with running(SPEC, self.settings) as parts:
            await until(self.is_ready)
            yield parts

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient(base_url=self.url) as http:
            return (await http.get("/readyz")).status_code == 200

    async def prepare(self, points: int = 1_000) -> None:
        """Ada, Bob and Eve have a post each, bank details, and a programme that pays for them."""
        world, community = self.world, self.world.community
        document = {"programme": "demo", "rewards": {"catalogue": CATALOGUE, "payout": TERMS}}
        await send(
            self.state,
            [
                (PROGRAMMES, record_key(community, "demo"), world.programme_fact(1, document)),
                *(
                    (MEMBERS, record_key(community, world.uuid(one)), world.member(one, one.title(), 1))
                    for one in IBANS
                ),
                *self.awards(*((one, one, points) for one in IBANS)),
                *(
                    (PEOPLE, record_key(community, self.people[name]), self.person(name, role))
                    for name, role in (("maker", "finance_maker"), ("approver", "finance_approver"))
                ),
                *(
                    (ACCESS_KEYS, record_key(community, name), self.key(name, *scopes))
                    for name, scopes in (
                        ("maker", ("payouts:write", "payouts:read", "rewards:write", "rewards:read")),
                        ("approver", ("payouts:approve", "payouts:read")),
                    )
                ),
            ],
        )
        for table, count in (
            ("lots", 3),
            ("programmes", 1),
            ("followed_members", 3),
            ("access_keys", 2),
            ("followed_people", 2),
        ):
            await until(lambda table=table, count=count: self.has(table, count))
        for member in IBANS:
            await self.ask("PUT", f"/v1/payees/{world.uuid(member)}", json={"name": member, "iban": IBANS[member]})

    def awards(self, *given: tuple[str, str, int]) -> list[Any]:
        facts = [self.world.award(name, member, points) for name, member, points in given]
        return [(POINTS, record_key(self.world.community, fact["data"]["member_id"]), fact) for fact in facts]

    def person(self, name: str, role: str) -> Any:
        return person_fact(self.world.community, self.people[name], role, "manager")

    def key(self, name: str, *scopes: str) -> Any:
        data = {
            "key_id": name,
            "person_id": self.people[name],
            "name": name,
            "secret_sha256": hash_secret(f"{SECRET}_{name}_{self.world.community}"),
            "scopes": list(scopes),
            "revoked": False,
        }
        return self.world.fact("access_key.changed.v1", name, data)

    async def has(self, table: str, count: int) -> bool:
        pool = await create_pool("rewards", self.settings)
        try:
            found = await pool.fetchval(f"select count(*) from {table} where community = $1", self.world.community)
            return bool(found == count)
        finally:
            await pool.close()

    async def count_transfers(self) -> int:
        """How many transfers there are."""
        pool = await create_pool("rewards", self.settings)
        try:
            query = "select count(*) from transfers where community = $1"
            return int(await pool.fetchval(query, self.world.community))
        finally:
            await pool.close()

    async def told(self, count: int) -> None:
        """Return once so many facts are on payouts.v1."""
        await read(self.state, PAYOUTS, self.world.community, count)

    async def send(self, method: str, path: str, by: str = "maker", key: str = "k", **more: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {SECRET}_{by}_{self.world.community}",
            "Idempotency-Key": key,
        }
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as http:
            return await http.request(method, path, headers=headers, **more)

    async def ask(self, method: str, path: str, by: str = "maker", key: str = "k", **more: Any) -> Any:
        answer = await self.send(method, path, by, key, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def run(self, key: str) -> Any:
        return await self.ask("POST", "/v1/payout-runs", key=key)

    async def approve(self, run: Any) -> Any:
        return await self.ask("POST", f"/v1/payout-runs/{run['run_id']}/approve", by="approver")

    async def file(self, run: Any) -> bytes:
        """The run's bank file, once it is written."""
        await self.ask("POST", f"/v1/payout-runs/{run['run_id']}/file")
        return await self.bytes_of(run)

    async def bytes_of(self, run: Any) -> bytes:
        answer = await self.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        assert answer.status_code == 200, answer.text
        return answer.content

    async def outcome(self, run: Any, state: str, *members: str, **more: Any) -> None:
        """What the bank said, noted by the maker, and confirmed by the approver where that takes two."""
        payouts = await self.payouts(run)
        ids = [payouts[member]["payout_id"] for member in members]
        path = f"/v1/payout-runs/{run['run_id']}"
        body = {"state": state, "payout_ids": ids, **more}
        noted = await self.ask("POST", f"{path}/outcome", json=body)
        if noted["outcome"] is not None:
            await self.ask("POST", f"{path}/outcomes/{noted['outcome']['outcome_id']}/confirm", by="approver")

    async def payouts(self, run: Any) -> dict[str, Any]:
        found = await self.ask("GET", f"/v1/payouts?run={run['run_id']}")
        members = {self.world.uuid(name): name for name in IBANS}
        return {members[one["member_id"]]: one for one in found["items"]}

    async def check(self) -> Any:
        return await self.ask("GET", "/v1/ledger/check")

    async def balance(self, member: str) -> Any:
        """What is on the member's accounts, of points alone."""
        found = await self.ask("GET", f"/v1/members/{self.world.uuid(member)}/balance")
        return {kind: amount for kind, amount in found.items() if isinstance(amount, int) and amount}


@pytest.fixture
def office(stack: Any, tmp_path: Path) -> Office:
    return Office(stack, tmp_path)


async def published(office: Office) -> None:
    """Return once nothing waits to be published."""

    async def is_empty() -> bool:
        pool = await create_pool("rewards", office.settings)
        try:
            return not await pool.fetchval("select exists (select from outbox)")
        finally:
            await pool.close()

    await until(is_empty)


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


async def everything(office: Office) -> dict[str, Any]:
    """All that rewards says of runs, payouts, redemptions and balances, but when points were booked."""
    runs = (await office.ask("GET", "/v1/payout-runs"))["items"]
    payouts = (await office.ask("GET", "/v1/payouts"))["items"]
    return {
        "runs": runs,
        "payouts": [await office.ask("GET", f"/v1/payouts/{one['payout_id']}") for one in payouts],
        "redemptions": (await office.ask("GET", "/v1/redemptions"))["items"],
        "balances": [await office.balance(member) for member in IBANS],
    }


async def redeem(office: Office, member: str, reward: str, key: str) -> Any:
    body = {"member_id": office.world.uuid(member), "reward_id": reward}
    return await office.ask("POST", "/v1/redemptions", key=key, json=body)


async def a_day_of_work(office: Office) -> None:
    """A filed run with every outcome, one that is given up, one that waits, and redemptions of every kind."""
    first = await office.run("first")
    await office.approve(first)
    await office.file(first)
    await office.outcome(first, "sent", "ada", "eve")
    await office.outcome(first, "settled", "ada", "eve")
    await office.outcome(first, "returned", "bob", reason="AC04 ClosedAccountNumber")
    await office.outcome(first, "reversed", "eve", reason="recalled")
    given_up = await office.run("given-up")
    await office.approve(given_up)
    await office.ask("POST", f"/v1/payout-runs/{given_up['run_id']}/cancel")
    for key, reward, end in (("a", "sticker", "confirm"), ("b", "sticker", "cancel"), ("c", "shirt", None)):
        redemption = await redeem(office, "bob", reward, key)
        if end is not None:
            await office.ask("POST", f"/v1/redemptions/{redemption['redemption_id']}/{end}")
    waiting = await office.run("waiting")
    await office.approve(waiting)
    await published(office)


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
        await until(lambda: office.has("lots", 4))
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
        await until(lambda: office.has("transfers", 10))
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
        await until(lambda: office.has("transfers", 5))
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        await published(office)
        paid = await office.count_transfers()
        more = [
            office.world.award("ada 1", "ada", -1_000, amends="ada"),
            office.world.award("ada 2", "ada", 400, amends="ada", revision=2, total=400),
        ]
        key = record_key(office.world.community, office.world.uuid("ada"))
        await send(office.state, [(POINTS, key, fact) for fact in more])
        await until(lambda: office.has("transfers", paid + 2))
        before = await everything(office)
        assert (await office.balance("ada"))["available"] == -600

    await restore(office.state, "rewards", saved)
    async with office.open():
        assert await everything(office) == before
        assert (await office.check())["balanced"]
        given = office.world.award("ada 3", "ada", 600, amends="ada", revision=3, total=1_000)
        await send(office.state, [(POINTS, key, given)])
        await until(lambda: office.has("transfers", paid + 3))
        assert (await office.balance("ada")).get("available", 0) == 0
        assert (await office.check())["balanced"]


async def test_points_that_still_waited_in_the_backup_had_matured_when_they_were_paid(
    stack: Any, tmp_path: Path
) -> None:
    office = Office(stack, tmp_path)
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
    dying = replace(steps[2], most_at_once=5, handler=_dies_later(steps[2]))
    halfway = replace(SPEC, read_back=[*steps[:2], dying, *steps[3:]])
    for _ in range(2):
        async with running(halfway, office.settings) as parts:
            await until(lambda parts=parts: _has_crashed(parts))
        await restore(office.state, "rewards", saved)
    async with running(halfway, office.settings) as parts:
        await until(lambda: _has_crashed(parts))

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


async def _has_crashed(parts: Any) -> bool:
    return bool(parts.crashed)


async def test_while_it_reads_back_no_command_is_taken_and_it_says_why(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        run = await office.run("first")
        await published(office)
    await restore(office.state, "rewards", saved)
    monkeypatch.setattr("shared.service.parts.FENCED_START_SECONDS", 0.0)
    may_go_on = asyncio.Event()

    async def waits(tx: Any, facts: list[Any]) -> None:
        await may_go_on.wait()
        await SPEC.read_back[0].handler(tx, facts)

    slow = replace(SPEC, read_back=[replace(SPEC.read_back[0], handler=waits), *SPEC.read_back[1:]])
    async with running(slow, office.settings):
        await until(lambda: office.has("access_keys", 2))
        refused = await office.send("POST", "/v1/payout-runs", key="second")
        readable = await office.send("GET", f"/v1/members/{office.world.uuid('ada')}/balance")
        async with httpx.AsyncClient(base_url=office.url) as http:
            ready = await http.get("/readyz")
            metrics = (await http.get("/metrics")).text
        may_go_on.set()
        await until(office.is_ready)

        assert (refused.status_code, refused.json()["type"]) == (503, "urn:plaudit:problem:fenced")
        assert int(refused.headers["retry-after"]) > 0
        assert readable.status_code == 200
        assert ready.status_code == 503
        assert "fenced" in ready.json()["missing"][0]
        assert "plaudit_fenced 1.0" in metrics
        assert (await office.run("first"))["run_id"] == run["run_id"]


async def test_a_restore_under_a_running_process_ends_it(office: Office) -> None:
    async with running(SPEC, office.settings) as parts:
        await until(office.is_ready)
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        await office.run("first")
        await published(office)

        await restore(office.state, "rewards", saved)
        # Whatever it was that met the database first, gone or of before: it is never used again.
        await until(lambda: _has_crashed(parts))
        admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
        try:
            with pytest.raises(DatabaseWentBackError):
                await parts.fence.seen.check(admin)
            assert (
                await admin.fetchval(
                    "select count(*) from payout_runs where community = $1", office.world.community
                )
                == 0
            )
        finally:
            await admin.close()
