"""What makes a service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from shared.access_keys import on_access_keys
from shared.consumer import Subscription
from shared.contracts.facts import ACCESS_KEY_CHANGED
from shared.settings import ServiceSettings
from shared.topics import ACCESS_KEYS
from shared.transaction import Transaction


@dataclass(frozen=True)
class Timer:
    """Work at intervals, on one worker of the service at a time, in a transaction."""

    name: str
    every_seconds: float
    run: Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True)
class ServiceSpec:
    """What makes a service: its name, settings, what it reads, its routes and its timers."""

    name: str
    description: str
    settings: type[ServiceSettings]
    subscriptions: Sequence[Subscription]
    router: APIRouter
    timers: Sequence[Timer] = ()
    #: OpenAPI of routes that are not FastAPI's: operations by path and method, and the schemas they name.
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_subscriptions(self) -> list[Subscription]:
        """The service's own, and the access keys that every service but their owner follows."""
        followed = (
            () if self.name == "ingest" else (Subscription(ACCESS_KEYS, ACCESS_KEY_CHANGED, on_access_keys),)
        )
        return [*followed, *self.subscriptions]
