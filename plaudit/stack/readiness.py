"""Whether the parts of a stack do their work yet, asked as a client would ask, and what they need before."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import asyncpg
import httpx
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from plaudit.provision import provision as provision_all
from plaudit.stack.errors import PortTakenError, StackError
from plaudit.stack.logs import tail
from plaudit.stack.ports import is_free
from plaudit.stack.processes import listens
from plaudit.stack.state import StackState, read_processes
from shared.postgres import MigrationError

ANSWER_TIMEOUT_SECONDS = 2.0
READY_TIMEOUT_SECONDS = 90.0
EXTERNAL_TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 0.1
LOG_LINES_COUNT = 15


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


def what_is_missing(urls: Mapping[str, str]) -> dict[str, list[str]]:
    """What each service, by its base URL, says keeps it from its work, be it that it does not answer."""
    with ThreadPoolExecutor(max(1, len(urls))) as pool:
        return dict(zip(urls, pool.map(_missing, urls.values()), strict=True))


def _missing(url: str) -> list[str]:
    try:
        answer = httpx.get(f"{url}/readyz", timeout=ANSWER_TIMEOUT_SECONDS, trust_env=False)
        return [] if answer.status_code == httpx.codes.OK else list(answer.json()["missing"])
    except (httpx.HTTPError, ValueError, KeyError):
        return [f"it does not answer within {ANSWER_TIMEOUT_SECONDS:g} s"]


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


async def wait_until_ready(state: StackState, provision_too: bool, report: Callable[[str], None]) -> None:
    """Waits for everything; what the services need is provisioned as soon as Kafka and PostgreSQL answer.

    Raises PortTakenError when another program has the port of a part, StackError when a part does not get ready.
    """
    parts = set(state.parts)
    first: dict[str, Callable[[], Awaitable[bool]]] = {}
    if "kafka" in parts or state.external_kafka:
        first["kafka"] = partial(kafka_answers, state.kafka)
    if "postgres" in parts or state.external_postgres_admin_url:
        first["postgres"] = partial(postgres_answers, state.postgres_admin_url)
    await asyncio.gather(*(_wait(state, name, ask, report) for name, ask in first.items()))
    if provision_too and len(first) == 2:
        await provision(state, report)
    async with service_client() as client:
        urls = {name: url for name, url in state.service_urls.items() if name in parts}
        asks = {name: partial(service_answers, client, url) for name, url in urls.items()}
        await asyncio.gather(*(_wait(state, name, ask, report) for name, ask in asks.items()))


async def _wait(
    state: StackState, name: str, ask: Callable[[], Awaitable[bool]], report: Callable[[str], None]
) -> None:
    started = time.monotonic()
    ours = name in state.parts
    timeout = READY_TIMEOUT_SECONDS if ours else EXTERNAL_TIMEOUT_SECONDS
    address = {"kafka": state.kafka, "postgres": state.postgres_url}.get(name) or state.service_urls[name]
    # What answers on the port of one of our own need not be ours.
    while not ((not ours or _listens(state, name)) and await ask()):
        if time.monotonic() > started + timeout:
            if not ours:
                raise StackError(f"Nothing answers as {name} at {address}: check the address and that it runs.")
            raise StackError(_explain(state, name, f"was not ready within {timeout:.0f} s"))
        await asyncio.sleep(POLL_SECONDS)
    report(f"{name} is ready at {address} ({time.monotonic() - started:.1f} s)")


def _listens(state: StackState, name: str) -> bool:
    """Whether our own process has its port. Raises PortTakenError or StackError if it cannot get there."""
    entry = read_processes(state.directory).get("processes", {}).get(name, {})
    if entry.get("pid"):
        return listens(entry["pid"], state.ports[name])
    if entry.get("state") in {"waiting", "failed"}:
        for part in (name, "controller") if name == "kafka" else (name,):
            if not is_free(state.ports[part]):
                raise PortTakenError(part, state.ports[part])
    if entry.get("state") == "failed":
        raise StackError(_explain(state, name, f"stays down after crashing ({entry.get('last_exit')})"))
    return False


def _explain(state: StackState, name: str, what: str) -> str:
    lines = "\n".join(tail(state.directory / "logs" / f"{name}.log", LOG_LINES_COUNT))
    return f"{name} {what}. See `plaudit logs {name} --stack {state.name}`; its last lines:\n{lines}"
