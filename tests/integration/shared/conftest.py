"""The database that the loops under test share: the spine's tables, and one of facts."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from shared.kafka import create_producer
from shared.postgres import database_url, migrations_of, prepare_database
from shared.settings import ServiceSettings
from tests.conftest import SESSION_SECONDS
from tests.integration.shared.line import SERVICE, Line

PASSWORD = "of the line"
FACTS = """
    create table facts (
        line text not null, id text not null, key text not null, n int not null,
        seq bigint generated always as identity, primary key (line, id))
"""


@pytest.fixture(scope="session")
async def line_settings(stack: Any) -> ServiceSettings:
    """Settings for the loops, after the database they use was made."""
    admin_url = stack.state.postgres_admin_url
    await prepare_database(admin_url, SERVICE, PASSWORD)
    admin = await asyncpg.connect(database_url(admin_url, f"plaudit_{SERVICE}"))
    try:
        role = f"plaudit_{SERVICE}"
        await admin.execute(
            f"""
            alter default privileges in schema public grant select, insert, update, delete on tables to {role};
            alter role {role} set deadlock_timeout = '20ms';
            """
        )
        for migration in migrations_of("shared"):
            await admin.execute(migration.read_text())
        await admin.execute(FACTS)
    finally:
        await admin.close()
    broker = stack.state.broker  # these topics are no service's
    return ServiceSettings(
        kafka=broker.servers,
        kafka_user=broker.user,
        kafka_password=broker.password,
        postgres_url=stack.state.postgres_url,
        postgres_password=PASSWORD,
        http_port=0,
        session_seconds=SESSION_SECONDS,
        retry_min_seconds=0.02,
        retry_max_seconds=0.1,
    )


@pytest.fixture(scope="session")
async def line_admin(stack: Any, line_settings: ServiceSettings) -> AsyncIterator[asyncpg.Pool]:
    url = database_url(stack.state.postgres_admin_url, f"plaudit_{SERVICE}")
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture(scope="session")
async def line_producer(line_settings: ServiceSettings) -> AsyncIterator[AIOKafkaProducer]:
    producer = create_producer(line_settings.broker, request_seconds=20.0)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
async def line(line_settings: ServiceSettings, line_admin: asyncpg.Pool, line_producer: AIOKafkaProducer) -> Line:
    made = Line(line_settings, line_admin, line_producer)
    await made.create()
    return made


@pytest.fixture(autouse=True)
def facts_keep_their_contracts() -> None:
    """Overrides the check of all integration tests: what these handlers publish are numbers, not facts."""
