"""Whether the parts of a stack do their work yet, asked as a client would ask, and what they need before."""

import logging
import time
from collections.abc import Callable

import asyncpg
import httpx
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from plaudit.provision import provision as provision_all
from plaudit.stack.errors import StackError
from plaudit.stack.state import StackState
from shared.postgres import MigrationError

ANSWER_TIMEOUT_SECONDS = 2.0


async def kafka_answers(bootstrap: str) -> bool:
    """Whether a broker answers at `bootstrap` (HOST:PORT) as Kafka does."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=int(ANSWER_TIMEOUT_SECONDS * 1000))
    try:
        await client.bootstrap()
    except (KafkaError, OSError, TimeoutError):
        return False
    else:
        return True
    finally:
        await client.close()


async def postgres_answers(admin_url: str) -> bool:
    """Whether the server behind `admin_url` lets its superuser in. Raises StackError if the password is wrong."""
    try:
        connection = await asyncpg.connect(admin_url, timeout=ANSWER_TIMEOUT_SECONDS)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise StackError(f"PostgreSQL does not accept the stack's password: {error}") from error
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def service_client() -> httpx.AsyncClient:
    """A client for `service_answers`; whoever takes it closes it."""
    # No proxy is asked for one's own machine.
    return httpx.AsyncClient(timeout=ANSWER_TIMEOUT_SECONDS, trust_env=False)


async def service_answers(client: httpx.AsyncClient, url: str) -> bool:
    """Whether the service at the base URL `url` says that it is ready."""
    try:
        return (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def provision(state: StackState, report: Callable[[str], None]) -> None:
    """Creates the databases, tables and topics that are missing. Raises StackError if that fails."""
    started = time.monotonic()
    try:
        await provision_all(
            kafka=state.kafka,
            postgres_admin_url=state.postgres_admin_url,
            postgres_password=state.postgres_password,
        )
    except (MigrationError, KafkaError, asyncpg.PostgresError, OSError) as error:
        raise StackError(
            f"The databases and topics could not be brought up to date: {error}. If the stack's data may go, "
            f"`plaudit reset --stack {state.name}` starts afresh."
        ) from error
    report(f"Databases and topics are there ({time.monotonic() - started:.1f} s)")
