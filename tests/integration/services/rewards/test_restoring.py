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
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import REGISTRY

from services.rewards.main import SPEC
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.four_eyes.domain import Deed
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealStep, seal_of
from services.rewards.settings import Settings
from shared.access_keys import hash_secret
from shared.kafka import create_producer, send_records
from shared.own_facts import ReadBack
from shared.own_facts.store import OF_ANOTHER_COMMUNITY
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
    await office.outcome(first, "returned", "bob", reason="MS03 NotSpecifiedReasonAgentGenerated")
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


async def test_a_file_is_kept_back_until_the_broker_has_what_it_says(office: Office) -> None:
    """Restored from before, the database would make the payments again: nothing may have left by then."""
    async with office.open() as parts:
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        parts.relay.hold()  # as while the broker hangs
        run = await office.run("first")
        await office.approve(run)
        await office.ask("POST", f"/v1/payout-runs/{run['run_id']}/file")
        kept_back = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        parts.relay.release()
        content = await given_out(office, run)
        again = await office.bytes_of(run)

    assert (kept_back.status_code, kept_back.json()["type"]) == (503, "urn:plaudit:problem:bank-file-not-told-yet")
    assert int(kept_back.headers["retry-after"]) > 0
    assert content == again
    # Once it is given out, a restored database knows of it.
    await restore(office.state, "rewards", saved)
    async with office.open():
        assert (await office.run("second"))["payouts"] == []
        assert await office.bytes_of(run) == content


async def given_out(office: Office, run: Any) -> bytes:
    content = b""

    async def is_given_out() -> bool:
        nonlocal content
        answer = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        content = answer.content
        return answer.status_code == 200

    await until(is_given_out)
    return content


async def told_again(office: Office, records: list[Any]) -> None:
    """What a producer of before still had to send."""
    producer = create_producer(office.state.broker, request_seconds=20)
    await producer.start()
    try:
        await send_records(producer, [(PAYOUTS.name, record.key, record.value) for record in records])
    finally:
        await producer.stop()


async def test_facts_that_come_after_the_start_fence_too_and_are_read_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old producer's last batch comes while the restored service runs: what it says was given out."""
    monkeypatch.setattr("shared.outbox.LOOK_SECONDS", 0.2)
    async with office.open():
        await office.prepare()
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        run = await office.run("first")
        await office.approve(run)
        content = await office.file(run)
        await published(office)
        late = await read(office.state, PAYOUTS, office.world.community, 20)
    await restore(office.state, "rewards", saved)
    await forget_ends(office)

    monkeypatch.setattr("shared.service.parts.TAKEN_IN_AFTER_SECONDS", 0.0)
    async with office.open() as parts:
        assert not await office.has("payout_runs", 1)
        closed = REGISTRY.get_sample_value("plaudit_read_back_facts_total", {"topic": PAYOUTS.name}) or 0.0
        await told_again(office, late)
        await until(lambda: office.has("payout_runs", 1))
        await until(office.is_ready)

        assert parts.fence.why is None
        assert (REGISTRY.get_sample_value("plaudit_read_back_facts_total", {"topic": PAYOUTS.name}) or 0) > closed
        assert (await office.run("second"))["payouts"] == []
        assert await given_out(office, run) == content
        assert (await office.check())["balanced"]


async def forget_ends(office: Office) -> None:
    """As if the topic had ended where the backup was: what came since is on its way still."""
    admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
    consumer = AIOKafkaConsumer(**office.state.broker.options)
    await consumer.start()
    try:
        places = [TopicPartition(PAYOUTS.name, number) for number in range(PAYOUTS.partitions)]
        for place, end in (await consumer.end_offsets(places)).items():
            await admin.execute(
                "insert into own_positions (topic, partition, next_offset) values ($1, $2, $3)"
                " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
                place.topic,
                place.partition,
                end,
            )
    finally:
        await consumer.stop()
        await admin.close()


async def test_what_a_stranger_writes_before_a_file_is_asked_for_keeps_it_back(office: Office) -> None:
    """The ends are compared at that moment, whenever the relay would have looked."""
    async with office.open() as parts:
        await office.prepare()
        run = await office.run("first")
        await office.approve(run)
        content = await office.file(run)
        records = await read(office.state, PAYOUTS, office.world.community, 10)
        await told_again(office, records[:1])
        kept_back = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        await until(office.is_ready)

        assert kept_back.status_code == 503
        assert "somebody else has written to payouts.v1" in kept_back.json()["detail"]
        assert await given_out(office, run) == content
        assert parts.fence.why is None


async def test_what_is_no_fact_on_an_own_topic_changes_nothing(office: Office) -> None:
    async with office.open() as parts:
        await office.prepare()
        run = await office.run("first")
        await published(office)
        before = await everything(office)
        producer = create_producer(office.state.broker, request_seconds=20)
        await producer.start()
        try:
            await send_records(producer, [(PAYOUTS.name, b"poison", b"[" * 1_000)] * 3)
        finally:
            await producer.stop()
        await parts.relay.look()
        await until(office.is_ready)
        await office.approve(run)
        assert (await everything(office))["redemptions"] == before["redemptions"]
        assert (await office.check())["balanced"]


FORGED = """
with filed as (
    update payouts set amount_minor = amount_minor * 3 where community = $1 returning 1)
select count(*) from filed
"""


@pytest.mark.parametrize("when", ["approved", "filed"])
async def test_seals_that_were_written_anew_are_not_those_that_were_told(office: Office, when: str) -> None:
    """Whoever has all rights on the database can make a seal that fits; what was told of it stays."""
    async with office.open() as parts:
        await office.prepare()
        run = await office.run("first")
        await office.approve(run)
        if when == "filed":
            await office.file(run)
        await published(office)
        admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
        try:
            assert await admin.fetchval(FORGED, office.world.community) == 3
            key = {"community": office.world.community, "run_id": run["run_id"]}
            payouts = await payout_store.load_payouts(admin, **key)
            sealed = await seal_store.load_sealed_run(admin, payouts, **key)
            content = sealed.file.content_sha256 if sealed.file else None
            for step in sealed.seals:
                file_sha256 = content if step is SealStep.FILED else None
                value = seal_of(sealed.terms, sealed.listed(step), file_sha256=file_sha256)
                await admin.execute(
                    "update payout_seals set seal = $3 where community = $1 and run_id = $2 and step = $4",
                    *key.values(),
                    value,
                    step,
                )
        finally:
            await admin.close()
        if when == "approved":
            await office.ask("POST", f"/v1/payout-runs/{run['run_id']}/file")
            await published(office)

        answer = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        found = await office.check()

        assert (answer.status_code, answer.json()["type"]) == (409, "urn:plaudit:problem:rows-altered")
        assert not found["balanced"]
        assert found["told_compared"]
        assert {one["run_id"] for one in found["seal_differences"]} == {run["run_id"]}
        assert parts.fence.why is None


async def test_a_run_whose_seals_were_deleted_gives_out_no_file(office: Office) -> None:
    async with office.open():
        await office.prepare()
        run = await office.run("first")
        await office.approve(run)
        await office.file(run)
        admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
        try:
            await admin.execute("delete from payout_seals where community = $1", office.world.community)
            await admin.execute(
                "update payouts set iban = 'DE89370400440532013000' where community = $1", office.world.community
            )
        finally:
            await admin.close()
        answer = await office.send("GET", f"/v1/payout-runs/{run['run_id']}/file")
        found = await office.check()

        assert (answer.status_code, answer.json()["type"]) == (409, "urn:plaudit:problem:rows-altered")
        assert {one["run_id"] for one in found["seal_differences"]} == {run["run_id"]}


async def test_why_a_fact_does_not_fit_is_told_to_its_community_and_the_installation(office: Office) -> None:
    async with office.open() as parts:
        await office.prepare()
        admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
        try:
            await admin.execute(
                "insert into forgotten_facts (topic, partition, record_offset, key, value, kind, told_at, reason)"
                " values ('payouts.v1', 0, -1, $1, '', 'payout.changed.v1', now(), 'payout 4711 was never made')",
                f"{office.world.community}|x".encode(),
            )
            own = await parts.fence.report(parts.pool, office.world.community)
            others = await parts.fence.report(parts.pool, "another")
            everywhere = await parts.fence.report(parts.pool)
            await until(lambda: says_that_it_does_not_fit(office))
            async with httpx.AsyncClient(base_url=office.url) as http:
                ready = (await http.get("/readyz")).text
        finally:
            await admin.execute("delete from forgotten_facts where record_offset = -1")
            await admin.close()
        await until(office.is_ready)

    assert "payout 4711 was never made" in [one.reason for one in own.waiting]
    assert "payout 4711 was never made" in [one.reason for one in everywhere.waiting]
    assert OF_ANOTHER_COMMUNITY in [one.reason for one in others.waiting]
    assert "4711" not in repr(others.waiting)
    assert "4711" not in ready


async def says_that_it_does_not_fit(office: Office) -> bool:
    async with httpx.AsyncClient(base_url=office.url) as http:
        return "do not fit" in (await http.get("/readyz")).text


async def test_what_the_broker_acknowledges_tells_of_what_lies_before_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before the ends are asked for again, where the service itself writes."""
    monkeypatch.setattr("shared.outbox.LOOK_SECONDS", 3_600.0)
    async with office.open():
        await office.prepare()
        run = await office.run("first")
        await published(office)
        records = await read(office.state, PAYOUTS, office.world.community, 7)
        of_run = [record for record in records if run["run_id"].encode() in record.key]
        before = REGISTRY.get_sample_value("plaudit_read_back_facts_total", {"topic": PAYOUTS.name}) or 0.0
        await told_again(office, of_run)
        await office.ask("POST", f"/v1/payout-runs/{run['run_id']}/cancel")

        async def is_read_back() -> bool:
            found = REGISTRY.get_sample_value("plaudit_read_back_facts_total", {"topic": PAYOUTS.name})
            return (found or 0.0) > before

        await until(is_read_back)
        await until(office.is_ready)
        await published(office)
        assert (await office.check())["balanced"]
