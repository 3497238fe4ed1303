"""Whether the parts of a stack do their work yet, asked as a client would ask, and what they need before."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import asyncpg
import httpx
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from plaudit.broker.administration import administering, set_passwords
from plaudit.calls import trusted_certificates
from plaudit.provision import provision_broker, provision_databases
from plaudit.stack.errors import PortsTakenError, StackError
from plaudit.stack.logs import tail
from plaudit.stack.ports import is_free, of_parts
from plaudit.stack.processes import listens, others_listening
from plaudit.stack.state import StackState, read_processes
from plaudit.stack.supervisor import RestartPolicy
from shared.broker import Broker
from shared.postgres import MigrationError
from shared.services import CONSOLE

ANSWER_TIMEOUT_SECONDS = 2.0
READY_TIMEOUT_SECONDS = 90.0
EXTERNAL_TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 0.1
LOOK_FOR_OTHERS_SECONDS = 1.0
LOG_LINES_COUNT = 15
#: A service that was ready and ends at once is not up: for so long all are looked at once more, and one that ended
#: by itself since its stack was started until it has lived for as long as the supervisor takes for a good sign.
STAYS_SECONDS = 1.0
STAYS_AFTER_CRASH_SECONDS = RestartPolicy.quick_seconds


async def kafka_answers(broker: Broker) -> bool:
    """Whether Kafka answers and lets the broker's user in."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    client = AIOKafkaClient(**broker.options, request_timeout_ms=int(ANSWER_TIMEOUT_SECONDS * 1000))
    try:
        await client.bootstrap()
    except (KafkaError, OSError, TimeoutError):
        return False
    else:
        return True
    finally:
        await client.close()


async def kafka_knows_its_administrator(broker: Broker) -> bool:
    """Whether the stack's own Kafka lets its administrator in by SCRAM, which is told to it the first time.

    Only our own process may be asked: it is sent the password.
    """
    if await kafka_answers(broker):
        return True
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with administering(replace(broker, mechanism="PLAIN")) as admin:
            await set_passwords(admin, {broker.user: broker.password})
    return False


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
        answer = httpx.get(
            f"{url}/readyz", timeout=ANSWER_TIMEOUT_SECONDS, verify=trusted_certificates(), trust_env=False
        )
        return [] if answer.status_code == httpx.codes.OK else list(answer.json()["missing"])
    except (httpx.HTTPError, ValueError, KeyError):
        return [f"it does not answer within {ANSWER_TIMEOUT_SECONDS:g} s"]


async def _provision_kafka(state: StackState, report: Callable[[str], None]) -> None:
    with _brought_up_to_date(state, "topics", report):
        await provision_broker(state.broker, state.kafka_passwords)
    if not state.broker.user:
        report(f"Kafka at {state.kafka} asks nobody to log in: whoever reaches it can read and write everything")


async def _provision_postgres(state: StackState, report: Callable[[str], None]) -> None:
    with _brought_up_to_date(state, "databases", report):
        await provision_databases(
            state.postgres_admin_url, {**state.postgres_passwords, CONSOLE: state.console_postgres_password}
        )


@contextlib.contextmanager
def _brought_up_to_date(state: StackState, what: str, report: Callable[[str], None]) -> Iterator[None]:
    """Raises StackError where what is missing cannot be created."""
    started = time.monotonic()
    try:
        yield
    except (MigrationError, KafkaError, asyncpg.PostgresError, OSError) as error:
        raise StackError(
            f"The {what} could not be brought up to date: {error}. If the stack's data may go, "
            f"`plaudit reset --stack {state.name}` starts afresh."
        ) from error
    report(f"The {what} are there ({time.monotonic() - started:.1f} s)")


async def wait_until_ready(
    state: StackState, provision_too: bool, report: Callable[[str], None], *, deadline: float
) -> None:
    """Waits for everything; what the services need is provisioned as soon as Kafka and PostgreSQL answer.

    Raises PortsTakenError when other programs have ports of parts, StackError when a part does not get ready, or
    not everything until `deadline` (of the monotonic clock).
    """
    waiting = asyncio.create_task(_wait_for_all(state, provision_too, report))
    looking = asyncio.create_task(_look_for_others(state))
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            await asyncio.wait({waiting, looking}, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        raise StackError(
            f"Not everything was ready in time: see `plaudit status --stack {state.name}` and `plaudit logs`."
        ) from None
    finally:
        for task in (waiting, looking):
            task.cancel()
        ended = await asyncio.gather(waiting, looking, return_exceptions=True)
    for error in ended:
        if isinstance(error, PortsTakenError):
            # All of them move at once: whoever took one may well have taken others.
            raise PortsTakenError(await _taken_by_others(state) | error.ports)
    if isinstance(ended[0], BaseException):
        raise ended[0]


def _ports_of_parts(state: StackState) -> dict[str, int]:
    return of_parts(state.ports, state.parts)


async def _taken_by_others(state: StackState) -> dict[str, int]:
    ports = _ports_of_parts(state)
    taken = await asyncio.to_thread(others_listening, state.directory, ports)
    if not taken:
        return {}
    # Looked at again: whose socket it is cannot be told while a process is about to start or to end.
    await asyncio.sleep(POLL_SECONDS)
    still = await asyncio.to_thread(others_listening, state.directory, ports)
    return {name: port for name, port in taken.items() if name in still}


async def _look_for_others(state: StackState) -> None:
    """Raises PortsTakenError as soon as other programs listen where parts were to."""
    while True:
        await asyncio.sleep(LOOK_FOR_OTHERS_SECONDS)
        if taken := await _taken_by_others(state):
            raise PortsTakenError(taken)


async def _wait_for_all(state: StackState, provision_too: bool, report: Callable[[str], None]) -> None:
    parts = set(state.parts)
    first: dict[str, Callable[[], Awaitable[bool]]] = {}
    if state.external_kafka:
        first["kafka"] = partial(kafka_answers, state.broker)
    elif "kafka" in parts:
        first["kafka"] = partial(kafka_knows_its_administrator, state.broker)
    if "postgres" in parts or state.external_postgres_admin_url:
        first["postgres"] = partial(postgres_answers, state.postgres_admin_url)
    # Each as soon as its server answers: PostgreSQL's tables are made while Kafka still starts.
    provisions = {"kafka": _provision_kafka, "postgres": _provision_postgres} if len(first) == 2 else {}

    async def prepared(name: str, ask: Callable[[], Awaitable[bool]]) -> None:
        await _wait(state, name, ask, report)
        if provision_too and name in provisions:
            await provisions[name](state, report)

    await asyncio.gather(*(prepared(name, ask) for name, ask in first.items()))
    async with service_client() as client:
        urls = {name: url for name, url in state.part_urls.items() if name in parts}
        asks = {name: partial(service_answers, client, url) for name, url in urls.items()}
        await asyncio.gather(*(_wait(state, name, ask, report) for name, ask in asks.items()))
        await asyncio.gather(*(_stays_up(state, name, ask) for name, ask in asks.items()))


async def _stays_up(state: StackState, name: str, ask: Callable[[], Awaitable[bool]]) -> None:
    """Return once the process of a service that was ready lives on. Raises StackError when it ends."""
    first = _entry(state, name)
    if first.get("pid") is None:
        raise StackError(_crashed(state, name))
    crashed_before = first.get("restarts", 0) > 0 and first.get("last_exit") is not None
    stays_seconds = STAYS_AFTER_CRASH_SECONDS if crashed_before else STAYS_SECONDS
    while True:
        entry = _entry(state, name)
        if (entry.get("pid"), entry.get("restarts")) != (first["pid"], first.get("restarts")):
            raise StackError(_crashed(state, name))
        if time.time() - first["create_time"] >= stays_seconds and await ask():
            return
        await asyncio.sleep(POLL_SECONDS)


def _entry(state: StackState, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = read_processes(state.directory).get("processes", {}).get(name, {})
    return entry


def _crashed(state: StackState, name: str) -> str:
    entry, log = _entry(state, name), state.directory / "logs" / f"{name}.log"
    last = next((line for line in reversed(tail(log, LOG_LINES_COUNT)) if line.strip()), "it wrote nothing")
    return (
        f"{name} was ready and ended again ({entry.get('last_exit') or 'it runs no more'}; started again "
        f"{entry.get('restarts', 0)} times). The last line of its log: {last}\nThe log is {log}; "
        f"`plaudit logs {name} --stack {state.name}` shows it."
    )


async def _wait(
    state: StackState, name: str, ask: Callable[[], Awaitable[bool]], report: Callable[[str], None]
) -> None:
    started = time.monotonic()
    ours = name in state.parts
    timeout = READY_TIMEOUT_SECONDS if ours else EXTERNAL_TIMEOUT_SECONDS
    address = {"kafka": state.kafka, "postgres": state.postgres_url}.get(name) or state.part_urls[name]
    # What answers on the port of one of our own need not be ours.
    while not ((not ours or _listens(state, name)) and await ask()):
        if time.monotonic() > started + timeout:
            if not ours:
                raise StackError(f"Nothing answers as {name} at {address}: check the address and that it runs.")
            raise StackError(_explain(state, name, f"was not ready within {timeout:.0f} s"))
        await asyncio.sleep(POLL_SECONDS)
    report(f"{name} is ready at {address} ({time.monotonic() - started:.1f} s)")


def _listens(state: StackState, name: str) -> bool:
    """Whether our own process has its port. Raises PortsTakenError or StackError if it cannot get there."""
    entry = read_processes(state.directory).get("processes", {}).get(name, {})
    if entry.get("pid"):
        return listens(entry["pid"], state.ports[name])
    if entry.get("state") in {"waiting", "failed"}:
        for part in (name, "controller") if name == "kafka" else (name,):
            if not is_free(state.ports[part]):
                raise PortsTakenError({part: state.ports[part]})
    if entry.get("state") == "failed":
        raise StackError(_explain(state, name, f"stays down after crashing ({entry.get('last_exit')})"))
    return False


def _explain(state: StackState, name: str, what: str) -> str:
    log = state.directory / "logs" / f"{name}.log"
    lines = "\n".join(tail(log, LOG_LINES_COUNT))
    return f"{name} {what}. See `plaudit logs {name} --stack {state.name}` ({log}); its last lines:\n{lines}"
