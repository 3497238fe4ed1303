"""The broker as a trust boundary, on the real one: strangers, services, finance, and what each may do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError
from click.testing import CliRunner

from plaudit.broker.administration import administering, rights_of, set_rights
from plaudit.broker.rights import Operation, Resource, Right, rights_of_services, user_name
from plaudit.cli import main
from plaudit.stack.readiness import kafka_answers
from shared.broker import Broker
from shared.postgres import database_url, role_name
from shared.services import SERVICES
from shared.topics import ACCESS_KEYS, EVENTS, PAYOUTS, PROGRAMMES, TOPICS
from tests.waiting import until

pytestmark = pytest.mark.stack

READ_SECONDS = 30.0


async def try_to_write(broker: Broker, topic: str) -> None:
    """Write a record that says nothing; raises KafkaError when the broker refuses it."""
    producer = AIOKafkaProducer(**broker.options)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"{}", key=b"stranger|x")
    finally:
        await producer.stop()


async def try_to_read(broker: Broker, topic: str, group: str | None = None) -> None:
    """Ask for a topic's records in a group; raises KafkaError when the broker refuses them."""
    consumer = AIOKafkaConsumer(topic, **broker.options, group_id=group, auto_offset_reset="earliest")
    try:
        async with asyncio.timeout(READ_SECONDS):
            await consumer.start()
            await consumer.getmany(timeout_ms=100)
    finally:
        await consumer.stop()


@pytest.fixture
async def user(stack: Any) -> AsyncIterator[str]:
    """A name for a finance system; what it was given is taken from it at the end."""
    name = f"treasury-{uuid4().hex[:8]}"
    yield name
    await command(stack, "remove", name)


async def command(stack: Any, *arguments: str) -> str:
    """What `plaudit kafka-user` prints; it must succeed."""
    # In a thread: it runs a loop of its own.
    words = ["kafka-user", *arguments, "--stack", stack.state.name]
    answer = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.mark.parametrize(
    "stranger",
    [
        {"user": "", "password": ""},
        {"user": "plaudit-ingest", "password": "guessed"},
        {"user": "nobody", "password": "x"},
        {"user": "plaudit-admin", "password": "x", "mechanism": "PLAIN"},
        {"user": "plaudit-ingest", "password": "x", "mechanism": "PLAIN"},
    ],
    ids=[
        "without a login",
        "wrong password",
        "unknown",
        "administrator by another mechanism",
        "service by another",
    ],
)
async def test_a_stranger_does_not_get_in(stack: Any, stranger: dict[str, str]) -> None:
    broker = replace(stack.state.broker, **stranger)
    assert not await kafka_answers(broker)
    with pytest.raises(KafkaError):
        await try_to_write(broker, ACCESS_KEYS.name)


async def test_a_stranger_does_not_get_in_at_the_controller(stack: Any) -> None:
    for broker in (Broker(""), Broker("", "plaudit-ingest", stack.state.kafka_passwords["ingest"], "PLAIN")):
        assert not await kafka_answers(replace(broker, servers=f"127.0.0.1:{stack.state.ports['controller']}"))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_writes_to_no_topic_but_its_own(stack: Any, service: str) -> None:
    producer = AIOKafkaProducer(**stack.state.broker_for(service).options)
    await producer.start()
    try:
        for topic in TOPICS:
            if service not in topic.producers:
                with pytest.raises(TopicAuthorizationFailedError):
                    await producer.send_and_wait(topic.name, b"{}", key=b"stranger|x")
    finally:
        await producer.stop()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_no_topic_but_those_it_consumes_or_reads_back(stack: Any, service: str) -> None:
    broker = stack.state.broker_for(service)
    for topic in TOPICS:
        if service in topic.consumers or (topic.read_back and service in topic.producers):
            await try_to_read(broker, topic.name)
        else:
            with pytest.raises(TopicAuthorizationFailedError):
                await try_to_read(broker, topic.name)


async def test_a_service_cannot_join_the_group_of_another(stack: Any) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        await try_to_read(stack.state.broker_for("scoring"), EVENTS.name, "plaudit-analytics")


async def test_rights_that_the_registry_no_longer_gives_are_taken(stack: Any) -> None:
    users = [user_name(service) for service in SERVICES]
    left_over = Right(user_name("recognition"), Operation.WRITE, Resource.TOPIC, "removed.v1")
    async with administering(stack.state.broker) as admin:
        assert await rights_of(admin, users) == rights_of_services()
        await set_rights(admin, users, rights_of_services() | {left_over})
        await until(lambda: _has(admin, left_over))
        await set_rights(admin, users, rights_of_services())
        await until(lambda: _has(admin, left_over, False))
        assert await rights_of(admin, users) == rights_of_services()


async def _has(admin: Any, right: Right, wanted: bool = True) -> bool:
    return (right in await rights_of(admin)) == wanted


async def test_finance_reads_payouts_and_nothing_else(stack: Any, user: str) -> None:
    printed = await command(stack, "add", user, "--role", "finance")
    broker = replace(stack.state.broker, user=user, password=printed.rpartition("sasl.password=")[2].strip())
    await until(lambda: kafka_answers(broker))
    await try_to_read(broker, PAYOUTS.name, user)
    await try_to_read(broker, PAYOUTS.name, f"{user}.ledger")
    with pytest.raises(GroupAuthorizationFailedError):
        await try_to_read(broker, PAYOUTS.name, "plaudit-analytics")
    with pytest.raises(TopicAuthorizationFailedError):
        await try_to_read(broker, EVENTS.name, user)
    for topic in (PAYOUTS, ACCESS_KEYS, PROGRAMMES):
        with pytest.raises(TopicAuthorizationFailedError):
            await try_to_write(broker, topic.name)
    assert user in await command(stack, "list")
    await command(stack, "remove", user)
    await until(lambda: _is_out(broker))
    assert user not in await command(stack, "list")
    await command(stack, "add", user, "--role", "finance")  # for the fixture to remove


async def _is_out(broker: Broker) -> bool:
    return not await kafka_answers(broker)


@pytest.mark.parametrize("name", ["plaudit-ingest", "plaudit-admin", "Treasury", "", "a b", "x" * 64])
def test_a_name_that_is_ours_or_none_is_refused(stack: Any, name: str) -> None:
    arguments = ["kafka-user", "add", name, "--role", "finance", "--stack", stack.state.name]
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 2
    assert "cannot be the name" in answer.output


async def test_each_role_has_a_password_of_its_own(stack: Any) -> None:
    passwords = stack.state.postgres_passwords
    assert len({*passwords.values(), stack.state.postgres_superuser_password}) == len(SERVICES) + 1
    for service in SERVICES:
        role = role_name(service)
        for other in SERVICES:
            url = database_url(stack.state.postgres_url, role, role, passwords[other])
            if other == service:
                connection = await asyncpg.connect(url)
                await connection.close()
            else:
                with pytest.raises(asyncpg.InvalidPasswordError):
                    await asyncpg.connect(url)
