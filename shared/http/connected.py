"""What a route works with once the service is connected: connections, transactions, settings.

Each is a parameter of the route, by its annotation: `conn: Conn`, `tx: Tx`. The caller comes before them in the
route's parameters, so that nobody without a key takes a connection.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Request

from shared.access_keys import KeyRing, Principal
from shared.audit import Actor, Commanded, ReadNotes
from shared.http.problem_types import FENCED, NOT_AVAILABLE
from shared.http.problems import Problem
from shared.own_facts.fence import Report
from shared.postgres import Connection, begin
from shared.settings import ServiceSettings
from shared.spans import goes_on, span_within
from shared.told import Told
from shared.traces import SpanKind
from shared.transaction import Transaction

#: Where a request keeps who calls, once that was checked: an Actor.
ACTOR = "plaudit.actor"
FENCED_RETRY_SECONDS = "5"


def actor_of(principal: Principal) -> Actor:
    """Who calls, as an entry names them."""
    return Actor(principal.community, principal.person_id or None, principal.credential)


async def _is_open() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Connected:
    """A service's process as its routes see it.

    `begin` begins a transaction. `send` gives (topic, key, value) records to the broker and returns
    when every in-sync replica has them; it raises KafkaError or TimeoutError. `not_ready` says in words what keeps
    the service from its work. `reads` are those of personal data that are to be stored. `why_fenced` says why no
    command may be carried out (None: it may), `own_facts` compares the database with the service's own topics, for
    one community or for all (None), and `told` reads what the service told there. `why_not_whole` says why
    answers would lack something that is on topics still to be read (None: they would not); `why_fenced_now` says
    why the service is fenced, without waiting for the fence to open.
    """

    settings: ServiceSettings
    pool: asyncpg.Pool
    keys: KeyRing
    begin: Callable[[], AbstractAsyncContextManager[Transaction[Any]]]
    send: Callable[[Sequence[tuple[str, bytes, bytes]]], Awaitable[Any]]
    not_ready: Callable[[], Awaitable[list[str]]]
    reads: ReadNotes = field(default_factory=ReadNotes)
    why_fenced: Callable[[], Awaitable[str | None]] = _is_open
    own_facts: Callable[[str | None], Awaitable[Report]] | None = None
    told: Told | None = None
    why_not_whole: Callable[[], str | None] = lambda: None
    why_fenced_now: Callable[[], str | None] = lambda: None

    def check_is_whole(self) -> None:
        """Refuse what must be answered in full while a part of it is not read yet. Raises Problem 503 then."""
        why = self.why_not_whole()
        if why is not None:
            detail = f"A part would pass for all: {why}. Ask again in a moment"
            raise Problem(NOT_AVAILABLE, detail, headers={"Retry-After": FENCED_RETRY_SECONDS})

    async def check_fence(self) -> None:
        """Refuse a command while the service is fenced. Raises Problem 503 then."""
        why = await self.why_fenced()
        if why is not None:
            raise Problem(FENCED, f"Nothing was done: {why}", headers={"Retry-After": FENCED_RETRY_SECONDS})


async def _connected(request: Request) -> Connected:
    found: Connected = request.app.state.connected
    return found


ConnectedService = Annotated[Connected, Depends(_connected)]


async def _connection(service: ConnectedService) -> AsyncIterator[Connection]:
    async with service.pool.acquire() as conn:
        yield conn


async def _snapshot(service: ConnectedService) -> AsyncIterator[Connection]:
    async with begin(service.pool, snapshot=True) as conn:
        yield conn


@asynccontextmanager
async def _commanded(request: Request, service: Connected) -> AsyncIterator[Transaction[Any]]:
    """A transaction of the request: what commits leaves an entry, and no route can be without it."""
    await service.check_fence()
    commanded = Commanded(
        operation=f"{request.method} {request.scope['route'].path}",
        actor=request.scope.get(ACTOR),
        traceparent=goes_on(request.headers.get("traceparent")),
    )
    with span_within(request.app.state.service, "transaction", SpanKind.INTERNAL, commanded.traceparent):
        async with service.begin() as tx:
            tx.obey(commanded)
            yield tx


async def _transaction(request: Request, service: ConnectedService) -> AsyncIterator[Transaction[Any]]:
    async with _commanded(request, service) as tx:
        yield tx


async def _factory(
    request: Request, service: ConnectedService
) -> Callable[[], AbstractAsyncContextManager[Transaction[Any]]]:
    await service.check_fence()
    return lambda: _commanded(request, service)


# Their scope is the route's function: all has ended, and is committed, before the answer is sent.

#: A connection lent for the route; each statement is a transaction of its own.
Conn = Annotated[Connection, Depends(_connection, scope="function")]
#: A connection that only reads, and sees the database throughout as it was at the first statement.
Snapshot = Annotated[Connection, Depends(_snapshot, scope="function")]
#: A command's transaction: committed with its entry when the route returns, rolled back when it raises.
Tx = Annotated[Transaction[Any], Depends(_transaction, scope="function")]
#: Begins such a transaction, for the rare route that needs more than one.
Begin = Annotated[Callable[[], AbstractAsyncContextManager[Transaction[Any]]], Depends(_factory)]


def configured(settings: type[ServiceSettings]) -> Any:
    """What makes a route's parameter the service's settings: `Annotated[Settings, configured(Settings)]`."""

    async def own(service: ConnectedService) -> ServiceSettings:
        if not isinstance(service.settings, settings):
            raise TypeError(f"the service runs with {type(service.settings).__name__}, not {settings.__name__}")
        return service.settings

    return Depends(own)
