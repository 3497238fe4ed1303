"""A stack that an earlier version made, without a login at Kafka: it comes up with its data, behind the lock."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from plaudit.stack import StackError, StackState, jars, kafka, load_state, reset, start, status, stop
from plaudit.stack.readiness import kafka_answers
from shared.broker import Broker
from shared.postgres import database_url
from tests.faults.workers import free_port
from tests.waiting import until

pytestmark = pytest.mark.stack

NAME = "of-before"
TOPIC = "kept"
#: What a version wrote that had one password for all roles, and none at Kafka.
NEWER = {
    "postgres_passwords",
    "kafka_admin_password",
    "kafka_controller_password",
    "kafka_passwords",
    "signing_keys",
}


def properties_of_before(state: StackState) -> str:
    """The broker's settings as they were: everybody gets in and may do everything."""
    settings = dict(line.split("=", 1) for line in kafka.properties(state).splitlines())
    for name in list(settings):
        if name.startswith(("listener.name.", "sasl.", "authorizer.", "super.", "inter.broker.")):
            del settings[name]
    return "".join(
        f"{key}={value}\n".replace("CLIENTS", "PLAINTEXT").replace("SASL_PLAINTEXT", "PLAINTEXT")
        for key, value in settings.items()
    )


@asynccontextmanager
async def broker_of_before(state: StackState) -> AsyncIterator[Broker]:
    """The broker on the stack's data, as the earlier version ran it."""
    broker = Broker(state.kafka)
    paths = jars.classpath()
    with pytest.MonkeyPatch.context() as patch:
        text = properties_of_before(state)
        patch.setattr(kafka, "properties", lambda _: text)
        kafka.prepare(state, paths)
    spec = kafka.spec(state, paths)
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    with spec.log.open("ab") as log:
        process = subprocess.Popen(
            spec.argv, env=dict(spec.environment), cwd=spec.directory, stdout=log, stderr=log
        )
    try:
        await until(lambda: kafka_answers(broker))
        yield broker
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
async def of_before(plaudit_home: Path) -> AsyncIterator[StackState]:
    """A stack's directory as the earlier version left it, with a record and a row in it."""
    directory = plaudit_home / "stacks" / NAME
    ports = {
        "kafka": free_port(),
        "controller": free_port(),
        "postgres": free_port(),
        "ingest": free_port(),
        "scoring": free_port(),
        "recognition": free_port(),
        "rewards": free_port(),
        "analytics": free_port(),
    }
    state = StackState(name=NAME, directory=directory, ports=ports)
    directory.mkdir(parents=True)
    async with broker_of_before(state) as broker:
        admin = AIOKafkaAdminClient(**broker.options)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
        await admin.close()
        producer = AIOKafkaProducer(**broker.options, acks="all")
        await producer.start()
        await producer.send_and_wait(TOPIC, b"from before")
        await producer.stop()
    written = json.loads(state.model_dump_json())
    old = {key: value for key, value in written.items() if key not in NEWER} | {"postgres_password": "one for all"}
    (directory / "state.json").write_text(json.dumps(old))
    yield state
    await asyncio.to_thread(stop, NAME)
    await asyncio.to_thread(reset, NAME)


async def test_it_comes_up_with_its_data_behind_the_lock(of_before: StackState) -> None:
    with pytest.raises(StackError, match="plaudit up --stack of-before"):
        load_state(NAME)
    assert not status(NAME).running

    await asyncio.to_thread(start, NAME, only=["kafka", "postgres"])
    state = load_state(NAME)
    consumer = AIOKafkaConsumer(TOPIC, **state.broker.options, auto_offset_reset="earliest")
    await consumer.start()
    async with asyncio.timeout(180):
        assert (await consumer.getone()).value == b"from before"
    await consumer.stop()

    assert not await kafka_answers(Broker(state.kafka))
    assert await kafka_answers(state.broker_for("ingest"))
    for service, password in state.postgres_passwords.items():
        role = f"plaudit_{service}"
        connection = await asyncpg.connect(database_url(state.postgres_url, role, role, password))
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(database_url(state.postgres_url, role, role, "one for all"))

    await asyncio.to_thread(stop, NAME)
    again = await asyncio.to_thread(start, NAME, only=["kafka"])
    assert (again.kafka_passwords, again.signing_keys) == (state.kafka_passwords, state.signing_keys)
    assert await kafka_answers(again.broker_for("ingest"))
