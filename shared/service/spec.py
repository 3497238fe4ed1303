"""What makes a service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from shared.consumer import Lanes, Subscription
from shared.followed_members import find_owner
from shared.http import ErrorTable, FindOwner
from shared.own_facts import ReadBack
from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.transaction import Transaction


@dataclass(frozen=True)
class Timer:
    """Work at intervals, on one worker of the service at a time, in a transaction.

    `run` returns True when there is more to do: then it goes on at once, for half an interval at most.
    """

    name: str
    every_seconds: float
    run: Callable[[Transaction[Any]], Awaitable[bool | None]]


#: Opens a transaction.
Begin = Callable[[], AbstractAsyncContextManager[Transaction[Any]]]


@dataclass(frozen=True)
class Errand:
    """Work at intervals that calls others, for which no transaction may wait: on one worker at a time.

    `run` opens transactions of its own, and ends at the moment it is given, of the monotonic clock, or before.
    """

    name: str
    every_seconds: float
    run: Callable[[Begin, float], Awaitable[None]]


@dataclass(frozen=True)
class ServiceSpec:
    """What makes a service: its name, settings, what it reads, its routes and its timers.

    `problems` says what the service's own errors become when they reach its API. `closing` ends what the service
    itself has opened, once nothing uses it any more.
    """

    name: str
    description: str
    settings: type[ServiceSettings]
    subscriptions: Sequence[Subscription]
    routers: Sequence[APIRouter]
    problems: ErrorTable = field(default_factory=dict)
    timers: Sequence[Timer] = ()
    errands: Sequence[Errand] = ()
    closing: Sequence[Callable[[], Awaitable[None]]] = ()
    #: Topics that it reads by the beginning of their names; made for each loop.
    lanes: Callable[[], Lanes] | None = None
    #: How facts of its own are taken in that its database has forgotten, step by step.
    read_back: Sequence[ReadBack] = ()
    #: Topics of which it answers nothing (see `Connected.check_is_whole`) before it has read what it finds there
    #: when it starts: its database may come from a backup, and it tells nothing that would be fenced.
    whole: Sequence[Topic] = ()
    #: OpenAPI of routes that are not FastAPI's: operations by path and method, and the schemas they name.
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    schemas: Callable[[], Mapping[str, Any]] = dict
    #: Whose an identity is, where a request names a member by one.
    find_owner: FindOwner = find_owner
