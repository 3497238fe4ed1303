"""What rewards does while it does not know all that it told, and what strangers write: nothing is given out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import REGISTRY

from services.rewards.main import SPEC
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealStep, seal_of
from shared.kafka import create_producer, send_records
from shared.own_facts.store import OF_ANOTHER_COMMUNITY
from shared.positions import DatabaseWentBackError
from shared.postgres import database_url, role_name
from shared.topics import DEBTS, PAYOUTS
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read, running, send
from tests.integration.services.rewards.office import (
    Office,
    everything,
    given_out,
    has_crashed,
    published,
    told_again,
)
from tests.waiting import until

pytestmark = pytest.mark.stack


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
        await office.until_has("access_keys", 2)
        refused = await office.send("POST", "/v1/payout-runs", key="second")
        readable = await office.send("GET", f"/v1/members/{office.world.uuid('ada')}/balance")
        async with httpx.AsyncClient(base_url=office.url, timeout=60) as http:
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
        await until(lambda: has_crashed(parts))
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
        assert await office.count("payout_runs") != 1
        closed = REGISTRY.get_sample_value("plaudit_read_back_facts_total", {"topic": PAYOUTS.name}) or 0.0
        await told_again(office, late)
        await office.until_has("payout_runs", 1)
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


async def test_what_no_step_takes_does_not_hold_it_back_when_it_starts(office: Office) -> None:
    """As after going back to an earlier version, which has never heard of what the later one told."""
    unheard_of = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/plaudit/rewards",
        "type": "debt.unheard_of.v1",
        "time": datetime.now(UTC).isoformat(),
        "community": office.world.community,
        "data": {},
    }
    async with office.open():
        await office.prepare()
        await published(office)
    key = f"{office.world.community}|unheard of".encode()
    await send(office.state, [(DEBTS, key, unheard_of)])
    producer = create_producer(office.state.broker, request_seconds=20)
    await producer.start()
    try:
        await send_records(producer, [(DEBTS.name, key, b"[" * 1_000)])
    finally:
        await producer.stop()

    async with office.open() as parts:
        await until(office.is_ready)
        admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
        try:
            reasons = await admin.fetch("select reason from dead_letters where key = $1 order by reason", key)
        finally:
            await admin.close()

        assert [row["reason"] for row in reasons] == [
            "nothing takes in what is of type ''",
            "nothing takes in what is of type 'debt.unheard_of.v1'",
        ]
        assert parts.fence.why is None
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
            async with httpx.AsyncClient(base_url=office.url, timeout=60) as http:
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
    async with httpx.AsyncClient(base_url=office.url, timeout=60) as http:
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
